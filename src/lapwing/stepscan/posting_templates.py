"""Posting templates: which PVs tell of a scan, what they hold, and what they order.

Owns the fields of an sscan record, and the keys of a step scan.
Must not know channels, nor when values are sent.
Test: tests/unit/stepscan/test_posting.py; every field is on the simulated beamline.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lapwing.stepscan.posting_state import Outline, State, number_of
from lapwing.stepscan.progress import show_seconds

MOST_AXES = 4
MOST_DETECTORS = 70
ARRAY_PERIOD = 0.5
"""Seconds between two postings of arrays while a scan runs."""

Order = str
"""``"abort"``, ``"pause"``, ``"resume"`` or ``"skip"``."""


class Template(Protocol):
    """What is posted of a scan; one for each scan."""

    @property
    def separator(self) -> str:
        """What stands between prefix and field, if the prefix ends in none."""
        ...

    @property
    def requests(self) -> tuple[str, ...]:
        """Fields by which people say what is to be done."""
        ...

    @property
    def probe(self) -> str | None:
        """A field that refuses to be written where nothing is to be posted, or None."""
        ...

    def columns(self, outline: Outline) -> Sequence[str]:
        """Return the data keys of what arrays are made of."""
        ...

    def fields(self, state: State) -> list[str]:
        """Return all fields that there are for a scan."""
        ...

    def values(self, state: State) -> dict[str, Any]:
        """Return numbers and texts as they should be now, the last one last."""
        ...

    def arrays(self, state: State) -> dict[str, NDArray[Any]]:
        """Return arrays as they should be now."""
        ...

    def asserted(self) -> dict[str, Any]:
        """Return what a server that was started anew is to be told of requests."""
        ...

    def orders(self, seen: Mapping[str, Any]) -> list[tuple[Order, str]]:
        """Return what is to be done, and the field that says so.

        Args:
            seen: What the fields of requests hold now.
        """
        ...

    def answered(self, seen: Mapping[str, Any]) -> list[str]:
        """Return which of these fields are to be put back.

        Args:
            seen: What the fields of requests hold now.
        """
        ...


class InfoKeys:
    """The keys of a step scan: ``status``, ``message``, ``request_abort`` and others.

    Source:
        The simulated beamline has them as ``SIM:scan:status`` and so on.
    """

    separator = ":"
    probe = None
    requests = ("request_abort", "request_pause", "request_resume", "request_skip")

    def columns(self, outline: Outline) -> Sequence[str]:
        """Return none: there are no keys for arrays."""
        return ()

    def fields(self, state: State) -> list[str]:
        """Return all keys."""
        return list(self.values(state))

    def values(self, state: State) -> dict[str, Any]:
        """Return what each key should hold; nothing is asked for."""
        outline = state.outline
        left = 0.0 if state.over else state.left
        return {
            **dict.fromkeys(self.requests, 0),
            "status": state.status,
            "message": state.message,
            "last_error": state.error,
            "command": outline.name,
            "filename": state.file,
            "workdir": state.folder,
            "cmd_id": state.scan_id,
            "npts": outline.num_points,
            "time_estimate": "" if left is None else show_seconds(left),
            "scan_progress": f"point {state.num_points} of {outline.num_points}",
            "heartbeat": state.heartbeat,
            "cpt": state.num_points,
        }

    def arrays(self, state: State) -> dict[str, NDArray[Any]]:
        """Return none: there are no keys for them."""
        return {}

    def asserted(self) -> dict[str, Any]:
        """Return none: no request lasts."""
        return {}

    def orders(self, seen: Mapping[str, Any]) -> list[tuple[Order, str]]:
        """Return what the keys that are not 0 say."""
        return [
            (field.removeprefix("request_"), field) for field in self.answered(seen)
        ]

    def answered(self, seen: Mapping[str, Any]) -> list[str]:
        """Return the keys that are not 0."""
        return [field for field in self.requests if seen.get(field)]


class SscanFields:
    """The fields of an sscan record: ``NPTS``, ``CPT``, ``D01CV`` and others.

    The first four positioners and triggers and the first seventy counters are told
    of. ``FAZE`` tells less than the record's own: 1 before the first point, 7 while
    points are taken, 13 while the scan is paused or waits for a server, 12 at the end
    and 0 when all was posted. They are fields of a record of the same names: a true
    sscan record scans by itself, and is never written to.

    Source:
        The sscan record's reference (EPICS ``sscan`` module, "sscan-Record Fields").
    """

    separator = "."
    probe = "CPT"
    requests = ("EXSC", "PAUS")
    _FAZES: ClassVar[dict[str, int]] = {"starting": 1, "paused": 13, "waiting": 13}

    def __init__(self) -> None:
        self._paused = False
        self._fixed: dict[str, Any] | None = None
        self._axes: list[tuple[int, str]] = []
        self._detectors: list[tuple[str, str]] = []

    def columns(self, outline: Outline) -> Sequence[str]:
        """Return the data keys of positioners and counters that have fields."""
        axes = [axis.key for axis in outline.axes[:MOST_AXES]]
        return [*axes, *list(outline.counters)[:MOST_DETECTORS]]

    def fields(self, state: State) -> list[str]:
        """Return all fields that this scan has something for."""
        found = [*self.values(state), "PAUS"]
        for i, _ in self._axes:
            found += [f"P{i}DV", f"R{i}CV", f"P{i}PA", f"P{i}CA", f"P{i}RA"]
        for number, _ in self._detectors:
            found += [f"D{number}CV", f"D{number}CA", f"D{number}DA"]
        return list(dict.fromkeys(found))

    def values(self, state: State) -> dict[str, Any]:
        """Return what each field should hold."""
        if self._fixed is None:
            self._fixed = self._describe(state)
        busy = int(not state.shown)
        found = {**self._fixed, "EXSC": busy, "BUSY": busy, "DATA": 1 - busy}
        found |= {
            "FAZE": self._faze(state),
            "DSTATE": 0 if busy else 7,
            "ALRT": int(bool(state.error)),
            "SMSG": state.error or state.message or state.status,
            "CPT": state.num_points,
        }
        data = state.data
        for i, key in self._axes:
            _add(found, f"P{i}DV", state.desired.get(key))
            _add(found, f"R{i}CV", data.get(key))
        for number, key in self._detectors:
            _add(found, f"D{number}CV", data.get(key))
        # Posted after all else of a point: whoever watches it finds them there.
        found["VAL"] = state.num_points
        return found

    def _faze(self, state: State) -> int:
        if state.over:
            return 0 if state.shown else 12
        return self._FAZES.get(state.status, 7)

    def _describe(self, state: State) -> dict[str, Any]:
        outline = state.outline
        axes = outline.axes[:MOST_AXES]
        self._axes = [(i, axis.key) for i, axis in enumerate(axes, 1)]
        self._detectors = [
            (f"{i:02}", key) for i, key in enumerate(outline.counters, 1)
        ][:MOST_DETECTORS]
        found: dict[str, Any] = {"NPTS": outline.num_points, "ATIME": ARRAY_PERIOD}
        found["PDLY"], found["DDLY"] = outline.settle
        for i, axis in enumerate(axes, 1):
            found |= {f"P{i}PV": axis.pv, f"R{i}PV": axis.readback}
            # Positions are a table, whatever they look like.
            found |= {f"P{i}EU": axis.units, f"P{i}SM": 1}
            found[f"P{i}AR"] = int(axis.relative)
            if axis.positions.size:
                found |= {f"P{i}SP": axis.positions[0], f"P{i}EP": axis.positions[-1]}
        for i, (pv, value) in enumerate(outline.triggers[:MOST_AXES], 1):
            found[f"T{i}PV"] = pv
            _add(found, f"T{i}CD", value)
        for number, key in self._detectors:
            found[f"D{number}PV"] = outline.counters[key]
        return found

    def arrays(self, state: State) -> dict[str, NDArray[Any]]:
        """Return positions and data so far; at the end as the completed ones, too."""
        columns = state.columns
        found: dict[str, NDArray[Any]] = {}
        for (i, _), axis in zip(self._axes, state.outline.axes, strict=False):
            found[f"P{i}PA"] = axis.positions
        for ends in [("RA", "DA"), ("CA", "CA")] if state.over else [("CA", "CA")]:
            for i, key in self._axes:
                found[f"P{i}{ends[0]}"] = columns[key]
            for number, key in self._detectors:
                found[f"D{number}{ends[1]}"] = columns[key]
        # A record keeps the arrays of the scan before until there are others.
        return {field: array for field, array in found.items() if array.size}

    def asserted(self) -> dict[str, Any]:
        """Return the pause that was asked for, if one was."""
        return {"PAUS": 1} if self._paused else {}

    def orders(self, seen: Mapping[str, Any]) -> list[tuple[Order, str]]:
        """Return what follows of ``EXSC`` 0, and of a ``PAUS`` that has changed."""
        found = []
        if "PAUS" in seen and bool(seen["PAUS"]) != self._paused:
            self._paused = bool(seen["PAUS"])
            found.append(("pause" if self._paused else "resume", "PAUS"))
        if seen.get("EXSC", 1) == 0:
            found.append(("abort", "EXSC"))
        return found

    def answered(self, seen: Mapping[str, Any]) -> list[str]:
        """Return none: both say what is, not what is to happen."""
        return []


def _add(found: dict[str, Any], field: str, value: Any) -> None:
    number = number_of(value)
    if not np.isnan(number):
        found[field] = number


SSCAN = SscanFields
"""Post into the fields of an sscan record."""
INFO = InfoKeys
"""Post into the keys of a step scan."""
