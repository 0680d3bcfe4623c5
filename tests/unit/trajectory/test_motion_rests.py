"""Motion between points at rest comes to what its PVT points come to."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_rows import limits, points_of

from lapwing.errors import LapwingError, StateError
from lapwing.trajectory import CompoundGenerator, LineGenerator
from lapwing.trajectory.motion import MotionLimits, MotionPlan, UserProgram
from lapwing.trajectory.motion.assembly import Stretch, assemble, check
from lapwing.trajectory.motion.rests import at_rest, plan_rests
from lapwing.trajectory.motion.rows import RowRules
from lapwing.trajectory.motion.summary import Sums, sum_up
from lapwing.trajectory.points import Points


def resting(places, duration: Any = 0.1, delay: Any = 0.0) -> Points:
    """Make points that each rest at a place."""
    return points_of([np.array([place, place]) for place in places], duration, delay)


def both(stretch: Stretch, motion: MotionLimits) -> tuple[Sums, Sums]:
    """Sum up a stretch in both ways."""
    arrays = motion.of(stretch.points.axes)
    assembly = assemble(stretch, motion, arrays, RowRules())
    by_pvt = sum_up(assembly, check(assembly, stretch, arrays))
    return by_pvt, plan_rests(stretch, motion, arrays, RowRules()).sums()


positions = st.sampled_from([0.0, 0.1, -3.0, 7.25, 100.0])


@given(
    st.lists(st.tuples(positions, positions), min_size=1, max_size=12),
    st.data(),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=60)
def test_both_ways_to_sum_up_agree(places, data, begins, ends):
    delays = [data.draw(st.sampled_from([0.0, 0.0, 0.3])) for _ in places]
    points = resting(places, delay=delays)
    begin = 0 if begins or len(points) < 3 else 1
    end = len(points) if ends or len(points) < 3 else len(points) - 1
    stretch = Stretch(points, begin, end, 5)
    by_pvt, by_kind = both(stretch, limits(20.0, 500.0))
    for field in fields(Sums):
        one, other = (getattr(sums, field.name) for sums in (by_pvt, by_kind))
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=field.name)


def test_what_moves_is_not_at_rest():
    line = LineGenerator("x", "mm", 0, 1, 5)
    assert at_rest(CompoundGenerator([line], continuous=False).slice())
    assert not at_rest(CompoundGenerator([line]).slice())
    there_and_back = resting([[0.0], [1.0]])
    bent = Points(
        axes=("x",),
        lower=there_and_back.lower,
        midpoint=there_and_back.midpoint + 0.1,
        upper=there_and_back.upper,
        duration=there_and_back.duration,
        delay_after=there_and_back.delay_after,
        gap=there_and_back.gap,
        index=there_and_back.index,
    )
    assert not at_rest(bent)


@pytest.mark.parametrize(
    ("points", "high"),
    [
        (resting([[0.0], [1.0], [9.0]]), 5.0),
        (resting([[9.0], [1.0]]), 5.0),
        (resting([[0.0], [1.0]], duration=[0.1, -1]), 50.0),
        (resting([[0.0], [1.0]], duration=[0.1, 1e-6]), 50.0),
    ],
)
def test_both_ways_refuse_the_same_axis_at_the_same_point(points, high):
    motion = limits(high=high)
    arrays, rules = motion.of(points.axes), RowRules()
    stretch = Stretch(points, 0, len(points), 0)
    with pytest.raises(LapwingError) as by_kind:
        plan_rests(stretch, motion, arrays, rules)
    with pytest.raises(LapwingError) as by_pvt:
        check(assemble(stretch, motion, arrays, rules), stretch, arrays)
    one, other = by_kind.value, by_pvt.value
    assert type(one) is type(other)
    for key in ("axis", "point", "row"):
        assert one.context[key] == other.context[key]


def test_a_long_step_scan_is_summed_up_as_its_parts_are():
    rows = [LineGenerator("y", "mm", 0, 1, 40), LineGenerator("x", "mm", 0, 1, 200)]
    scan = CompoundGenerator(rows, continuous=False, duration=0.01)
    motion = limits(20.0, 500.0)
    plan = MotionPlan(scan, motion)
    assert plan.start_position.tolist() == [0, 0]
    assert plan.summary.num_gaps == 7999
    assert plan.summary.total_time == pytest.approx(plan.pvt().total_time)
    assert plan.summary.box == {"y": (0, 1), "x": (0, 1)}


def test_the_speeds_of_a_long_step_scan_are_those_of_its_pvt_points():
    rows = [LineGenerator("y", "mm", 0, 1, 40), LineGenerator("x", "mm", 0, 1, 200)]
    scan = CompoundGenerator(rows, continuous=False, duration=0.01)
    plan = MotionPlan(scan, limits(20.0, 500.0))
    assert plan.at_rest
    ends, peaks = (np.concatenate(one) for one in zip(*plan.peaks(), strict=True))
    assert ends.shape == (8000,)
    assert peaks.shape == (8000, 2)
    block = plan.pvt()
    elapsed, speeds = block.elapsed(), np.abs(block.velocity)
    np.testing.assert_allclose(ends, elapsed[block.user_program == UserProgram.GAP])
    for at in (1, 199, 200, 201, 7999):
        there = (elapsed > ends[at - 1] + 1e-6) & (elapsed < ends[at] - 1e-6)
        found = speeds[there].max(axis=0, initial=0)
        np.testing.assert_allclose(found, peaks[at], atol=1e-9)


def test_speeds_of_what_moves_within_points_are_in_its_blocks():
    scan = CompoundGenerator([LineGenerator("x", "mm", 0, 1, 5)], duration=1)
    plan = MotionPlan(scan, limits())
    assert not plan.at_rest
    with pytest.raises(StateError, match="move within points; go through `blocks`"):
        next(plan.peaks())
