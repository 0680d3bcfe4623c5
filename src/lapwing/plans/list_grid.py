"""Scans over grids whose positions are listed: list_grid_scan, rel_list_grid_scan.

Owns these plans.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors
from lapwing.plans.hooks import PerStep
from lapwing.plans.lists import columns_of
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, hints_of_axes, take_path, with_metadata
from lapwing.protocols import Movable, Readable

SnakeAxes = Iterable[Any] | bool | None


@plan
def list_grid_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    snake_axes: SnakeAxes = False,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid of listed positions, the first motor being slowest.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, positions, motor, positions, ...
        snake_axes: Which motors turn back at the end of a row instead of starting
            over: True for all but the slowest, False or None for none, or a list.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A motor has no positions, a motor comes twice, or
            ``snake_axes`` names one that does not move.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    name = "list_grid_scan"
    return (yield from _list_grid(name, detectors, args, snake_axes, per_step, md))


@plan
def rel_list_grid_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    snake_axes: SnakeAxes = False,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid of listed offsets from where the motors are; put them back.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, offsets, motor, offsets, ...
        snake_axes: Which motors turn back; see `list_grid_scan`.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `list_grid_scan`; found before any position is read.
    """
    name = "rel_list_grid_scan"
    return (
        yield from _list_grid(
            name, detectors, args, snake_axes, per_step, md, relative=True
        )
    )


def _list_grid(
    name: str,
    detectors: Sequence[Any],
    args: Sequence[Any],
    snake_axes: SnakeAxes,
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    check_detectors(detectors)
    columns = columns_of(args, relative=relative)
    if empty := [motor.name for motor, positions in columns if not positions]:
        raise PlanArgumentError(f"the lists of positions of {empty} are empty")
    if snake_axes is not None and not isinstance(snake_axes, bool | str):
        snake_axes = list(snake_axes)
    flat = [part for column in columns for part in column]
    path = patterns.outer_list_product(flat, snake_axes)
    described = [part for motor, xs in columns for part in (repr(motor), xs)]
    extents = [path.extent(motor) for motor in path.motors]
    own = {
        "shape": path.shape,
        "extents": tuple(None if extent is None else [*extent] for extent in extents),
        "snake_axes": repr(snake_axes),
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "args": described,
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "outer_list_product",
        "plan_pattern_args": {"args": described, "snake_axes": repr(snake_axes)},
        "plan_pattern_module": patterns.__name__,
        "motors": tuple(motor.name for motor in path.motors),
        "hints": hints_of_axes(path.motors),
    }
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )
