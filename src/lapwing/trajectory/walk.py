"""Walks: a range of a trajectory's points, as seen from one of its dimensions.

Owns repeats by the dimensions inside, turns at every other run, and bounds that
change sides when a run goes backwards.
Must not know the whole trajectory, durations or offsets.
Test: tests/unit/trajectory/test_compound.py.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.trajectory.dimension import Dimension, Place
from lapwing.trajectory.points import Bools, Floats, Ints

__all__ = ["Walk", "edges", "forced_gaps"]


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
        steps, counts = _repeats(first, stop, inside)
        self.index, backwards = _sweep(dimension, int(steps[0]), int(steps[-1]) + 1)
        """Index of each step in the dimension, counted forwards."""
        self.places = [
            _turned(place, backwards) for place in dimension.find(self.index)
        ]
        """Where each step is in each generator."""
        self._rows = None
        if inside > 1:
            self._rows = np.repeat(np.arange(len(steps)), counts)

    def spread(self, of_steps: NDArray[Any]) -> NDArray[Any]:
        """Return for each point what was given for each step."""
        return of_steps if self._rows is None else of_steps[self._rows]


def _repeats(first: int, stop: int, each: int) -> tuple[Ints, Ints]:
    """Return the quotients of a range of at least one, and how often each occurs."""
    quotients = np.arange(first // each, (stop - 1) // each + 1)
    if each == 1:
        return quotients, np.ones_like(quotients)
    begins = np.maximum(quotients * each, first)
    return quotients, np.minimum(quotients * each + each, stop) - begins


def _sweep(dimension: Dimension, first: int, stop: int) -> tuple[Ints, Bools | None]:
    """Return the index of each step, and which are in a run that goes backwards.

    Divisions are for runs, not for steps, of which there are many more.
    """
    size = dimension.size
    run, counts = _repeats(first, stop, size)
    steps = np.arange(first, stop)
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


def edges(place: Place) -> tuple[Floats, Floats]:
    """Return where points begin and end, in the direction in which they are taken."""
    lower, upper = place.generator.bounds(place.at)
    if place.backwards is None:
        return lower, upper
    backwards = place.backwards[:, None]
    return np.where(backwards, upper, lower), np.where(backwards, lower, upper)


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
