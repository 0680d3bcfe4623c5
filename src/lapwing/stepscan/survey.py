"""Survey: what is wrong with a step scan at the beamline, before it is run.

Owns that all of it is told together: PVs, columns, positions, limits and units.
Must not know files or command lines. Nothing is moved or written.
Test: tests/unit/stepscan/test_survey.py; tests/system/test_scan_command.py.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from typing import Any

from lapwing.errors import LapwingError
from lapwing.stepscan import connecting
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan


async def problems_of(scan: StepScan, timeout: float = 5.0) -> list[str]:
    """Return what keeps a scan from being run, each in a sentence; [] if nothing does.

    Args:
        scan: What is to be run; it is connected afterwards if all is well.
        timeout: Seconds within which PVs must answer.
    """
    found: list[str] = []
    try:
        scan.check()
    except LapwingError as exc:
        found.append(str(exc))
    try:
        await scan.connect(timeout)
    except LapwingError as exc:
        found.append(str(exc))
    reached = [one for one in scan.positioners if one.connected]
    found += filter(None, map(_wrong_unit, reached))
    movable = [one for one in reached if one.array is not None]
    return found + [str(one) for one in await connecting.problems_of(movable)]


def _wrong_unit(one: Positioner) -> str:
    unit = getattr(one.axis, "unit", "")
    if not unit or one.units == unit:
        return ""
    return (
        f"{one.title}: its unit is said to be {one.units!r}, and {one.pv} says "
        f"{unit!r}; leave it out, or mend it"
    )


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
