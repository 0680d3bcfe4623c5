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

__all__ = ["Walk", "turns"]


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

    def breaks(self) -> Bools | None:
        """Tell before which points generators want a gap, even if points join.

        None stands for none of them.
        """
        found = [wanted for wanted in map(_breaks, self.places) if wanted is not None]
        if not found:
            return None
        wanted = np.logical_or.reduce(found)
        if self._rows is None:
            return wanted
        spread = wanted[self._rows]  # only the first point of each step is meant
        spread[1:] &= self._rows[1:] != self._rows[:-1]
        return spread


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


def _breaks(place: Place) -> Bools | None:
    """Tell before which steps a generator wants a gap; None stands for none."""
    breaks = place.generator.breaks(place.at)
    if breaks is None:
        return None
    step = np.diff(place.at)
    # Backwards, the bound between neighbours is that before the one that is left.
    wanted = np.where(step == -1, breaks[:-1], breaks[1:]) & (step != 0)
    return np.concatenate([[False], wanted])


def turns(place: Place) -> Bools | None:
    """Tell where a snake turns back, which no motor can do at once; None: nowhere."""
    if place.backwards is None:
        return None
    back = place.backwards
    return np.concatenate([[False], back[1:] != back[:-1]])
