"""Posting state: what is known of a scan that others are told of, at any moment.

Owns the columns so far, and the texts that describe where a scan stands.
Must not know PVs' names, channels or clocks.
Test: tests/unit/stepscan/test_posting.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_KEPT = 20_000
"""Points of which columns are kept; PVs hold fewer."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A positioner, as others are told of it.

    Attributes:
        key: Its data key.
        pv: The PV that is set.
        readback: The PV that is read.
        units: Unit of its positions.
        positions: Where it goes, float64 of shape ``(num_points,)``; empty if its
            positions are no numbers.
        relative: Whether they count from where it stood.
    """

    key: str
    pv: str
    readback: str
    units: str
    positions: NDArray[np.float64]
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a scan before it begins.

    Attributes:
        name: Its name.
        num_points: How many points it has.
        axes: Its positioners.
        counters: PV by data key of all that are single numbers.
        triggers: Pairs of a PV and what is written to it.
        settle: Seconds after a move, and after a count.
        seconds: How long it will take; None where nobody knows.
    """

    name: str
    num_points: int
    axes: Sequence[Axis] = ()
    counters: Mapping[str, str] = field(default_factory=dict)
    triggers: Sequence[tuple[str, Any]] = ()
    settle: tuple[float, float] = (0.0, 0.0)
    seconds: float | None = None


class Columns:
    """The last points of a scan by data key; memory does not grow with the scan.

    Args:
        keys: What is kept; others are left out. None: all numbers of the first point.
        num_points: How many points there will be.
        most: How many are kept; of more the last.
    """

    def __init__(
        self, keys: Sequence[str] | None, num_points: int, most: int = MOST_KEPT
    ):
        self._most = max(1, min(num_points, most))
        # Twice as many rows: they are moved once in so many points.
        self._num_rows = self._most if num_points <= most else 2 * self._most
        self._filled = 0
        self.num_points = 0
        self._knows_keys = keys is not None
        self._keep(keys or ())

    def _keep(self, keys: Iterable[str]) -> None:
        self._keys = list(keys)
        self._rows = np.full((len(self._keys), self._num_rows), np.nan)

    def add(self, data: Mapping[str, Any]) -> None:
        """Take a point; what is no number there is NaN."""
        if not self._knows_keys:
            self._knows_keys = True
            self._keep(key for key in data if not np.isnan(number_of(data[key])))
        if self._filled == self._rows.shape[1]:
            # A new array: the old one may be on its way to a server.
            kept = self._rows[:, -self._most + 1 :] if self._most > 1 else None
            self._rows = np.full_like(self._rows, np.nan)
            self._filled = 0
            if kept is not None:
                self._filled = kept.shape[1]
                self._rows[:, : self._filled] = kept
        self._rows[:, self._filled] = [number_of(data.get(k)) for k in self._keys]
        self._filled += 1
        self.num_points += 1

    def take_over(self, earlier: "Columns") -> None:
        """Begin with the points of others, such as of before a crash.

        Args:
            earlier: Other columns; of a key that they lack the values are NaN.
        """
        there = set(earlier)
        for n in range(earlier.num_kept):
            self.add({k: earlier[k][n] for k in self._keys if k in there})
        self.num_points = earlier.num_points

    @property
    def num_kept(self) -> int:
        """Of how many points the values are kept."""
        return min(self._filled, self._most)

    def __getitem__(self, key: str) -> NDArray[np.float64]:
        """Return a column, float64 of shape ``(num_points,)`` or of the last ones."""
        first = max(0, self._filled - self._most)
        return self._rows[self._keys.index(key), first : self._filled]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)


def number_of(value: Any) -> float:
    """Return a value as a float; NaN if it is no single number."""
    if isinstance(value, int | float | np.number):
        return float(value)
    return float("nan")


@dataclass
class State:
    """Where a scan stands.

    Attributes:
        outline: What is known of it from the start.
        columns: Its data so far.
        status: ``"starting"``, ``"running"``, ``"paused"``, ``"waiting"``,
            ``"finished"``, ``"aborted"`` or ``"failed"``.
        message: What it said last.
        error: Why it failed, or "".
        scan_id: Number of the run; 0 before it.
        file: Where its data go; "" where nobody knows.
        folder: The directory of all data; "" where nobody knows.
        desired: Where the positioners were sent for the last point, by data key.
        left: Seconds to go; None where nobody knows.
        data: Values of the last point.
        over: Whether the run has ended.
        shown: Whether its arrays are where they can be read.
        heartbeat: A text that changes with time.
    """

    outline: Outline
    columns: Columns
    status: str = "starting"
    message: str = ""
    error: str = ""
    scan_id: int = 0
    file: str = ""
    folder: str = ""
    desired: Mapping[str, float] = field(default_factory=dict)
    left: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    over: bool = False
    shown: bool = False
    heartbeat: str = ""

    @classmethod
    def of(cls, outline: Outline, keys: Sequence[str] = ()) -> "State":
        """Return the state of a scan that has not begun.

        Args:
            outline: What is known of it.
            keys: Data keys of the columns that are kept.
        """
        columns = Columns(keys, outline.num_points)
        return cls(outline, columns, left=outline.seconds)

    def go_on_from(self, earlier: "State") -> None:
        """Take over how far the scan is, after a crash.

        Args:
            earlier: Its state, as heard from the documents of before.
        """
        self.columns.take_over(earlier.columns)
        self.status, self.message = earlier.status, earlier.message
        self.scan_id, self.data = earlier.scan_id, earlier.data
        self.file, self.folder = earlier.file, earlier.folder

    @property
    def num_points(self) -> int:
        """How many points were taken."""
        return self.columns.num_points
