"""Run-up, turnarounds, waits and run-down, in whole ticks and in any blocks."""

import tracemalloc

import numpy as np
import pytest
from motion_rows import UP, assert_good_motion, limits, points_of, snake

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.interface import Trajectory
from lapwing.trajectory.motion import (
    AxisLimits,
    MotionLimits,
    MotionPlan,
    PvtBlock,
    UserProgram,
)
from lapwing.trajectory.points import Points


def test_a_motion_begins_and_ends_at_rest_and_is_at_speed_at_the_first_bound():
    block = MotionPlan(snake(1, 4), limits(acceleration=100)).pvt()
    assert block.start_position[0] == pytest.approx(-0.5 - 10**2 / 200)
    assert not block.start_velocity.any()
    assert block.time[0] == pytest.approx(0.1)
    assert block.velocity[0].tolist() == pytest.approx([10, 0])
    assert block.position[-1, 0] == pytest.approx(3.5 + 10**2 / 200)
    assert not block.velocity[-1].any()


def test_all_axes_run_up_in_the_time_of_the_slowest():
    points = points_of([np.array([[0.0, 0.0], [1.0, 0.1]])])
    given_limits = MotionLimits({"x": AxisLimits(20, 100), "y": AxisLimits(20, 5)})
    block = MotionPlan(points, given_limits).pvt()
    assert block.time[0] == pytest.approx(0.2)
    np.testing.assert_allclose(block.start_position, [-1, -0.1])


@pytest.mark.parametrize(
    ("y_step", "seconds"),
    [
        (0.0, 0.020),  # x turns from 10 to -10 mm/s at 1000 mm/s²
        (0.1, 0.020),  # y would need 2 sqrt(0.1 / 1000) = exactly as long
        (0.4, 0.040),
        (90.0, 0.9 + 0.1),  # y gets to its 100 mm/s and stays there
        (0.45, 0.043),  # 42.4 ms, rounded up to a tick
    ],
)
def test_a_turnaround_takes_what_the_slowest_axis_needs(y_step, seconds):
    there = np.array([[0.0, 0.0], [1.0, 0.0]])
    points = points_of([there, there[::-1] + UP * y_step])
    plan = MotionPlan(points, limits())
    assert plan.summary.gaps_time == pytest.approx(seconds)
    assert plan.summary.slowest == ("y" if y_step > 0.1 else "x")
    assert_good_motion(points, plan)


def test_an_axis_that_has_to_wait_for_another_stops_at_once_and_stays():
    there = np.array([[0.0, 0.0], [1.0, 0.0]])
    plan = MotionPlan(points_of([there, there[::-1] + UP * 10]), limits())
    assert plan.summary.box["x"][1] == pytest.approx(1.05)  # 10² / 2000 further


def test_an_axis_flies_back_to_rows_that_all_go_the_same_way():
    there = np.array([[0.0, 0.0], [100.0, 0.0]])
    points = points_of([there, there + UP], 10.0)
    plan = MotionPlan(points, limits())
    # From 10 to -100 and to 10 mm/s, 100 mm back: 0.11 + 0.11 s and the way between.
    back = 100 + 2 * (10**2 / 2000) - 2 * (100**2 / 2000)
    least = 2 * 0.11 + back / 100
    assert least <= plan.summary.gaps_time <= least + 0.001
    assert plan.summary.top_speed["x"] == pytest.approx(100, rel=0.01)
    assert plan.summary.fastest == "x"
    assert_good_motion(points, plan)


def test_a_step_scan_stands_still_at_each_point_for_its_duration():
    at = np.array([[0.0], [1.0], [3.0]])
    one = points_of([np.repeat(row[None], 2, axis=0) for row in at], 0.5)
    plan = MotionPlan(one, limits())
    block = plan.pvt()
    standing = np.flatnonzero(np.diff(block.completed) == 1) + 1
    np.testing.assert_array_equal(block.time[standing], 0.5)
    np.testing.assert_array_equal(block.position[standing], at)
    np.testing.assert_array_equal(block.velocity[standing], 0)
    moves = 2 * np.sqrt(np.array([1.0, 2.0]) / 1000)
    assert plan.summary.gaps_time == pytest.approx(np.ceil(moves * 1000).sum() / 1000)
    assert plan.summary.ramps_time == pytest.approx(0.002)  # a tick each, at rest


