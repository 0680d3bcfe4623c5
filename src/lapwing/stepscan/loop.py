"""Loop: the order in which a step scan is done, as a plan.

Owns what comes before the points, breakpoints, and what follows.
Must not know PVs, nor what makes up a point: it sends messages to the scan's parts.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

import logging
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from lapwing.engine.asides import handles, recorded, write_soon, written
from lapwing.errors import DeviceError, FailedStatus, RunEngineControlException
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.plan import plan
from lapwing.plans.preprocessors import run_wrapper
from lapwing.stepscan.hook_plans import noting, run_hooks
from lapwing.stepscan.recovery import asked, stop_all, with_recovery
from lapwing.stepscan.taking import MOVES, PRIMARY, Pace, move, take_point

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan

logger = logging.getLogger("lapwing.stepscan")

EXTRAS = "extra_pvs"
_STAGED, _HOME = "step_scan stage", "step_scan home"


@plan
def step_scan(scan: "StepScan") -> MsgGenerator[str]:
    """Do a step scan.

    Args:
        scan: What to do.

    Returns:
        The uid of the run.
    """
    handles(DeviceError)
    scan.progress.begin()
    try:
        # What was asked before the beginning counts: who says abort wants no moves.
        if recorded(lambda: scan.requests.aborted):
            yield from asked(scan, before=True)
        return (yield from _from_stage_to_unstage(scan))
    finally:
        scan.requests.clear()


def _from_stage_to_unstage(scan: "StepScan") -> Generator[Msg, Any, str]:
    yield from _make_ready(scan)
    errors: list[Exception] = []
    places: dict[Any, Any] = {}
    try:
        yield from asked(scan, before=True)
        if scan.restore:
            places = yield from _whereabouts(scan)
        yield from run_hooks(scan.owners, "pre_scan", scan=scan, point=0)
        uid = yield from _run(scan)
    except GeneratorExit:
        raise
    except BaseException:
        # Before what follows: it may send home what is still on its way elsewhere.
        yield from stop_all((*scan.positioners, *scan.triggers))
        yield from _after(scan, places, errors)
        _log(errors)
        raise
    yield from _after(scan, places, errors)
    if errors:
        _log(errors[1:])
        raise errors[0]
    return uid


def _make_ready(scan: "StepScan") -> MsgGenerator[None]:
    """Stage all of it, and take note of what was before."""
    relative = [one for one in scan.positioners if one.relative]
    for one in relative:
        one.origin = None
    yield from staged("stage", scan)
    # After a crash the detectors hold what this scan has set, not what was before.
    kept = recorded(lambda: [one.before for one in scan.detectors])
    for one, before in zip(scan.detectors, kept, strict=True):
        one.take_over(before)
    for one in relative:
        location = yield Msg("locate", one)
        one.origin = 0.0 if location is None else float(location["setpoint"])


def _log(errors: list[Exception]) -> None:
    for error in errors:
        logger.error("after the scan: %s", error)


def _after(
    scan: "StepScan", places: dict[Any, Any], errors: list[Exception]
) -> MsgGenerator[None]:
    """Do what follows a scan, however it ended; all of it, whatever fails."""
    owners = list(reversed(scan.owners))
    taken = scan.progress.points_taken
    yield from run_hooks(owners, "post_scan", errors, scan=scan, point=taken)
    yield from noting(errors, lambda: _go_back(places, errors))
    yield from noting(errors, lambda: staged("unstage", scan))


def staged(verb: str, scan: "StepScan") -> MsgGenerator[None]:
    """Stage, or unstage, a scan and the devices that are not its own.

    Raises:
        LapwingError: One of them cannot be; its own error, not that of a status.
    """
    for device in (scan.engine_side, *scan.devices):
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


def _go_back(places: dict[Any, Any], errors: list[Exception]) -> MsgGenerator[None]:
    """Send all back, then wait for each; whoever aborts meanwhile wants no moves."""
    # Of a group of several nothing would be waited for after the first failure.
    moves = [
        Msg("set", one, position, group=f"{_HOME} {i}")
        for i, (one, position) in enumerate(places.items())
    ]
    waits = [Msg("wait", None, group=msg.kwargs["group"]) for msg in moves]
    for msg in (*moves, *waits):
        try:
            yield msg
        except RunEngineControlException:
            yield from stop_all(places)
            raise
        except Exception as exc:  # noqa: BLE001 - the others are to go back, too
            errors.append(exc)


# ------------------------------------------------------------------ the run


def _run(scan: "StepScan") -> Generator[Msg, Any, str]:
    num_points = scan.progress.num_points = scan.check()
    yield Msg("subscribe", None, scan.progress, "all")
    metadata = _metadata(scan, num_points)
    return (yield from run_wrapper(_points(scan, num_points), md=metadata))


def _points(scan: "StepScan", num_points: int) -> MsgGenerator[None]:
    yield Msg("checkpoint")
    yield from asked(scan, before=True)
    yield from with_recovery(scan, "the move to the start", partial(_to_start, scan))
    yield from _note_extra_pvs(scan)
    pace = Pace()
    for i in range(num_points):
        scan.progress.index = i
        # First: who paused here may want the point left out.
        yield Msg("checkpoint")
        if not (yield from asked(scan)):
            attempt = partial(take_point, scan, i, pace)
            yield from with_recovery(scan, f"point {i + 1}", attempt)
        if i in scan.breakpoints:
            yield from _breakpoint(scan, i)
    yield Msg("checkpoint")


def _to_start(scan: "StepScan", statuses: list[Any]) -> MsgGenerator[None]:
    yield from move(scan, 0, statuses)
    if statuses:
        yield Msg("wait", None, group=MOVES)


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


# ------------------------------------------------------------------ at breaks


def _breakpoint(scan: "StepScan", i: int) -> MsgGenerator[None]:
    """Write the data so far, note the extra PVs, do the hooks."""
    yield Msg("checkpoint")
    write_soon()  # first: the server of an extra PV may be away for long
    yield from _note_extra_pvs(scan)
    if any(owner.hook("at_break") for owner in scan.owners):
        # Whoever reads the file in a hook finds all points up to this one.
        yield Msg("wait_for", None, [written])
        yield from run_hooks(scan.owners, "at_break", scan=scan, point=i + 1)
    else:
        write_soon()


def _note_extra_pvs(scan: "StepScan") -> MsgGenerator[None]:
    # Recorded: detectors find theirs when they are connected.
    if recorded(lambda: bool(scan.all_extra_pvs())):
        yield Msg("checkpoint")
        yield from with_recovery(
            scan, "the reading of extra PVs", partial(_read_extra_pvs, scan)
        )


def _read_extra_pvs(scan: "StepScan", _statuses: list[Any]) -> MsgGenerator[None]:
    yield Msg("create", None, name=EXTRAS)
    try:
        yield Msg("read", scan.extras)
    except DeviceError:
        yield Msg("drop")
        raise
    yield Msg("save")
