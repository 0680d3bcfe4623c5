"""Scans over grids: grid_scan.

Owns `grid_scan` and what its arguments may look like.
Must not know engines or devices.
Test: run it on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors, hinted_fields
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, scan_nd, with_metadata


@plan
def grid_scan(
    detectors: Sequence[Any],
    *args: Any,
    snake_axes: Iterable[Any] | bool | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid, the first motor being slowest.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, num, motor, start, stop, num, ...; an older form
            has a further True or False after the second and each later motor.
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
    check_detectors(detectors)
    axes, old_flags = _axes(args)
    motors = tuple(axis[0] for axis in axes)
    if old_flags is not None and snake_axes is not None:
        raise PlanArgumentError(
            "whether axes snake is said both by flags among the arguments and by "
            "'snake_axes'; use 'snake_axes' alone"
        )
    snaking = old_flags or _snaking(motors, snake_axes)
    flat: list[Any] = []
    for k, (axis, snakes) in enumerate(zip(axes, snaking, strict=True)):
        flat += [*axis, snakes] if k else axis
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
        "plan_name": "grid_scan",
        "plan_pattern": "outer_product",
        "plan_pattern_args": {"args": described},
        "plan_pattern_module": patterns.__name__,
        "motors": tuple(motor.name for motor in motors),
        "hints": own_hints,
    }
    return (
        yield from scan_nd(
            detectors, path, per_step=per_step, md=with_metadata(own, md)
        )
    )


def _axes(args: Sequence[Any]) -> tuple[list[list[Any]], tuple[bool, ...] | None]:
    """Return motor, start, stop and num of each axis, and the old form's flags."""
    places = [k for k, arg in enumerate(args) if hasattr(arg, "set")]
    motors = [args[k] for k in places]
    old_form = len(motors) > 1 and places == [0, *range(4, len(args), 5)]
    new_form = places == list(range(0, len(args), 4))
    size = 5 * len(motors) - 1 if old_form and not new_form else 4 * len(motors)
    if not motors or not (old_form or new_form) or len(args) != size:
        raise PlanArgumentError(
            "a grid is given by motor, start, stop and number of points for each axis, "
            f"but the motors stand at places {places} of {len(args)} arguments"
        )
    check_motors(motors)
    axes = [list(args[k : k + 4]) for k in places]
    if new_form:
        return axes, None
    return axes, (False, *(bool(args[k + 4]) for k in places[1:]))


def _snaking(
    motors: tuple[Any, ...], snake_axes: Iterable[Any] | bool | None
) -> tuple[bool, ...]:
    """Return for each motor whether it snakes."""
    if snake_axes is None or isinstance(snake_axes, bool):
        return (False, *[bool(snake_axes)] * (len(motors) - 1))
    if isinstance(snake_axes, str) or not isinstance(snake_axes, Iterable):
        raise PlanArgumentError(
            f"The parameter 'snake_axes' must be True, False, None or a list of "
            f"motors, but it is {snake_axes!r}"
        )
    named = list(snake_axes)
    chosen = {id(motor) for motor in named}
    if len(chosen) < len(named):
        raise PlanArgumentError(
            f"The list of axes 'snake_axes' contains repeated elements: {_names(named)}"
        )
    if id(motors[0]) in chosen:
        raise PlanArgumentError(
            f"The list of axes 'snake_axes' contains the slowest motor: {_names(named)}"
        )
    if unknown := [m for m in named if not any(m is known for known in motors)]:
        raise PlanArgumentError(
            f"The list of axes 'snake_axes' contains motors that are not controlled "
            f"during the scan: {_names(unknown)}"
        )
    return tuple(id(motor) in chosen for motor in motors)


def _names(objs: Iterable[Any]) -> list[str]:
    return [str(getattr(obj, "name", obj)) for obj in objs]
