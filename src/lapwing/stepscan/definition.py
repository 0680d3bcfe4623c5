"""Definition: a step scan as data, in a file of YAML or JSON, and back.

Owns reading and writing such files, and errors that name line and column.
Must not know command lines; `definition_model` says what may stand in a file.
Test: tests/unit/stepscan/test_definition.py; property: there and back.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from lapwing.errors import ConfigError, DataExistsError
from lapwing.stepscan.definition_back import to_definition
from lapwing.stepscan.definition_build import scan_of, unknown_kinds
from lapwing.stepscan.definition_fault import PartError
from lapwing.stepscan.definition_model import ScanDefinition, schema
from lapwing.stepscan.definition_text import (
    Path,
    Place,
    Places,
    error_at,
    parse,
    to_yaml,
)
from lapwing.stepscan.scan import StepScan

__all__ = [
    "DefinitionFile",
    "ScanDefinition",
    "dump",
    "dumps",
    "load",
    "load_scan",
    "loads",
    "read",
    "schema",
    "to_definition",
    "unknown_kinds",
]

_LONGEST = 60
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class DefinitionFile:
    """A definition, and where each part of it stands in its file.

    Attributes:
        definition: What the file says.
        name: Name of the file.
        places: Line and column of each value, by its path.
    """

    definition: ScanDefinition
    name: str
    places: Mapping[Path, Place] = field(default_factory=dict, repr=False)

    def scan(
        self, *, ask: bool = True, data_dir: str | FilePath | None = None
    ) -> StepScan:
        """Return the step scan.

        Nothing is connected, unless the kind of a detector is left out: then its
        record is asked, which blocks.

        Args:
            ask: Whether records are asked; else such detectors are left out.
            data_dir: Directory of all data, for those who are told of the run's file.

        Raises:
            ConfigError: A part cannot be; names file, line and column.
        """
        try:
            return scan_of(self.definition, ask=ask, data_dir=data_dir)
        except PartError as exc:
            place = _nearest(self.places, exc.path)
            where = f"{_dotted(exc.path)}: " if exc.path else ""
            raise error_at(
                self.name, place, f"{where}{exc.problem}", hint=exc.hint or None
            ) from exc


def read(path: str | FilePath) -> DefinitionFile:
    """Read a file that defines a scan.

    Args:
        path: The file, in YAML or JSON.

    Raises:
        ConfigError: It is neither, or something in it is unknown, wrong or missing;
            names file, line and column, what was found and what is allowed.
    """
    try:
        text = FilePath(path).read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc.strerror or exc}", file=str(path)
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(
            f"{path} is no text in UTF-8: byte {exc.start} is {exc.reason}",
            file=str(path),
        ) from exc
    return read_text(text, str(path))


def read_text(text: str, name: str = "the text") -> DefinitionFile:
    """Read the text of a file that defines a scan.

    Args:
        text: YAML or JSON.
        name: What messages call it.

    Raises:
        ConfigError: As `read` does.
    """
    data, places = parse(text, name)
    try:
        definition = ScanDefinition.model_validate(data)
    except ValidationError as exc:
        raise _refused(exc, data, places, name) from None
    return DefinitionFile(definition, name, places)


def load(path: str | FilePath) -> ScanDefinition:
    """Return what a file that defines a scan says; see `read`."""
    return read(path).definition


def loads(text: str, name: str = "the text") -> ScanDefinition:
    """Return what the text of such a file says; see `read_text`."""
    return read_text(text, name).definition


def load_scan(path: str | FilePath) -> StepScan:
    """Return the step scan that a file defines: ``RE(load_scan("xy.yaml").plan())``.

    Args:
        path: The file, in YAML or JSON.

    Raises:
        ConfigError: As `read` does.
    """
    return read(path).scan()


def dumps(definition: ScanDefinition, form: str = "yaml") -> str:
    """Return a definition as text; what is as usual is left out.

    Args:
        definition: What to write.
        form: ``"yaml"`` or ``"json"``.

    Raises:
        ConfigError: There is no such form.
    """
    data = definition.model_dump(exclude_defaults=True)
    if form == "yaml":
        return to_yaml(data)
    if form == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    raise ConfigError(
        f"a definition cannot be written as {form!r}; yaml and json are allowed"
    )


def dump(definition: ScanDefinition, path: str | FilePath) -> None:
    """Write a definition to a new file; its ending says in which form.

    Args:
        definition: What to write.
        path: The file: ``.json``, or ``.yaml`` and any other ending for YAML.

    Raises:
        DataExistsError: There is a file of that name.
    """
    text = dumps(definition, "json" if str(path).endswith(".json") else "yaml")
    try:
        with FilePath(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as exc:
        raise DataExistsError(
            f"{path} is there already; it is not written over", path=str(path)
        ) from exc


# ---------------------------------------------------------------- what is wrong


def _refused(
    error: ValidationError, data: Any, places: Places, name: str
) -> ConfigError:
    problems = [
        _problem(one, data) for one in error.errors(include_url=False)[:_MOST_PROBLEMS]
    ]
    # Of one value with several possible kinds each kind has its say.
    first: dict[Path, tuple[str, str]] = {}
    for path, text, hint in problems:
        if path in first and "; needed: " in text:
            before, hint = first[path]
            text = f"{before} or {text.rpartition('; needed: ')[2]}"
        first[path] = text, hint
    found = sorted(
        ((_nearest(places, path), *said) for path, said in first.items()),
        key=lambda one: one[0] or Place(0, 0),
    )
    every = [
        str(error_at(name, place, text, hint=hint or None))
        for place, text, hint in found
    ]
    place, text, hint = found[0]
    if len(found) > 1:
        more = len(found) - 1
        text += f"; and {more} more problem{'s' if more > 1 else ''}"
    return error_at(name, place, text, hint=hint or None, problems=every)


def _problem(error: Any, data: Any) -> tuple[Path, str, str]:
    """Return where a problem is, the sentence, and a hint."""
    path, found = _path_of(error["loc"], data)
    told = error.get("ctx", {})
    kind = error["type"]
    what = _dotted(path) or "the scan"
    if kind == "unknown_key":
        inside = _dotted((*path, told["key"]))
        text = f"{inside} is unknown; allowed here: {told['allowed']}"
        return (*path, told["key"]), text, told["hint"]
    if kind == "wrong_part":
        path = (*path, told["key"]) if "key" in told else path
        return path, f"{_dotted(path) or 'the scan'} {told['message']}", ""
    if kind == "missing":
        return path, f"{what} has no {error['loc'][-1]}, which is needed", ""
    allowed = error["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        allowed = "a mapping of names to values"
    return path, f"{what} is {_shown(found)}; needed: {_mended(allowed)}", ""


_WORDS = (
    (re.compile(r"^Input "), ""),
    (re.compile(r"^String should"), "a text that should"),
    (re.compile(r"^List should have (at \w+ \d+) items?.*"), r"\1 of them"),
    (re.compile(r"^greater than or equal to (\S+)$"), r"\1 or more"),
    (re.compile(r"^less than or equal to (\S+)$"), r"\1 or less"),
    (re.compile(r"^greater than (\S+)$"), r"more than \1"),
)
"""What pydantic says, and what we say instead."""


def _mended(allowed: str) -> str:
    for pattern, ours in _WORDS:
        allowed = pattern.sub(ours, allowed)
    return allowed


def _path_of(loc: Iterable[Any], data: Any) -> tuple[Path, Any]:
    """Return the path in the data that pydantic means, and what is there.

    Its own path also names the kind of thing that it took a value for.
    """
    path: Path = ()
    for one in loc:
        is_index = isinstance(data, list) and isinstance(one, int) and one < len(data)
        if is_index or (isinstance(data, dict) and one in data):
            data = data[one]
            path = (*path, one)
    return path, data


def _nearest(places: Mapping[Path, Place], path: Path) -> Place | None:
    """Return where a value stands, or else what it would be in."""
    while path not in places and path:
        path = path[:-1]
    return places.get(path)


def _dotted(path: Path) -> str:
    """Return a path as people write it: ``positioners[0].pv``."""
    text = ""
    for one in path:
        text += f"[{one}]" if isinstance(one, int) else f".{one}" if text else one
    return text


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
