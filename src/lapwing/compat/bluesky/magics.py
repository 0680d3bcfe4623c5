"""Magics: ``%mov``, ``%movr``, ``%ct`` and ``%wa`` for the IPython prompt.

Owns what is typed, and what is printed.
Must not evaluate what it cannot read: that is left to the prompt itself.
Test: a shell that is only a namespace; read what was printed.

``get_ipython().register_magics(BlueskyMagics)``, after ``BlueskyMagics.RE = RE``.
"""

import ast
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from IPython.core.magic import Magics, line_magic, magics_class
from traitlets import MetaHasTraits

from lapwing.compat.bluesky import plan_stubs as bps
from lapwing.compat.bluesky import plans as bp
from lapwing.compat.bluesky.labels import (
    Labelled,
    get_labeled_devices,
    is_parent,
    is_positioner,
)
from lapwing.compat.bluesky.run_engine import RunEngine
from lapwing.compat.bluesky.utils import ProgressBarManager
from lapwing.errors import PlanArgumentError, RunEngineInterrupted

__all__ = [
    "BlueskyMagics",
    "get_labeled_devices",
    "is_parent",
    "is_positioner",
]


class MetaclassForClassProperties(MetaHasTraits, type):
    """Lists of devices that were kept on the class; deprecated for labels."""

    _positioners: list[Any]
    _detectors: list[Any]

    @property
    def positioners(cls) -> list[Any]:
        """What ``%wa`` shows."""
        _warn_of_lists()
        return cls._positioners

    @positioners.setter
    def positioners(cls, val: Iterable[Any]) -> None:
        _warn_of_lists()
        cls._positioners = list(val)

    @property
    def detectors(cls) -> list[Any]:
        """What ``%ct`` reads."""
        _warn_of_lists()
        return cls._detectors

    @detectors.setter
    def detectors(cls, val: Iterable[Any]) -> None:
        _warn_of_lists()
        cls._detectors = list(val)


def _warn_of_lists() -> None:
    warnings.warn(
        "BlueskyMagics.detectors and BlueskyMagics.positioners are deprecated; give "
        "devices labels instead",
        stacklevel=3,
    )


