"""Limits are checked when they are given, and say what breaks them and where."""

import math

import numpy as np
import pytest
from motion_rows import UP, limits, points_of, snake

from lapwing.errors import LimitError, PlanArgumentError
from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionPlan


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["max_velocity", "max_acceleration"])
def test_a_speed_or_acceleration_must_be_a_number_above_0(name, value):
    numbers = {"max_velocity": 1.0, "max_acceleration": 1.0, name: value}
    with pytest.raises(PlanArgumentError, match=f"{name} of {value}"):
        AxisLimits(**numbers)


@pytest.mark.parametrize(
    ("low", "high"), [(1, 1), (2, 1), (math.nan, 1), (0, math.nan)]
)
def test_soft_limits_must_leave_room(low, high):
    with pytest.raises(PlanArgumentError, match="low one must be below"):
        AxisLimits(1, 1, low, high)


@pytest.mark.parametrize("wrong", ["fast", None, 10**400, [1]])
def test_what_is_no_number_is_no_limit(wrong):
    with pytest.raises(PlanArgumentError, match=r"max_velocity of .* no number"):
        AxisLimits(wrong, 1)
    with pytest.raises(PlanArgumentError, match=r"a low of .* no number"):
        AxisLimits(1, 1, low=wrong)
    with pytest.raises(PlanArgumentError, match=r"a tick of .* no number"):
        MotionLimits({}, tick=wrong)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"x": (10, 100)}, r"axis x: its motion limits are \(10, 100\); AxisLimits"),
        ([AxisLimits(1, 1)], "a dict of axis to AxisLimits is needed"),
    ],
)
def test_limits_are_given_by_axis(axes, message):
    with pytest.raises(PlanArgumentError, match=message):
        MotionLimits(axes)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"tick": 0}, "tick of 0"),
        ({"tick": math.nan}, "tick of nan"),
        ({"min_turnaround": -1}, "min_turnaround of -1"),
        ({"min_turnaround": math.inf}, "min_turnaround of inf"),
        ({"max_segment": 1e-4}, "at least the tick, 0.001 s"),
        ({"max_segment": math.nan}, "max_segment of nan"),
    ],
)
def test_a_controllers_times_are_checked(setting, message):
    with pytest.raises(PlanArgumentError, match=message):
        MotionLimits({}, **setting)


def test_an_axis_without_limits_is_named_and_so_are_those_that_have_some():
    with pytest.raises(PlanArgumentError, match=r"'y' has no motion limits.*'x', 'z'"):
        MotionPlan(snake(2, 2), limits(axes="xz"))


def test_limits_of_other_axes_do_not_matter():
    MotionPlan(snake(2, 2), limits(axes="xyzab"))


def test_a_row_that_is_too_fast_is_named_with_what_it_needs_and_what_is_allowed():
    points = snake(3, 4, duration=np.repeat([0.1, 0.1, 0.02], 4))
    with pytest.raises(PlanArgumentError) as caught:
        MotionPlan(points, limits(velocity=20))
    assert str(caught.value).startswith(
        "axis x: point 8 (row 2) needs a velocity of 50 mm/s; 20 mm/s is the most"
    )
    facts = {"axis": "x", "point": 8, "row": 2, "allowed": 20.0}
    assert caught.value.context.items() >= facts.items()
    assert caught.value.context["needed"] == pytest.approx(50)


def test_a_row_further_on_than_one_block_is_checked_before_anything_is_planned():
    duration = np.full(10_000, 0.1)
    duration[9_000] = 0.01
    with pytest.raises(PlanArgumentError, match="point 9000"):
        MotionPlan(snake(100, 100, duration), limits(velocity=20))


def test_a_change_of_velocity_that_axes_cannot_make_is_named():
    points = points_of([np.arange(5.0)[:, None]], [0.1, 0.1, 0.05, 0.05])
    with pytest.raises(PlanArgumentError) as caught:
        MotionPlan(points, limits(acceleration=100))
    assert caught.value.context["axis"] == "x"
    assert caught.value.context["point"] == 1
    assert caught.value.context["allowed"] == 100
    # From 10 to 20 mm/s with 50/3 at the bound: 4 (50/3 - 10) / 0.1 s on one side,
    # 4 (20 - 50/3) / 0.05 s on the other.
    assert caught.value.context["needed"] == pytest.approx(800 / 3)
    MotionPlan(points, limits(acceleration=267))


