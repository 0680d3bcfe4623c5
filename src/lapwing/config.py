"""Settings: every number that a user may want to change, with unit and default.

Owns names, defaults and the reading of text values.
Must not read the environment itself: session, worker, server and cli hand it in.
Test: ``Settings.from_environment({"LAPWING_DATA_DIR": "/data"})``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lapwing.errors import ConfigError

PREFIX = "LAPWING_"
_CHOICES = {
    "durability": ("process", "power"),
    "unfinished": ("ask", "close", "leave"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process.

    Attributes:
        data_dir: Directory that receives files and ``state.sqlite``.
        connect_timeout: Seconds within which every PV must have answered.
        epics_timeout: Seconds after which an EPICS server that does not answer counts
            as lost; more than 0.
        file_close_timeout: Seconds that a blocking call waits for its run's file.
        durability: What the journal outlives: "process", its own process being killed;
            or "power", a power cut as well.
        unfinished: What a session does at its start about calls of processes that
            died: "ask" tells of them, "close" closes them with "abort", "leave" does
            not look.
    """

    data_dir: Path = field(default_factory=lambda: Path("lapwing-data"))
    connect_timeout: float = 5.0
    epics_timeout: float = 3.0
    file_close_timeout: float = 5.0
    durability: Literal["process", "power"] = "process"
    unfinished: Literal["ask", "close", "leave"] = "ask"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **given: Any) -> "Settings":
        """Take what is given, else ``LAPWING_<NAME>`` variables, else defaults.

        Args:
            environ: Usually ``os.environ``.
            **given: Values that take precedence; None counts as not given.

        Raises:
            ConfigError: A variable does not hold a value of its type.
        """
        values: dict[str, Any] = {}
        for spec in fields(cls):
            if (value := given.pop(spec.name, None)) is not None:
                values[spec.name] = value
            elif (text := environ.get(PREFIX + spec.name.upper())) is not None:
                values[spec.name] = _parse(spec.name, text, cls)
        if given:
            raise ConfigError(f"no such setting: {', '.join(sorted(given))}")
        return cls(**{k: _convert(k, v) for k, v in values.items()})


def _convert(name: str, value: Any) -> Any:
    return Path(value) if name.endswith("_dir") else value


def _parse(name: str, text: str, cls: type[Settings]) -> Any:
    if name.endswith("_dir"):
        return Path(text)
    if (choices := _CHOICES.get(name)) is not None:
        if text in choices:
            return text
        allowed = f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
        raise ConfigError(f"{PREFIX}{name.upper()} is {text!r}; it must be {allowed}")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ConfigError(
            f"{PREFIX}{name.upper()} is {text!r}; it must be a number of seconds >= 0"
        )
    return value