def test_a_delay_is_waited_for_before_the_next_point_begins():
    points = points_of([np.arange(4.0)[:, None]], 0.1, [0.0, 0.25, 0.0])
    plan = MotionPlan(points, limits())
    assert plan.summary.num_gaps == 1
    assert plan.summary.gaps_time == pytest.approx(0.25)
    assert_good_motion(points, plan)


def test_a_delay_is_within_a_turnaround_that_takes_longer():
    there = np.array([[0.0, 0.0], [1.0, 0.0]])
    points = points_of([there, there + UP], 0.1, 0.01)
    quick = points_of([there, there + UP], 0.1)
    delayed, undelayed = (MotionPlan(one, limits()) for one in (points, quick))
    assert delayed.summary.gaps_time == undelayed.summary.gaps_time


def test_a_least_time_of_turnarounds_is_kept():
    plan = MotionPlan(snake(3, 3), limits(min_turnaround=0.3005))
    assert plan.summary.gaps_time == pytest.approx(2 * 0.301)
    assert_good_motion(snake(3, 3), plan)


def test_a_tick_of_2_ms_makes_all_gaps_whole_multiples_of_it():
    points = snake(4, 3, 0.0501)
    plan = MotionPlan(points, limits(tick=2e-3))
    assert_good_motion(points, plan)


def test_pvt_points_say_what_begins_there_and_how_many_points_are_behind():
    block = MotionPlan(snake(2, 2), limits()).pvt()
    turn = len(block) - 7
    program = [1, 1, 2, *[0] * turn, 1, 1, 2, 8]
    assert block.user_program.tolist() == program
    assert block.completed.tolist() == [0, 1, 2, *[2] * turn, 2, 3, 4, 4]


def test_a_motion_can_begin_within_a_row_and_end_within_another():
    points = snake(3, 5)
    whole = MotionPlan(points, limits(acceleration=100)).pvt()
    plan = MotionPlan(points, limits(acceleration=100), 2, 13)
    block = plan.pvt()
    assert block.position[0].tolist() == points.lower[2].tolist()
    assert block.start_position[0] == pytest.approx(1.5 - 0.5)
    assert block.completed[0] == 2
    assert block.completed[-1] == 13
    first = np.flatnonzero(whole.completed == 2)[0]
    np.testing.assert_array_equal(
        whole.position[first + 1 :][: len(block) - 2], block.position[1:-1]
    )
    np.testing.assert_array_equal(
        whole.time[first + 1 :][: len(block) - 2], block.time[1:-1]
    )


def test_sparse_rows_are_their_ends():
    plan = MotionPlan(snake(2, 100), limits(), sparse=True)
    block = plan.pvt()
    full = MotionPlan(snake(2, 100), limits()).pvt()
    assert len(full) - len(block) == 2 * 99
    assert block.time[1] == pytest.approx(10)
    assert block.completed[:2].tolist() == [0, 100]


def test_sparse_rows_keep_bounds_at_which_the_velocity_changes():
    points = points_of([np.arange(7.0)[:, None]], [0.1, 0.1, 0.1, 0.2, 0.2, 0.2])
    block = MotionPlan(points, limits(), sparse=True).pvt()
    assert block.completed.tolist() == [0, 2, 3, 4, 6, 6]


@pytest.mark.parametrize("size", [1, 3, 7, 39])
def test_sparse_blocks_drop_what_the_whole_drops_as_a_speed_creeps_up(size):
    bounds = np.cumsum(0.1 * (1 + 4e-10 * np.arange(41)))[:, None]
    plan = MotionPlan(points_of([bounds], [0.1] * 40), limits(), sparse=True)
    assert PvtBlock.join(list(plan.blocks(size))).completed.tolist() == [0, 40, 40]


