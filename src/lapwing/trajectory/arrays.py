"""Arrays: points that are listed.

Owns points of lists, with bounds midway between them or of their own.
Must not know nesting, regions, devices or clocks.
Test: compare with arrays worked out by hand, and with scanspec's.

Arguments, descriptions and formulas are those of scanpointgenerator 3.1.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_array, as_axes
from lapwing.trajectory.generators import Curve, Generator
from lapwing.trajectory.points import Bools, Floats, Ints

__all__ = ["ArrayGenerator"]


class ArrayGenerator(Curve):
    """Points of a list, which begin and end midway between them.

    Args:
        axes: Name of the axis, or names of the axes.
        units: Unit of each axis, or one for all.
        points: Positions (num_points,), or (num_points, num_axes) of several axes.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.
        lower: Where each point begins, as `points`; midway if not given.
        upper: Where each point ends; both or none of them are given.

    Raises:
        PlanArgumentError: If lengths differ, or a number is not finite.
    """

    typeid = "scanpointgenerator:generator/ArrayGenerator:1.0"
    _fields = ("axes", "units", "points", "alternate")
    _optional: ClassVar[Mapping[str, Any]] = {
        "duration": -1.0,
        "lower": None,
        "upper": None,
    }

    def __init__(
        self,
        axes: Any,
        units: Any,
        points: Any,
        alternate: Any = False,
        *,
        duration: Any = -1,
        lower: Any = None,
        upper: Any = None,
    ):
        names = as_axes(axes)
        self._middle = as_table(points, "points", len(names))
        super().__init__(names, units, len(self._middle), alternate, duration)
        if (lower is None) != (upper is None):
            raise PlanArgumentError("lower and upper bounds are given together")
        self._edges: tuple[Floats, Floats] | None = None
        if lower is not None:
            self._edges = (
                as_table(lower, "lower", len(names)),
                as_table(upper, "upper", len(names)),
            )
            for edge in self._edges:
                if len(edge) != self.size:
                    raise PlanArgumentError(
                        f"{self.size} points need as many bounds, not {len(edge)}"
                    )

    def _argument(self, name: str) -> Any:
        if name in ("lower", "upper") and self._edges is None:
            return None
        if name in ("points", "lower", "upper"):
            table = self._middle
            if name != "points" and self._edges is not None:
                table = self._edges[name == "upper"]
            return table[:, 0] if len(self.axes) == 1 else table
        return super()._argument(name)

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        return self._middle[index]

    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return where points begin and end."""
        if self._edges is None:
            return super().bounds(index)
        lower, upper = self._edges
        return lower[index], upper[index]

    def edges(self, index: Ints, backwards: Bools | None) -> tuple[Floats, Floats]:
        """Return where points begin and end as they are taken, backwards or not."""
        # As of any generator: bounds of its own are no function of the index.
        return Generator.edges(self, index, backwards)

    def _at(self, at: Floats) -> Floats:
        before = np.floor(at)
        left = self._extended(before.astype(np.int64))
        right = self._extended(before.astype(np.int64) + 1)
        return left + (at - before)[:, None] * (right - left)

    def _extended(self, index: Ints) -> Floats:
        """Return positions, with one point more at each end, as far off as the next."""
        at = self._middle[np.clip(index, 0, self.size - 1)]
        if self.size > 1:
            first, second, *_ = self._middle[:2]
            last_but_one, last = self._middle[-2:]
            at[index < 0] = first - (second - first)
            at[index >= self.size] = last + (last - last_but_one)
        return at


def as_table(values: Any, name: str, num_axes: int) -> Floats:
    """Return finite numbers as an array (num_points, num_axes)."""
    table = as_array(values, f"{name} must be rows of {num_axes} numbers")
    if table.ndim == 1 and num_axes == 1:
        table = table[:, None]
    if table.ndim != 2 or table.shape[1] != num_axes or not len(table):
        raise PlanArgumentError(
            f"{name} must have at least one row, each with a number for each of "
            f"{num_axes} axes; it has the shape {table.shape}"
        )
    if not np.isfinite(table).all():
        raise PlanArgumentError(f"{name} must be finite, but NaN or infinity is in it")
    return table
