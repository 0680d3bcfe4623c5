"""Positions: the list of where something is sent, and what may stand in it.

Owns numbers and texts as positions, and those that count from where it stands.
Must not know PVs or scans.
Test: tests/unit/stepscan/test_scan.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.errors import PlanArgumentError, StateError
from lapwing.stepscan.given import is_number, whole


class Positions:
    """Where something is sent, one position after the other.

    Args:
        array: The positions, ``(num_points,)``; None: they are set later.
        name: Its data key.
        label: What people call it, or "".
        relative: Whether positions count from where it stands when a scan begins.

    Raises:
        PlanArgumentError: They are no list of numbers or texts.

    Attributes:
        array: The positions; None before they are given.
        origin: Where relative positions count from; None before a scan has begun.
    """

    def __init__(
        self, array: ArrayLike | None, *, name: str, label: str, relative: bool
    ):
        self.name = name
        self.label = label
        self.relative = relative
        self.origin: float | None = None
        self.array: NDArray[Any] | None = None
        if array is not None:
            self._take(array)

    @property
    def title(self) -> str:
        """As messages begin: ``"positioner x"``."""
        return f"positioner {self.label or self.name}"

    def set_array(self, start: float, stop: float, npts: int) -> None:
        """Make the positions evenly spaced, both ends included.

        Args:
            start: The first, in the PV's unit.
            stop: The last.
            npts: How many, 1 or more.

        Raises:
            PlanArgumentError: An argument is no number, or not a finite one, or there
                would be no positions.
        """
        num = whole(npts, f"{self.title}: npts", "a number of positions")
        if num < 1:
            raise PlanArgumentError(f"{self.title}: {num} positions are none")
        for name, value in (("start", start), ("stop", stop)):
            if not is_number(value):
                raise PlanArgumentError(
                    f"{self.title}: {name}={value!r} is no number; one is needed"
                )
        self._take(np.linspace(start, stop, num))

    def _take(self, array: ArrayLike) -> None:
        try:
            positions = np.asarray(array)
        except ValueError:
            raise PlanArgumentError(
                f"{self.title}: the positions are lists of other lengths; one list is "
                "needed"
            ) from None
        if positions.ndim != 1 or not positions.size:
            raise PlanArgumentError(
                f"{self.title}: the positions have the shape {positions.shape}; a "
                "list of one or more is needed"
            )
        if positions.dtype.kind in "biuf":
            positions = positions.astype(float)
            self._require_finite(positions)
        elif positions.dtype.kind not in "U":
            raise PlanArgumentError(
                f"{self.title}: positions are numbers, or choices by their texts, not "
                f"{positions.dtype}"
            )
        elif self.relative:
            raise PlanArgumentError(
                f"{self.title}: positions that are texts cannot count from where it "
                "stands; numbers are needed"
            )
        self.array = positions

    def _require_finite(self, positions: NDArray[np.float64]) -> None:
        wrong = np.flatnonzero(~np.isfinite(positions))
        if wrong.size:
            raise PlanArgumentError(
                f"{self.title}: position {wrong[0]} is {positions[wrong[0]]}; finite "
                "numbers are needed"
            )

    def position(self, i: int) -> Any:
        """Return position ``i``, counted from 0, as a float or a text.

        Raises:
            StateError: No positions were given.
        """
        if self.array is None:
            raise StateError(f"{self.title} has no positions; set_array gives it some")
        position = self.array[i].item()
        return position + (self.origin or 0.0) if self.relative else position

    @property
    def extent(self) -> tuple[Any, Any] | None:
        """Lowest and highest position; None if they are no numbers."""
        if self.array is None or self.array.dtype.kind == "U":
            return None
        origin = (self.origin or 0.0) if self.relative else 0.0
        return float(self.array.min()) + origin, float(self.array.max()) + origin


def check_lengths(positioners: Sequence[Positions]) -> int:
    """Return how many points positioners make.

    Raises:
        PlanArgumentError: Their lists differ in length; every one is named.
        StateError: One has no positions.
    """
    lengths: Mapping[str, int] = {
        one.label or one.name: len(_array_of(one)) for one in positioners
    }
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{label} has {n}" for label, n in lengths.items())
        raise PlanArgumentError(
            f"the positioners of a scan need equally many positions, but {listed}"
        )
    return next(iter(lengths.values()), 0)


def _array_of(one: Positions) -> NDArray[Any]:
    one.position(0)
    return one.array  # type: ignore[return-value] - position() has looked
