"""Rows: the velocities of points, and which of them are joined.

Owns the velocity at every bound, the rule for joined points, and where gaps are.
Must not know turnarounds, soft limits, controllers' programs or clocks.
Test: rows of equal, unequal and bent points, and what is refused.

A point is gone through in exactly its duration T. A straight one (its midpoint is the
mean of its bounds) has the velocity v = (upper - lower) / T throughout. A bent one
follows the parabola through lower, midpoint and upper, at constant acceleration.

Where two points are joined, there is one velocity u at their common bound. With equal
velocities it is that. Else it is the mean of both points' velocities there, weighted by
the other's duration, (v T' + v' T) / (T + T'), which asks for the same acceleration on
both sides. The controller's cubic then deviates from v within the points, by at most
(|u0 - v| + |u1 - v|) / 3; where that would pass the greatest velocity V, u is kept
within 2.5 v ± 1.5 V of both points, so it never does. The accelerations that it takes,
up to (4 |u0 - v| + 2 |u1 - v|) / T, are checked.
"""

from dataclasses import dataclass

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.motion.limits import LimitArrays, MotionLimits, row, where
from lapwing.trajectory.points import Bools, Floats, Points

__all__ = ["RowRules", "Rows", "find_rows"]

_EDGE = 1e-9
_EPS = np.finfo(float).eps
_NEAR = 1e-3
"""Part of a point's way by which its midpoint may be missed without a PVT point."""


@dataclass(frozen=True, slots=True)
class RowRules:
    """What may be chosen about rows.

    Args:
        part: Whether a gap is put between joined points where their velocities differ
            more than can be made up for within them; else that is an error.
        midpoints: Whether every midpoint is a PVT point; else only those of bent
            points are that a controller would miss by a thousandth of the point's way.
    """

    part: bool = False
    midpoints: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Velocities of points that follow each other.

    Args:
        lower: Velocity at each lower bound, (num_points, num_axes).
        middle: Velocity at each midpoint.
        upper: Velocity at each upper bound.
        gap: Whether there is a gap before each point, (num_points,); True for the
            first.
        middle_needed: Whether the midpoint is to be a PVT point.
    """

    lower: Floats
    middle: Floats
    upper: Floats
    gap: Bools
    middle_needed: Bools


def find_rows(
    points: Points,
    motion: MotionLimits,
    limits: LimitArrays,
    rules: RowRules,
    first: int,
) -> Rows:
    """Tell how fast each bound of points is passed.

    Args:
        points: The points.
        motion: For the tick.
        limits: Of the axes of the points.
        rules: What was chosen.
        first: Number of the first point in its trajectory, for messages.

    Raises:
        PlanArgumentError: If a point has no duration, lasts less than a tick, or is
            faster than an axis can be.
    """
    least = motion.tick * (2 if rules.midpoints else 1)
    _check_durations(points, least, first)
    time = points.duration[:, None]
    middle, bend = (points.upper - points.lower) / time, _bend(points)
    lower, upper = middle - 2 * bend / time, middle + 2 * bend / time
    fastest = np.maximum(np.abs(lower), np.abs(upper))
    limits.refuse_faster(fastest, "velocity", points, first)

    gap = _gaps(points)
    joint = _joint_velocity(middle, lower, upper, time, limits.velocity)
    if rules.part:
        change = joint - upper[:-1], joint - lower[1:]
        gap[1:] |= _too_quick(change, bend, time, limits.acceleration)
    joined = ~gap[1:, None]
    lower[1:] = np.where(joined, joint, lower[1:])
    upper[:-1] = np.where(joined, joint, upper[:-1])

    miss = np.abs((lower - upper) * time / 8 + bend / 2)
    far = (miss > _NEAR * (np.abs(middle) * time + np.abs(bend))) & (bend != 0)
    needed = far.any(axis=1) & (points.duration >= 2 * motion.tick)
    return Rows(lower, middle, upper, gap, needed | rules.midpoints)


def _bend(points: Points) -> Floats:
    """Return by how much twice the midpoints are off the straight way."""
    bend = points.lower + points.upper - 2 * points.midpoint
    size = np.abs(points.lower) + np.abs(points.upper)
    rounding = _EDGE * np.abs(points.upper - points.lower) + 8 * _EPS * size
    return np.where(np.abs(bend) > rounding, bend, 0.0)


def _too_quick(
    change: tuple[Floats, Floats], bend: Floats, time: Floats, a_max: Floats
) -> Bools:
    """Return which bounds between points are better gaps, whatever the other bounds.

    Args:
        change: From the velocity of the point before to that at the bound, and from
            that of the point after, (num_points - 1, num_axes) each.
        bend: Of the points, see `_bend`.
        time: Their durations.
        a_max: The greatest accelerations.
    """
    own = 4 * np.abs(bend) / time**2
    # A bent point may be told its middle: then half of it is left for the change.
    lasts = np.where((bend != 0).any(axis=1, keepdims=True), time / 2, time)
    before = own[:-1] + 6 * np.abs(change[0]) / lasts[:-1]
    after = own[1:] + 6 * np.abs(change[1]) / lasts[1:]
    return np.any(np.maximum(before, after) > a_max * (1 + _EDGE), axis=1)


def _gaps(points: Points) -> Bools:
    """Return where there is a gap before a point, said or not; before the first is."""
    gap = points.gap.copy()
    gap[:1] = True
    step = np.abs(points.lower[1:] - points.upper[:-1])
    reach = np.maximum(np.abs(points.lower[1:]), np.abs(points.upper[:-1]))
    way = np.abs(points.upper[1:] - points.lower[1:])
    gap[1:] |= (step > _EDGE * way + 1e-12 * reach).any(axis=1)
    gap[1:] |= points.delay_after[:-1] > 0
    return gap


def _joint_velocity(
    mean: Floats, lower: Floats, upper: Floats, time: Floats, v_max: Floats
) -> Floats:
    """Return the velocity at each bound between two points as if they were joined."""
    before, after = upper[:-1], lower[1:]
    # Equal velocities stay what they are, without the rounding of a mean.
    change = (after - before) * (time[:-1] / (time[:-1] + time[1:]))
    joint = before + change
    least = 2.5 * np.maximum(mean[:-1], mean[1:]) - 1.5 * v_max
    most = 2.5 * np.minimum(mean[:-1], mean[1:]) + 1.5 * v_max
    return np.minimum(np.maximum(joint, least), most)


def _check_durations(points: Points, least: float, first: int) -> None:
    wrong = ~(points.duration >= least * (1 - _EDGE))
    if not wrong.any():
        return
    at = int(wrong.argmax())
    if points.duration[at] == -1:
        said = "has no duration"
    else:
        said = f"lasts {points.duration[at]:.6g} s"
    way = np.abs(points.upper[at] - points.lower[at])
    axis = points.axes[int(way.argmax())]
    raise PlanArgumentError(
        f"axis {axis}: {where(points, at, first)} {said}; a tick of the controller "
        f"for each of its PVT points, {least:.6g} s, is the least",
        axis=axis,
        point=first + at,
        row=row(points, at),
        duration=float(points.duration[at]),
        allowed=least,
    )
