"""Samples: the numbers of a run, as many as fit into a bounded space.

Owns the store that peaks and plots look at.
Must not know documents beyond an event's number and data.
Test: put in more points than the limit, and re-take some.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIMIT = 1 << 16


class Samples:
    """Columns of numbers by ``seq_num``, in bounded memory.

    A point that is taken again replaces the former. When the space is full every
    second point is let go, and from then on only every second, fourth, ... is
    kept: the curve stays evenly covered from end to end. Columns of floats take
    8 bytes a point, so 0.5 MB each at most by default.

    Args:
        names: Names of the columns.
        limit: Most points that are kept; at least 2.

    Attributes:
        stride: Every how many points one is kept.
    """

    def __init__(self, names: Iterable[str], limit: int = LIMIT):
        self.names = tuple(dict.fromkeys(names))
        self.stride = 1
        self._limit = max(2, limit)
        self._used = 0
        self._values = self._empty(min(64, self._limit))

    def __len__(self) -> int:
        return self._used

    def put(self, seq_num: int, data: Mapping[str, Any]) -> None:
        """Keep the point of an event; what is no number becomes NaN.

        Args:
            seq_num: Number of the event, from 1.
            data: Values by name; columns that are missing become NaN.
        """
        place, rest = divmod(seq_num - 1, self.stride)
        if rest or place < 0:
            return
        while place >= self._limit:
            self._thin_out()
            place, rest = divmod(seq_num - 1, self.stride)
            if rest:
                return
        if place >= self._values.shape[1]:
            self._grow(place)
        for row, name in enumerate(self.names):
            self._values[row, place] = as_number(data.get(name))
        self._used = max(self._used, place + 1)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a column, shape (num_kept,); points not seen are NaN."""
        return self._values[self.names.index(name), : self._used]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The ``seq_num`` of each kept point, shape (num_kept,)."""
        return np.arange(self._used, dtype=np.int64) * self.stride + 1

    def _empty(self, size: int) -> NDArray[np.float64]:
        return np.full((len(self.names), size), np.nan)

    def _grow(self, place: int) -> None:
        size = min(self._limit, max(2 * self._values.shape[1], place + 1))
        grown = self._empty(size)
        grown[:, : self._used] = self._values[:, : self._used]
        self._values = grown

    def _thin_out(self) -> None:
        kept = self._values[:, : self._used : 2].copy()
        self._values[:] = np.nan
        self._used = kept.shape[1]
        self._values[:, : self._used] = kept
        self.stride *= 2


def as_number(value: Any) -> float:
    """Return a value as a float; NaN if it is no single number."""
    try:
        if isinstance(value, np.ndarray):
            value = value.item()
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
