"""Regions over nested generators: what stays, in which order, and in which shape."""

from typing import Any

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ArrayGenerator,
    CircularROI,
    CompoundGenerator,
    Excluder,
    Generator,
    LineGenerator,
    RectangularROI,
    ROIExcluder,
    SectorROI,
    SpiralGenerator,
    SquashingExcluder,
    StaticPointGenerator,
)

CIRCLE = ROIExcluder([CircularROI([0, 0], 2)], ["x", "y"])


def line(
    axis: str, start: float, stop: float, num: int, *, turns: bool = False, **more: Any
) -> LineGenerator:
    return LineGenerator(axis, "mm", start, stop, num, turns, **more)


def scan(*parts: Generator, over: Any, **more: Any) -> CompoundGenerator:
    return CompoundGenerator(parts, over, **more)


def test_points_in_any_of_the_regions_stay_in_their_order():
    two = ROIExcluder([CircularROI([-2, 0], 1), CircularROI([2, 0], 1)], ["x", "y"])
    row = scan(line("y", 0, 1, 2), line("x", -3, 3, 7), over=two)
    assert row.shape == (8,)
    found = row.slice().midpoint.tolist()
    assert found[:6] == [[0, -3], [0, -2], [0, -1], [0, 1], [0, 2], [0, 3]]
    assert found[6:] == [[1, -2], [1, 2]]
    assert np.flatnonzero(row.slice().gap).tolist() == [0, 3, 6, 7]


def test_axes_of_a_region_are_in_the_order_in_which_they_are_named():
    low = ROIExcluder([RectangularROI([0, -9], 3, 18, 0.01)], ["y", "x"])
    found = scan(line("x", -1, 1, 3), line("y", -5, 5, 11), over=low)
    assert found.slice().midpoint[:, 1].min() >= 0


def test_points_must_be_in_a_region_of_every_excluder():
    right = ROIExcluder([RectangularROI([0, -9], 9, 18)] * 2, ["x", "y"])
    both = scan(line("y", -2, 2, 5), line("x", -2, 2, 5), over=[CIRCLE, right])
    assert sorted(both.slice().midpoint[:, 1].tolist()) == [0, 0, 0, 0, 0, 1, 1, 1, 2]
    assert both.shape == (9,)


def test_a_region_over_one_generator_is_a_mask_of_it():
    spiral = SpiralGenerator(["x", "y"], "mm", [0, 0], 5)
    plain = spiral.slice().midpoint
    half = ROIExcluder([RectangularROI([-9, 0], 18, 9)], ["x", "y"])
    cut = scan(StaticPointGenerator(2), spiral, over=half)
    inside = plain[plain[:, 1] >= 0]
    assert cut.shape == (2, len(inside))
    assert np.array_equal(cut.slice(len(inside)).midpoint, inside)


def test_a_dimension_between_the_axes_of_a_region_becomes_part_of_it():
    found = scan(
        line("y", -2, 2, 3), line("z", 0, 1, 2), line("x", -2, 2, 3), over=CIRCLE
    )
    assert found.axes == ("y", "z", "x")
    assert found.shape == (10,)
    assert found.slice(0, 2).midpoint.tolist() == [[-2, 0, 0], [-2, 1, 0]]


def test_dimensions_outside_and_inside_of_a_region_stay():
    found = scan(
        line("z", 0, 1, 2),
        line("y", -2, 2, 3),
        line("x", -2, 2, 3, turns=True),
        StaticPointGenerator(3),
        over=CIRCLE,
    )
    assert found.shape == (2, 5, 3)
    assert found.slice(12, 18).index.tolist() == [
        [0, 4, 0], [0, 4, 1], [0, 4, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2],
    ]  # fmt: skip


def test_a_masked_snake_that_alternates_goes_back_as_it_came():
    found = scan(
        line("z", 0, 1, 2),
        line("y", -2, 2, 3, turns=True),
        line("x", -2, 2, 3, turns=True),
        over=CIRCLE,
    )
    points = found.slice()
    there, back = points[:5], points[5:]
    assert there.midpoint[:, 1:].tolist() == back.midpoint[::-1, 1:].tolist()
    assert np.array_equal(there.lower[:, 1:], back.upper[::-1, 1:])
    assert back.index[:, 1].tolist() == [4, 3, 2, 1, 0]
    assert points.gap[5]


def test_squashed_dimensions_are_one():
    parts = [line("y", 0, 1, 2), line("x", 0, 2, 3, turns=True)]
    plain = CompoundGenerator(parts).slice()
    squashed = scan(*parts, over=SquashingExcluder(["x", "y"]))
    assert squashed.shape == (6,)
    assert np.array_equal(squashed.slice().lower, plain.lower)
    assert squashed.slice().index.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_a_rectangle_over_lines_leaves_a_grid():
    box = ROIExcluder([RectangularROI([1, 0], 2, 3)], ["x", "y"])
    found = scan(line("y", 5, -5, 11), line("x", 0, 9, 10, turns=True), over=box)
    assert found.shape == (4, 3)
    assert found.slice(0, 4).midpoint.tolist() == [[3, 1], [3, 2], [3, 3], [2, 3]]
    assert found.bounding_box() == {"y": (0, 3), "x": (0.5, 3.5)}


