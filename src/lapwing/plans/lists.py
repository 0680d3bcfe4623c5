"""Scans over lists of positions: list_scan and rel_list_scan.

Owns these plans, and what their arguments may look like.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, hints_of_line, take_path, with_metadata
from lapwing.protocols import Movable, Readable


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
    columns = columns_of(args, relative=relative)
    _check_lengths(columns)
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


def columns_of(
    args: Sequence[Any], *, relative: bool
) -> list[tuple[Any, Sequence[Any]]]:
    """Return motors and their positions, as lists.

    Args:
        args: Motor, positions, motor, positions, ...
        relative: Whether the positions are offsets, and so must be numbers.

    Raises:
        PlanArgumentError: They do not come in pairs, a motor comes twice, what
            follows one is no list, or an offset is no finite number.
    """
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
        if relative:
            patterns.check_offset(columns[-1][1], motor)
    return columns


def _check_lengths(columns: Sequence[tuple[Any, Sequence[Any]]]) -> None:
    if len({len(points) for _, points in columns}) > 1:
        lengths = {motor.name: len(points) for motor, points in columns}
        raise PlanArgumentError(
            f"The lengths of all lists in *args must be the same. However the lengths "
            f"in args are : {lengths}"
        )


@plan
def list_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
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
    detectors: Sequence[Readable],
    *args: Movable | Any,
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
        PlanArgumentError: A motor has no offsets, one is no finite number, or the
            lengths differ; this is found before any position is read.
    """
    return (
        yield from _list_scan(
            "rel_list_scan", detectors, args, per_step, md, relative=True
        )
    )


relative_list_scan = rel_list_scan
