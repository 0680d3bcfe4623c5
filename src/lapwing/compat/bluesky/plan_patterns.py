"""Bluesky's patterns: a face of `lapwing.plans.patterns` that gives cyclers.

Owns the conversion of each.
Must not compute any position.
Test: Bluesky's own tests of them; compare with the patterns behind.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from lapwing.compat.bluesky.utils.cyclers import from_points
from lapwing.compat.bluesky.utils.cyclers import snake_cyclers as snake_cyclers
from lapwing.compat.bluesky.utils.objects import is_movable as is_movable
from lapwing.plans import patterns
from lapwing.plans.patterns import (
    OuterProductArgsPattern,
    classify_outer_product_args_pattern,
)

if TYPE_CHECKING:
    from cycler import Cycler

__all__ = [
    "OuterProductArgsPattern",
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


def _as_cycler(pattern: Callable[..., Any]) -> "Callable[..., Cycler[Any, Any]]":
    @wraps(pattern)
    def face(*args: Any, **kwargs: Any) -> "Cycler[Any, Any]":
        return from_points(pattern(*args, **kwargs))

    return face


inner_list_product = _as_cycler(patterns.inner_list_product)
inner_product = _as_cycler(patterns.inner_product)
outer_list_product = _as_cycler(patterns.outer_list_product)
outer_product = _as_cycler(patterns.outer_product)
spiral = _as_cycler(patterns.spiral)
spiral_fermat = _as_cycler(patterns.spiral_fermat)
spiral_square_pattern = _as_cycler(patterns.spiral_square_pattern)


def chunk_outer_product_args(
    args: Sequence[Any], pattern: OuterProductArgsPattern | None = None
) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    """Yield motor, start, stop, num, and whether it snakes, for each axis of a grid."""
    yield from patterns.chunk_outer_product_args(args, pattern)
