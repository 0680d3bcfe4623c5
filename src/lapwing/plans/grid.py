"""Scans over grids: grid_scan and rel_grid_scan.

Owns these plans.
Must not know engines or devices.
Test: run it on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors, hinted_fields
from lapwing.plans.grid_arguments import snaking_axes
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, take_path, with_metadata
from lapwing.protocols import Movable, Readable


@plan
def grid_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    snake_axes: Iterable[Any] | bool | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid, the first motor being slowest.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, num, motor, start, stop, num, ...; an older form
            has a further True or False after the second and each later motor's.
        snake_axes: Which motors turn back at the end of a row instead of starting
            over: True for all but the slowest, False or None for none, or a list.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: The arguments are of neither form, a motor comes twice,
            or ``snake_axes`` names the slowest motor or one that does not move.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (
        yield from _grid_scan("grid_scan", detectors, args, snake_axes, per_step, md)
    )


@plan
def rel_grid_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    snake_axes: Iterable[Any] | bool | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid round where the motors are, then put them back.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, num, ... as offsets, as in `grid_scan`.
        snake_axes: Which motors turn back at the end of a row instead of starting
            over: True for all but the slowest, False or None for none, or a list.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: The arguments are of neither form, a motor comes twice,
            or ``snake_axes`` names the slowest motor or one that does not move;
            this is found before any position is read.
    """
    return (
        yield from _grid_scan(
            "rel_grid_scan", detectors, args, snake_axes, per_step, md, relative=True
        )
    )


outer_product_scan = grid_scan
relative_outer_product_scan = rel_grid_scan


def _grid_scan(
    name: str,
    detectors: Sequence[Any],
    args: Sequence[Any],
    snake_axes: Iterable[Any] | bool | None,
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    check_detectors(detectors)
    axes = _axes(args, snake_axes)
    motors = tuple(axis[0] for axis in axes)
    flat = [part for k, axis in enumerate(axes) for part in axis[: 5 if k else 4]]
    path = patterns.outer_product(flat)
    described = [repr(arg) if hasattr(arg, "set") else arg for arg in flat]
    own_hints: dict[str, Any] = {"gridding": "rectilinear"}
    if all(hinted_fields(motor) for motor in motors):
        own_hints["dimensions"] = [(hinted_fields(m), "primary") for m in motors]
    own = {
        "shape": path.shape,
        "extents": tuple([axis[1], axis[2]] for axis in axes),
        "snaking": path.snaking,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "args": described,
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "outer_product",
        "plan_pattern_args": {"args": described},
        "plan_pattern_module": patterns.__name__,
        "motors": tuple(motor.name for motor in motors),
        "hints": own_hints,
    }
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )


def _axes(
    args: Sequence[Any], snake_axes: Iterable[Any] | bool | None
) -> list[tuple[Any, Any, Any, Any, bool]]:
    """Return motor, start, stop, num, and whether it snakes, for each axis."""
    form = patterns.classify_outer_product_args_pattern(args)
    axes = patterns.chunk_outer_product_args(args, form)
    if not axes:
        raise PlanArgumentError(
            "a grid needs motor, start, stop and number of points for each axis, but "
            "has no arguments"
        )
    motors = tuple(axis[0] for axis in axes)
    check_motors(motors)
    if form is patterns.OuterProductArgsPattern.PATTERN_1:
        snaking = snaking_axes(motors, snake_axes)
    elif snake_axes is not None:
        raise PlanArgumentError(
            "Mixing of deprecated and new API interface is not allowed: whether axes "
            "snake is said both by flags among the arguments and by 'snake_axes'; use "
            "'snake_axes' alone"
        )
    else:
        snaking = tuple(bool(axis[4]) for axis in axes)
    return [(*axis[:4], snakes) for axis, snakes in zip(axes, snaking, strict=True)]
