"""What a controller and its axes can do: limits of speed, acceleration and place.

Owns the settings of motion, their checks, and the errors that name what breaks them.
Must not know trajectories' makers, controllers, devices or clocks.
Test: make limits of any kind of nonsense and read what is said.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from lapwing.errors import LimitError, PlanArgumentError
from lapwing.trajectory.arguments import shown
from lapwing.trajectory.points import Floats, Ints, Points

__all__ = ["AxisLimits", "LimitArrays", "MotionLimits"]


@dataclass(frozen=True, slots=True)
class AxisLimits:
    """How fast, how hard and how far one axis may go.

    Args:
        max_velocity: Units of the axis a second, above 0.
        max_acceleration: Units of the axis a second squared, above 0.
        low: The low soft limit, in units of the axis; none if not given.
        high: The high soft limit, above `low`; none if not given.

    Raises:
        PlanArgumentError: If one of them is NaN, or not in its range.
    """

    max_velocity: float
    max_acceleration: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        for name in ("max_velocity", "max_acceleration", "low", "high"):
            number = _as_number(f"limits have a {name}", getattr(self, name))
            object.__setattr__(self, name, number)
        for name in ("max_velocity", "max_acceleration"):
            _above_zero(f"limits have a {name}", getattr(self, name))
        if not self.low < self.high:
            raise PlanArgumentError(
                f"limits have a low limit of {self.low} and a high limit of "
                f"{self.high}; the low one must be below the high one",
                low=self.low,
                high=self.high,
            )


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """What the axes of a trajectory may do, and how their controller counts time.

    Args:
        axes: Axis to its limits; axes that a trajectory does not have are ignored.
        tick: Seconds, above 0: run-ups, turnarounds and every part of them last whole
            ticks, so it is also the least time between two PVT points there. The
            servo period of the controller or, if that is shorter than what its
            calculations need, a few of them.
        min_turnaround: Seconds, >= 0, that any gap between points lasts at least.
        max_segment: Seconds, at least one tick: longer ones are cut into equal parts.

    Raises:
        PlanArgumentError: If one of them is not in its range.
    """

    axes: Mapping[str, AxisLimits]
    tick: float = 1e-3
    min_turnaround: float = 0.0
    max_segment: float = math.inf

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", _by_axis(self.axes))
        for name in ("tick", "min_turnaround", "max_segment"):
            number = _as_number(f"motion has a {name}", getattr(self, name))
            object.__setattr__(self, name, number)
        _above_zero("motion has a tick", self.tick)
        if not 0 <= self.min_turnaround < math.inf:
            raise PlanArgumentError(
                f"motion has a min_turnaround of {self.min_turnaround} s; it must be "
                "0 or more, and finite"
            )
        if not self.max_segment >= self.tick:
            raise PlanArgumentError(
                f"motion has a max_segment of {self.max_segment} s; it must be at "
                f"least the tick, {self.tick} s"
            )

    def of(self, axes: tuple[str, ...]) -> "LimitArrays":
        """Return the limits of these axes as arrays, in this order.

        Raises:
            PlanArgumentError: If an axis has none.
        """
        for axis in axes:
            if axis not in self.axes:
                raise PlanArgumentError(
                    f"axis {axis!r} has no motion limits; those given are for "
                    f"{', '.join(map(repr, self.axes)) or 'no axis'}",
                    axis=axis,
                )
        mine = [self.axes[axis] for axis in axes]
        return LimitArrays(
            axes=axes,
            velocity=np.array([one.max_velocity for one in mine], dtype=float),
            acceleration=np.array([one.max_acceleration for one in mine], dtype=float),
            low=np.array([one.low for one in mine], dtype=float),
            high=np.array([one.high for one in mine], dtype=float),
        )


@dataclass(frozen=True, slots=True, eq=False)
class LimitArrays:
    """The limits of some axes, each float64 (num_axes,), in the order of `axes`."""

    axes: tuple[str, ...]
    velocity: Floats
    acceleration: Floats
    low: Floats
    high: Floats

    def refuse_faster(
        self,
        needed: Floats,
        what: str,
        points: Points,
        first: int,
        owner: Ints | None = None,
    ) -> None:
        """Raise if something needs more than its axes can do.

        Args:
            needed: Velocities or accelerations, >= 0, (num, num_axes).
            what: "velocity" or "acceleration".
            points: The points, for their indexes and units.
            first: Number of the first of them in its trajectory.
            owner: Which of the points each of `needed` belongs to; the same if not
                given.

        Raises:
            PlanArgumentError: The first point that does, and the axis that is worst.
        """
        allowed: Floats = getattr(self, what)
        excess = needed / allowed
        if not excess.size or not excess.max() > 1 + ROUNDING:
            return
        which = int((excess > 1 + ROUNDING).any(axis=1).argmax())
        column = int(excess[which].argmax())
        at = which if owner is None else int(owner[which])
        axis = self.axes[column]
        unit = f"{points.units[axis]}/s" + ("²" if what == "acceleration" else "")
        article = "an" if what == "acceleration" else "a"
        raise PlanArgumentError(
            f"axis {axis}: {where(points, at, first)} needs {article} {what} of "
            f"{needed[which, column]:.6g} {unit}; {allowed[column]:.6g} {unit} is the "
            "most",
            hint="give the points more time, or make their times more equal",
            axis=axis,
            point=first + at,
            row=row(points, at),
            needed=float(needed[which, column]),
            allowed=float(allowed[column]),
        )

    def refuse_beyond(
        self,
        lowest: Floats,
        highest: Floats,
        whens: list[str],
        when: Ints,
        points: Points,
        first: int,
        owner: Ints,
    ) -> None:
        """Raise if an axis would go beyond a soft limit.

        Args:
            lowest: The least positions on the way, (num, num_axes).
            highest: The greatest positions on the way, as `lowest`.
            whens: Words for when that is, such as "the turnaround before".
            when: Which of the words each has, (num,).
            points: The points, for their indexes and units.
            first: Number of the first of them in its trajectory.
            owner: Which of the points each belongs to, (num,).

        Raises:
            LimitError: The first of them that does.
        """
        beyond = np.maximum(self.low - lowest, highest - self.high)
        room = ROUNDING * (np.abs(lowest) + np.abs(highest))
        if not (beyond > room).any():
            return
        which = int((beyond > room).any(axis=1).argmax())
        column = int((beyond - room)[which].argmax())
        at, axis = int(owner[which]), self.axes[column]
        below = self.low[column] - lowest[which, column] > 0
        position = float((lowest if below else highest)[which, column])
        limit = float((self.low if below else self.high)[column])
        unit = points.units[axis] and f" {points.units[axis]}"
        side = "below the low" if below else "above the high"
        raise LimitError(
            f"axis {axis}: {whens[when[which]]}{where(points, at, first)} goes to "
            f"{position:.6g}{unit}, which is {side} limit {limit:.6g}{unit}",
            hint="move the path away from the limit, or go slower",
            device=axis,
            axis=axis,
            point=first + at,
            row=row(points, at),
            position=position,
            limit=limit,
        )


ROUNDING = 1e-9
"""Part of a limit by which rounding may pass it."""


def row(points: Points, at: int) -> int | tuple[int, ...]:
    """Return the row that a point is in: its index without the fastest dimension."""
    outer = tuple(points.index[at, :-1].tolist())
    return outer[0] if len(outer) == 1 else outer or 0


def where(points: Points, at: int, first: int) -> str:
    """Say which point it is, for a message."""
    return f"point {first + at} (row {row(points, at)})"


def _by_axis(axes: Any) -> dict[str, AxisLimits]:
    if not isinstance(axes, Mapping):
        raise PlanArgumentError(
            f"motion has limits of {shown(axes)}; a dict of axis to AxisLimits is "
            "needed"
        )
    for axis, limits in axes.items():
        if not isinstance(limits, AxisLimits):
            raise PlanArgumentError(
                f"axis {axis}: its motion limits are {shown(limits)}; AxisLimits are "
                "needed",
                axis=axis,
            )
    return dict(axes)


def _as_number(what: str, value: Any) -> float:
    try:
        return float(value if isinstance(value, Real) else "none")
    except (ValueError, OverflowError):
        raise PlanArgumentError(
            f"{what} of {shown(value)}, which is no number"
        ) from None


def _above_zero(what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise PlanArgumentError(
            f"{what} of {value}; it must be above 0, and finite", value=value
        )
