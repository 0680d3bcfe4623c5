"""Taking: one point of a step scan, as a plan: move, count, read, judge.

Owns the order within a point, and what makes one bad.
Must not know what comes before or after it, nor what is done about a bad one.
Test: tests/unit/stepscan/test_scan.py; against the beamline in test_step_scan.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lapwing.engine.asides import recorded
from lapwing.errors import DeviceError
from lapwing.messages import Msg, MsgGenerator
from lapwing.protocols import Readings

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan

PRIMARY = "primary"
MOVES = "step_scan moves"
_COUNTS = "step_scan counts"
_INVALID = -1


class BadPoint(DeviceError):
    """A point was read, and what was read must not be used; ``context["why"]``."""


@dataclass(slots=True)
class Pace:
    """What was set for the point before, and is not set again.

    Attributes:
        dwell: Seconds of counting that the detectors have; None: nobody knows.
    """

    dwell: float | None = None


def take_point(
    scan: "StepScan", i: int, pace: Pace, statuses: list[Any]
) -> MsgGenerator[None]:
    """Take a point, once.

    Args:
        scan: The scan.
        i: Number of the point, from 0.
        pace: What the detectors were set to.
        statuses: Takes the status of each thing that is started.

    Raises:
        DeviceError: It went wrong; nothing of it is in the data.
    """
    try:
        yield from _go(scan, i, pace, statuses)
        yield from count(scan, statuses)
        if scan.det_settle_time:
            yield Msg("sleep", None, scan.det_settle_time)
        yield Msg("create", None, name=PRIMARY)
        try:
            bad = yield from _read(scan, i)
        except DeviceError:
            yield Msg("drop")
            raise
        if bad:
            yield Msg("drop")
            raise BadPoint(
                f"point {i + 1} cannot be used: {bad}",
                hint="mend what is wrong there; StepScan(keep_invalid=True) and "
                "StepScan(min_runtime=0) take such points as they are",
                why=bad,
            )
    except DeviceError:
        pace.dwell = None  # a server that was started anew has forgotten it
        raise
    yield Msg("save")


def move(scan: "StepScan", i: int, statuses: list[Any]) -> MsgGenerator[None]:
    """Start all moves to a point; they are not waited for here."""
    for one in scan.positioners:
        statuses.append((yield Msg("set", one, one.position(i), group=MOVES)))


def _go(
    scan: "StepScan", i: int, pace: Pace, statuses: list[Any]
) -> MsgGenerator[None]:
    """Move, and set the dwell beside the moves if it is another one."""
    yield from move(scan, i, statuses)
    dwell = scan.dwell_at(i)
    if dwell is not None and dwell != pace.dwell:
        for one in scan.detectors:
            one.set_dwell(dwell)
            if one.dwell is not None:
                statuses.append((yield Msg("set", one.dwell, dwell, group=MOVES)))
        pace.dwell = dwell
    if statuses:
        yield Msg("wait", None, group=MOVES)
    if scan.pos_settle_time:
        yield Msg("sleep", None, scan.pos_settle_time)


def count(scan: "StepScan", statuses: list[Any]) -> MsgGenerator[None]:
    """Start all triggers, then wait for all."""
    started = False
    for one in (*scan.triggers, *scan.devices):
        if hasattr(one, "trigger"):
            started = True
            statuses.append((yield Msg("trigger", one, group=_COUNTS)))
    if started:
        yield Msg("wait", None, group=_COUNTS)


def _read(scan: "StepScan", i: int) -> Generator[Msg, Any, str]:
    """Read all there is; return what is wrong with it, or ""."""
    reading = (yield Msg("read", scan.point)) or {}
    foreign = [one.axis for one in scan.positioners if not one.is_pv]
    for device in (*scan.devices, *foreign):
        yield Msg("read", device)
    return recorded(lambda: verdict(scan, i, reading))


def verdict(scan: "StepScan", i: int, reading: Readings) -> str:
    """Return what is wrong with a point that was read, or "".

    Args:
        scan: The scan.
        i: Number of the point, from 0.
        reading: What was read.
    """
    for one in scan.positioners:
        found = reading.get(one.name)
        if found and (wrong := one.strayed(one.position(i), found["value"])):
            return wrong
    for key, one in reading.items():
        if one.get("alarm_severity") == _INVALID and not scan.keep_invalid:
            return f"its server calls {key} INVALID"
    if scan.min_runtime:
        for one in scan.detectors:
            if one.too_short(scan.min_runtime):
                return f"{one.label} counted for too short a time"
    return ""
