"""Scans along lines and lists: scan_nd, scan, list_scan, and relative ones.

Owns these plans; all end in `scan_nd`, by way of `take_path`.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
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
    check_motors,
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

Metadata = Mapping[str, Any] | None


@plan
def scan_nd(
    detectors: Sequence[Any],
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
    hints = {**_hints_of_axes(motors), **md.get("hints", {})}
    metadata = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name for motor in motors],
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
        return {}
    extents = {motor: cycler.extent(motor) for motor in cycler.motors}
    return {motor: extent for motor, extent in extents.items() if extent is not None}


def _hints_of_axes(motors: Sequence[Any]) -> dict[str, Any]:
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


def _list_scan(
    name: str,
    detectors: Sequence[Any],
    args: Sequence[Any],
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool,
) -> MsgGenerator[str]:
    check_detectors(detectors)
    columns = _columns(args)
    described = [x for motor, points in columns for x in (repr(motor), points)]
    motors = [motor for motor, _ in columns]
    num_points = len(columns[0][1])
    own = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name for motor in motors],
        "num_points": num_points,
        "num_intervals": max(num_points - 1, 0),
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "args": described,
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "inner_list_product",
        "plan_pattern_module": patterns.__name__,
        "plan_pattern_args": {"args": described},
        "hints": hints_of_line(motors),
    }
    path = patterns.InnerProduct(columns)
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )


def take_path(
    detectors: Sequence[Any],
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
        return (yield from scan_nd(detectors, path, per_step=per_step, md=metadata))
    motors = Folding(path.motors).motors
    check_per_step(per_step, motors)  # as all else, before anything is said
    offsets = _Offsets(path)
    scan = scan_nd(detectors, offsets, per_step=per_step, md=metadata)
    around_here = relative_set_wrapper(scan, path.motors)
    return (yield from reset_positions_wrapper(around_here, path.motors))


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


def _columns(args: Sequence[Any]) -> list[tuple[Any, Sequence[Any]]]:
    """Return motors and their positions, as lists of equal length."""
    if len(args) % 2:
        raise PlanArgumentError(
            "The list of arguments must contain a list of points for each defined motor"
        )
    if not args:
        raise PlanArgumentError("a scan needs at least one motor with its positions")
    check_motors(args[::2])
    columns = []
    for motor, positions in zip(args[::2], args[1::2], strict=True):
        if isinstance(positions, str) or not hasattr(positions, "__iter__"):
            raise PlanArgumentError(
                f"motor {motor.name!r} must be followed by a list of positions, "
                f"but is followed by {positions!r}"
            )
        kind = tuple if isinstance(positions, tuple) else list
        columns.append((motor, kind(positions)))
    if len({len(points) for _, points in columns}) > 1:
        lengths = {motor.name: len(points) for motor, points in columns}
        raise PlanArgumentError(
            f"The lengths of all lists in *args must be the same. However the lengths "
            f"in args are : {lengths}"
        )
    return columns


@plan
def list_scan(
    detectors: Sequence[Any],
    *args: Any,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over lists of positions, all motors stepping together.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, positions, motor, positions, ...; positions may come in any
            iterable, and all must be equally many.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A motor has no positions, or the lengths differ.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (
        yield from _list_scan(
            "list_scan", detectors, args, per_step, md, relative=False
        )
    )


@plan
def rel_list_scan(
    detectors: Sequence[Any],
    *args: Any,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over lists of offsets from where the motors are, then put them back.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, offsets, motor, offsets, ...; as in `list_scan`.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A motor has no offsets, or the lengths differ; this is
            found before any position is read.
    """
    return (
        yield from _list_scan(
            "rel_list_scan", detectors, args, per_step, md, relative=True
        )
    )


@plan
def scan(
    detectors: Sequence[Any],
    *args: Any,
    num: int | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line, all motors stepping together.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, motor, start, stop, ..., and then ``num`` unless
            it is given by name.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: ``num`` is missing or no number of points, or a motor has
            no start and stop.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (yield from take_line("scan", detectors, args, num, per_step, md))


@plan
def rel_scan(
    detectors: Sequence[Any],
    *args: Any,
    num: int | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line counted from where the motors are, then put them back.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, motor, start, stop, ... as offsets, and then
            ``num`` unless it is given by name.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `scan`; found before any position is read.
    """
    return (
        yield from take_line(
            "rel_scan", detectors, args, num, per_step, md, relative=True
        )
    )


def take_line(
    name: str,
    detectors: Sequence[Any],
    args: Sequence[Any],
    num: int | None,
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    """Scan along a line, for a plan of this name; see `scan`."""
    check_detectors(detectors)
    if num is None:
        if len(args) % 3 != 1:
            raise PlanArgumentError(
                "The number of points to scan must be provided as the last positional "
                "argument or as keyword argument 'num'."
            )
        *args, num = args
    if not args or len(args) % 3:
        raise PlanArgumentError(
            f"each motor must be followed by its start and stop, but {len(args)} "
            f"arguments are no motors with two numbers each"
        )
    num = patterns.as_number(num)
    motors = tuple(args[::3])
    check_motors(motors)
    described = list(args)
    described[::3] = map(repr, motors)
    own = {
        "detectors": [det.name for det in detectors],
        "motors": tuple(motor.name for motor in motors),
        "num_points": num,
        "num_intervals": num - 1,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "num": num,
            "args": described,
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "inner_product",
        "plan_pattern_module": patterns.__name__,
        "plan_pattern_args": {"num": num, "args": described},
        "hints": hints_of_line(motors),
    }
    path = patterns.inner_product(num, args)
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )
