"""Survey: what is wrong with a step scan at the beamline, before it is run.

Owns the question whether every PV answers, and positions, limits and units agree.
Must not know files or command lines. Nothing is moved or written.
Test: tests/system/test_scan_command.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from typing import Any

from lapwing.epics import connect_all
from lapwing.errors import DeviceError, DisconnectedError, LimitError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.point import Point
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan


class _Prepared:
    """A detector that finds out what there is to read, as if it were connected."""

    def __init__(self, detector: Detector):
        self.name = detector.name
        self._detector = detector

    async def connect(self, timeout: float) -> None:
        await self._detector.prepare(timeout)


async def problems_of(scan: StepScan, timeout: float = 5.0) -> list[str]:
    """Return what keeps a scan from being run, each in a sentence; [] if nothing does.

    Args:
        scan: What is to be run; it is connected afterwards if all is well.
        timeout: Seconds within which PVs must answer.
    """
    detectors = [_Prepared(one) for one in scan.detectors]
    parts = [part for one in scan.detectors for part in one.devices]
    extras = [Counter(pv, name=key) for key, pv in scan.all_extra_pvs().items()]
    try:
        await connect_all(
            *scan.positioners,
            *detectors,
            *parts,
            *scan.triggers,
            Point("counters", scan.counters),
            Point("extra_pvs", extras),
            timeout=timeout,
        )
        await scan.connect(timeout)
    except DisconnectedError as exc:
        return [str(exc)]
    except DeviceError as exc:
        return [str(exc)]
    found = [await _problem_of(one) for one in scan.positioners]
    return [problem for problem in found if problem]


async def _problem_of(one: Positioner) -> str:
    unit = getattr(one.axis, "unit", "")
    if unit and one.units != unit:
        return (
            f"{one.title}: its unit is said to be {one.units!r}, and {one.pv} says "
            f"{unit!r}; leave it out, or mend it"
        )
    try:
        await one.verify()
    except LimitError as exc:
        return str(exc)
    return ""


def describe(scan: StepScan) -> list[str]:
    """Return lines that say what a scan consists of.

    Args:
        scan: Connected or not; units and limits are known where it is.
    """
    lines = [
        f"  {_row('moves', one.label or one.name, one.pv, _reach(one))}"
        for one in scan.positioners
    ]
    lines += [f"  {_row('starts', one.label, one.pv)}" for one in scan.triggers]
    lines += [f"  {_row('reads', one.label, one.pv)}" for one in scan.counters]
    lines += [f"  {_row('notes', key, pv)}" for key, pv in scan.all_extra_pvs().items()]
    return lines


def _row(verb: str, label: str, pv: str, rest: str = "") -> str:
    name = "" if label == pv else label
    return f"{verb:<7} {pv:<20} {name:<20} {rest}".rstrip()


def _reach(one: Positioner) -> str:
    if one.extent is None:
        return ""
    low, high = one.extent
    unit = f" {one.units}" if one.units else ""
    about = " about where it stands" if one.relative else ""
    text = f"{low:.10g} to {high:.10g}{unit}{about}"
    limits: Any = getattr(one.axis, "limits", None) if one.connected else None
    if limits is not None and limits.active:
        text += f", limits {limits.low:.10g} to {limits.high:.10g}"
    return text
