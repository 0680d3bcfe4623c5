"""Points: a range of a trajectory as arrays.

Owns the arrays that planners, previews and fly scans share.
Must not know how a path is made, devices, clocks or plots.
Test: make Points of a few rows by hand, cut them and join them.
"""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from lapwing.errors import PlanArgumentError

__all__ = ["Bools", "Floats", "Ints", "Point", "Points"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a trajectory, by the names of its axes.

    Args:
        positions: Axis to position at the middle of the point, in the axis' unit.
        lower: Axis to position where the point begins.
        upper: Axis to position where the point ends.
        indexes: Index of the point in each dimension, slowest first.
        duration: Seconds, or -1 if it is not given.
        delay_after: Seconds to wait after the point.
    """

    positions: dict[str, float]
    lower: dict[str, float]
    upper: dict[str, float]
    indexes: tuple[int, ...]
    duration: float
    delay_after: float


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A range of a trajectory's points, as arrays that cannot be written to.

    Args:
        axes: Names of the axes, in the order of the columns.
        lower: Where each point begins, float64 (num_points, num_axes), in the units
            of the axes, finite.
        midpoint: Where the middle of each point is, as `lower`.
        upper: Where each point ends, as `lower`.
        duration: Seconds of each point, float64 (num_points,); above 0, or -1 where
            it is not given.
        delay_after: Seconds to wait after each point, float64 (num_points,), >= 0.
        gap: bool (num_points,): True where a point does not begin where the one
            before it in the whole trajectory ended, where a snake turns back, and at
            the very first point.
        index: int64 (num_points, num_dims): the index of each point in each of the
            trajectory's dimensions, slowest first.
        units: Axis to unit; "" for those not named.

    Raises:
        PlanArgumentError: If an axis is named twice, if shapes do not fit each other,
            or if a number is not finite or not in its range.
    """

    axes: tuple[str, ...]
    lower: Floats
    midpoint: Floats
    upper: Floats
    duration: Floats
    delay_after: Floats
    gap: Bools
    index: Ints
    units: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__  # a frozen object lets nobody else do it
        put(self, "axes", tuple(self.axes))
        put(self, "units", {axis: self.units.get(axis, "") for axis in self.axes})
        for name in ("lower", "midpoint", "upper", "duration", "delay_after"):
            put(self, name, _sealed(getattr(self, name), np.float64))
        put(self, "gap", _sealed(self.gap, np.bool_))
        put(self, "index", _sealed(self.index, np.int64))
        self._check_shapes()
        self._check_values()

    def _check_shapes(self) -> None:
        if len(set(self.axes)) != len(self.axes):
            raise PlanArgumentError(
                f"points have the axes {self.axes}; each axis may be named once"
            )
        num_points = len(self.midpoint) if self.midpoint.ndim else 0
        table, column = (num_points, len(self.axes)), (num_points,)
        wanted = {"lower": table, "midpoint": table, "upper": table}
        wanted |= {"duration": column, "delay_after": column, "gap": column}
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise PlanArgumentError(
                    f"points of {table[0]} rows and {table[1]} axes need {name!r} of "
                    f"shape {shape}, not {getattr(self, name).shape}"
                )
        if self.index.ndim != 2 or len(self.index) != num_points:
            raise PlanArgumentError(
                f"points need an index of shape ({num_points}, num_dims), not "
                f"{self.index.shape}"
            )

    def _check_values(self) -> None:
        for name in ("lower", "midpoint", "upper", "duration", "delay_after"):
            if not np.isfinite(getattr(self, name)).all():
                raise PlanArgumentError(
                    f"points have {name!r} with NaN or infinity; all must be finite"
                )
        if not ((self.duration > 0) | (self.duration == -1)).all():
            raise PlanArgumentError(
                f"points have a duration of {_first_bad(self.duration)} s; it must be "
                "above 0, or -1 where it is not given"
            )
        if (self.delay_after < 0).any():
            raise PlanArgumentError(
                f"points have a delay of {self.delay_after.min()} s; it must not be "
                "negative"
            )

    @classmethod
    def unchecked(cls, **arrays: Any) -> Self:
        """Make points of arrays that are known to be right; nothing is checked.

        This is for those who compute them: the checks take longer than the points.

        Args:
            **arrays: What `Points` is made of, each of the type and shape told there.
        """
        points = object.__new__(cls)
        for name, value in arrays.items():
            if isinstance(value, np.ndarray):
                value = value.view()
                value.flags.writeable = False
            object.__setattr__(points, name, value)
        return points

    @classmethod
    def join(cls, parts: Sequence["Points"]) -> "Points":
        """Put ranges of points one after the other; gap flags stay as they are.

        Args:
            parts: At least one; all with the same axes in the same order, the same
                units and as many dimensions.

        Raises:
            PlanArgumentError: If there is none, or if they do not fit each other.
        """
        if not parts:
            raise PlanArgumentError("to join points takes at least one part, not none")
        first = parts[0]
        for part in parts:
            if (part.axes, part.units) != (first.axes, first.units):
                raise PlanArgumentError(
                    f"points of the axes {part.units} cannot be joined to points of "
                    f"the axes {first.units}; axes, order and units must agree"
                )
            if part.index.shape[1] != first.index.shape[1]:
                raise PlanArgumentError(
                    f"points of {part.index.shape[1]} dimensions cannot be joined to "
                    f"points of {first.index.shape[1]}"
                )
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in _ARRAYS
        }
        return cls.unchecked(axes=first.axes, units=first.units, **joined)

    def __len__(self) -> int:
        return len(self.midpoint)

    @overload
    def __getitem__(self, which: int) -> Point: ...
    @overload
    def __getitem__(self, which: slice) -> "Points": ...
    def __getitem__(self, which: int | slice) -> "Point | Points":
        """Return one point, or a range of them with step 1 (views, no copies)."""
        if isinstance(which, slice):
            if which.step not in (None, 1):
                raise PlanArgumentError(
                    f"points were asked for with a step of {which.step}; they follow "
                    "each other, so only 1 is possible"
                )
            cut = {name: getattr(self, name)[which] for name in _ARRAYS}
            return Points.unchecked(axes=self.axes, units=self.units, **cut)
        row = operator.index(which)
        if not -len(self) <= row < len(self):
            raise IndexError(f"point {row} was asked for; there are {len(self)}")
        return self._point(row)

    def _point(self, row: int) -> Point:
        return Point(
            positions=dict(zip(self.axes, self.midpoint[row].tolist(), strict=True)),
            lower=dict(zip(self.axes, self.lower[row].tolist(), strict=True)),
            upper=dict(zip(self.axes, self.upper[row].tolist(), strict=True)),
            indexes=tuple(self.index[row].tolist()),
            duration=float(self.duration[row]),
            delay_after=float(self.delay_after[row]),
        )

    def __iter__(self) -> Iterator[Point]:
        return (self._point(row) for row in range(len(self)))

    def column(self, axis: str) -> int:
        """Return which column an axis has.

        Raises:
            PlanArgumentError: If there is no such axis.
        """
        if axis not in self.axes:
            raise PlanArgumentError(
                f"there is no axis {axis!r} in these points; they have {self.axes}"
            )
        return self.axes.index(axis)

    def __eq__(self, other: object) -> bool:
        """Tell whether all names and numbers are the same, bit by bit."""
        if not isinstance(other, Points):
            return NotImplemented
        return (self.axes, self.units) == (other.axes, other.units) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in _ARRAYS
        )

    __hash__ = None  # type: ignore[assignment]


_ARRAYS = tuple(f.name for f in fields(Points) if f.name not in ("axes", "units"))


def _sealed(values: Any, dtype: type) -> NDArray[Any]:
    """Return a view that cannot be written to; the caller's array stays writable."""
    view = np.asarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view


def _first_bad(duration: Floats) -> float:
    return float(duration[(duration <= 0) & (duration != -1)][0])
