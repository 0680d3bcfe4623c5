"""Generators: the simplest paths, each a closed form of the index.

Owns what a generator is, and lines, arrays, static points, spirals and Lissajous
curves. Must not know nesting, regions, devices or clocks.
Test: compare with arrays worked out by hand, and with scanspec's.

The arguments, descriptions and formulas are those of scanpointgenerator 3.1.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from math import pi, sqrt
from typing import Any, ClassVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import (
    as_axes,
    as_flag,
    as_number,
    as_positions,
    as_size,
    as_times,
    as_units,
    check_length,
    is_given,
    pair,
)
from lapwing.trajectory.interface import BLOCK, Trajectory
from lapwing.trajectory.points import Bools, Floats, Ints, Points

__all__ = [
    "ArrayGenerator",
    "Generator",
    "LineGenerator",
    "LissajousGenerator",
    "SpiralGenerator",
    "StaticPointGenerator",
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

    @abstractmethod
    def _at(self, at: Floats) -> Floats:
        """Compute positions: point k goes from k - 0.5 to k + 0.5."""


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
        if not np.isfinite([length, middle]).all():
            raise PlanArgumentError(
                f"a line from {start!r} to {stop!r} is longer than a number can be"
            )

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        at = self._at(index.astype(np.float64))
        if self.size > 1:  # rounding must not move the last one beyond a limit
            at[index == self.size - 1] = self.stop
        return at

    def _at(self, at: Floats) -> Floats:
        return at[:, None] * self._step + self._first

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis."""
        ends = np.array([0, self.size - 1])
        at = [self.positions(ends), *(self.bounds(ends) if bounded else ())]
        both = np.concatenate(at)
        return both.min(axis=0), both.max(axis=0)


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
    try:
        table = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise PlanArgumentError(
            f"{name} must be rows of {num_axes} numbers, not {values!r}"
        ) from None
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


class StaticPointGenerator(Generator):
    """Points at which nothing moves: frames at rest, or repeats of what is inside.

    Args:
        size: Number of points, at least 1.
        axes: None, or one axis that counts the points from 1 on.
        duration: Seconds of each point, one number or one a point; -1 if not given.
    """

    typeid = "scanpointgenerator:generator/StaticPointGenerator:1.0"
    _fields = ("size", "axes")

    def __init__(self, size: Any, axes: Any = (), *, duration: Any = -1):
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


class SpiralGenerator(Curve):
    """An Archimedean spiral whose points cover a disc evenly.

    Args:
        axes: Names of the two axes.
        units: Unit of each axis, or one for both.
        centre: Position of the centre on each axis.
        radius: Radius of the disc, above 0.
        scale: Distance of arms, which is about that of points, above 0.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.

    Raises:
        PlanArgumentError: If a number is not finite or not above 0.
    """

    typeid = "scanpointgenerator:generator/SpiralGenerator:1.0"
    _fields = ("axes", "units", "centre", "radius", "scale", "alternate")

    def __init__(
        self,
        axes: Any,
        units: Any,
        centre: Any,
        radius: Any,
        scale: Any = 1.0,
        alternate: Any = False,
        *,
        duration: Any = -1,
    ):
        self.centre = pair(centre, "centre")
        self.radius = as_number(radius, "radius")
        self.scale = as_number(scale, "scale")
        if self.radius <= 0 or self.scale <= 0:
            raise PlanArgumentError(
                "a spiral's radius and scale must be above 0, not "
                f"{radius!r} and {scale!r}"
            )
        self._alpha = sqrt(4 * pi)  # angle = alpha * sqrt(index)
        self._beta = self.scale / (2 * pi)  # radius = beta * angle
        size = int((self.radius / (self._alpha * self._beta)) ** 2) + 1
        super().__init__(two_axes(axes, "a spiral"), units, size, alternate, duration)

    def _at(self, at: Floats) -> Floats:
        angle = self._alpha * np.sqrt(at + 0.5)  # so that the first one begins at 0
        radius = self._beta * angle
        return np.stack(
            (
                self.centre[0] + radius * np.sin(angle),
                self.centre[1] + radius * np.cos(angle),
            ),
            axis=1,
        )


class LissajousGenerator(Curve):
    """A closed Lissajous curve that fills a box.

    Args:
        axes: Names of the two axes.
        units: Unit of each axis, or one for both.
        centre: Position of the centre on each axis.
        span: Width and height of the box, above 0.
        lobes: Lobes along the first axis, at least 1; the second has one more.
        size: Number of points; 250 a lobe if not given.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.

    Raises:
        PlanArgumentError: If a number is not finite or not above 0.
    """

    typeid = "scanpointgenerator:generator/LissajousGenerator:1.0"
    _fields = ("axes", "units", "centre", "span", "lobes", "size", "alternate")

    def __init__(
        self,
        axes: Any,
        units: Any,
        centre: Any,
        span: Any,
        lobes: Any,
        size: Any = None,
        alternate: Any = False,
        *,
        duration: Any = -1,
    ):
        self.centre = pair(centre, "centre")
        self.span = pair(span, "span")
        if min(self.span) <= 0:
            raise PlanArgumentError(
                f"a Lissajous curve's span must be above 0, not {span!r}"
            )
        self.lobes = as_size(lobes, "lobes")
        size = 250 * self.lobes if size is None else size
        names = two_axes(axes, "a Lissajous curve")
        super().__init__(names, units, size, alternate, duration)
        # An odd number of lobes begins at the right edge, an even one at the centre.
        self._phase = pi / 2 * (self.lobes % 2)

    def _at(self, at: Floats) -> Floats:
        turn = 2 * pi / self.size
        x = np.sin(self.lobes * turn * at + self._phase)
        y = np.sin((self.lobes + 1) * turn * at)
        return np.stack(
            (
                self.centre[0] + self.span[0] / 2 * x,
                self.centre[1] + self.span[1] / 2 * y,
            ),
            axis=1,
        )


def two_axes(axes: Any, of: str) -> tuple[str, ...]:
    """Return the names of two axes."""
    names = as_axes(axes)
    if len(names) != 2:
        raise PlanArgumentError(f"{of} has two axes, not {len(names)}: {names}")
    return names
