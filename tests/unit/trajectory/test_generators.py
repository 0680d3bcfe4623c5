"""Generators alone: positions and bounds, worked out by hand."""

from math import cos, pi, sin, sqrt

import numpy as np
import pytest

from lapwing.trajectory import (
    ArrayGenerator,
    ConcatGenerator,
    Generator,
    LineGenerator,
    LissajousGenerator,
    SpiralGenerator,
    StaticPointGenerator,
    ZipGenerator,
)


def rows(generator: Generator) -> list[tuple[list[float], list[float], list[float]]]:
    """Return lower, midpoint and upper of each point."""
    p = generator.slice()
    tables = p.lower.tolist(), p.midpoint.tolist(), p.upper.tolist()
    return list(zip(*tables, strict=True))


def gap_rows(generator: Generator) -> list[int]:
    return np.flatnonzero(generator.slice().gap).tolist()


def test_a_line_begins_half_a_step_before_its_first_point():
    line = LineGenerator("x", "mm", 1, 5, 3)
    assert rows(line) == [([0], [1], [2]), ([2], [3], [4]), ([4], [5], [6])]
    assert (line.axes, line.units, line.shape, line.size) == (
        ("x",),
        {"x": "mm"},
        (3,),
        3,
    )
    assert line.slice().index.tolist() == [[0], [1], [2]]
    assert gap_rows(line) == [0]


def test_a_line_moves_several_axes():
    line = LineGenerator(["x", "y"], ["mm", "deg"], [1, 10], [2, 0], 2)
    assert rows(line) == [
        ([0.5, 15], [1, 10], [1.5, 5]),
        ([1.5, 5], [2, 0], [2.5, -5]),
    ]
    assert line.units == {"x": "mm", "y": "deg"}


def test_a_line_of_one_point_goes_from_start_to_stop():
    assert rows(LineGenerator("x", "mm", 1, 4, 1)) == [([1], [2.5], [4])]


def test_a_line_meets_its_end_exactly():
    line = LineGenerator("x", "mm", 0.1, 0.8, 10)
    assert 9 * ((0.8 - 0.1) / 9) + 0.1 != 0.8  # which might be beyond a limit
    assert line[-1].positions == {"x": 0.8}


def test_points_of_an_array_begin_and_end_midway():
    array = ArrayGenerator("x", "mm", [1, 2, 4, 3])
    assert rows(array) == [
        ([0.5], [1], [1.5]),
        ([1.5], [2], [3]),
        ([3], [4], [3.5]),
        ([3.5], [3], [2.5]),
    ]
    assert gap_rows(array) == [0]


def test_an_array_of_one_point_rests():
    assert rows(ArrayGenerator("x", "mm", [7])) == [([7], [7], [7])]


def test_an_array_has_rows_of_several_axes():
    array = ArrayGenerator(["x", "y"], "mm", [[0, 0], [2, 4]])
    assert rows(array) == [([-1, -2], [0, 0], [1, 2]), ([1, 2], [2, 4], [3, 6])]


def test_an_array_may_have_bounds_of_its_own():
    array = ArrayGenerator("x", "mm", [1, 2], lower=[0.9, 1.9], upper=[1.1, 2.1])
    assert rows(array) == [([0.9], [1], [1.1]), ([1.9], [2], [2.1])]
    assert gap_rows(array) == [0, 1]


def test_the_callers_array_is_not_kept():
    mine = np.array([1.0, 2.0])
    array = ArrayGenerator("x", "mm", mine)
    mine[0] = 5
    assert array.slice().midpoint.tolist() == [[1], [2]]


def test_static_points_move_nothing():
    static = StaticPointGenerator(3, duration=0.5)
    points = static.slice()
    assert points.midpoint.shape == (3, 0)
    assert points.gap.tolist() == [True, False, False]
    assert static.total_time == 1.5
    assert static[2].positions == {}


def test_static_points_may_be_counted():
    counted = StaticPointGenerator(2, "frame")
    assert rows(counted) == [([1], [1], [2]), ([2], [2], [3])]


def test_a_spiral_is_archimedean():
    spiral = SpiralGenerator(["x", "y"], "mm", [10, -10], 2, scale=0.5)
    alpha, beta = sqrt(4 * pi), 0.5 / (2 * pi)
    assert spiral.size == int((2 / (alpha * beta)) ** 2) + 1 == 51
    points = spiral.slice()
    for k in (0, 1, 7, 50):
        for shift, found in (
            (0.0, points.lower),
            (0.5, points.midpoint),
            (1.0, points.upper),
        ):
            angle = alpha * sqrt(k + shift)
            r = beta * angle
            expected = (10 + r * sin(angle), -10 + r * cos(angle))
            assert found[k] == pytest.approx(expected, abs=1e-13)
    assert points.lower[0].tolist() == [10, -10]
    assert gap_rows(spiral) == [0]


@pytest.mark.parametrize(("lobes", "phase"), [(1, pi / 2), (2, 0.0)])
def test_a_lissajous_curve_fills_its_box(lobes: int, phase: float):
    curve = LissajousGenerator(["x", "y"], "mm", [1, 2], [4, 6], lobes)
    assert curve.size == 250 * lobes
    turn = 2 * pi / curve.size
    points = curve.slice()
    for k in (0, 17, 249):
        for at, found in ((k - 0.5, points.lower), (k, points.midpoint)):
            expected = (
                1 + 2 * sin(lobes * turn * at + phase),
                2 + 3 * sin((lobes + 1) * turn * at),
            )
            assert found[k] == pytest.approx(expected, abs=1e-12)
    box = curve.bounding_box()
    assert box["x"] == pytest.approx((-1, 3), abs=1e-3)
    assert box["y"] == pytest.approx((-1, 5), abs=1e-3)


