"""Whatever the rows, axes keep their limits, their places and their times."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from motion_rows import assert_good_motion, assert_within_limits, limits, points_of

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionPlan, PvtBlock
from lapwing.trajectory.motion.profiles import solve
from lapwing.trajectory.motion.ramps import possible_times
from lapwing.trajectory.motion.turnarounds import turn_around
from lapwing.trajectory.points import Points

TICKS = st.sampled_from([2e-4, 1e-3, 2e-3])
SETTINGS = settings(max_examples=60)


@st.composite
def rows(draw, equal=None):
    """Draw a few rows of 2 to 5 points; any axis may be still in any of them."""
    num_axes = draw(st.integers(1, 3))
    positions = st.floats(-100, 100).map(lambda x: round(x, 3))
    steps = st.sampled_from([0.0, 0.0, 0.1, -0.1, 1.0, 0.003, -7.5])
    bounds = []
    for _ in range(draw(st.integers(1, 4))):
        start = [draw(positions) for _ in range(num_axes)]
        step = [draw(steps) for _ in range(num_axes)]
        count = np.arange(draw(st.integers(2, 5)) + 1)[:, None]
        bounds.append(np.array(start) + count * np.array(step))
    num = sum(len(row) - 1 for row in bounds)
    times = st.sampled_from([0.002, 0.01, 0.025, 0.1, 0.1003, 1.5])
    equal = draw(st.booleans()) if equal is None else equal
    duration = draw(times) if equal else [draw(times) for _ in range(num)]
    delay = [draw(st.sampled_from([0.0, 0.0, 0.0, 0.05])) for _ in range(num)]
    return points_of(bounds, duration, delay)


@st.composite
def limits_for(draw, points: Points):
    """Draw limits with which the points can be gone through."""
    speeds = np.abs(points.upper - points.lower) / points.duration[:, None]
    axes = {}
    for axis, fastest in zip(points.axes, speeds.max(axis=0), strict=True):
        room = draw(st.sampled_from([1.0, 1.2, 5.0]))
        v_max = max(float(fastest), draw(st.sampled_from([0.5, 20.0]))) * room
        a_max = v_max / draw(st.sampled_from([0.0013, 0.02, 0.3, 2.0]))
        axes[axis] = AxisLimits(v_max, a_max)
    return MotionLimits(axes, tick=draw(TICKS))


@given(st.data())
@SETTINGS
def test_any_rows_are_gone_through_within_all_limits(data):
    points = data.draw(rows())
    plan = MotionPlan(points, data.draw(limits_for(points)), part=True)
    assert_good_motion(points, plan)


@given(st.data())
@SETTINGS
def test_rows_are_blended_within_all_limits_or_refused_with_the_reason(data):
    points = data.draw(rows(equal=False))
    given_limits = data.draw(limits_for(points))
    try:
        plan = MotionPlan(points, given_limits)
    except PlanArgumentError as error:
        reason = error.context
    else:
        assert_good_motion(points, plan)
        gaps = points.gap[1:] | (points.delay_after[:-1] > 0)
        assert plan.summary.num_gaps == gaps.sum()
        return
    assert reason["needed"] > reason["allowed"]
    assert reason["axis"] in points.axes
    assert 0 <= reason["point"] < len(points)


@given(st.data(), st.integers(1, 9), st.booleans(), st.booleans())
@SETTINGS
def test_blocks_of_any_size_are_one_motion(data, size, sparse, cut):
    points = data.draw(rows())
    given_limits = data.draw(limits_for(points))
    longest = 25 * given_limits.tick if cut else float("inf")
    given_limits = MotionLimits(
        given_limits.axes, given_limits.tick, max_segment=longest
    )
    plan = MotionPlan(points, given_limits, part=True, sparse=sparse)
    blocks = list(plan.blocks(size))
    for one, following in pairwise(blocks):
        np.testing.assert_array_equal(one.position[-1], following.start_position)
        np.testing.assert_array_equal(one.velocity[-1], following.start_velocity)
        assert one.completed[-1] == following.start_completed
    joined, whole = PvtBlock.join(blocks), plan.pvt()
    np.testing.assert_array_equal(joined.user_program, whole.user_program)
    np.testing.assert_array_equal(joined.completed, whole.completed)
    np.testing.assert_allclose(joined.time, whole.time, rtol=1e-12)
    np.testing.assert_allclose(joined.position, whole.position, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(joined.velocity, whole.velocity, rtol=1e-9, atol=1e-9)


@given(st.data())
@SETTINGS
def test_a_sparse_and_cut_motion_is_the_same_motion(data):
    points = data.draw(rows())
    plain = MotionPlan(points, data.draw(limits_for(points)), part=True)
    tick = plain.limits.tick
    other_limits = MotionLimits(plain.limits.axes, tick, max_segment=25 * tick)
    other = MotionPlan(points, other_limits, part=True, sparse=True)
    assert_within_limits(other)
    one, two = plain.pvt(), other.pvt()
    assert two.time.max() <= 25 * tick * (1 + 1e-6)
    assert two.total_time == pytest.approx(one.total_time, rel=1e-12)
    times = np.linspace(0, one.total_time, 301)
    (x1, v1), (x2, v2) = one.sample(times), two.sample(times)
    np.testing.assert_allclose(x1, x2, atol=1e-7)
    np.testing.assert_allclose(v1, v2, atol=1e-5 * max(1, np.abs(v1).max()))


@given(st.data())
@SETTINGS
def test_a_motion_begun_anywhere_goes_through_the_same_points(data):
    points = data.draw(rows())
    start = data.draw(st.integers(0, len(points) - 1))
    plan = MotionPlan(points, data.draw(limits_for(points)), start, part=True)
    assert_good_motion(points, plan)


velocities = st.floats(-1, 1) | st.sampled_from([0.0, 1.0, -1.0])
distances = st.floats(-300, 300) | st.sampled_from([0.0, 0.1, -2.0])


def one_move(v0, v1, distance, v_max):
    return tuple(np.array([x]) for x in (v0 * v_max, v1 * v_max, distance, v_max))


@given(velocities, velocities, distances, st.floats(0.3, 40))
@SETTINGS
def test_the_least_time_is_the_first_at_which_the_distance_is_within_reach(
    v0, v1, distance, v_max
):
    v0, v1, distance, v_max = one_move(v0, v1, distance, v_max)
    times = possible_times(v0, v1, distance, v_max)
    least = float(times.least[0])
    assert least >= abs(v1 - v0)[0]
    assume(least < 3000)
    step = max(least, 1.0) / 400
    for time in np.arange(abs(v1 - v0)[0], 3 * least + 3, step):
        low, high = _reach(v0[0], v1[0], v_max[0], time)
        room = 1e-6 * (1 + abs(distance[0]))
        possible = times.at_least(np.array([time]))[0] <= time * (1 + 1e-9)
        if low + room < distance[0] < high - room:
            assert possible
        if distance[0] < low - room or distance[0] > high + room:
            assert not possible


def _reach(v0, v1, v_max, time):
    """Return the least and the greatest distance in a time, from area by area."""
    corners = [(time + v1 - v0) / 2, (time - v1 + v0) / 2, v_max - v0, v_max + v0]
    corners += [time - v_max + v1, time - v_max - v1, 0, time]
    at = np.sort(np.clip(corners, 0, time))
    high = np.minimum(np.minimum(v0 + at, v1 + time - at), v_max)
    low = np.maximum(np.maximum(v0 - at, v1 - time + at), -v_max)
    return np.trapezoid(low, at), np.trapezoid(high, at)


tenths = st.integers(-9, 9).map(lambda n: n / 10)


@given(tenths, tenths, st.integers(-600, 600).map(lambda n: n / 10), st.floats(0.3, 8))
@settings(max_examples=40)
def test_no_profile_of_whole_ticks_is_shorter_than_the_one_that_is_found(
    v0, v1, distance, v_max
):
    v0, v1, distance, v_max = one_move(v0, v1, distance, v_max)
    least = float(possible_times(v0, v1, distance, v_max).least[0])
    assume(least < 40)
    for ticks in range(max(1, int(np.ceil(least - 1e-9))), 60):
        found = solve(v0, v1, distance, v_max, np.array([float(ticks)])).found[0]
        # A hair's breadth of room decides which of both is right at the edge.
        assert found >= _exists(v0[0], v1[0], distance[0], v_max[0] * 0.999, ticks)
        if found:
            assert _exists(v0[0], v1[0], distance[0], v_max[0] * 1.001, ticks)
            break


def _exists(v0, v1, distance, v_max, ticks) -> bool:
    """Tell by linear programming whether there is any motion on whole ticks.

    The unknowns are the accelerations at the beginning and at the end of each tick,
    each within ±1, between which they change linearly: a cubic of a controller.
    """
    from scipy.optimize import linprog

    part = np.arange(1, 9) / 8
    faster = [part - part**2 / 2, part**2 / 2]  # by the two, within a tick
    after = ticks - 1 - np.arange(ticks)  # ticks in which the change lasts
    speeds = np.zeros((ticks, 8, ticks, 2))
    for tick in range(ticks):
        speeds[tick, :, :tick] = 0.5
        speeds[tick, :, tick] = np.transpose(faster)
    speeds = speeds.reshape(8 * ticks, 2 * ticks)
    ways = np.stack([1 / 3 + after / 2, 1 / 6 + after / 2], axis=1).ravel()
    answer = linprog(
        np.zeros(2 * ticks),
        A_ub=np.vstack([speeds, -speeds]),
        b_ub=np.repeat([v_max - v0, v_max + v0], 8 * ticks),
        A_eq=np.vstack([np.full(2 * ticks, 0.5), ways]),
        b_eq=[v1 - v0, distance - v0 * ticks],
        bounds=[(-1, 1)] * (2 * ticks),
    )
    return bool(answer.status == 0)


TURNS = st.floats(0.001, 600) | st.sampled_from([0.001, 0.1, 1 / 6, 0.24, 2.2, 12.3])


@given(st.data())
@SETTINGS
def test_gaps_take_at_most_a_tick_more_than_the_closed_form_rounded_up(data):
    v_max = data.draw(st.floats(1, 300))
    num_axes = data.draw(st.integers(1, 3))
    v0 = np.array([[data.draw(velocities) * v_max for _ in range(num_axes)]])
    # Axes that do not turn round can be hindered from taking any longer time.
    v1 = np.array([[-data.draw(st.floats(0, 1)) * v for v in v0[0]]])
    way = np.array([[data.draw(distances) for _ in range(num_axes)]])
    one = limits(v_max, 1.0).of(tuple("xyz"[:num_axes]))
    gap = turn_around((0 * way, v0), (way, v1), one, 1.0, np.zeros(1))
    assert gap.least[0] <= gap.ticks[0] * (1 + 1e-8)
    assert gap.ticks[0] <= np.ceil(gap.least[0]) + 1
    assert gap.time.sum() == gap.ticks[0]
    np.testing.assert_array_equal(gap.time, np.rint(gap.time))


@given(
    velocities,
    st.floats(0, 1) | st.just(0.0),
    st.floats(-3, 3) | st.floats(-0.12, 0.12) | distances,
    st.floats(1, 30),
)
@settings(max_examples=400)
def test_a_gap_takes_a_tick_more_than_the_closed_form_but_for_a_sliver(
    v0, back, beyond, v_max
):
    """The bound of ADR 0022."""
    v0, v1, beyond, _ = one_move(v0, -back * v0, beyond, v_max)
    distance = abs(v1 - v0) * (v0 + v1) / 2 + beyond
    one = limits(v_max, 1.0).of(("x",))
    start, end = (np.zeros((1, 1)), v0[None]), (distance[None], v1[None])
    gap = turn_around(start, end, one, 1.0, np.zeros(1))
    peak = min((gap.least[0] + (np.sign(beyond) * (v0 + v1))[0]) / 2, v_max)
    sliver = 2 / 3 if abs(beyond) < 1 / 9 else 1 / (9 * peak)
    assert gap.ticks[0] <= gap.least[0] + 1 + sliver + 1e-8


@given(st.floats(0, 600) | st.sampled_from([0.1, 1 / 6, 0.24, 2.2, 12.3]))
@settings(max_examples=300)
def test_from_rest_to_rest_a_gap_takes_a_twentieth_above_a_tick_more(distance):
    one, rest = limits(40.0, 1.0).of(("x",)), np.zeros((1, 1))
    gap = turn_around((rest, rest), (rest + distance, rest), one, 1.0, np.zeros(1))
    least = max(2 * np.sqrt(distance), 1.0)
    assert gap.least[0] == pytest.approx(least)
    assert gap.ticks[0] - least <= 1.06


@given(
    st.floats(-8, 8).map(lambda v: round(v, 2)),
    st.floats(-8, 8).map(lambda v: round(v, 2)),
    st.floats(-30, 30).map(lambda d: round(d, 3)),
    st.sampled_from([5.0, 12.5, 50.0]),
)
@settings(max_examples=200)
def test_turnarounds_take_no_longer_than_those_of_velocity_profile(v0, v1, d, a_max):
    from velocity_profile.velocityprofile import VelocityProfile

    v_max, tick = 10.0, 2e-3
    other = VelocityProfile(v0, v1, d, 0.0, a_max, v_max, interval=tick)
    other.get_profile()
    other.quantize()
    times, speeds = (np.asarray(one, dtype=float) for one in other.make_arrays())
    lasts = np.diff(times)
    assume(len(lasts) > 0)
    assume((np.abs(np.diff(speeds)) <= a_max * lasts * (1 + 1e-9) + 1e-9).all())
    assume(np.abs(speeds).max() <= v_max * (1 + 1e-9))
    assume(abs(np.trapezoid(speeds, times) - d) < 1e-6)
    # Two points, 1 ms each, at the velocities with the distance in between.
    ends = [[0.0, 0.001 * v0], [0.001 * v0 + d, 0.001 * v0 + d + 0.001 * v1]]
    points = points_of([np.array(row)[:, None] for row in ends], 0.001)
    plan = MotionPlan(points, limits(v_max, a_max, tick=tick / 2))
    assert plan.summary.gaps_time <= times[-1] - times[0] + tick / 2 + 1e-9
