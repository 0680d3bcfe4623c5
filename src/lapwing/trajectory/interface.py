"""The interface of trajectories: what can be asked of any path.

Owns how ranges, blocks and single points are asked for, whatever makes them.
Must not know generators, devices, clocks or plots.
Test: tests/property/test_trajectory.py asks it of every kind of path.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import overload

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.description import Described
from lapwing.trajectory.points import Point, Points

__all__ = ["BLOCK", "Trajectory"]

BLOCK = 4096  # points that are computed at once where all of them are gone through
Range = slice  # which is the name of a method below


class Trajectory(Described, ABC):
    """A path of points, computed for any range of indexes at the same cost.

    What is made by this class costs nothing a point until it is asked for: `size` may
    be 10^12. A trajectory is a value: it never changes, and equal descriptions give
    equal arrays.
    """

    @property
    @abstractmethod
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, in the order of the columns of `slice`."""

    @property
    @abstractmethod
    def units(self) -> dict[str, str]:
        """Axis to unit."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Number of points in each dimension, slowest first."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of points, which is the product of `shape`."""

    @property
    @abstractmethod
    def duration(self) -> float:
        """Seconds of each point; -1 if not given, or if points differ (see `slice`)."""

    @property
    @abstractmethod
    def total_time(self) -> float:
        """Seconds of all points and delays together; NaN if a duration is not given.

        What a motor needs to reach the first point and to turn around is not in it.
        """

    @abstractmethod
    def _points(self, start: int, stop: int) -> Points:
        """Compute the points of a range, 0 <= start < stop <= size."""

    def slice(self, start: int = 0, stop: int | None = None) -> Points:
        """Return the points from `start` up to, not including, `stop`.

        Args:
            start: Index of the first point; negative ones count from the end, as
                everywhere in Python.
            stop: Index after the last point; the end of the trajectory if not given.

        Returns:
            Arrays of as many rows as there are points in the range, which may be none.
        """
        first, last, _ = Range(start, stop).indices(self.size)
        if last <= first:
            return self._points(0, 1)[:0]
        return self._points(first, last)

    def blocks(
        self, num_points: int = BLOCK, start: int = 0, stop: int | None = None
    ) -> Iterator[Points]:
        """Go through the points in blocks, so that memory does not grow with them.

        Args:
            num_points: Points in each block but the last one, at least 1.
            start: Index of the first point.
            stop: Index after the last point; the end of the trajectory if not given.

        Raises:
            PlanArgumentError: If a block is to have less than one point.
        """
        if num_points < 1:
            raise PlanArgumentError(
                f"blocks of {num_points} points were asked for; 1 is the least"
            )
        first, last, _ = Range(start, stop).indices(self.size)
        return (
            self._points(at, min(at + num_points, last))
            for at in range(first, last, num_points)
        )

    def row_start(self, index: int) -> int:
        """Return the first point of the row that a point is in.

        A row is gone through without a stop: there is neither a gap nor a delay in it.
        A scan that cannot go on from the middle of a row goes on from there.

        Args:
            index: Index of the point, from 0 to size - 1.

        Raises:
            IndexError: If there is no such point.
        """
        if not 0 <= index < self.size:
            raise IndexError(f"point {index} was asked for; there are {self.size}")
        stop = index + 1
        while stop > 1:
            start = max(stop - BLOCK, 0)
            points = self._points(start, stop)
            begins = points.gap[1:] | (points.delay_after[:-1] > 0)
            if begins.any():
                return start + 1 + int(np.flatnonzero(begins)[-1])
            stop = start + 1
        return 0

    def bounding_box(self) -> dict[str, tuple[float, float]]:
        """Return the least and the greatest position of each axis, bounds included."""
        low = np.full(len(self.axes), np.inf)
        high = -low
        for block in self.blocks():
            for part in (block.lower, block.midpoint, block.upper):
                np.minimum(low, part.min(axis=0), out=low)
                np.maximum(high, part.max(axis=0), out=high)
        pairs = zip(low.tolist(), high.tolist(), strict=True)
        return dict(zip(self.axes, pairs, strict=True))

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, which: int) -> Point: ...
    @overload
    def __getitem__(self, which: Range) -> Points: ...
    def __getitem__(self, which: int | Range) -> Point | Points:
        """Return one point, or the arrays of a range with step 1."""
        if isinstance(which, Range):
            if which.step not in (None, 1):
                raise PlanArgumentError(
                    f"points were asked for with a step of {which.step}; they follow "
                    "each other, so only 1 is possible"
                )
            return self.slice(which.start or 0, which.stop)
        at = operator.index(which)
        if not -self.size <= at < self.size:
            raise IndexError(f"point {at} was asked for; there are {self.size}")
        at %= self.size
        return self._points(at, at + 1)[0]

    def __iter__(self) -> Iterator[Point]:
        """Go through the points one by one; `blocks` is a hundred times faster."""
        for block in self.blocks():
            yield from block
