"""Patterns: where a scan goes, from a few numbers.

Owns the functions that plans name in their metadata, by which anybody can compute
a scan's steps again: products of lines and lists, and spirals.
Must not know messages or engines. Test: compare with Bluesky's, which are cyclers.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.plans.grid_arguments import (
    OuterProductArgsPattern,
    chunk_outer_product_args,
    classify_outer_product_args_pattern,
    snaking_axes,
)
from lapwing.plans.points import (
    InnerProduct,
    Line,
    OuterProduct,
    Points,
    as_number,
    as_position,
    check_finite,
    check_offset,
    line,
)
from lapwing.plans.spiral_paths import spiral, spiral_fermat, spiral_square_pattern

__all__ = [
    "InnerProduct",
    "Line",
    "OuterProduct",
    "OuterProductArgsPattern",
    "Points",
    "as_number",
    "as_position",
    "check_finite",
    "check_offset",
    "chunk_outer_product_args",
    "classify_outer_product_args_pattern",
    "inner_list_product",
    "inner_product",
    "outer_list_product",
    "outer_product",
    "spiral",
    "spiral_fermat",
    "spiral_square_pattern",
]


def inner_list_product(args: Sequence[Any]) -> InnerProduct:
    """Return the steps of motors that go through lists together.

    Args:
        args: Motor, positions, motor, positions, ...
    """
    return InnerProduct(list(zip(args[::2], args[1::2], strict=True)))


def inner_product(num: int, args: Sequence[Any]) -> InnerProduct:
    """Return the steps of motors that go along lines together.

    Args:
        num: Number of steps.
        args: Motor, start, stop, motor, start, stop, ...
    """
    return InnerProduct(
        [
            (motor, line(motor, start, stop, num))
            for motor, start, stop in zip(
                args[::3], args[1::3], args[2::3], strict=True
            )
        ]
    )


def outer_product(args: Sequence[Any]) -> OuterProduct:
    """Return the steps of a grid.

    Args:
        args: Motor, start, stop, num, motor, start, stop, num, ...; in an older
            form each motor but the first has a further True if it snakes. The
            first motor is slowest and never snakes.
    """
    form = None
    if not any(hasattr(arg, "set") for arg in args):  # names may stand for motors
        flagged = len(args) % 5 == 4
        form = OuterProductArgsPattern(2 if flagged else 1)
    columns, snaking = [], []
    for motor, start, stop, num, snakes in chunk_outer_product_args(args, form):
        columns.append((motor, line(motor, start, stop, as_number(num, motor))))
        snaking.append(bool(snakes))
    return OuterProduct(columns, snaking)


def outer_list_product(args: Sequence[Any], snake_axes: Any = False) -> OuterProduct:
    """Return the steps of a grid whose positions are listed.

    Args:
        args: Motor, positions, motor, positions, ...; the first one is slowest.
        snake_axes: Which motors turn back instead of starting over: True for all
            but the slowest, False or None for none, or a list of motors, in which
            the slowest has no effect.
    """
    columns = list(zip(args[::2], args[1::2], strict=True))
    motors = tuple(motor for motor, _ in columns)
    if isinstance(snake_axes, list | tuple):
        snake_axes = [axis for axis in snake_axes if axis is not motors[0]]
    return OuterProduct(columns, snaking_axes(motors, snake_axes))
