"""Loop: the order in which a step scan is done, as a plan.

Owns the points, what is done when one goes wrong, breakpoints and the end.
Must not know PVs: it sends messages to the scan's parts.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lapwing.engine.asides import handles, recorded, written
from lapwing.errors import DeviceError, FailedStatus, RequestAbort
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.plan import plan
from lapwing.plans.preprocessors import run_wrapper
from lapwing.stepscan.hooks import run_hooks

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan

PRIMARY, EXTRAS = "primary", "extra_pvs"
_MOVES, _COUNTS, _STAGED = "step_scan moves", "step_scan counts", "step_scan stage"
_INVALID = -1


class BadPoint(DeviceError):
    """A point was read, and what was read must not be used."""


@plan
def step_scan(scan: "StepScan") -> MsgGenerator[str]:
    """Do a step scan.

    Args:
        scan: What to do.

    Returns:
        The uid of the run.
    """
    handles(DeviceError)
    scan.requests.clear()
    relative = [one for one in scan.positioners if one.relative]
    for one in relative:
        one.origin = None
    yield from _staged("stage", scan)
    for one in relative:
        location = yield Msg("locate", one)
        one.origin = 0.0 if location is None else float(location["setpoint"])
    errors: list[Exception] = []
    before: dict[Any, Any] = {}
    try:
        if scan.restore:
            before = yield from _whereabouts(scan)
        yield from run_hooks(scan.owners, "pre_scan", scan=scan, point=0)
        uid = yield from _run(scan)
    except GeneratorExit:
        raise
    except BaseException:
        yield from _stop_counting(scan)
        yield from _after(scan, before, errors)
        raise
    yield from _after(scan, before, errors)
    if errors:
        raise errors[0]
    return uid


def _after(
    scan: "StepScan", before: dict[Any, Any], errors: list[Exception]
) -> MsgGenerator[None]:
    """Do what follows a scan, however it ended; all of it, whatever fails."""
    owners = list(reversed(scan.owners))
    taken = scan.progress.points_taken
    yield from run_hooks(owners, "post_scan", errors, scan=scan, point=taken)
    if before:
        yield from _noting(errors, lambda: _go_back(before))
    yield from _noting(errors, lambda: _staged("unstage", scan))


def _noting(
    errors: list[Exception], what: Callable[[], Generator[Msg, Any, Any]]
) -> MsgGenerator[None]:
    try:
        yield from what()
    except Exception as exc:  # noqa: BLE001 - the rest is to be done, too
        errors.append(exc)


def _staged(verb: str, scan: "StepScan") -> MsgGenerator[None]:
    for device in (scan, *scan.devices):
        try:
            answer = yield Msg(verb, device, group=_STAGED)
            if hasattr(answer, "add_callback"):
                yield Msg("wait", None, group=_STAGED)
        except FailedStatus as exc:
            # A limit, or a PV that is not there: that is what people are to see.
            raise exc.__cause__ or exc from None


def _whereabouts(scan: "StepScan") -> Generator[Msg, Any, dict[Any, Any]]:
    found = {}
    for one in scan.positioners:
        location = yield Msg("locate", one)
        found[one] = None if location is None else location["setpoint"]
    return found


def _go_back(before: dict[Any, Any]) -> MsgGenerator[None]:
    for positioner, position in before.items():
        yield Msg("set", positioner, position, group=_MOVES)
    yield Msg("wait", None, group=_MOVES)


def _stop_counting(scan: "StepScan") -> MsgGenerator[None]:
    """End counts early after a failure or an abort; what moves the engine stops."""
    ignored: list[Exception] = []
    for trigger in scan.triggers:
        yield from _noting(ignored, lambda one=trigger: _stop(one))


def _stop(device: Any) -> MsgGenerator[None]:
    yield Msg("stop", device)


# ------------------------------------------------------------------ the run


def _run(scan: "StepScan") -> Generator[Msg, Any, str]:
    num_points = scan.check()
    scan.progress.begin(num_points)
    yield Msg("subscribe", None, scan.progress, "all")
    metadata = _metadata(scan, num_points)
    return (yield from run_wrapper(_points(scan, num_points), md=metadata))


def _points(scan: "StepScan", num_points: int) -> MsgGenerator[None]:
    yield from _move_to_start(scan)
    yield from _note_extra_pvs(scan)
    pace = _Pace()
    for i in range(num_points):
        scan.progress.index = i
        if not (yield from _asked(scan)):
            yield from _take_point(scan, i, pace)
        if i in scan.breakpoints:
            yield from _breakpoint(scan, i)
    yield Msg("checkpoint")


def _move_to_start(scan: "StepScan") -> MsgGenerator[None]:
    statuses: list[Any] = []
    yield from _move(scan, 0, statuses)
    if statuses:
        yield Msg("wait", None, group=_MOVES)


def _metadata(scan: "StepScan", num_points: int) -> dict[str, Any]:
    names = [one.name for one in scan.positioners]
    # They all move at once; a mesh says in ``md`` that it has several dimensions.
    dimensions = [(names or ["time"], PRIMARY)]
    dwell = scan.dwell
    own: dict[str, Any] = {
        "plan_name": "step_scan",
        "scan_name": scan.name,
        "motors": names,
        "detectors": [one.name for one in (*scan.detectors, *scan.devices)],
        "num_points": num_points,
        "num_intervals": num_points - 1,
        "breakpoints": len(scan.breakpoints),
        "step_scan": recorded(scan.facts),
        "hints": {"dimensions": dimensions},
    }
    if dwell is not None:
        own["dwell"] = [float(dwell.min()), float(dwell.max())]
    hints = {**own["hints"], **scan.md.get("hints", {})}
    return {**own, **scan.md, "hints": hints}


def _asked(scan: "StepScan") -> Generator[Msg, Any, bool]:
    """Do what people have asked for; return whether the point is to be left out."""
    order, reason = recorded(scan.requests.take)
    while order == "pause":
        scan.progress.state("paused")
        scan.progress.tell(f"paused{f': {reason}' if reason else ''}")
        yield Msg("checkpoint")
        yield Msg("wait_for", None, [scan.requests.changed])
        order, reason = recorded(scan.requests.take)
        scan.progress.state("running")
    if order == "abort":
        raise RequestAbort(reason or "the scan was asked to abort")
    return order == "skip"


# ------------------------------------------------------------------ a point


@dataclass(slots=True)
class _Pace:
    """What was set for the point before, and is not set again.

    Attributes:
        dwell: Seconds of counting that the detectors have; None: nobody knows.
    """

    dwell: float | None = None


def _take_point(scan: "StepScan", i: int, pace: _Pace) -> MsgGenerator[None]:
    """Take a point; again if it goes wrong, a bounded number of times."""
    for left in range(scan.max_retries, -1, -1):
        statuses: list[Any] = []
        try:
            yield from _attempt(scan, i, pace, statuses)
        except DeviceError as exc:
            if not left:
                raise
            pace.dwell = None  # a server that was started anew has forgotten it
            yield from _recover(scan, i, str(exc.__cause__ or exc), statuses)
        else:
            return


def _attempt(
    scan: "StepScan", i: int, pace: _Pace, statuses: list[Any]
) -> MsgGenerator[None]:
    yield Msg("checkpoint")
    yield from _move(scan, i, statuses)
    yield from _set_dwell(scan, i, pace, statuses)
    if statuses:
        yield Msg("wait", None, group=_MOVES)
    if scan.pos_settle_time:
        yield Msg("sleep", None, scan.pos_settle_time)
    yield from _count(scan, statuses)
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
        )
    yield Msg("save")


def _move(scan: "StepScan", i: int, statuses: list[Any]) -> MsgGenerator[None]:
    """Start all moves; they are not waited for here."""
    for one in scan.positioners:
        statuses.append((yield Msg("set", one, one.position(i), group=_MOVES)))


def _set_dwell(
    scan: "StepScan", i: int, pace: _Pace, statuses: list[Any]
) -> MsgGenerator[None]:
    """Set the dwell beside the moves, if it is another one."""
    dwell = scan.dwell_at(i)
    if dwell is None or dwell == pace.dwell:
        return
    for one in scan.detectors:
        one.set_dwell(dwell)
        if one.dwell is not None:
            statuses.append((yield Msg("set", one.dwell, dwell, group=_MOVES)))
    pace.dwell = dwell


def _count(scan: "StepScan", statuses: list[Any]) -> MsgGenerator[None]:
    for trigger in scan.triggers:
        statuses.append((yield Msg("trigger", trigger, group=_COUNTS)))
    for device in scan.devices:
        if hasattr(device, "trigger"):
            statuses.append((yield Msg("trigger", device, group=_COUNTS)))
    if statuses:
        yield Msg("wait", None, group=_COUNTS)


def _read(scan: "StepScan", i: int) -> Generator[Msg, Any, str]:
    """Read all there is; return what is wrong with it, or ""."""
    reading = yield Msg("read", scan.point)
    for device in (*scan.devices, *_foreign(scan)):
        yield Msg("read", device)
    reading = reading or {}
    for one in scan.positioners:
        found = reading.get(one.name)
        if found and (wrong := one.strayed(one.position(i), found["value"])):
            return wrong
    for key, one in reading.items():
        if one.get("alarm_severity") == _INVALID and not scan.keep_invalid:
            return f"its server calls {key} INVALID"
    if scan.min_runtime and scan.dwell is not None:
        short = recorded(scan.too_short)
        return f"{short} counted for too short a time" if short else ""
    return ""


def _foreign(scan: "StepScan") -> list[Any]:
    return [one.axis for one in scan.positioners if not one.is_pv]


def _recover(
    scan: "StepScan", i: int, why: str, statuses: list[Any]
) -> MsgGenerator[None]:
    """Bring everything back to where point ``i`` can be taken again."""
    scan.progress.state("waiting")
    scan.progress.tell(f"point {i + 1} is taken again: {why}")

    async def ended() -> None:
        for status in statuses:
            await _end_of(status)

    # A second put to a trigger that never ended would hold up all that its server
    # is asked for on this connection.
    yield from _stop_counting(scan)
    # Each of what went on may fail in its turn, and is told at a message.
    for _ in range(len(statuses) + 1):
        try:
            yield Msg("wait_for", None, [ended])
        except FailedStatus:
            continue
        break
    failures: list[Exception] = []

    async def reconnect() -> None:
        try:
            await scan.reconnected()
        except Exception as exc:  # noqa: BLE001 - the plan raises it
            failures.append(exc)

    yield Msg("wait_for", None, [reconnect])
    recorded(lambda: _raise_first(failures))
    scan.progress.state("running")


def _raise_first(failures: list[Exception]) -> None:
    if failures:
        raise failures[0]


async def _end_of(status: Any) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    status.add_callback(lambda *_: loop.call_soon_threadsafe(over.set))
    await over.wait()


# ------------------------------------------------------------------ at breaks


def _breakpoint(scan: "StepScan", i: int) -> MsgGenerator[None]:
    """Write the data so far, note the extra PVs, do the hooks."""
    yield Msg("checkpoint")
    yield from _note_extra_pvs(scan)
    if any(owner.hook("at_break") for owner in scan.owners):
        # Whoever reads the file in a hook finds all points up to this one.
        yield Msg("wait_for", None, [written])
        yield from run_hooks(scan.owners, "at_break", scan=scan, point=i + 1)


def _note_extra_pvs(scan: "StepScan") -> MsgGenerator[None]:
    if not scan.all_extra_pvs():
        return
    yield Msg("create", None, name=EXTRAS)
    yield Msg("read", scan.extras)
    yield Msg("save")