@magics_class
class BlueskyMagics(Magics, metaclass=MetaclassForClassProperties):
    """Moves and reads devices without brackets: ``%mov x 3``.

    Attributes:
        RE: The engine; set it on the class to take that of the prompt.
        pbar_manager: Shows how far motions are; None shows nothing.
        FMT_PREC: Decimals that ``%wa`` shows.
    """

    RE: Any = RunEngine({})
    pbar_manager: Any = ProgressBarManager()
    FMT_PREC = 6
    _positioners: ClassVar[list[Any]] = []
    _detectors: ClassVar[list[Any]] = []

    def _ensure_idle(self) -> None:
        if self.RE.state != "idle":
            _say("The RunEngine is not idle: its plan is aborted.")
            self.RE.abort()

    @line_magic
    def mov(self, line: str) -> None:
        """Move devices and wait: ``%mov x 3 y 4``."""
        self._move(bps.mv, line)

    @line_magic
    def movr(self, line: str) -> None:
        """Move devices by so much and wait: ``%movr x 3 y 4``."""
        self._move(bps.mvr, line)

    def _move(self, plan: Any, line: str) -> None:
        words = line.split()
        if not words or len(words) % 2:
            raise PlanArgumentError(
                f"pairs of device and value are needed, but {line!r} was given"
            )
        args = [self._read(word) for word in words]
        self._ensure_idle()
        before = self.RE.waiting_hook
        self.RE.waiting_hook = self.pbar_manager
        try:
            self._run(plan(*args))
        finally:
            self.RE.waiting_hook = before

    def _run(self, plan: Any, *subs: Any) -> None:
        try:
            self.RE(plan, *subs)
        except RunEngineInterrupted:
            _say("Interrupted; the plan is aborted.")
            self._ensure_idle()

    @line_magic
    def ct(self, line: str) -> None:
        """Count: all devices with the label "detectors", or with those named."""
        detectors = self._chosen_detectors(line.strip())
        if detectors:
            self._ensure_idle()
            self._run(bp.count(detectors), _ct_callback)

    def _chosen_detectors(self, line: str) -> list[Any]:
        if type(self)._detectors:  # noqa: SLF001 - its own class's
            _warn_of_lists()
            return self._read(line) if line else list(type(self)._detectors)  # noqa: SLF001
        labelled = get_labeled_devices(self._names())
        wanted = line.split() or ["detectors"]
        if wanted[0] not in labelled and len(wanted) == 1 and line in self._names():
            return list(self._names()[line])
        return _unique(labelled, wanted)

    @line_magic
    def wa(self, line: str) -> None:
        """Show where devices are: all that have labels, or these labels."""
        line = line.strip()
        if type(self)._positioners:  # noqa: SLF001 - its own class's
            _warn_of_lists()
            chosen = self._list(line) if line else type(self)._positioners  # noqa: SLF001
            _print_positioners(chosen, precision=self.FMT_PREC)
            return
        if line.startswith("["):
            raise PlanArgumentError(
                f"labels are named by %wa, with spaces between, but {line!r} was given"
            )
        labelled = get_labeled_devices(self._names())
        for label in line.split() or sorted(labelled):
            _say(label)
            devices = [device for _, device in labelled.get(label, ())]
            if not devices:
                _say("  no devices have this label")
                continue
            places = [device for device in devices if is_positioner(device)]
            _print_positioners(places, precision=self.FMT_PREC, prefix="  ")
            _print_devices([d for d in devices if d not in places], prefix="  ")

    def _names(self) -> Mapping[str, Any]:
        shell: Any = self.shell
        return shell.user_ns

    def _list(self, text: str) -> list[Any]:
        return [self._read(word.strip()) for word in text.strip("[]").split(",")]

    def _read(self, text: str) -> Any:
        """Return what a word means: a device, by its name, or a value.

        Raises:
            NameError: It is neither.
        """
        first, *parts = text.split(".")
        if first in self._names():
            found = self._names()[first]
            try:
                for part in parts:
                    found = getattr(found, part)
            except AttributeError:
                pass
            else:
                return found
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            pass
        evaluate = getattr(self.shell, "ev", None)
        if evaluate is None:
            raise NameError(f"name {text!r} is not defined", name=text)
        return evaluate(text)


def _unique(labelled: Labelled, labels: Sequence[str]) -> list[Any]:
    found = [device for label in labels for _, device in labelled.get(label, ())]
    return list({id(device): device for device in found}.values())


def _print_devices(devices: Iterable[Any], prefix: str = "") -> None:
    for device in devices:
        _say(f"{prefix}{device.name}")


def _print_positioners(
    positioners: Iterable[Any],
    sort: bool = True,
    precision: int = 6,
    prefix: str = "",
) -> None:
    """Print where devices are, with their limits and offsets."""
    rows = [_row_of(device, precision) for device in positioners]
    if sort:
        rows.sort()
    if not rows:
        return
    heads = ("Positioner", "Value", "Low Limit", "High Limit", "Offset")
    table = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        _say((prefix + "  ".join(cells)).rstrip())


def _row_of(device: Any, precision: int) -> tuple[str, str, str, str, str]:
    limits = getattr(device, "limits", None) or ("", "")
    offset = getattr(device, "user_offset", None)
    texts = [
        _rounded(value, precision)
        for value in (
            device.position,
            *limits,
            "" if offset is None else offset.get(),
        )
    ]
    return device.name, texts[0], texts[1], texts[2], texts[3]


def _rounded(value: Any, decimals: int) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_rounded(one, decimals) for one in value)
    try:
        return f"{float(value):.{decimals}f}"
    except (TypeError, ValueError):
        return str(value)


def _ct_callback(name: str, doc: Mapping[str, Any]) -> None:
    """Print what was counted."""
    if name == "event":
        for key, value in doc["data"].items():
            _say(f"{key: <30} {value}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
