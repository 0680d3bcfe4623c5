"""Walks: a range of a trajectory's points, as seen from one of its dimensions.

Owns repeats by the dimensions inside, and turns at every other run.
Must not know the whole trajectory, durations or offsets.
Test: tests/unit/trajectory/test_compound.py.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.trajectory.dimension import Dimension, Place
from lapwing.trajectory.points import Bools, Ints

__all__ = ["Walk", "forced_gaps"]


class Walk:
    """The steps of one dimension that a range of points has.

    Args:
        dimension: The dimension.
        first: Index of the first point in the whole trajectory.
        stop: Index after the last point.
        inside: Number of points that the dimensions inside have together, which is
            how often each step is repeated.
    """

    def __init__(self, dimension: Dimension, first: int, stop: int, inside: int):
        steps = first // inside, (stop - 1) // inside + 1
        self.index, backwards = _sweep(dimension, *steps)
        """Index of each step in the dimension, counted forwards."""
        self.places = [
            _turned(place, backwards) for place in dimension.find(self.index)
        ]
        """Where each step is in each generator."""
        self._rows = None
        if inside > 1:
            _, counts = _repeats(first, stop, inside)
            self._rows = np.repeat(np.arange(len(counts)), counts)

    def spread(self, of_steps: NDArray[Any]) -> NDArray[Any]:
        """Return for each point what was given for each step."""
        return of_steps if self._rows is None else of_steps[self._rows]


def _repeats(first: int, stop: int, each: int) -> tuple[Ints, Ints]:
    """Return the quotients of a range of at least one, and how often each occurs."""
    quotients = np.arange(first // each, (stop - 1) // each + 1)
    begins = np.maximum(quotients * each, first)
    return quotients, np.minimum(quotients * each + each, stop) - begins


def _sweep(dimension: Dimension, first: int, stop: int) -> tuple[Ints, Bools | None]:
    """Return the index of each step, and which are in a run that goes backwards.

    Divisions are for runs, not for steps, of which there are many more.
    """
    size = dimension.size
    steps = np.arange(first, stop)
    if first // size == (stop - 1) // size:
        before = first // size * size
        if not dimension.alternate:
            return steps - before, None
        if not before // size % 2:
            return steps - before, np.zeros(len(steps), np.bool_)
        return before + size - 1 - steps, np.ones(len(steps), np.bool_)
    run, counts = _repeats(first, stop, size)
    if not dimension.alternate:
        return steps - np.repeat(run * size, counts), None
    back = (run & 1).astype(np.bool_)
    origin = np.where(back, (run + 1) * size - 1, -run * size)
    sign = np.where(back, -1, 1)
    index = np.repeat(origin, counts) + np.repeat(sign, counts) * steps
    return index, np.repeat(back, counts)


def _turned(place: Place, backwards: Bools | None) -> Place:
    if backwards is None:
        return place
    if place.backwards is not None:  # a run backwards inside of one is forwards
        backwards = backwards ^ place.backwards
    return place._replace(backwards=backwards)


def forced_gaps(place: Place) -> Bools:
    """Tell before which points there must be a gap, even if they join the one before.

    There must be one where a snake turns back, as no motor can do so at once, and
    where the generator says so.
    """
    forced = np.zeros(len(place.at), np.bool_)
    if place.backwards is not None:
        forced[1:] = place.backwards[1:] != place.backwards[:-1]
    between = np.maximum(place.at[1:], place.at[:-1])
    breaks = place.generator.breaks(between)
    if breaks is not None:
        forced[1:] |= breaks & (np.abs(np.diff(place.at)) == 1)
    return forced
