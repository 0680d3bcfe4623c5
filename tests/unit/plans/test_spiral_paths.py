"""Spirals: where their points lie, how many, and what is refused."""

from itertools import pairwise
from math import cos, hypot, pi, sin, sqrt

import pytest
from bluesky import plan_patterns

from lapwing.errors import PlanArgumentError
from lapwing.plans.spiral_paths import spiral, spiral_fermat, spiral_square_pattern


def places(path):
    return [(step["x"], step["y"]) for step in path]


def test_rings_of_a_spiral_have_equally_many_points_more_each():
    path = places(spiral("x", "y", 1, 2, 10, 10, 1, 3))
    radii = [round(hypot(x - 1, y - 2), 9) for x, y in path]
    assert [radii.count(r) for r in (1, 2, 3, 4, 5)] == [3, 6, 9, 12, 15]
    ring = [(1 + 2 * cos(k * pi / 3), 2 + 2 * sin(k * pi / 3)) for k in range(6)]
    for found, expected in zip(path[3:9], ring, strict=True):
        assert found == pytest.approx(expected)


def test_no_point_of_a_spiral_lies_outside_of_its_window():
    path = places(spiral("x", "y", 0, 0, 3, 1, 0.2, 4, dr_y=0.1))
    assert all(abs(x) <= 1.5 and abs(y) <= 0.5 for x, y in path)
    assert max(y for _, y in path) > 0.4


def test_a_tilted_window_leans():
    tilt = 0.5
    path = places(spiral("x", "y", 0, 0, 1, 2, 0.1, 5, tilt=tilt))
    assert all(abs(x + y * sin(tilt) / cos(tilt)) <= 0.5 for x, y in path)
    assert any(abs(x) > 0.5 for x, _ in path)


def test_points_of_a_fermat_spiral_are_evenly_spread():
    path = places(spiral_fermat("x", "y", 0, 0, 20, 20, 1, 1))
    assert hypot(*path[0]) == pytest.approx(1)
    assert hypot(*path[8]) == pytest.approx(3)
    inner = [hypot(x, y) for x, y in path if hypot(x, y) < 10]
    assert len(inner) == 99  # the k-th one has the radius sqrt(k)
    assert inner == pytest.approx([sqrt(k) for k in range(1, 100)])


@pytest.mark.parametrize("x_num", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("y_num", [1, 2, 3, 4, 7])
def test_a_square_spiral_takes_each_point_of_its_grid_once(x_num, y_num):
    path = places(
        spiral_square_pattern("x", "y", 1, 2, x_num - 1, y_num - 1, x_num, y_num)
    )
    columns = {1 - (x_num - 1) / 2 + k for k in range(x_num)}
    rows = {2 - (y_num - 1) / 2 + k for k in range(y_num)}
    assert len(path) == x_num * y_num
    assert set(path) == {(x, y) for x in columns for y in rows}


def test_a_square_spiral_walks_from_neighbour_to_neighbour():
    path = places(spiral_square_pattern("x", "y", 0, 0, 4, 4, 5, 5))
    assert path[0] == (0, 0)
    assert path[:4] == [(0, 0), (1, 0), (1, -1), (0, -1)]
    assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in pairwise(path))


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 0, 1, 1, 0.25, 3),
        (1.5, -2, 3, 1, 0.3, 2.5, {"dr_y": 0.2}),
        (0, 0, 2, 2, 0.1, 1, {"tilt": 0.3}),
        (0.1, 0.2, 2, 1, 0.15, 4, {"tilt": -0.7, "dr_y": 0.3}),
    ],
)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(spiral, plan_patterns.spiral), (spiral_fermat, plan_patterns.spiral_fermat)],
)
def test_round_spirals_are_those_of_bluesky(ours, theirs, arguments):
    *numbers, options = (
        arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    )
    assert list(ours("x", "y", *numbers, **options)) == list(
        theirs("x", "y", *numbers, **options)
    )


@pytest.mark.parametrize("nums", [(2, 2), (3, 3), (5, 2), (2, 5), (6, 4), (3, 8)])
def test_square_spirals_are_those_of_bluesky(nums):
    ours = places(spiral_square_pattern("x", "y", 0.5, -1, 2, 3, *nums))
    theirs = places(plan_patterns.spiral_square_pattern("x", "y", 0.5, -1, 2, 3, *nums))
    assert ours == [pytest.approx(place) for place in theirs]


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ((0, 0, 1, 1, 0, 3), "dr must be above 0"),
        ((0, 0, 1, 1, -1, 3), "dr must be above 0"),
        ((0, 0, 1, 1, 1, 0), "must be above 0"),
        ((0, 0, 0.1, 0.1, 1, 3), "no point"),
    ],
)
@pytest.mark.parametrize("pattern", [spiral, spiral_fermat])
def test_what_makes_no_spiral_is_refused(pattern, numbers, named):
    with pytest.raises(PlanArgumentError, match=named):
        pattern("x", "y", *numbers)
    with pytest.raises(PlanArgumentError, match="dr_y must be above 0"):
        pattern("x", "y", 0, 0, 1, 1, 0.1, 3, dr_y=0)


def test_a_square_spiral_needs_whole_numbers():
    with pytest.raises(PlanArgumentError, match="number of points"):
        spiral_square_pattern("x", "y", 0, 0, 1, 1, 2.5, 2)
    with pytest.raises(PlanArgumentError, match="at least 1"):
        spiral_square_pattern("x", "y", 0, 0, 1, 1, 2, 0)
