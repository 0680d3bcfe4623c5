"""What a motion amounts to: times, distances, extremes, and who is waited for.

Owns the sums over the parts of a motion.
Must not know how the parts are planned, plots, controllers, devices or clocks.
Test: against sums by hand over a small motion.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lapwing.trajectory.motion.assembly import Assembly
from lapwing.trajectory.motion.limits import LimitArrays
from lapwing.trajectory.points import Floats, Ints

__all__ = ["MotionSummary", "Sums", "Survey", "sum_up"]


@dataclass(frozen=True, slots=True)
class MotionSummary:
    """A motion in a few numbers, for previews and estimates.

    Args:
        num_points: Points of the trajectory that are gone through.
        num_gaps: Turnarounds between them.
        total_time: Seconds from rest to rest; what it takes to reach the start is not
            in it.
        points_time: Seconds within points.
        gaps_time: Seconds of turnarounds.
        ramps_time: Seconds of run-up and run-down.
        distance: Axis to the way that it goes, there and back, in its unit.
        box: Axis to its least and its greatest position, all ways included.
        top_speed: Axis to its greatest speed at any PVT point, units a second.
        fastest: The axis that uses most of its greatest velocity.
        slowest: The axis that other axes wait for in most gaps; "" if there is none.
    """

    num_points: int
    num_gaps: int
    total_time: float
    points_time: float
    gaps_time: float
    ramps_time: float
    distance: dict[str, float]
    box: dict[str, tuple[float, float]]
    top_speed: dict[str, float]
    fastest: str
    slowest: str


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What a part of a motion comes to; arrays are (num_axes,).

    Args:
        num_gaps: Turnarounds in it.
        points_time: Seconds within points.
        gaps_time: Seconds of turnarounds.
        total_time: Seconds of all of it, with run-up and run-down.
        distance: The way that each axis goes.
        low: The least position of each axis.
        high: The greatest position of each axis.
        speed: The greatest speed of each axis at any PVT point.
        waits: In how many gaps the others wait for each axis.
    """

    num_gaps: int
    points_time: float
    gaps_time: float
    total_time: float
    distance: Floats
    low: Floats
    high: Floats
    speed: Floats
    waits: Ints


def sum_up(part: Assembly, turns: tuple[Floats, Floats]) -> Sums:
    """Sum up PVT points, with the places where axes turn round between them."""
    block, gaps = part.block, part.gaps
    before = np.concatenate([block.start_position[None], block.position[:-1]])
    # Axis by axis: numpy is ten times slower down the columns of narrow tables.
    way = [_by_column(one) for one in (before, *turns, block.position)]
    steps = (np.abs(there - here).sum(axis=1) for here, there in pairwise(way))
    num_axes = len(block.axes)
    return Sums(
        num_gaps=len(gaps.ticks),
        points_time=float(block.time[part.in_row].sum()),
        gaps_time=float(gaps.time.sum()),
        total_time=float(block.time.sum()),
        distance=np.sum(list(steps), axis=0),
        low=np.min([place.min(axis=1) for place in way], axis=0),
        high=np.max([place.max(axis=1) for place in way], axis=0),
        speed=np.abs(_by_column(block.velocity)).max(axis=1),
        waits=np.bincount(gaps.slowest, minlength=num_axes),
    )


class Survey:
    """Sums over a motion, part by part."""

    def __init__(self, limits: LimitArrays):
        self._limits = limits
        num_axes = len(limits.axes)
        self._num_gaps = 0
        self._times = np.zeros(3)  # in points, in gaps, altogether
        self._distance, self._speed = np.zeros((2, num_axes))
        self._low = np.full(num_axes, np.inf)
        self._high = np.full(num_axes, -np.inf)
        self._waits = np.zeros(num_axes, dtype=np.int64)

    def add(self, part: Sums) -> None:
        """Add what follows."""
        self._num_gaps += part.num_gaps
        self._times += part.points_time, part.gaps_time, part.total_time
        self._distance += part.distance
        np.minimum(self._low, part.low, out=self._low)
        np.maximum(self._high, part.high, out=self._high)
        np.maximum(self._speed, part.speed, out=self._speed)
        self._waits += part.waits

    def summary(self, num_points: int) -> MotionSummary:
        """Return what it amounts to."""
        axes = self._limits.axes
        points_time, gaps_time, total_time = self._times.tolist()
        waits = self._waits
        return MotionSummary(
            num_points=num_points,
            num_gaps=self._num_gaps,
            total_time=total_time,
            points_time=points_time,
            gaps_time=gaps_time,
            ramps_time=total_time - points_time - gaps_time,
            distance=_by_axis(axes, self._distance),
            box={
                axis: (float(low), float(high))
                for axis, low, high in zip(axes, self._low, self._high, strict=True)
            },
            top_speed=_by_axis(axes, self._speed),
            fastest=axes[int((self._speed / self._limits.velocity).argmax())],
            slowest=axes[int(waits.argmax())] if waits.any() else "",
        )


def _by_column(table: Floats) -> Floats:
    return np.ascontiguousarray(table.T)


def _by_axis(axes: tuple[str, ...], values: Floats) -> dict[str, float]:
    return dict(zip(axes, values.tolist(), strict=True))