def test_long_points_are_cut_into_whole_ticks_no_longer_than_allowed():
    points = points_of([np.array([[0.0], [1.0], [2.0]])], [10.0, 0.1])
    block = MotionPlan(points, limits(max_segment=4.0)).pvt()
    assert block.time[1:4].tolist() == pytest.approx([3.333, 3.333, 3.334])
    assert block.completed[:5].tolist() == [0, 0, 0, 1, 2]
    assert block.user_program[1:4].tolist() == [UserProgram.NONE] * 2 + [1]
    assert block.total_time == pytest.approx(10.1 + 0.002 * 2, rel=1e-3)
    assert block.time[1:4].sum() == pytest.approx(10, abs=1e-12)


def test_a_summary_adds_everything_up():
    plan = MotionPlan(snake(2, 3), limits())
    summary, block = plan.summary, plan.pvt()
    assert summary.num_points == 6
    assert summary.num_gaps == 1
    assert summary.points_time == pytest.approx(0.6)
    assert summary.ramps_time == pytest.approx(0.02)
    assert summary.total_time == pytest.approx(block.total_time)
    assert summary.total_time == pytest.approx(0.62 + summary.gaps_time)
    # Twice three points, and four times 10² / 2000 to get up to speed and to rest.
    assert summary.distance == pytest.approx({"x": 6.2, "y": 1.0})
    assert summary.box["y"] == pytest.approx((0, 1))
    assert summary.top_speed["x"] == pytest.approx(10)


@pytest.mark.parametrize(("start", "stop"), [(3, 3), (6, None), (4, 2)])
def test_a_motion_needs_a_point(start, stop):
    with pytest.raises(PlanArgumentError, match="at least one point"):
        MotionPlan(snake(2, 3), limits(), start, stop)


def test_a_motion_needs_an_axis():
    with pytest.raises(PlanArgumentError, match="one axis"):
        MotionPlan(points_of([np.empty((3, 0))]), limits())


def test_a_motion_needs_limits():
    with pytest.raises(PlanArgumentError, match="are 5; MotionLimits are needed"):
        MotionPlan(snake(2, 2), 5)  # type: ignore[arg-type]


def test_blocks_have_at_least_one_point():
    with pytest.raises(PlanArgumentError, match="1 is the least"):
        MotionPlan(snake(2, 2), limits()).blocks(0)


def test_blocks_of_different_axes_are_not_joined():
    one = MotionPlan(snake(1, 2), limits()).pvt()
    other = MotionPlan(points_of([np.arange(3.0)[:, None]]), limits()).pvt()
    with pytest.raises(PlanArgumentError, match="same axes"):
        PvtBlock.join([one, other])
    with pytest.raises(PlanArgumentError, match="at least one"):
        PvtBlock.join([])


class Endless(Trajectory):
    """A snaked grid of 10^7 points, computed block by block."""

    axes = ("x", "y")
    units = {"x": "mm", "y": "mm"}  # noqa: RUF012
    shape = (10_000, 1000)
    size = 10**7
    duration = 0.01
    total_time = 1e5

    def _points(self, start: int, stop: int) -> Points:
        row, column = np.divmod(np.arange(start, stop), 1000)
        sign = np.where(row % 2, -1, 1)
        lower, upper = (sign * (column - 499.5 + end) for end in (-0.5, 0.5))
        return Points(
            self.axes,
            np.stack([lower, row * 1.0], axis=1),
            np.stack([(lower + upper) / 2, row * 1.0], axis=1),
            np.stack([upper, row * 1.0], axis=1),
            np.full(stop - start, 0.01),
            np.zeros(stop - start),
            column == 0,
            np.stack([row, column], axis=1),
        )

    def to_dict(self):
        return {}

    @classmethod
    def from_dict(cls, description):
        return cls()


def test_a_stream_of_any_length_takes_the_memory_of_a_block():
    def peak(stop: int) -> int:
        tracemalloc.start()
        plan = MotionPlan(Endless(), limits(velocity=200), 0, stop)
        num_pvt = sum(len(block) for block in plan.blocks())
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert num_pvt > stop
        return taken

    assert peak(160_000) < 1.2 * peak(16_000)


def test_a_motion_of_the_end_of_a_long_trajectory_is_numbered_as_there():
    plan = MotionPlan(Endless(), limits(velocity=200), start=10**7 - 1500)
    block = plan.pvt()
    assert block.completed[0] == 10**7 - 1500
    assert block.completed[-1] == 10**7
