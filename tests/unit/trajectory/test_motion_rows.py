"""Within rows the points keep their times; bounds are passed at one velocity."""

import numpy as np
import pytest
from motion_rows import accelerations, assert_good_motion, limits, points_of, snake

from lapwing.trajectory.motion import MotionPlan, UserProgram
from lapwing.trajectory.points import Points


def bent(bounds: np.ndarray, midpoints: np.ndarray, duration=0.1) -> Points:
    """Make one row of points with middles of their own."""
    plain = points_of([bounds], duration)
    return Points(
        plain.axes,
        plain.lower,
        midpoints,
        plain.upper,
        plain.duration,
        plain.delay_after,
        plain.gap,
        plain.index,
        plain.units,
    )


def test_a_row_of_equal_points_is_gone_through_at_one_velocity():
    block = MotionPlan(snake(1, 5), limits()).pvt()
    np.testing.assert_allclose(block.velocity[:-1, 0], 10)
    np.testing.assert_array_equal(block.time[1:-1], 0.1)
    np.testing.assert_array_equal(block.position[:6, 0], np.arange(6) - 0.5)


def test_unequal_points_meet_at_the_mean_velocity_weighted_by_the_others_time():
    points = points_of([np.array([[0.0], [1.0], [2.0]])], [0.1, 0.3])
    block = MotionPlan(points, limits()).pvt()
    assert block.velocity[1, 0] == pytest.approx((10 * 0.3 + 10 / 3 * 0.1) / 0.4)
    np.testing.assert_array_equal(block.time[1:3], [0.1, 0.3])


def test_both_sides_of_a_bound_ask_for_the_same_acceleration():
    points = points_of([np.array([[0.0], [1.0], [2.0]])], [0.1, 0.3])
    plan = MotionPlan(points, limits())
    before, after = accelerations(plan)[1, 1, 0], accelerations(plan)[0, 2, 0]
    assert before == pytest.approx(after)


def test_a_point_at_full_speed_stays_at_full_speed_beside_slower_ones():
    points = points_of([np.arange(4.0)[:, None]], [0.2, 0.1, 0.2])
    plan = MotionPlan(points, limits(velocity=10))
    np.testing.assert_allclose(plan.pvt().velocity[[1, 2], 0], 10)
    assert_good_motion(points, plan)


def test_points_that_differ_too_much_can_be_parted_by_a_gap():
    points = points_of([np.arange(4.0)[:, None]], [0.1, 0.1, 0.01])
    plan = MotionPlan(points, limits(acceleration=500), part=True)
    assert plan.summary.num_gaps == 1
    block = plan.pvt()
    gap = np.flatnonzero(block.user_program == UserProgram.GAP)[0]
    assert block.completed[gap] == 2
    assert_good_motion(points, plan)


def test_points_that_can_be_joined_are_not_parted():
    points = points_of([np.arange(4.0)[:, None]], [0.1, 0.1, 0.09])
    assert MotionPlan(points, limits(), part=True).summary.num_gaps == 0


def test_points_on_a_parabola_are_met_exactly_without_pvt_points_for_their_middles():
    at = np.arange(9) / 2  # bounds and midpoints in turn
    way = np.stack([at, at**2], axis=1)
    points = bent(way[::2], way[1::2])
    plan = MotionPlan(points, limits())
    block = plan.pvt()
    assert len(block) == 6
    times = block.elapsed()[0] + np.arange(0, 0.401, 0.05)
    np.testing.assert_allclose(block.sample(times)[0], way, atol=1e-12)
    assert_good_motion(points, plan)


def test_middles_that_would_be_missed_are_pvt_points():
    points = bent(np.array([[0.0], [1.0], [2.0]]), np.array([[0.4], [1.4]]))
    plan = MotionPlan(points, limits())
    block = plan.pvt()
    assert block.user_program.tolist() == [1, 4, 1, 4, 2, 8]
    np.testing.assert_allclose(block.position[:5, 0], [0, 0.4, 1, 1.4, 2])
    assert_good_motion(points, plan)


def test_every_middle_can_be_asked_for():
    points = snake(2, 3)
    plan = MotionPlan(points, limits(), midpoints=True)
    middles = plan.pvt().user_program == UserProgram.MIDPOINT
    np.testing.assert_array_equal(plan.pvt().position[middles], points.midpoint)
    assert_good_motion(points, plan)


def test_points_that_do_not_touch_are_a_gap_even_if_nothing_says_so():
    one = points_of([np.array([[0.0], [1.0]]), np.array([[1.5], [2.5]])])
    unsaid = Points(
        one.axes,
        one.lower,
        one.midpoint,
        one.upper,
        one.duration,
        one.delay_after,
        np.array([True, False]),
        one.index,
    )
    plan = MotionPlan(unsaid, limits())
    assert plan.summary.num_gaps == 1
    assert_good_motion(unsaid, plan)


def test_a_gap_is_made_where_one_is_said_even_if_points_touch():
    points = points_of([np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])])
    plan = MotionPlan(points, limits())
    assert plan.summary.num_gaps == 1
    # 10 mm/s and 1000 mm/s²: stop, go back, stop, and be at 10 mm/s again.
    assert plan.summary.gaps_time == pytest.approx(4 * 10 / 1000)
    assert_good_motion(points, plan)