def test_a_rectangle_over_lines_costs_no_look_at_each_point():
    box = ROIExcluder([RectangularROI([0.25, 0.25], 0.5, 0.5)], ["x", "y"])
    found = scan(
        line("y", 0, 1, 10**6 + 1), line("x", 0, 1, 10**6 + 1, turns=True), over=box
    )
    assert found.shape == (500_001, 500_001)


def test_durations_of_a_line_go_with_what_a_rectangle_leaves_of_it():
    box = ROIExcluder([RectangularROI([1, 0], 1, 3)], ["x", "y"])
    timed = line("x", 0, 3, 4, duration=[1, 2, 3, 4])
    found = scan(line("y", 0, 1, 2), timed, over=box)
    assert found.slice().duration.tolist() == [2, 3, 2, 3]
    assert found.total_time == 10


def test_a_turned_rectangle_and_one_over_an_array_are_masks():
    box = ROIExcluder([RectangularROI([1, 0], 1, 3)], ["x", "y"])
    array = ArrayGenerator("x", "mm", [0, 1, 2, 3])
    assert scan(line("y", 0, 1, 2), array, over=box).shape == (4,)
    turned = ROIExcluder([RectangularROI([0.9, -0.1], 1.2, 3, 0.01)], ["x", "y"])
    assert scan(line("y", 0, 1, 2), line("x", 0, 3, 4), over=turned).shape == (4,)


def test_durations_and_boxes_of_masked_dimensions_are_those_of_their_points():
    timed = line("x", -2, 2, 3, duration=[1, 2, 3])
    found = scan(line("y", -2, 2, 3), timed, over=CIRCLE)
    assert found.slice().duration.tolist() == [2, 1, 2, 3, 2]
    assert found.total_time == 10
    assert found.bounding_box() == {"y": (-2, 2), "x": (-3, 3)}
    assert np.isnan(
        scan(line("y", 0, 1, 2), line("x", 0, 1, 2), over=CIRCLE).total_time
    )


def test_an_array_of_durations_is_as_long_as_what_is_left():
    parts = line("y", -2, 2, 3), line("x", -2, 2, 3)
    found = scan(*parts, over=CIRCLE, duration=[1, 2, 3, 4, 5])
    assert found.slice(1, 3).duration.tolist() == [2, 3]
    with pytest.raises(PlanArgumentError, match="duration has 9 numbers for 5 points"):
        scan(*parts, over=CIRCLE, duration=[1] * 9).prepare()


def test_a_region_that_leaves_nothing_says_so():
    far = ROIExcluder([CircularROI([50, 0], 1)], ["x", "y"])
    with pytest.raises(PlanArgumentError, match="exclude every point; move or enlarge"):
        scan(line("y", 0, 1, 2), line("x", 0, 1, 2), over=far).prepare()
    box = ROIExcluder([RectangularROI([5, 0], 1, 1)], ["x", "y"])
    with pytest.raises(PlanArgumentError, match="from 5 to 6, excludes every point"):
        scan(line("y", 0, 1, 2), line("x", 1, 0, 2), over=box).prepare()


def test_what_runs_forwards_cannot_be_tied_into_what_turns():
    with pytest.raises(PlanArgumentError, match="set alternate on it"):
        scan(line("y", 0, 1, 2, turns=True), line("x", 0, 1, 2), over=CIRCLE).prepare()


def test_a_region_over_more_points_than_can_be_looked_at_is_refused():
    huge = scan(line("y", 0, 1, 10**6), line("x", 0, 1, 10**6), over=CIRCLE)
    with pytest.raises(PlanArgumentError, match="each must be looked at"):
        huge.slice(0, 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ROIExcluder([], ["x", "y"]), "no region was given"),
        (lambda: ROIExcluder([CircularROI([0, 0], 1)], ["x"]), "plane of two axes"),
        (lambda: ROIExcluder([5], ["x", "y"]), "a ROI is needed here, but 5 is none"),
        (lambda: SquashingExcluder([]), "at least one axis"),
    ],
)
def test_excluders_that_cannot_be_are_refused(make: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        make()


def test_an_excluder_is_made_again_of_its_description():
    sector = ROIExcluder([SectorROI([0, 0], [0, 1], [0, 1])], ["x", "y"])
    for excluder in (CIRCLE, sector, SquashingExcluder(["x", "y"])):
        assert Excluder.from_json(excluder.to_json()) == excluder
    assert CIRCLE.to_dict() == {
        "typeid": "scanpointgenerator:excluder/ROIExcluder:1.0",
        "rois": [
            {
                "typeid": "scanpointgenerator:roi/CircularROI:1.0",
                "centre": [0, 0],
                "radius": 2,
            }
        ],
        "axes": ["x", "y"],
    }
