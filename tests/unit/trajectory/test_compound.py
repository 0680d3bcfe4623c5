"""Nested generators: order, turns, bounds, gaps, indexes, durations."""

from typing import Any

import numpy as np
import pytest

from lapwing.trajectory import (
    ArrayGenerator,
    CompoundGenerator,
    LineGenerator,
    Point,
    StaticPointGenerator,
    ZipGenerator,
)
from lapwing.trajectory.motion import AxisLimits, MotionLimits, MotionPlan, UserProgram


def seed_grid(**more: Any) -> CompoundGenerator:
    return CompoundGenerator(
        generators=[
            LineGenerator("ty", "mm", 0, 1, 2),
            LineGenerator("tx", "mm", 1, 2, 20),
        ],
        **{"duration": 0.1, **more},
    )


def small(*, alternate: bool = True, **more: Any) -> CompoundGenerator:
    """Return two rows of three points."""
    return CompoundGenerator(
        [
            LineGenerator("y", "mm", 0, 1, 2),
            LineGenerator("x", "mm", 1, 5, 3, alternate),
        ],
        **more,
    )


def test_the_first_generator_is_slowest():
    grid = seed_grid()
    assert grid.axes == ("ty", "tx")
    assert grid.units == {"ty": "mm", "tx": "mm"}
    assert (grid.size, grid.shape, grid.duration) == (40, (2, 20), 0.1)
    assert grid.total_time == pytest.approx(4)
    points = grid.slice(19, 21)
    assert points.midpoint.tolist() == [[0, 2], [1, 1]]
    assert points.index.tolist() == [[0, 19], [1, 0]]


def test_only_the_fastest_axis_moves_while_a_point_is_taken():
    points = small().slice()
    assert points.lower.tolist() == [[0, 0], [0, 2], [0, 4], [1, 6], [1, 4], [1, 2]]
    assert points.midpoint.tolist() == [[0, 1], [0, 3], [0, 5], [1, 5], [1, 3], [1, 1]]
    assert points.upper.tolist() == [[0, 2], [0, 4], [0, 6], [1, 4], [1, 2], [1, 0]]


def test_indexes_count_positions_so_that_they_go_back_in_a_snake():
    index = small().slice().index
    assert index.tolist() == [[0, 0], [0, 1], [0, 2], [1, 2], [1, 1], [1, 0]]


def test_rows_begin_with_a_gap():
    assert small().slice().gap.tolist() == [True, False, False] * 2
    assert small(alternate=False).slice().gap.tolist() == [True, False, False] * 2
    assert small().slice(3, 5).gap.tolist() == [True, False]
    assert small().slice(4, 5).gap.tolist() == [False]


@pytest.mark.parametrize(
    ("index", "start"),
    [(0, 0), (8999, 0), (9000, 9000), (17_999, 9000), (26_000, 18_000)],
)
def test_a_row_is_found_from_any_point_in_it(index, start):
    rows = [LineGenerator("y", "mm", 0, 2, 3), LineGenerator("x", "mm", 0, 1, 9000)]
    assert CompoundGenerator(rows).row_start(index) == start