def test_generators_follow_each_other_without_a_gap_where_they_meet():
    both = ConcatGenerator(
        [LineGenerator("x", "mm", 1, 9, 5), LineGenerator("x", "mm", 11, 19, 5)]
    )
    points = both.slice()
    assert points.midpoint.ravel().tolist() == list(range(1, 21, 2))
    assert points.lower.ravel().tolist() == list(range(0, 20, 2))
    assert points.upper.ravel().tolist() == list(range(2, 22, 2))
    assert gap_rows(both) == [0]
    assert both.size == 10


def test_generators_that_do_not_meet_have_a_gap_between_them():
    parts = [LineGenerator("x", "mm", 1, 9, 5), LineGenerator("x", "mm", 20, 24, 5)]
    assert gap_rows(ConcatGenerator(parts)) == [0, 5]


def test_a_gap_can_be_forced_between_generators_that_meet():
    parts = [LineGenerator("x", "mm", 1, 9, 5), LineGenerator("x", "mm", 11, 19, 5)]
    forced = ConcatGenerator(parts, gap=True)
    assert gap_rows(forced) == [0, 5]
    assert gap_rows(ConcatGenerator([forced])) == [0, 5]
    nested = ZipGenerator([forced, LineGenerator("y", "mm", 0, 9, 10)])
    assert gap_rows(nested) == [0, 5]


def test_ends_a_rounding_error_apart_are_made_one():
    near = ConcatGenerator(
        [LineGenerator("x", "mm", 1, 9, 5), LineGenerator("x", "mm", 11 + 4e-6, 19, 5)]
    )
    points = near.slice()
    assert gap_rows(near) == [0]
    assert points.upper[4] == points.lower[5] != 10
    assert near.bounding_box()["x"][1] == points.upper.max()


def test_an_end_of_an_array_follows_the_line_of_its_last_points():
    both = ConcatGenerator(
        [
            ArrayGenerator("x", "mm", [1, 2, 3, 4, 5]),
            ArrayGenerator("x", "mm", [6, 7, 8, 9, 0]),
        ]
    )
    points = both.slice()
    assert points.lower.ravel().tolist() == [
        0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 4.5,
    ]  # fmt: skip
    assert points.upper[-1].tolist() == [-4.5]


def test_the_box_of_a_line_is_there_at_once_however_long_it_is():
    line = LineGenerator("x", "mm", 0, 1, 10**12)
    both = ZipGenerator([line, LineGenerator("y", "mm", 3, 2, 10**12)])
    assert both.bounding_box() == {
        "x": pytest.approx((0, 1)),
        "y": pytest.approx((2, 3)),
    }
    assert ConcatGenerator([line]).bounding_box() == {"x": pytest.approx((0, 1))}
    assert np.isnan(both.total_time)
    assert both.slice(-1).duration.tolist() == [-1]


def test_generators_run_together_along_axes_of_their_own():
    both = ZipGenerator(
        [LineGenerator("x", "mm", 1, 5, 3), ArrayGenerator("y", "deg", [0, 2, 0])]
    )
    assert both.axes == ("x", "y")
    assert both.units == {"x": "mm", "y": "deg"}
    assert rows(both) == [
        ([0, -1], [1, 0], [2, 1]),
        ([2, 1], [3, 2], [4, 1]),
        ([4, 1], [5, 0], [6, -1]),
    ]


def test_each_point_may_have_a_duration():
    line = LineGenerator("x", "mm", 1, 5, 3, duration=[0.1, 0.2, 0.3])
    assert line.slice(1).duration.tolist() == [0.2, 0.3]
    assert line.duration == -1
    assert line.total_time == pytest.approx(0.6)
    assert LineGenerator("x", "mm", 1, 5, 3, duration=0.1).duration == 0.1
    assert np.isnan(LineGenerator("x", "mm", 1, 5, 3).total_time)


def test_durations_of_parts_are_those_of_the_whole():
    slow, fast = (
        LineGenerator("x", "mm", 0, 1, 2, duration=0.5),
        LineGenerator("x", "mm", 2, 3, 2, duration=0.25),
    )
    one = ConcatGenerator([slow, fast])
    assert one.slice().duration.tolist() == [0.5, 0.5, 0.25, 0.25]
    assert one.duration == -1
    assert one.total_time == 1.5
    assert ConcatGenerator([slow, slow]).duration == 0.5
    two = ZipGenerator([one, LineGenerator("y", "mm", 0, 1, 4)])
    assert two.slice().duration.tolist() == [0.5, 0.5, 0.25, 0.25]
    assert (two.total_time, two.duration) == (1.5, -1)
    assert np.isnan(ZipGenerator([LineGenerator("y", "mm", 0, 1, 4)]).total_time)


def test_a_generator_alone_is_a_trajectory():
    line = LineGenerator("x", "mm", 0, 9, 10)
    assert len(line) == 10
    assert line[3].positions == {"x": 3}
    assert line[-2:].midpoint.ravel().tolist() == [8, 9]
    assert [point.indexes for point in line][:2] == [(0,), (1,)]
    assert [len(block) for block in line.blocks(4)] == [4, 4, 2]
    assert len(line.slice(5, 2)) == 0
    assert line.bounding_box() == {"x": (-0.5, 9.5)}
    with pytest.raises(IndexError, match="point 10 was asked for; there are 10"):
        line[10]
