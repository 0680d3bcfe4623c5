"""Regions: which points of a plane are inside.

Owns the shapes, each of which makes a mask of many points at once.
Must not know generators: it is given positions.
Test: points inside, outside and on the edge, worked out by hand.

Arguments, descriptions and what an edge belongs to are scanpointgenerator's.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Any, ClassVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_number, pair
from lapwing.trajectory.description import Described
from lapwing.trajectory.points import Bools, Floats

__all__ = [
    "ROI",
    "CircularROI",
    "EllipticalROI",
    "LinearROI",
    "PointROI",
    "PolygonalROI",
    "RectangularROI",
    "SectorROI",
]


class ROI(Described, ABC):
    """A region of interest in the plane of two axes."""

    def mask_points(self, points: Sequence[Any]) -> Bools:
        """Tell which points are inside.

        Args:
            points: Positions on the first and on the second axis, each (num_points,).

        Returns:
            bool (num_points,).
        """
        x, y = (np.asarray(values, dtype=np.float64) for values in points)
        return self._mask(x, y)

    def contains_point(self, point: Sequence[float]) -> bool:
        """Tell whether one point is inside."""
        return bool(self.mask_points([[value] for value in point])[0])

    @abstractmethod
    def _mask(self, x: Floats, y: Floats) -> Bools: ...


def _turned(x: Floats, y: Floats, angle: float) -> tuple[Floats, Floats]:
    """Return positions as seen from a frame that is turned by an angle, in radians."""
    if angle == 0:
        return x, y
    return x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)


def _above_zero(**given: float) -> None:
    for name, value in given.items():
        if value <= 0:
            raise PlanArgumentError(f"{name} must be above 0, not {value}")


class RectangularROI(ROI):
    """A rectangle; its edges are inside.

    Args:
        start: The corner from which it is turned.
        width: Its length along the first axis, above 0.
        height: Its length along the second axis, above 0.
        angle: By how much it is turned about its start, in radians.
    """

    typeid = "scanpointgenerator:roi/RectangularROI:1.0"
    _fields = ("start", "width", "height", "angle")

    def __init__(self, start: Any, width: Any, height: Any, angle: Any = 0):
        self.start = pair(start, "start")
        self.width = as_number(width, "width")
        self.height = as_number(height, "height")
        self.angle = as_number(angle, "angle")
        _above_zero(width=self.width, height=self.height)

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = _turned(x - self.start[0], y - self.start[1], self.angle)
        return (x >= 0) & (x <= self.width) & (y >= 0) & (y <= self.height)


class CircularROI(ROI):
    """A disc; its edge is inside.

    Args:
        centre: Its centre.
        radius: Its radius, above 0.
    """

    typeid = "scanpointgenerator:roi/CircularROI:1.0"
    _fields = ("centre", "radius")

    def __init__(self, centre: Any, radius: Any):
        self.centre = pair(centre, "centre")
        self.radius = as_number(radius, "radius")
        _above_zero(radius=self.radius)

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = x - self.centre[0], y - self.centre[1]
        return x * x + y * y <= self.radius * self.radius


class EllipticalROI(ROI):
    """An ellipse; its edge is inside.

    Args:
        centre: Its centre.
        semiaxes: Half its width and half its height, above 0.
        angle: By how much it is turned about its centre, in radians.
    """

    typeid = "scanpointgenerator:roi/EllipticalROI:1.0"
    _fields = ("centre", "semiaxes", "angle")

    def __init__(self, centre: Any, semiaxes: Any, angle: Any = 0):
        self.centre = pair(centre, "centre")
        self.semiaxes = pair(semiaxes, "semiaxes")
        self.angle = as_number(angle, "angle")
        _above_zero(semiaxes=min(self.semiaxes))

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = _turned(x - self.centre[0], y - self.centre[1], self.angle)
        a, b = self.semiaxes
        return x * x / (a * a) + y * y / (b * b) <= 1


class PolygonalROI(ROI):
    """A polygon; where it crosses itself, what is inside twice is outside.

    Args:
        points_x: Positions of its corners on the first axis, at least 3.
        points_y: Positions of its corners on the second axis.
    """

    typeid = "scanpointgenerator:roi/PolygonalROI:1.0"
    _fields = ("points_x", "points_y")

    def __init__(self, points_x: Any, points_y: Any):
        if np.ndim(points_x) != 1 or len(points_x) < 3:
            raise PlanArgumentError(
                f"a polygon needs at least 3 corners, but has {points_x!r}"
            )
        if np.ndim(points_y) != 1 or len(points_x) != len(points_y):
            raise PlanArgumentError(
                f"a polygon's corners need an x and a y each, but they are "
                f"{points_x!r} and {points_y!r}"
            )
        self.points_x = [as_number(value, "points_x") for value in points_x]
        self.points_y = [as_number(value, "points_y") for value in points_y]

    def _mask(self, x: Floats, y: Floats) -> Bools:
        # A ray to the right crosses the edge an odd number of times from inside.
        inside = np.zeros(x.shape, np.bool_)
        x1, y1 = self.points_x[-1], self.points_y[-1]
        for x2, y2 in zip(self.points_x, self.points_y, strict=True):
            if y1 != y2:
                level = (y >= min(y1, y2)) & (y < max(y1, y2))
                inside ^= level & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
            x1, y1 = x2, y2
        return inside


class SectorROI(ROI):
    """A sector of a ring; its edges are inside.

    Args:
        centre: The centre of the ring.
        radii: Inner and outer radius; the inner one at least 0, the outer above it.
        angles: From where to where it reaches, anticlockwise, in radians.
    """

    typeid = "scanpointgenerator:roi/SectorROI:1.0"
    _fields = ("centre", "radii", "angles")

    def __init__(self, centre: Any, radii: Any, angles: Any):
        self.centre = pair(centre, "centre")
        self.radii = pair(radii, "radii")
        inner, outer = self.radii
        if inner < 0 or outer < inner or outer <= 0:
            raise PlanArgumentError(
                "a sector's inner radius must be at least 0 and the outer one above "
                f"it, but they are {radii!r}"
            )
        self.angles = list(_as_arc(*pair(angles, "angles")))

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = x - self.centre[0], y - self.centre[1]
        square = x * x + y * y
        inner, outer = self.radii
        begin, end = self.angles
        turned = (np.arctan2(y, x) - begin) % (2 * pi)
        ring = (square >= inner * inner) & (square <= outer * outer)
        return ring & (turned <= end - begin)


def _as_arc(begin: float, end: float) -> tuple[float, float]:
    """Return where an arc begins, from 0 to 2 pi, and where it ends, after that."""
    end += 2 * pi if end < begin else 0
    if end < begin or end - begin >= 2 * pi:
        return 0.0, 2 * pi
    if 0 <= begin < 2 * pi:  # as it is, so that its description makes the same again
        return begin, end
    first = begin % (2 * pi) % (2 * pi)  # twice, for rounding may make it 2 pi
    return first, first + (end - begin)


class LinearROI(ROI):
    """A stretch of a straight line; only points on it are inside.

    Args:
        start: Where it begins.
        length: Its length; not 0.
        angle: Its direction from the first axis, anticlockwise, in radians.
        tolerance: How far off a point may be, in the unit of the axes.
    """

    typeid = "scanpointgenerator:roi/LinearROI:1.0"
    _fields = ("start", "length", "angle")
    _optional: ClassVar[Mapping[str, Any]] = {"tolerance": 1e-15}

    def __init__(self, start: Any, length: Any, angle: Any, tolerance: Any = 1e-15):
        self.start = pair(start, "start")
        self.length = as_number(length, "length")
        self.angle = as_number(angle, "angle")
        self.tolerance = as_number(tolerance, "tolerance")
        if self.length == 0:
            raise PlanArgumentError("a line's length must not be 0")
        _above_zero(tolerance=self.tolerance)

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = x - self.start[0], y - self.start[1]
        along, across = _turned(x, y, self.angle)
        end_x = x - self.length * cos(self.angle)
        end_y = y - self.length * sin(self.angle)
        near = self.tolerance * self.tolerance
        return (
            ((along >= 0) & (along <= self.length) & (np.abs(across) < self.tolerance))
            | (x * x + y * y <= near)
            | (end_x * end_x + end_y * end_y <= near)
        )


class PointROI(ROI):
    """One point.

    Args:
        point: Its position on both axes.
        tolerance: How far off a point may be, in the unit of the axes.
    """

    typeid = "scanpointgenerator:roi/PointROI:1.0"
    _fields = ("point",)
    _optional: ClassVar[Mapping[str, Any]] = {"tolerance": 0.0}

    def __init__(self, point: Any, tolerance: Any = 0.0):
        self.point = pair(point, "point")
        self.tolerance = as_number(tolerance, "tolerance")
        if self.tolerance < 0:
            raise PlanArgumentError(f"a tolerance cannot be {tolerance!r}; 0 is least")

    def _mask(self, x: Floats, y: Floats) -> Bools:
        x, y = x - self.point[0], y - self.point[1]
        return x * x + y * y <= self.tolerance * self.tolerance