def test_a_row_begins_after_a_delay_and_where_a_turnaround_is_planned():
    line = LineGenerator("x", "mm", 0, 5, 6)
    rows = CompoundGenerator(
        [StaticPointGenerator(2), line],
        duration=0.1,
        delay_after=[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    )
    starts = [rows.row_start(index) for index in range(12)]
    assert starts == [0] * 4 + [4] * 2 + [6] * 6
    block = MotionPlan(rows, MotionLimits({"x": AxisLimits(20, 1000)})).pvt()
    gaps = block.completed[block.user_program == UserProgram.GAP]
    assert {0, *gaps.tolist()} == {*starts, 12}


@pytest.mark.parametrize("index", [-1, 6])
def test_a_row_of_a_point_that_is_not_there_is_not_found(index):
    with pytest.raises(IndexError, match="there are 6"):
        small().row_start(index)


def test_a_snake_turns_at_every_level():
    deep = CompoundGenerator(
        [
            LineGenerator("z", "mm", 0, 2, 3),
            LineGenerator("y", "mm", 0, 1, 2, True),
            LineGenerator("x", "mm", 0, 1, 2, True),
        ]
    )
    assert deep.slice().midpoint.tolist() == [
        [0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0],
        [1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 0, 0],
        [2, 0, 0], [2, 0, 1], [2, 1, 1], [2, 1, 0],
    ]  # fmt: skip


def test_a_snake_that_turns_on_the_spot_has_a_gap():
    there_and_back = CompoundGenerator(
        [StaticPointGenerator(2), LineGenerator("x", "mm", 0, 1, 2, True)]
    )
    points = there_and_back.slice()
    assert points.midpoint.ravel().tolist() == [0, 1, 1, 0]
    assert points.upper[1] == points.lower[2]
    assert points.gap.tolist() == [True, False, True, False]


def test_frames_at_each_position_rest():
    twice = CompoundGenerator(
        [LineGenerator("x", "mm", 0, 1, 2), StaticPointGenerator(2)]
    )
    points = twice.slice()
    assert points.midpoint.ravel().tolist() == [0, 0, 1, 1]
    assert np.array_equal(points.lower, points.upper)
    assert points.gap.tolist() == [True, False, True, False]
    assert points.index.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("continuous", [True, False])
@pytest.mark.parametrize("gap", [True, False])
def test_repeats_that_meet_have_gaps_between_them_if_asked_for(gap, continuous):
    loop = ArrayGenerator("x", "mm", [0.5, 0.5], lower=[0, 1], upper=[1, 0])
    scan = CompoundGenerator(
        [StaticPointGenerator(3, gap=gap), loop], continuous=continuous
    )
    assert scan.slice().gap.tolist() == [True, False, gap, False, gap, False]


def test_what_is_not_continuous_rests_at_each_point():
    points = small(continuous=False).slice()
    assert np.array_equal(points.lower, points.midpoint)
    assert np.array_equal(points.upper, points.midpoint)
    assert points.gap.all()


def test_a_point_is_told_by_its_axes():
    assert small(duration=0.5, delay_after=2)[4] == Point(
        positions={"y": 1, "x": 3},
        lower={"y": 1, "x": 4},
        upper={"y": 1, "x": 2},
        indexes=(1, 1),
        duration=0.5,
        delay_after=2,
    )


def test_durations_may_be_one_a_point():
    seconds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    grid = small(duration=seconds, delay_after=[0, 0, 1, 0, 0, 1])
    assert grid.slice(2, 4).duration.tolist() == [0.3, 0.4]
    assert grid.slice(2, 4).delay_after.tolist() == [1, 0]
    assert grid.duration == -1
    assert grid.total_time == pytest.approx(4.1)
    assert small().total_time != small().total_time  # NaN: not given


def test_durations_of_a_generator_belong_to_its_positions():
    grid = CompoundGenerator(
        [
            LineGenerator("y", "mm", 0, 1, 2),
            LineGenerator("x", "mm", 1, 5, 3, True, duration=[0.1, 0.2, 0.3]),
        ]
    )
    assert grid.slice().duration.tolist() == [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]
    assert grid.total_time == pytest.approx(1.2)
    rows = CompoundGenerator(
        [
            LineGenerator("y", "mm", 0, 1, 2, duration=[0.5, 1]),
            LineGenerator("x", "mm", 1, 5, 3),
        ]
    )
    assert rows.slice().duration.tolist() == [0.5] * 3 + [1] * 3
    assert rows.total_time == pytest.approx(4.5)
    assert rows.duration == -1


def test_a_single_generator_need_not_be_in_a_list():
    line = LineGenerator("x", "mm", 0, 1, 2)
    assert CompoundGenerator(line) == CompoundGenerator([line])


def test_parts_may_be_given_as_descriptions():
    line = LineGenerator("x", "mm", 0, 1, 2)
    assert CompoundGenerator([line.to_dict()]).generators == (line,)


def test_the_box_of_a_million_million_points_is_there_at_once():
    huge = CompoundGenerator(
        [
            LineGenerator("y", "mm", 0, 1, 10**6),
            LineGenerator("x", "mm", 5, 5, 10**6, True),
        ],
        duration=0.5,
    )
    assert (huge.size, len(huge)) == (10**12, 10**12)
    assert huge.total_time == 5e11
    assert huge.bounding_box() == {"y": (0, 1), "x": (5, 5)}
    last = huge.slice(-2)
    assert last.midpoint[:, 0].tolist() == [1, 1]
    assert last.index.tolist() == [[999_999, 1], [999_999, 0]]


def test_generators_zipped_are_one_dimension():
    both = ZipGenerator(
        [LineGenerator("x", "mm", 0, 1, 2), LineGenerator("y", "mm", 0, 2, 2)],
        alternate=True,
    )
    nested = CompoundGenerator([LineGenerator("z", "mm", 0, 1, 2), both])
    assert nested.shape == (2, 2)
    assert nested.slice().midpoint.tolist() == [
        [0, 0, 0],
        [0, 1, 2],
        [1, 1, 2],
        [1, 0, 0],
    ]
