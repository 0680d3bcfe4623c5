"""Selections: which of very many indexes stay, in little memory.

Owns an index of the stretches of a mask, made block by block, and the way from the
number of a chosen point to its index.
Must not know what the mask is of.
Test: compare with numpy.flatnonzero of whole masks.
"""

from collections.abc import Callable, Iterator

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.points import Bools, Ints

__all__ = ["Selection"]

BLOCK = 65_536
MOST = 10**10
"""Masks cannot be counted without looking at each point, at some 30 ns a point."""


class Selection:
    """The indexes at which a mask is True.

    A stretch of chosen neighbours costs 16 bytes: a disc in a grid of 10^8 points
    takes 160 kB, the worst mask (every other point) 8 bytes a point.

    Args:
        mask: From indexes, int64 (n,), to bool (n,); called once for each block.
        total: How many indexes there are.

    Raises:
        PlanArgumentError: If there are too many to be looked at.
    """

    def __init__(self, mask: Callable[[Ints], Bools], total: int):
        if total > MOST:
            raise PlanArgumentError(
                f"a region is laid over {total:.3g} points, of which each must be "
                f"looked at; at most {MOST:.0e} are possible",
            )
        parts = list(self._stretches(mask, total))
        starts = np.concatenate([start for start, _ in parts])
        stops = np.concatenate([stop for _, stop in parts])
        # What goes on in the next block is one stretch.
        goes_on = np.flatnonzero(starts[1:] == stops[:-1])
        self._starts = np.delete(starts, goes_on + 1)
        lengths = np.delete(stops, goes_on) - self._starts
        self._before = np.cumsum(lengths) - lengths
        self.size = int(lengths.sum())
        """How many indexes are chosen."""

    @staticmethod
    def _stretches(
        mask: Callable[[Ints], Bools], total: int
    ) -> Iterator[tuple[Ints, Ints]]:
        for first in range(0, total, BLOCK):
            index = np.arange(first, min(first + BLOCK, total))
            edges = np.zeros(len(index) + 2, np.int8)
            edges[1:-1] = mask(index)
            steps = np.diff(edges)
            yield (
                np.flatnonzero(steps == 1) + first,
                np.flatnonzero(steps == -1) + first,
            )

    @property
    def nbytes(self) -> int:
        """Memory that the index takes."""
        return self._starts.nbytes + self._before.nbytes

    def take(self, numbers: Ints) -> Ints:
        """Return the indexes of chosen points.

        Args:
            numbers: Numbers of chosen points, int64 (n,), from 0 to size - 1.
        """
        stretch = np.searchsorted(self._before, numbers, side="right") - 1
        return self._starts[stretch] + (numbers - self._before[stretch])