def test_a_circle_too_quick_for_its_centripetal_acceleration_is_refused():
    at = np.linspace(0, 2 * np.pi, 801)  # bounds and midpoints
    way = 10 * np.stack([np.cos(at), np.sin(at)], axis=1)
    points = points_of([way[::2]], 0.01)
    points = type(points)(
        points.axes,
        points.lower,
        way[1::2],
        *(points.upper, points.duration, points.delay_after, points.gap, points.index),
    )
    needed = 10 * (2 * np.pi / 4) ** 2  # radius times angular velocity squared
    MotionPlan(points, limits(acceleration=needed * 1.02))
    with pytest.raises(PlanArgumentError, match=r"needs an acceleration of 24\.6"):
        MotionPlan(points, limits(acceleration=needed * 0.98))


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        (5e-4, r"axis x: point 0 \(row 0\) lasts 0.0005 s; .* 0.001 s, is the least"),
        (-1, r"axis x: point 0 \(row 0\) has no duration"),
    ],
)
def test_points_last_a_tick_at_least(duration, message):
    points = points_of([np.array([[0.0], [0.001], [0.002]])], duration)
    with pytest.raises(PlanArgumentError, match=message):
        MotionPlan(points, limits(velocity=1e6, acceleration=1e9))


def test_points_with_a_middle_of_their_own_last_two_ticks():
    points = points_of([np.array([[0.0], [0.001], [0.002]])], 0.0015)
    MotionPlan(points, limits())
    with pytest.raises(PlanArgumentError, match=r"0\.002 s, is the least"):
        MotionPlan(points, limits(), midpoints=True)


def one_row(**kwargs):
    """Go from x = 0 to 2 at 10 mm/s; run-up and run-down take 0.05 mm each."""
    return points_of([np.array([[0.0], [1.0], [2.0]])], 0.1), limits(**kwargs)


@pytest.mark.parametrize(
    ("soft", "when", "position", "limit"),
    [
        ({"low": -0.04}, "the run-up to point 0 ", -0.05, -0.04),
        ({"high": 2.04}, "the run-down after point 1 ", 2.05, 2.04),
        ({"low": 1.0}, "the run-up to point 0 ", -0.05, 1.0),
        ({"high": 1.5}, "point 1 ", 2.0, 1.5),
    ],
)
def test_soft_limits_hold_for_run_up_row_and_run_down(soft, when, position, limit):
    with pytest.raises(LimitError) as caught:
        MotionPlan(*one_row(**soft))
    assert str(caught.value).startswith(
        f"axis x: {when}(row 0) goes to {position:g} mm"
    )
    assert caught.value.context["position"] == pytest.approx(position)
    assert caught.value.context["limit"] == limit
    assert caught.value.device == "x"


def test_soft_limits_that_are_just_reached_are_kept():
    MotionPlan(*one_row(low=-0.05, high=2.05))


def test_soft_limits_hold_for_the_furthest_place_of_a_turnaround():
    """The controller goes beyond both its PVT points in between: v² / 2a further."""
    there = np.array([[-0.5, 0.0], [0.5, 0.0], [1.5, 0.0], [2.5, 0.0]])  # at 10 mm/s
    points = points_of([there, there[::-1] + UP * 0.05])
    reach = 2.5 + 10**2 / (2 * 1000)
    plan = MotionPlan(points, limits(high=reach + 0.0001))
    assert plan.summary.box["x"][1] == pytest.approx(reach)
    assert plan.pvt().position[:, 0].max() < reach - 0.01
    with pytest.raises(LimitError) as caught:
        MotionPlan(points, limits(high=reach - 0.0001))
    assert "the turnaround before point 3 (row 1) goes to 2.55 mm" in str(caught.value)
    assert caught.value.context["row"] == 1


def test_a_row_of_several_slow_dimensions_is_named_by_all_of_them():
    one = snake(2, 2)
    index = np.concatenate([np.full((4, 1), 7), one.index], axis=1)
    points = type(one)(
        one.axes,
        one.lower,
        one.midpoint,
        one.upper,
        *(one.duration, one.delay_after, one.gap, index),
    )
    with pytest.raises(PlanArgumentError) as caught:
        MotionPlan(points, limits(velocity=1))
    assert caught.value.context["row"] == (7, 0)
    assert "10 /s" in str(caught.value)
