"""Points made by hand for tests of motion, and what must hold for any motion."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionPlan, UserProgram
from lapwing.trajectory.points import Points

ROUNDING = 1e-7  # of a limit
UP = np.array([0.0, 1.0])  # by one in y


def points_of(
    bounds: Sequence[np.ndarray],
    duration: Any = 0.1,
    delay_after: Any = 0.0,
    axes: Sequence[str] = ("x", "y", "z"),
) -> Points:
    """Make points of rows; each row has the bounds of its points, (n + 1, num_axes)."""
    rows = [np.asarray(row, dtype=float) for row in bounds]
    lower = np.concatenate([row[:-1] for row in rows])
    upper = np.concatenate([row[1:] for row in rows])
    index = [(r, k) for r, row in enumerate(rows) for k in range(len(row) - 1)]
    num = len(lower)
    return Points(
        axes=tuple(axes[: lower.shape[1]]),
        lower=lower,
        midpoint=(lower + upper) / 2,
        upper=upper,
        duration=np.broadcast_to(np.asarray(duration, dtype=float), num),
        delay_after=np.broadcast_to(np.asarray(delay_after, dtype=float), num),
        gap=np.array([k == 0 for _, k in index]),
        index=np.array(index),
        units=dict.fromkeys(axes[: lower.shape[1]], "mm"),
    )


def snake(rows: int, num: int, duration=0.1, step=1.0) -> Points:
    """Make a snaked grid: x goes there and back, y goes up between rows."""
    there = (np.arange(num + 1) - 0.5) * step
    bounds = []
    for row in range(rows):
        x = there if row % 2 == 0 else there[::-1]
        bounds.append(np.stack([x, np.full(num + 1, row * step)], axis=1))
    return points_of(bounds, duration)


def limits(
    velocity=100.0, acceleration=1000.0, axes="xyz", low=-1e9, high=1e9, **kwargs
) -> MotionLimits:
    """Give each axis the same limits."""
    one = AxisLimits(velocity, acceleration, low, high)
    return MotionLimits(dict.fromkeys(axes, one), **kwargs)


def assert_good_motion(points: Points, plan: MotionPlan) -> None:
    """Assert all that any motion through points, without sparse, must hold."""
    block = plan.pvt()
    assert_within_limits(plan)
    segments = block.segments()
    number = np.arange(plan.start, plan.stop)
    upper = np.searchsorted(block.completed, number + 1)
    assert (block.completed[upper] == number + 1).all()
    np.testing.assert_allclose(block.position[upper], points.upper[number], atol=1e-9)
    middle = np.concatenate([[False], block.user_program[:-1] == UserProgram.MIDPOINT])
    for k, end in zip(number, upper, strict=True):
        begin = end - middle[end]
        assert block.time[begin : end + 1].sum() == points.duration[k]
        np.testing.assert_allclose(segments.x0[begin], points.lower[k], atol=1e-9)
        if middle[end]:
            np.testing.assert_array_equal(segments.x1[begin], points.midpoint[k])
    in_row = np.zeros(len(block), dtype=bool)
    in_row[upper] = True
    in_row[upper[middle[upper]] - 1] = True
    ticks = block.time[~in_row] / plan.limits.tick
    np.testing.assert_allclose(ticks, np.rint(ticks), atol=1e-6)
    assert (np.rint(ticks) >= 1).all()
    assert not block.velocity[-1].any()
    assert not block.start_velocity.any()
    np.testing.assert_array_equal(block.start_position, plan.start_position)


def assert_within_limits(plan: MotionPlan) -> None:
    """Assert speeds and accelerations of the controller's cubics, finely sampled."""
    segments = plan.pvt().segments()
    found = [plan.limits.axes[axis] for axis in plan.axes]
    v_max = np.array([one.max_velocity for one in found])
    a_max = np.array([one.max_acceleration for one in found])
    for part in np.linspace(0, 1, 11):
        at = np.full((len(segments.x0), 1), part)
        _, velocity = segments.at(at)
        assert (np.abs(velocity) <= v_max * (1 + ROUNDING) + 1e-9).all()
    # Positions have an end of digits, which short segments make much of.
    noise = 40 * np.spacing(np.abs(segments.x1).max(axis=0)) / segments.time**2
    assert (np.abs(accelerations(plan)) <= a_max * (1 + ROUNDING) + noise).all()


def accelerations(plan: MotionPlan) -> np.ndarray:
    """Return the accelerations at both ends of every segment; linear in between."""
    one = plan.pvt().segments()
    way = one.x1 - one.x0
    return np.stack(
        [
            (6 * way / one.time - 4 * one.v0 - 2 * one.v1) / one.time,
            (-6 * way / one.time + 2 * one.v0 + 4 * one.v1) / one.time,
        ]
    )
