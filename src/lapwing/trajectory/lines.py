"""Lines: equally spaced points, and points at which nothing moves.

Owns straight lines of any number of axes, and static points.
Must not know nesting, regions, devices or clocks.
Test: compare with arrays worked out by hand, and with scanspec's.

Arguments, descriptions and formulas are those of scanpointgenerator 3.1.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_axes, as_flag, as_positions
from lapwing.trajectory.generators import Curve, Generator
from lapwing.trajectory.points import Bools, Floats, Ints

__all__ = ["LineGenerator", "StaticPointGenerator"]


class LineGenerator(Curve):
    """Equally spaced points on a line of any number of axes.

    Args:
        axes: Name of the axis, or names of the axes.
        units: Unit of each axis, or one for all.
        start: Position of the first point's middle, one number an axis.
        stop: Position of the last point's middle, which is met exactly. A line of one
            point has it in the middle, and goes from `start` to `stop`.
        size: Number of points, at least 1.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.

    Raises:
        PlanArgumentError: If lengths differ, or a number is not finite.
    """

    typeid = "scanpointgenerator:generator/LineGenerator:1.0"
    _fields = ("axes", "units", "start", "stop", "size", "alternate")

    def __init__(
        self,
        axes: Any,
        units: Any,
        start: Any,
        stop: Any,
        size: Any,
        alternate: Any = False,
        *,
        duration: Any = -1,
    ):
        super().__init__(axes, units, size, alternate, duration)
        self.start = as_positions(start, "start", len(self.axes))
        self.stop = as_positions(stop, "stop", len(self.axes))
        with np.errstate(over="ignore"):
            length = self.stop - self.start
            middle = (self.start + self.stop) / 2
            if self.size > 1:
                self._first, self._step = self.start, length / (self.size - 1)
            else:
                self._first, self._step = middle, length
            ends = self._at(np.array([-0.5, self.size - 0.5]))
        if not (np.isfinite(length).all() and np.isfinite(ends).all()):
            raise PlanArgumentError(
                f"a line from {start!r} to {stop!r} is longer than a number can be"
            )

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        at = self._at(index.astype(np.float64))
        if self.size > 1:  # rounding must not move the last one beyond a limit
            at[np.flatnonzero(index == self.size - 1)] = self.stop
        return at

    def _at(self, at: Floats) -> Floats:
        return at[:, None] * self._step + self._first

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis."""
        ends = np.array([0, self.size - 1])
        at = [self.positions(ends), *(self.bounds(ends) if bounded else ())]
        both = np.concatenate(at)
        return both.min(axis=0), both.max(axis=0)


class StaticPointGenerator(Generator):
    """Points at which nothing moves: frames at rest, or repeats of what is inside.

    Args:
        size: Number of points, at least 1.
        axes: None, or one axis that counts the points from 1 on.
        duration: Seconds of each point, one number or one a point; -1 if not given.
        gap: Whether there is a gap between them, and so between repeats of what is
            inside, even where one begins as the one before ended.
    """

    typeid = "scanpointgenerator:generator/StaticPointGenerator:1.0"
    _fields = ("size", "axes")
    _optional: ClassVar[Mapping[str, Any]] = {"duration": -1.0, "gap": False}

    def __init__(
        self, size: Any, axes: Any = (), *, duration: Any = -1, gap: bool = False
    ):
        self.gap = as_flag(gap, "gap")
        names = as_axes(axes)
        if len(names) > 1:
            raise PlanArgumentError(
                f"static points have one axis that counts them, or none, not {names}"
            )
        super().__init__(names, [""], size, False, duration)

    def positions(self, index: Ints) -> Floats:
        """Return the numbers of the points, or no columns if there is no axis."""
        counted = index.astype(np.float64)[:, None] + 1
        return np.repeat(counted, len(self.axes), axis=1)

    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return the numbers of points, and those of the points after them."""
        return self.positions(index), self.positions(index + 1)

    def breaks(self, index: Ints) -> Bools | None:
        """Tell which points must follow a gap even if the one before ends there."""
        return np.full(len(index), True) if self.gap else None
