"""Grid arguments: the forms in which the axes of a grid may be given.

Owns telling the forms apart, and saying what is wrong with what is of neither.
Must not know messages or engines, nor what is done with the axes.
Test: arguments of each form, with one missing, with motors out of place.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from lapwing.errors import PlanArgumentError


class OuterProductArgsPattern(Enum):
    """The forms in which a grid may be given.

    ``PATTERN_1`` is motor, start, stop, num for each axis; ``PATTERN_2`` has a
    further flag, whether it snakes, for each axis but the first.
    """

    PATTERN_1 = 1
    PATTERN_2 = 2


def classify_outer_product_args_pattern(args: Sequence[Any]) -> OuterProductArgsPattern:
    """Return the form of a grid's arguments; one axis is of the first form.

    Raises:
        PlanArgumentError: They are of neither.
    """
    places = [k for k, arg in enumerate(args) if hasattr(arg, "set")]
    axes = len(places)
    if places == [4 * k for k in range(axes)] and len(args) == 4 * axes:
        return OuterProductArgsPattern.PATTERN_1
    shifted = [max(5 * k - 1, 0) for k in range(axes)]
    if places == shifted and len(args) == 5 * axes - 1:
        return OuterProductArgsPattern.PATTERN_2
    fits = len(args) % 4 == 0 or len(args) % 5 == 4
    wrong = (
        "Incorrect order of elements in the argument list 'args'"
        if fits
        else "Wrong number of elements in 'args'"
    )
    raise PlanArgumentError(
        f"{wrong}: a grid is given by motor, start, stop and number of points for each "
        f"axis, but the motors stand at places {places} of {len(args)} arguments"
    )


def chunk_outer_product_args(
    args: Sequence[Any], pattern: OuterProductArgsPattern | None = None
) -> list[tuple[Any, Any, Any, Any, Any]]:
    """Return motor, start, stop, num, and whether it snakes, for each axis.

    Args:
        args: The arguments of a grid, in either form.
        pattern: Their form, which is then not checked; None finds it out.

    Raises:
        PlanArgumentError: They are of neither form.
    """
    form = pattern or classify_outer_product_args_pattern(args)
    flagged = form is OuterProductArgsPattern.PATTERN_2
    axes = []
    for k in (0, *range(4, len(args), 5 if flagged else 4)) if args else ():
        motor, start, stop, num = args[k : k + 4]
        axes.append((motor, start, stop, num, args[k + 4] if flagged and k else False))
    return axes


def snaking_axes(
    motors: tuple[Any, ...], snake_axes: Iterable[Any] | bool | None
) -> tuple[bool, ...]:
    """Return for each motor whether it snakes.

    Args:
        motors: The motors of a grid, the slowest first.
        snake_axes: True for all but the slowest, False or None for none, or a
            list of motors.

    Raises:
        PlanArgumentError: It is none of these, or names the slowest motor, one
            that does not move, or one twice.
    """
    if snake_axes is None or isinstance(snake_axes, bool):
        return (False, *[bool(snake_axes)] * (len(motors) - 1))
    if isinstance(snake_axes, str) or not isinstance(snake_axes, Iterable):
        raise PlanArgumentError(
            f"Parameter 'snake_axes' is not iterable, boolean or None, but "
            f"{snake_axes!r}; give True, False, None or a list of motors"
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
