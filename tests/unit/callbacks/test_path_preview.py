"""The numbers of a path, with and without motion."""

import numpy as np
import pytest

from lapwing.callbacks.path_preview import MOST_POINTS, PathPreview, speed
from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    CompoundGenerator,
    LineGenerator,
    RandomOffsetMutator,
    SpiralGenerator,
    StaticPointGenerator,
)
from lapwing.trajectory.motion import AxisLimits, MotionLimits

LIMITS = MotionLimits({"x": AxisLimits(4, 40), "y": AxisLimits(2, 20)})


def grid(rows=3, columns=5, snake=True, **options):
    options = {"duration": 0.5} | options
    return CompoundGenerator(
        [
            LineGenerator("y", "mm", 0, rows - 1, rows),
            LineGenerator("x", "mm", 0, columns - 1, columns, snake),
        ],
        **options,
    )


def test_without_limits_gaps_are_straight_ways():
    told = PathPreview(grid(snake=False)).summary
    assert (told.shape, told.num_points, told.axes) == ((3, 5), 15, ("y", "x"))
    assert told.units == {"x": "mm", "y": "mm"}
    assert told.box == {"y": (0.0, 2.0), "x": (-0.5, 4.5)}
    assert told.points_time == 7.5
    assert told.num_gaps == 2
    assert told.distance == {"y": 2.0, "x": 25.0}  # three rows of 5, twice 5 back
    assert told.top_speed == {"y": 0.0, "x": 2.0}
    assert told.motion is None


def test_a_range_is_looked_at_by_itself():
    told = PathPreview(grid(), start=4, stop=-9).summary
    assert (told.start, told.stop, told.num_points) == (4, 6, 2)
    assert told.num_gaps == 1
    assert told.box == {"y": (0.0, 1.0), "x": (3.5, 4.5)}
    assert told.points_time == 1.0
    assert told.distance == {"y": 1.0, "x": 2.0}


def test_sums_do_not_depend_on_blocks(monkeypatch):
    path = CompoundGenerator(
        [SpiralGenerator(["x", "y"], "mm", [0, 0], 3, 0.5)], duration=0.1
    )
    whole = PathPreview(path).summary
    monkeypatch.setattr("lapwing.callbacks.path_preview.BLOCK", 7)
    parts = PathPreview(path).summary
    assert parts.distance == pytest.approx(whole.distance)
    assert (parts.box, parts.top_speed) == (whole.box, whole.top_speed)
    points = path.slice()
    way = np.abs(points.upper - points.midpoint) + np.abs(
        points.midpoint - points.lower
    )
    assert list(whole.distance.values()) == pytest.approx(way.sum(axis=0).tolist())


def test_delays_count_and_unknown_durations_are_not_guessed():
    waits = PathPreview(grid(delay_after=0.1)).summary
    assert waits.points_time == pytest.approx(15 * 0.6)
    unknown = PathPreview(grid(duration=-1)).summary
    assert np.isnan(unknown.points_time)
    assert np.isnan(unknown.top_speed["x"])
    assert unknown.distance == {"y": 2.0, "x": 15.0}


def test_with_limits_the_motion_is_counted():
    preview = PathPreview(grid(), LIMITS)
    told = preview.summary
    assert told.motion is preview.motion.summary
    assert told.distance is told.motion.distance
    # Run-up and run-down take 0.05 s each, at 2 mm/s on average half as fast.
    assert told.motion.ramps_time == pytest.approx(0.1)
    assert told.motion.points_time == pytest.approx(7.5)
    assert told.distance["y"] == pytest.approx(2.0)
    assert told.distance["x"] > 15.0
    assert told.motion.slowest == "y"
    assert told.box == {"y": (0.0, 2.0), "x": (-0.5, 4.5)}
    assert told.motion.box["x"][1] > 4.5


def test_what_has_no_axis_has_a_time_all_the_same():
    told = PathPreview(CompoundGenerator([StaticPointGenerator(3)], duration=2)).summary
    assert (told.axes, told.box, told.points_time) == ((), {}, 6.0)


def test_of_a_path_that_is_too_long_is_told_what_is_known_at_once():
    told = PathPreview(grid(10**6, 10**6)).summary
    assert told.num_points == 10**12
    assert told.box["y"] == (0.0, 999999.0)
    assert told.points_time == 5e11
    assert (told.num_gaps, told.distance, told.top_speed) == (None, None, None)
    jumpy = grid(10**6, 10**6, mutators=[RandomOffsetMutator(1, ["x"], [0.1])])
    assert PathPreview(jumpy).summary.box is None
    part = PathPreview(grid(10**6, 10**6), start=10**8).summary
    assert part.box is None
    assert np.isnan(part.points_time)


def test_no_motion_is_planned_for_what_would_take_hours():
    with pytest.raises(PlanArgumentError, match=r"a path of 10+ points was to be plan"):
        PathPreview(grid(10**6, 10**6), LIMITS)
    some = PathPreview(grid(10**6, 10**6), LIMITS, start=10**11, stop=10**11 + 50)
    assert some.summary.motion.num_points == 50
    assert MOST_POINTS == 10**7


def test_an_empty_range_is_an_error():
    with pytest.raises(PlanArgumentError, match=r"points 9:3 of a path of 15 points"):
        PathPreview(grid(), start=9, stop=3)


def test_a_speed_has_its_unit_if_there_is_one():
    assert (speed(2.5, "mm"), speed(2.0, "")) == ("2.5 mm/s", "2/s")
