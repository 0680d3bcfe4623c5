"""Compound generators: generators nested in each other, with what is done to them.

Owns the order of points, their bounds, gaps, durations and offsets.
Must not know devices, clocks, plots, nor how a generator finds its positions.
Test: tests/unit/trajectory/test_compound.py, and tests/property/test_trajectory.py.

Order, bounds and indexes are those of scanpointgenerator 3.1; gaps are ours.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import (
    as_flag,
    as_times,
    axes_together,
    check_length,
    check_size,
    is_given,
)
from lapwing.trajectory.combined import the_timed
from lapwing.trajectory.description import made
from lapwing.trajectory.dimension import Dimension, Place
from lapwing.trajectory.excluders import Excluder
from lapwing.trajectory.generators import (
    Generator,
    gaps,
    one_time,
    sum_of,
    times_at,
)
from lapwing.trajectory.interface import Trajectory
from lapwing.trajectory.mutators import Mutator
from lapwing.trajectory.points import Bools, Floats, Ints, Points
from lapwing.trajectory.rectangles import restricted
from lapwing.trajectory.walk import Walk, turns

__all__ = ["CompoundGenerator"]


class CompoundGenerator(Trajectory):
    """Generators nested in each other, the first one slowest.

    Args:
        generators: The parts; each moves axes of its own. Only the last one moves
            while a point is taken.
        excluders: Regions outside of which points are left out. The dimensions that
            they tie together become one.
        mutators: Offsets, added in this order.
        duration: Seconds of each point: one number, or one a point of the whole;
            -1 if not given, or if one of the generators gives its own.
        continuous: Whether the last generator moves through each point, from midway
            to midway; else it rests in the middle, and lower, midpoint and upper are
            the same.
        delay_after: Seconds to wait after each point: one number, or one a point.

    Raises:
        PlanArgumentError: If there is no generator, if an axis moves in two of them,
            if an excluder or a mutator has an axis that none moves, if durations are
            0, given twice or not as many as the points.
    """

    typeid = "scanpointgenerator:generator/CompoundGenerator:1.0"
    _fields = (
        "generators",
        "excluders",
        "mutators",
        "duration",
        "continuous",
        "delay_after",
    )

    def __init__(
        self,
        generators: Any,
        excluders: Any = (),
        mutators: Any = (),
        duration: Any = -1,
        continuous: Any = True,
        delay_after: Any = 0,
    ):
        self.generators = _nested(generators)
        self.excluders = made(Excluder, excluders)
        self.mutators = made(Mutator, mutators)
        self.continuous = as_flag(continuous, "continuous")
        self.times = as_times(duration, "duration", least=-1)
        self.delay_after = as_times(delay_after, "delay_after", least=0)
        kind = "CompoundGenerator"
        self._axes = axes_together(kind, [part.axes for part in self.generators])
        self._units = {a: u for g in self.generators for a, u in g.units.items()}
        for one in (*self.excluders, *self.mutators):
            for axis in one.axes:
                if axis not in self._axes:
                    raise PlanArgumentError(
                        f"a {type(one).__name__} names the axis {axis!r}, which no "
                        f"generator moves; they move {self._axes}"
                    )
        timed = the_timed(kind, self.generators)
        if timed is not None and is_given(self.times):
            raise PlanArgumentError(
                "durations are given for the whole and by the generator of "
                f"{timed.axes}; one of the two may give them"
            )
        if not self.excluders:
            self.prepare()

    def _argument(self, name: str) -> Any:
        return self.times if name == "duration" else super()._argument(name)

    def prepare(self) -> None:
        """Count the points now, which takes time if there are regions.

        It is done at the first look at a point or at the size at the latest.

        Raises:
            PlanArgumentError: If regions exclude every point, or cannot be counted, or
                if durations or delays are not as many as the points.
        """
        check_size(self.size, "a trajectory")

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions, slowest first, after excluders have made one of several."""
        generators, excluders = restricted(self.generators, self.excluders)
        dimensions = [Dimension([part]) for part in generators]
        for excluder in excluders:
            tied = [
                at
                for at, one in enumerate(dimensions)
                if set(one.axes) & set(excluder.axes)
            ]
            joined = dimensions[tied[0] : tied[-1] + 1]
            dimensions[tied[0] : tied[-1] + 1] = [
                Dimension(
                    [part for one in joined for part in one.generators],
                    [*(old for one in joined for old in one.excluders), excluder],
                )
            ]
        return tuple(dimensions)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, those of the slowest generator first."""
        return self._axes

    @property
    def units(self) -> dict[str, str]:
        """Axis to unit."""
        return dict(self._units)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points in each dimension, slowest first."""
        return tuple(one.size for one in self.dimensions)

    @property
    def size(self) -> int:
        """Number of points."""
        return self._size

    @cached_property
    def _size(self) -> int:
        size = prod(self.shape)
        check_length(self.times, size, "duration")
        check_length(self.delay_after, size, "delay_after")
        return size

    @cached_property
    def _timed(self) -> Generator | None:
        return the_timed(
            "CompoundGenerator",
            tuple(part for one in self.dimensions for part in one.generators),
        )

    @property
    def duration(self) -> float:
        """Seconds of each point; -1 if not given, or if points differ."""
        return one_time(self.times) if self._timed is None else self._timed.duration

    @property
    def total_time(self) -> float:
        """Seconds of all points and delays; NaN if a duration is not given."""
        waits = sum_of(self.delay_after, self.size)
        if self._timed is None:
            if (np.asarray(self.times) == -1).any():
                return float("nan")
            return sum_of(self.times, self.size) + waits
        inside = next(d for d in self.dimensions if self._timed in d.generators)
        return inside.time_of(self._timed) * (self.size // inside.size) + waits

    def bounding_box(self) -> dict[str, tuple[float, float]]:
        """Return the least and the greatest position of each axis, bounds included.

        This goes through dimensions one by one, and through all points only if there
        are random offsets.
        """
        if not all(one.constant for one in self.mutators):
            return super().bounding_box()
        last = self.dimensions[-1]
        each = [
            one.extent(bounded=self.continuous and one is last)
            for one in self.dimensions
        ]
        low = np.concatenate([low for low, _ in each])
        high = np.concatenate([high for _, high in each])
        for mutator in self.mutators:
            for axis in mutator.axes:
                for side in (low, high):
                    at = self._axes.index(axis)
                    side[at] += mutator.offsets(axis, np.zeros(1, np.int64))[0]
        pairs = zip(low.tolist(), high.tolist(), strict=True)
        return dict(zip(self._axes, pairs, strict=True))

    def _points(self, start: int, stop: int) -> Points:
        size = self.size  # asked for first: it finds what cannot be
        # One point before the range, to see whether the first one joins it.
        first, skip = max(start - 1, 0), min(start, 1)
        which = np.arange(first, stop)
        middle = np.empty((len(which), len(self._axes)), order="F")
        # Columns lie together in memory: what follows is done axis by axis.
        index = np.empty((len(which), len(self.dimensions)), np.int64, order="F")
        times = times_at(self.times, which)
        column, inside, walks = 0, size, list[Walk]()
        for number, dimension in enumerate(self.dimensions):
            inside //= dimension.size
            walk = Walk(dimension, first, stop, inside)
            index[:, number] = walk.spread(walk.index)
            walks.append(walk)
            for generator, at, _ in walk.places:
                columns = slice(column, column := column + len(generator.axes))
                middle[:, columns] = walk.spread(generator.positions(at))
                if generator is self._timed:
                    times = walk.spread(generator.durations(at))
        lower, upper = self._bounds(middle, walks[-1].places[-1])
        self._move(middle, lower, upper, which)
        return Points.unchecked(
            axes=self._axes,
            units=self.units,
            lower=lower[skip:],
            midpoint=middle[skip:],
            upper=upper[skip:],
            duration=times[skip:],
            delay_after=times_at(self.delay_after, which[skip:]),
            gap=self._gaps(lower, upper, walks)[skip:],
            index=index[skip:],
        )

    def _bounds(self, middle: Floats, fastest: Place) -> tuple[Floats, Floats]:
        """Return where points begin and end."""
        if not self.continuous:
            return middle, middle
        lower, upper = middle.copy("K"), middle.copy("K")
        moving = len(self._axes) - len(fastest.generator.axes)
        lower[:, moving:], upper[:, moving:] = fastest.generator.edges(
            fastest.at, fastest.backwards
        )
        return lower, upper

    def _gaps(self, lower: Floats, upper: Floats, walks: list[Walk]) -> Bools:
        """Return before which points there is a gap, seen or asked for."""
        gap, forced = gaps(lower, upper), [walk.breaks() for walk in walks]
        forced += [turns(walks[-1].places[-1])] if self.continuous else []
        for one in forced:
            if one is not None:
                gap |= one
        return gap

    def _move(self, middle: Floats, lower: Floats, upper: Floats, which: Ints) -> None:
        """Add the offsets of all mutators, in place."""
        around = np.arange(which[0] - 1, which[-1] + 2)
        for mutator in self.mutators:
            for axis in mutator.axes:
                column = self._axes.index(axis)
                offsets = mutator.offsets(axis, around)
                middle[:, column] += offsets[1:-1]
                if self.continuous:
                    between = (offsets[1:] + offsets[:-1]) / 2
                    lower[:, column] += between[:-1]
                    upper[:, column] += between[1:]


def _nested(generators: Any) -> tuple[Generator, ...]:
    """Return the generators to be nested."""
    several = isinstance(generators, Iterable)
    if isinstance(generators, Trajectory | Mapping) or not several:
        generators = [generators]
    given = tuple(generators)
    if any(isinstance(part, CompoundGenerator) for part in given):
        raise PlanArgumentError(
            "a CompoundGenerator cannot be inside of another one; nest its generators"
        )
    parts = made(Generator, given)
    if not parts:
        raise PlanArgumentError("a CompoundGenerator needs at least one generator")
    return parts
