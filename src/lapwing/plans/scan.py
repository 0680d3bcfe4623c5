"""Scans over any path: scan_nd, in which all other scans end.

Owns `scan_nd`, and what other scans need to end in it, relative ones too.
Must not know engines or devices.
Test: run it on soft devices; compare metadata with the table in the docs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.engine.asides import foresee
from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import (
    check_detectors,
    check_named,
    hinted_fields,
    separate_devices,
)
from lapwing.plans.hooks import PerStep, check_per_step
from lapwing.plans.plan import plan
from lapwing.plans.predeclare import predeclare
from lapwing.plans.preprocessors import (
    relative_set_wrapper,
    reset_positions_wrapper,
    run_wrapper,
    stage_wrapper,
)
from lapwing.plans.pseudo import Folding
from lapwing.protocols import Readable

Metadata = Mapping[str, Any] | None


@plan
def scan_nd(
    detectors: Sequence[Readable],
    cycler: Any,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over any path of any number of motors.

    Args:
        detectors: Devices to read at each point.
        cycler: The path: a pattern of Lapwing's, a cycler, or any sized iterable
            of dicts of position by motor.
        per_step: ``f(detectors, step, pos_cache)``, or for one motor
            ``f(detectors, motor, step)``: a plan that takes one point.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanSignatureError: ``detectors`` is no list, a device has no name, or
            ``per_step`` has another signature.
        PlanArgumentError: ``cycler`` is no path.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    given = _motors_of(cycler)
    check_detectors(detectors)
    check_named(given, "motor")
    folding = Folding(given)
    motors = folding.motors
    step_plan = check_per_step(per_step, motors)
    md = dict(md or {})
    hints = {**hints_of_axes(given), **md.get("hints", {})}
    metadata = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name for motor in given],
        "num_points": len(cycler),
        "num_intervals": len(cycler) - 1,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "cycler": repr(cycler),
            "per_step": repr(per_step),
        },
        "plan_name": "scan_nd",
        **md,
        "hints": hints,
    }
    if per_step is None:
        foresee(separate_devices([*detectors, *motors]), _extents(cycler))

    def points() -> MsgGenerator[None]:
        if per_step is None:
            yield from predeclare([*motors, *detectors])
        pos_cache: dict[Any, Any] = defaultdict(lambda: None)
        for step in map(folding, cycler) if folding else cycler:
            yield from step_plan(detectors, step, pos_cache)

    inner = run_wrapper(points(), md=metadata)
    return (yield from stage_wrapper(inner, [*detectors, *motors]))


def _motors_of(cycler: Any) -> tuple[Any, ...]:
    if isinstance(cycler, patterns.Points):
        return cycler.motors
    if not hasattr(cycler, "__len__") or not hasattr(cycler, "__iter__"):
        raise PlanArgumentError(
            f"a scan's path must have a length and give positions by motor, but it "
            f"is {cycler!r}"
        )
    # The order of the first step, which is that of the arguments; a cycler's own
    # set of keys comes in another order from run to run.
    first = next(iter(cycler), None)
    if first is None:
        keys = getattr(cycler, "keys", ())
        return () if callable(keys) else tuple(keys)
    if not isinstance(first, Mapping):
        raise PlanArgumentError(
            f"each step of a scan's path must give positions by motor, as "
            f"{{motor: position}}, but the first one is {first!r}"
        )
    return tuple(first)


def _extents(cycler: Any) -> dict[Any, tuple[Any, Any]]:
    if not isinstance(cycler, patterns.Points):
        cycler = patterns.InnerProduct(_columns_of(cycler))
    extents = {motor: cycler.extent(motor) for motor in cycler.motors}
    return {motor: extent for motor, extent in extents.items() if extent is not None}


def _columns_of(steps: Any) -> list[tuple[Any, list[Any]]]:
    """Return all positions of each motor of a path that is no pattern."""
    columns: dict[Any, list[Any]] = {}
    for step in steps:
        for motor, position in step.items():
            columns.setdefault(motor, []).append(position)
    return list(columns.items())


def hints_of_axes(motors: Sequence[Any]) -> dict[str, Any]:
    """One dimension per motor, if every motor says what to show."""
    if not motors or not all(hinted_fields(motor) for motor in motors):
        return {}
    return {"dimensions": [(hinted_fields(motor), "primary") for motor in motors]}


def hints_of_line(motors: Sequence[Any]) -> dict[str, Any]:
    """One dimension of all motors together, if any says what to show."""
    fields = [field for motor in motors for field in hinted_fields(motor)]
    return {"dimensions": [(fields, "primary")]} if fields else {}


def with_metadata(own: dict[str, Any], md: Metadata) -> dict[str, Any]:
    """Merge a caller's metadata on top of a plan's; hints key by key."""
    md = dict(md or {})
    return {**own, **md, "hints": {**own["hints"], **md.get("hints", {})}}


def take_path(
    detectors: Sequence[Readable],
    path: patterns.Points,
    per_step: PerStep | None,
    metadata: dict[str, Any],
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    """Scan over a path, as the last thing that a plan does.

    Args:
        detectors: Devices to read at each point.
        path: The path.
        per_step: As of `scan_nd`.
        metadata: All that the plan says of itself.
        relative: The path is counted from where the motors are; afterwards they
            are put back.
    """
    if not relative:
        return scan_nd(detectors, path, per_step=per_step, md=metadata)
    motors = Folding(path.motors).motors
    check_per_step(per_step, motors)  # as all else, before anything is said
    offsets = _Offsets(path)
    scan = scan_nd(detectors, offsets, per_step=per_step, md=metadata)
    around_here = relative_set_wrapper(scan, path.motors)
    return reset_positions_wrapper(around_here, path.motors)


class _Offsets(patterns.Points):
    """The steps of a path, as offsets, which no limit applies to."""

    def __init__(self, path: patterns.Points):
        self._path = path
        self.motors = path.motors

    def __len__(self) -> int:
        return len(self._path)

    def __getitem__(self, i: int) -> dict[Any, Any]:
        return self._path[i]

    def extent(self, motor: Any) -> None:
        """Return None: it depends on where the motor is."""
