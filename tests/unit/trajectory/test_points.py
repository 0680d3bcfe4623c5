"""Points: arrays that fit each other, are cut and joined, and cannot be changed."""

from typing import Any

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import Point, Points


def three(**changes: Any) -> Points:
    """Return three points of two axes, of which the last one follows a gap."""
    midpoint = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
    given: dict[str, Any] = {
        "axes": ("y", "x"),
        "lower": np.subtract(midpoint, (0, 0.5)),
        "midpoint": midpoint,
        "upper": np.add(midpoint, (0, 0.5)),
        "duration": [0.1, -1, 0.2],
        "delay_after": [0, 0, 1.5],
        "gap": [True, False, True],
        "index": [[0, 0], [0, 1], [1, 0]],
        "units": {"x": "mm"},
    }
    return Points(**given | changes)


def test_points_have_arrays_of_their_types():
    points = three()
    assert len(points) == 3
    assert points.midpoint.dtype == points.duration.dtype == np.float64
    assert points.index.dtype == np.int64
    assert points.gap.dtype == np.bool_
    assert points.units == {"y": "", "x": "mm"}


def test_arrays_cannot_be_written_to_and_the_callers_stay_writable():
    mine = np.zeros((3, 2))
    points = three(midpoint=mine)
    with pytest.raises(ValueError, match="read-only"):
        points.midpoint[0, 0] = 5
    mine[0, 0] = 1


def test_one_point_is_told_by_the_names_of_its_axes():
    assert three()[1] == Point(
        positions={"y": 0.0, "x": 2.0},
        lower={"y": 0.0, "x": 1.5},
        upper={"y": 0.0, "x": 2.5},
        indexes=(0, 1),
        duration=-1.0,
        delay_after=0.0,
    )
    assert three()[-1].indexes == (1, 0)
    assert [point.positions["x"] for point in three()] == [1, 2, 1]


def test_a_point_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError, match="point 3 was asked for; there are 3"):
        three()[3]


def test_cut_points_put_together_again_are_the_same():
    points = three()
    assert Points.join([points[:1], points[1:1], points[1:]]) == points
    assert points[1:] != points[:2]
    assert points[2:].gap.tolist() == [True]
    assert (points == 5) is False


def test_a_step_between_points_is_refused():
    with pytest.raises(PlanArgumentError, match="step of 2"):
        three()[::2]


def test_nothing_cannot_be_joined():
    with pytest.raises(PlanArgumentError, match="at least one"):
        Points.join([])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"axes": ("y", "z")}, "axes, order and units must agree"),
        ({"units": {"x": "um"}}, "axes, order and units must agree"),
        ({"index": [[0], [1], [2]]}, "dimensions"),
    ],
)
def test_points_that_do_not_fit_are_not_joined(changes: dict[str, Any], said: str):
    with pytest.raises(PlanArgumentError, match=said):
        Points.join([three(), three(**changes)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"axes": ("x", "x")}, "once"),
        ({"lower": np.zeros((2, 2))}, r"'lower' of shape \(3, 2\), not \(2, 2\)"),
        ({"duration": [1.0]}, r"'duration' of shape \(3,\)"),
        ({"gap": [True]}, "'gap'"),
        ({"index": [0, 1, 2]}, r"index of shape \(3, num_dims\)"),
        ({"upper": np.full((3, 2), np.nan)}, "'upper' with NaN"),
        ({"delay_after": [0, np.inf, 0]}, "'delay_after' with NaN or infinity"),
        ({"duration": [0.1, 0.0, 1]}, "duration of 0.0 s"),
        ({"duration": [0.1, -2.0, 1]}, "duration of -2.0 s"),
        ({"delay_after": [0, -1, 0]}, "delay of -1.0 s"),
    ],
)
def test_numbers_that_cannot_be_are_refused(changes: dict[str, Any], said: str):
    with pytest.raises(PlanArgumentError, match=said):
        three(**changes)


def test_an_axis_is_found_by_its_name():
    assert three().column("x") == 1
    with pytest.raises(PlanArgumentError, match=r"no axis 'z' in these points"):
        three().column("z")
