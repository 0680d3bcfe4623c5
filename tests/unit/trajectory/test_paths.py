"""Spirals in a window, as arrays; the plans made of them are held to Bluesky's."""

from math import cos, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.plans.patterns import spiral, spiral_fermat, spiral_square_pattern
from lapwing.trajectory import ArrayGenerator, CompoundGenerator
from lapwing.trajectory.paths import fermat_points, ring_points, square_points


def test_rings_have_equally_many_points_more_each():
    points = ring_points(1, 2, 10, 10, 1, 3)
    assert points[0].tolist() == [2, 2]
    assert points[3].tolist() == [3, 2]
    expected = (1 + 2 * cos(pi / 3), 2 + 2 * sin(pi / 3))
    assert points[4].tolist() == pytest.approx(expected)


def test_points_of_a_fermat_spiral_are_a_golden_angle_apart():
    points = fermat_points(0, 0, 4, 4, 0.5, 2)
    for k in (1, 2, 9):
        r, angle = sqrt(k) / 4, 137.508 * pi / 180 * k
        expected = (r * cos(angle), r * sin(angle))
        assert points[k - 1].tolist() == pytest.approx(expected)


def test_a_square_spiral_begins_in_the_middle_and_goes_right_then_down():
    points = square_points(0, 0, 2, 2, 3, 3)
    assert points[:4].tolist() == [[0, 0], [1, 0], [1, -1], [0, -1]]
    assert len(np.unique(points, axis=0)) == 9


@pytest.mark.parametrize(
    ("points", "steps"),
    [
        (ring_points(1, 2, 5, 4, 0.3, 4), spiral("x", "y", 1, 2, 5, 4, 0.3, 4)),
        (
            fermat_points(1, 2, 5, 4, 0.3, 1.5, tilt=0.2),
            spiral_fermat("x", "y", 1, 2, 5, 4, 0.3, 1.5, tilt=0.2),
        ),
        (
            square_points(1, 2, 5, 4, 6, 3),
            spiral_square_pattern("x", "y", 1, 2, 5, 4, 6, 3),
        ),
    ],
    ids=["rings", "fermat", "square"],
)
def test_a_flight_goes_where_the_step_scan_goes(points: Any, steps: Any):
    flight = CompoundGenerator([ArrayGenerator(["x", "y"], "mm", points)])
    assert [list(step.values()) for step in steps] == flight.slice().midpoint.tolist()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ring_points(0, 0, 1, 1, 0, 3), "dr must be above 0"),
        (lambda: ring_points(0, 0, 1, 1, 1, -3), "nth must be above 0"),
        (lambda: fermat_points(0, 0, 1, 1, 1, 0), "factor must be above 0"),
        (lambda: fermat_points(0, 0, 1, 1, 1, 1, dr_y=0), "dr_y must be above 0"),
        (lambda: ring_points(float("nan"), 0, 1, 1, 1, 3), "x_start must be a finite"),
        (lambda: ring_points(0, 0, 1, 1, 5, 3), "no point of the spiral"),
        (lambda: square_points(0, 0, 1, 1, 0, 3), "at least 1"),
        (lambda: square_points(0, 0, 1, "1", 2, 3), "y_range must be a finite"),
    ],
)
def test_what_makes_no_spiral_is_refused(make: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        make()
