"""Regions: points inside, outside and on the edge."""

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ROI,
    CircularROI,
    EllipticalROI,
    LinearROI,
    PointROI,
    PolygonalROI,
    RectangularROI,
    SectorROI,
)

CASES: list[tuple[ROI, list[Any], list[Any]]] = [
    (
        RectangularROI([1, 2], 3, 4),
        [(1, 2), (4, 6), (2, 3), (4, 2)],
        [(0.99, 3), (4.01, 3), (2, 1.99), (2, 6.01)],
    ),
    (
        RectangularROI([0, 0], sqrt(2), sqrt(8), pi / 4),
        [(0, 0), (0.5, 0.6), (-1, 2), (-0.5, 1)],
        [(1, 0.5), (-2, 1), (0, -0.1), (0, 3.1)],
    ),
    (
        CircularROI([1, 1], 2),
        [(1, 1), (3, 1), (1, -1), (2.4, 2.4)],
        [(3.001, 1), (2.5, 2.5)],
    ),
    (
        EllipticalROI([1, 0], [3, 1]),
        [(4, 0), (1, 1), (-2, 0)],
        [(4.01, 0), (1, 1.01), (3, 0.9)],
    ),
    (
        EllipticalROI([0, 0], [3, 1], pi / 2),
        [(0, 2.99), (0.99, 0)],
        [(2.99, 0), (0, 3.01)],
    ),
    (
        PolygonalROI([0, 4, 4, 2, 0], [0, 0, 4, 1, 4]),
        [(1, 1), (3, 1), (0.1, 3.5), (0, 0), (2, 0.9)],
        [(2, 3), (5, 1), (-1, 1), (1, 4.1)],
    ),
    (
        SectorROI([0, 0], [2, 3], [0, pi / 2]),
        [(2, 0), (0, 2.5), (3, 0), (1.8, 1.8)],
        [(1.9, 0), (3.01, 0), (1, 1), (-2.5, 0), (0, -2.5)],
    ),
    (SectorROI([0, 0], [0, 1], [pi / 2, -pi / 2]), [(-0.5, 0), (0, 0.5)], [(0.5, 0)]),
    (SectorROI([0, 0], [0, 1], [0, 7]), [(0.5, -0.5), (-0.5, 0.1)], [(1, 1)]),
    (
        LinearROI([0, 0], sqrt(2), pi / 4),
        [(0, 0), (1, 1), (0.5, 0.5)],
        [(1.1, 1.1), (-0.1, -0.1), (0.5, 0.4)],
    ),
    (LinearROI([0, 0], 2, 0, tolerance=0.1), [(1, 0.09)], [(1, 0.11)]),
    (PointROI([1, 2]), [(1, 2)], [(1, 2.0001)]),
    (PointROI([1, 2], tolerance=0.1), [(1, 2.09)], [(1, 2.11)]),
]
NAMES = [f"{number} {case[0].__class__.__name__}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize(("roi", "inside", "outside"), CASES, ids=NAMES)
def test_a_region_has_the_points_that_are_inside(
    roi: ROI, inside: list[Any], outside: list[Any]
):
    x, y = zip(*inside, *outside, strict=True)
    mask = roi.mask_points([np.array(x), np.array(y)])
    assert mask.dtype == np.bool_
    assert mask.tolist() == [True] * len(inside) + [False] * len(outside)
    assert roi.contains_point(inside[0])
    assert not roi.contains_point(outside[0])


@pytest.mark.parametrize(("roi", "inside", "outside"), CASES, ids=NAMES)
def test_a_region_is_made_again_of_its_description(
    roi: ROI, inside: list[Any], outside: list[Any]
):
    again = ROI.from_json(roi.to_json())
    assert again == roi
    assert type(again) is type(roi)
    assert again.contains_point(inside[0])
    assert not again.contains_point(outside[0])


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ({"start": [1, 2], "width": 3, "height": 4, "angle": 0}, "RectangularROI"),
        ({"centre": [1, 2], "radius": 3}, "CircularROI"),
        ({"centre": [1, 2], "semiaxes": [3, 4], "angle": 1}, "EllipticalROI"),
        ({"points_x": [0, 1, 1], "points_y": [0, 1, 0]}, "PolygonalROI"),
        ({"centre": [1, 2], "radii": [3, 4], "angles": [0.5, 1]}, "SectorROI"),
        ({"start": [1, 2], "length": 3, "angle": 0.1}, "LinearROI"),
        ({"point": [1, 2]}, "PointROI"),
    ],
)
def test_descriptions_are_those_of_scanpointgenerator(
    described: dict[str, Any], kind: str
):
    described = {"typeid": f"scanpointgenerator:roi/{kind}:1.0", **described}
    assert ROI.from_dict(described).to_dict() == described


def test_angles_of_a_sector_are_brought_to_one_turn():
    assert SectorROI([0, 0], [0, 1], [pi / 2, -pi / 2]).angles == [pi / 2, 3 * pi / 2]
    assert SectorROI([0, 0], [0, 1], [1, 9]).angles == [0, 2 * pi]
    assert SectorROI([0, 0], [0, 1], [9, -9]).angles == [0, 2 * pi]


@given(st.floats(-20, 20) | st.just(-1e-17), st.floats(-20, 20))
def test_any_sector_is_made_again_of_its_description(begin: float, end: float):
    sector = SectorROI([0, 0], [1, 2], [begin, end])
    assert 0 <= sector.angles[0] < 2 * pi
    assert sector.angles[0] <= sector.angles[1]
    assert ROI.from_json(sector.to_json()) == sector


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RectangularROI([0, 0], 0, 1), "width must be above 0"),
        (lambda: RectangularROI([0, 0], 1, -1), "height must be above 0"),
        (lambda: RectangularROI([0, 0, 0], 1, 1), "start needs 2 numbers"),
        (lambda: CircularROI([0, 0], 0), "radius must be above 0"),
        (lambda: CircularROI([0, float("nan")], 1), "centre must be finite"),
        (lambda: CircularROI([0, 0], "wide"), "radius must be a finite number"),
        (lambda: EllipticalROI([0, 0], [1, 0]), "semiaxes must be above 0"),
        (lambda: PolygonalROI([0, 1], [0, 1]), "at least 3 corners"),
        (lambda: PolygonalROI([0, 1, 2], [0, 1]), "an x and a y each"),
        (lambda: SectorROI([0, 0], [2, 1], [0, 1]), "outer one above"),
        (lambda: SectorROI([0, 0], [-1, 1], [0, 1]), "at least 0"),
        (lambda: LinearROI([0, 0], 0, 0), "length must not be 0"),
        (lambda: LinearROI([0, 0], 1, 0, tolerance=0), "tolerance must be above 0"),
        (lambda: PointROI([0, 0], tolerance=-1), "0 is least"),
    ],
)
def test_regions_that_cannot_be_are_refused(make: Any, said: str):
    with pytest.raises(PlanArgumentError, match=said):
        make()
