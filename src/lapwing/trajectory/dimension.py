"""Dimensions: generators nested in each other, as one row of points.

Owns how the index of a dimension becomes an index of each of its generators, with
snakes that turn and with points left out.
Must not know dimensions outside or inside of it, durations of a scan, or mutators.
Test: tests/unit/trajectory/test_compound_regions.py.
"""

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.excluders import Excluder, ROIExcluder
from lapwing.trajectory.generators import Generator, indexes
from lapwing.trajectory.points import Bools, Floats, Ints
from lapwing.trajectory.selection import Selection

__all__ = ["Dimension", "Place"]


class Place(NamedTuple):
    """Where points are in one generator.

    Args:
        generator: The generator.
        at: Which of its points, int64 (num_points,).
        backwards: Where it is run through backwards, bool (num_points,); None if
            nowhere.
    """

    generator: Generator
    at: Ints
    backwards: Bools | None


class Dimension:
    """One dimension of a trajectory.

    Args:
        generators: The slowest first; several if excluders tie them together.
        excluders: Which of their points are left out.

    Raises:
        PlanArgumentError: If one that always runs forwards is inside of one that
            turns back.
    """

    def __init__(
        self, generators: Sequence[Generator], excluders: Sequence[Excluder] = ()
    ):
        self.generators = tuple(generators)
        self.excluders = tuple(excluders)
        self.axes = tuple(axis for part in self.generators for axis in part.axes)
        self.alternate = self.generators[0].alternate
        sizes = [part.size for part in self.generators]
        self.total = prod(sizes)
        self._strides = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
        turning = False
        for part in self.generators:
            if turning and not part.alternate:
                raise PlanArgumentError(
                    f"excluders make one dimension of the axes {self.axes}, in which "
                    f"{part.axes} cannot always run forwards inside of others that "
                    "alternate; set alternate on it"
                )
            turning |= part.alternate

    @cached_property
    def selection(self) -> Selection | None:
        """Which of the nested points stay; None if all do."""
        if not any(isinstance(one, ROIExcluder) for one in self.excluders):
            return None
        found = Selection(self._mask, self.total)
        if not found.size:
            raise PlanArgumentError(
                f"the regions on the axes {self.axes} exclude every point; move or "
                "enlarge them"
            )
        return found

    @property
    def size(self) -> int:
        """Number of points."""
        return self.total if self.selection is None else self.selection.size

    def _mask(self, flat: Ints) -> Bools:
        at = {
            axis: column
            for place in self._nested(flat)
            for axis, column in zip(
                place.generator.axes,
                place.generator.positions(place.at).T,
                strict=True,
            )
        }
        mask = np.ones(len(flat), np.bool_)
        for excluder in self.excluders:
            inside = excluder.create_mask(*(at[axis] for axis in excluder.axes))
            if inside is not None:
                mask &= inside
        return mask

    def find(self, index: Ints) -> list[Place]:
        """Return where points are in each generator.

        Args:
            index: Which points of the dimension, int64 (num_points,), counted
                forwards.
        """
        return self._nested(self.selection.take(index) if self.selection else index)

    def _nested(self, flat: Ints) -> list[Place]:
        if len(self.generators) == 1:
            return [Place(self.generators[0], flat, None)]
        places = []
        for part, stride in zip(self.generators, self._strides, strict=True):
            step = flat // stride if stride > 1 else flat
            run, index = np.divmod(step, part.size)
            backwards = None
            if part.alternate and places:
                backwards = (run & 1).astype(np.bool_)
                index = np.where(backwards, part.size - 1 - index, index)
            places.append(Place(part, index, backwards))
        return places

    def positions(self, places: Sequence[Place]) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        parts = [place.generator.positions(place.at) for place in places]
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis.

        Args:
            bounded: Whether beginnings and ends count, which the fastest generator
                has.
        """
        last = self.generators[-1]
        if self.selection is None:
            each = [
                part.extent(bounded=bounded and part is last)
                for part in self.generators
            ]
            low = np.concatenate([low for low, _ in each])
            return low, np.concatenate([high for _, high in each])
        low = np.full(len(self.axes), np.inf)
        high = -low
        moving = slice(len(self.axes) - len(last.axes), None)
        for index in indexes(self.size):
            places = self.find(index)
            at = self.positions(places)
            np.minimum(low, at.min(axis=0), out=low)
            np.maximum(high, at.max(axis=0), out=high)
            for edge in last.bounds(places[-1].at) if bounded else ():
                low[moving] = np.minimum(low[moving], edge.min(axis=0))
                high[moving] = np.maximum(high[moving], edge.max(axis=0))
        return low, high

    def time_of(self, timed: Generator) -> float:
        """Return the seconds of all points, by a generator with durations.

        NaN if one of them is not given.
        """
        if self.selection is None:
            return timed.total_time * (self.total // timed.size)
        of = self.generators.index(timed)
        seconds = 0.0
        for index in indexes(self.size):
            times = timed.durations(self.find(index)[of].at)
            seconds += float("nan") if (times == -1).any() else float(times.sum())
        return seconds
