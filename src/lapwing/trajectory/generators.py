"""Generators: paths of one dimension, each a function of the index.

Owns what a generator can do, alone and inside of others.
Must not know any path, nesting, regions, devices or clocks.
Test: tests/unit/trajectory/test_generators.py, by the generators there are.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from lapwing.trajectory.arguments import (
    as_axes,
    as_flag,
    as_size,
    as_times,
    as_units,
    check_length,
    is_given,
)
from lapwing.trajectory.interface import BLOCK, Trajectory
from lapwing.trajectory.points import Bools, Floats, Ints, Points

__all__ = [
    "Curve",
    "Generator",
    "gaps",
    "indexes",
    "one_time",
    "sum_of",
    "times_at",
]


class Generator(Trajectory):
    """A path of one dimension, alone or as a part of a `CompoundGenerator`.

    Args:
        axes: Name of the axis, or names of the axes.
        units: Unit of each axis, or one for all.
        size: Number of points, at least 1.
        alternate: Whether it turns back at every other run when it is nested.
        duration: Seconds of each point, one number or one a point; -1 if not given.
    """

    _optional: ClassVar[Mapping[str, Any]] = {"duration": -1.0}

    def __init__(
        self,
        axes: Any,
        units: Any,
        size: Any,
        alternate: Any = False,
        duration: Any = -1,
    ):
        self._axes = as_axes(axes)
        self._units = as_units(units, self._axes)
        self._size = as_size(size, f"a {type(self).__name__}")
        self.alternate = as_flag(alternate, "alternate")
        self.times = as_times(duration, "duration", least=-1)
        check_length(self.times, self._size, "duration")

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return self._axes

    @property
    def units(self) -> dict[str, str]:
        """Axis to unit."""
        return dict(self._units)

    @property
    def size(self) -> int:
        """Number of points."""
        return self._size

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points, as there is one dimension only."""
        return (self._size,)

    @property
    def duration(self) -> float:
        """Seconds of each point; -1 if not given, or if points differ."""
        return one_time(self.times)

    @property
    def timed(self) -> bool:
        """Whether a duration is given for any point."""
        return is_given(self.times)

    @property
    def total_time(self) -> float:
        """Seconds of all points; NaN if one is not given."""
        times = np.asarray(self.times)
        return float("nan") if (times == -1).any() else sum_of(times, self._size)

    @abstractmethod
    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are.

        Args:
            index: Which points, int64 (num_points,), each from 0 to size - 1.

        Returns:
            float64 (num_points, num_axes).
        """

    @abstractmethod
    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return where points begin and end when they are run through forwards.

        Args:
            index: As in `positions`.
        """

    def edges(self, index: Ints, backwards: Bools | None) -> tuple[Floats, Floats]:
        """Return where points begin and end in the direction in which they are taken.

        Args:
            index: As in `positions`.
            backwards: Where that is backwards, bool (num_points,); None if nowhere.
        """
        lower, upper = self.bounds(index)
        if backwards is None:
            return lower, upper
        back = backwards[:, None]
        return np.where(back, upper, lower), np.where(back, lower, upper)

    def durations(self, index: Ints) -> Floats:
        """Return the seconds of points, float64 (num_points,); -1 if not given."""
        return times_at(self.times, index)

    def breaks(self, index: Ints) -> Bools | None:
        """Tell which points must follow a gap even if the one before ends there.

        None stands for none of them.
        """
        return None

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis.

        Args:
            bounded: Whether beginnings and ends of points count.
        """
        low = np.full(len(self._axes), np.inf)
        high = -low
        for index in indexes(self._size):
            parts = [self.positions(index)]
            parts += self.bounds(index) if bounded else ()
            for part in parts:
                np.minimum(low, part.min(axis=0), out=low)
                np.maximum(high, part.max(axis=0), out=high)
        return low, high

    def bounding_box(self) -> dict[str, tuple[float, float]]:
        """Return the least and the greatest position of each axis, bounds included."""
        low, high = self.extent(bounded=True)
        pairs = zip(low.tolist(), high.tolist(), strict=True)
        return dict(zip(self._axes, pairs, strict=True))

    def _points(self, start: int, stop: int) -> Points:
        index = np.arange(max(start - 1, 0), stop)
        lower, upper = self.bounds(index)
        gap = gaps(lower, upper)
        forced = self.breaks(index)
        if forced is not None:
            gap |= forced
        skip = min(start, 1)
        return Points.unchecked(
            axes=self._axes,
            units=self.units,
            lower=lower[skip:],
            midpoint=self.positions(index[skip:]),
            upper=upper[skip:],
            duration=self.durations(index[skip:]),
            delay_after=np.zeros(stop - start),
            gap=gap[skip:],
            index=index[skip:, None],
        )

    def _argument(self, name: str) -> Any:
        if name == "axes":
            return list(self._axes)
        if name == "units":
            return list(self._units.values())
        return self.times if name == "duration" else super()._argument(name)


def indexes(size: int) -> Iterator[Ints]:
    """Go through all indexes in blocks."""
    block = 16 * BLOCK
    for at in range(0, size, block):
        yield np.arange(at, min(at + block, size))


def gaps(lower: Floats, upper: Floats) -> Bools:
    """Tell which points do not begin where the one before ends; the first never."""
    gap = np.zeros(len(lower), np.bool_)
    gap[:1] = True
    for column in range(lower.shape[1]):  # numpy is slow along so short an axis
        gap[1:] |= lower[1:, column] != upper[:-1, column]
    return gap


def times_at(times: float | Floats, index: Ints) -> Floats:
    """Return the times of points, of one number or of one a point."""
    if isinstance(times, np.ndarray):
        return times[index]
    return np.full(index.shape, times, np.float64)


def one_time(times: float | Floats) -> float:
    """Return the time that all points have, or -1 if they differ."""
    if isinstance(times, np.ndarray):
        return float(times[0]) if (times == times[0]).all() else -1.0
    return times


def sum_of(times: Any, size: int) -> float:
    """Return the time of all points, of one number or of one a point."""
    return float(times) * size if np.ndim(times) == 0 else float(np.sum(times))


class Curve(Generator):
    """A generator by one function of the index, which may be fractional."""

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        return self._at(index.astype(np.float64))

    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return where points begin and end, each as `positions`."""
        at = index.astype(np.float64)
        return self._at(at - 0.5), self._at(at + 0.5)

    def edges(self, index: Ints, backwards: Bools | None) -> tuple[Floats, Floats]:
        """Return where points begin and end as they are taken, backwards or not."""
        at = index.astype(np.float64)
        half = 0.5 if backwards is None else np.where(backwards, -0.5, 0.5)
        return self._at(at - half), self._at(at + half)

    @abstractmethod
    def _at(self, at: Floats) -> Floats:
        """Compute positions: point k goes from k - 0.5 to k + 0.5."""
