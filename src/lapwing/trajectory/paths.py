"""Paths: the points of spirals in a window, as arrays.

Owns the mathematics of the spirals that the step scans of the field are made of.
Must not know generators, plans or motors.
Test: tests/unit/trajectory/test_paths.py; plans hold them to Bluesky's, bit by bit.

To fly along one: ``ArrayGenerator(["x", "y"], "mm", fermat_points(...))``.
"""

from math import hypot, pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_number, as_size
from lapwing.trajectory.points import Floats

__all__ = ["fermat_points", "ring_points", "square_points"]

GOLDEN_ANGLE = 137.508 * pi / 180.0
"""Turned by this at each point, no arm of a spiral ever covers another one (Vogel,
Math. Biosciences 44 (1979) 179)."""


def ring_points(
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    nth: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
) -> Floats:
    """Return the points of a spiral made of rings of equally spaced points.

    The k-th ring has the radius ``k * dr`` and ``k * nth`` points; those that lie
    outside of the window are left out.

    Args:
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window.
        y_range: Height of the window.
        dr: Distance of rings, along x; above 0.
        nth: Number of points on the first ring; above 0.
        dr_y: Distance of rings along y, above 0; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.

    Returns:
        float64 (num_points, 2): x and y.

    Raises:
        PlanArgumentError: A number is not finite or not above 0, or no point lies in
            the window.
    """
    aspect = _aspect(dr, dr_y, nth=nth)
    _window(x_start, y_start, x_range, y_range, tilt)
    half_x, half_y = x_range / 2, y_range / 2 / aspect
    rings = int(hypot(half_x, half_y) / dr) + 2
    ring = np.arange(1, rings + 1)
    counts = (ring * nth).astype(int)
    of_point = np.repeat(ring, counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    angle = (np.arange(counts.sum()) - first) * (2.0 * pi / (of_point * nth))
    x, y = of_point * dr * np.cos(angle), of_point * dr * np.sin(angle)
    inside = (np.abs(x + y * tan(tilt)) <= half_x) & (np.abs(y) <= half_y)
    return _table(x_start + x[inside], y_start + y[inside] * aspect)


def fermat_points(
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    factor: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
) -> Floats:
    """Return the points of a Fermat spiral, which covers a surface evenly.

    The k-th point has the radius ``sqrt(k) * dr / factor``, and is turned by the
    golden angle from the one before; those outside of the window are left out.

    Args:
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window.
        y_range: Height of the window; with ``dr_y`` it is ``dr / dr_y`` times as
            high, as Bluesky's has always been.
        dr: Radius of the first point times ``factor``, along x; above 0.
        factor: What radii are divided by, above 0; 1 is a good choice.
        dr_y: As ``dr``, along y; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.

    Returns:
        float64 (num_points, 2): x and y.

    Raises:
        PlanArgumentError: A number is not finite or not above 0, or no point lies in
            the window.
    """
    aspect = _aspect(dr, dr_y, factor=factor)
    _window(x_start, y_start, x_range, y_range, tilt)
    half_x, half_y = x_range / 2, y_range / 2 / aspect
    # Half as far again as the window's diagonal, so that a tilted one is filled.
    last = int((1.5 * hypot(half_x, half_y) / (dr / factor)) ** 2)
    k = np.arange(1, last)
    radius, angle = np.sqrt(k) * dr / factor, GOLDEN_ANGLE * k
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    inside = (np.abs(x + y * tan(tilt)) <= half_x) & (np.abs(y * aspect) <= half_y)
    return _table(x_start + x[inside], y_start + y[inside] * aspect)


def square_points(
    x_center: float,
    y_center: float,
    x_range: float,
    y_range: float,
    x_num: int,
    y_num: int,
) -> Floats:
    """Return the points of a grid that is walked from its centre outwards.

    The walk turns clockwise: right, down, left, up, the first step to the right.
    In an even number of points it begins left of, or above, the centre.

    Args:
        x_center: Centre of x.
        y_center: Centre of y.
        x_range: Width of the grid, between its outermost points.
        y_range: Height of the grid.
        x_num: Number of points in a row, at least 1.
        y_num: Number of rows, at least 1.

    Returns:
        float64 (num_points, 2): x and y.

    Raises:
        PlanArgumentError: A number of points is not whole, or below 1, or another
            argument is no finite number.
    """
    given = {"x_center": x_center, "y_center": y_center}
    for name, value in (given | {"x_range": x_range, "y_range": y_range}).items():
        as_number(value, name)
    x_num, y_num = as_size(x_num, "a row"), as_size(y_num, "a column")
    # Columns to the right of where the walk begins, and rows below it.
    right = np.tile(np.arange(x_num) - (x_num - 1) // 2, y_num)
    down = np.repeat(np.arange(y_num) - (y_num - 1) // 2, x_num)
    order = np.argsort(_turn(right, down))
    x_step = x_range / (x_num - 1) if x_num > 1 else 0.0
    y_step = y_range / (y_num - 1) if y_num > 1 else 0.0
    x_first = x_center if x_num % 2 else x_center - x_step / 2
    y_first = y_center if y_num % 2 else y_center + y_step / 2
    return _table(x_first + right[order] * x_step, y_first + -down[order] * y_step)


def _turn(right: NDArray[np.int_], down: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return when an endless clockwise walk comes to each point of a grid.

    Round the centre lie square rings. The k-th one is entered at its right side,
    at the number ``(2k - 1)**2``, and left at its upper right corner; its lower left
    corner has the number ``(2k)**2``, from which the others are counted.
    """
    k = np.maximum(np.abs(right), np.abs(down))
    corner = 4 * k * k
    sides = [(right == k) & (down > -k), down == k, right == -k]
    numbers = [corner - 3 * k + down, corner - k - right, corner + k - down]
    return np.select(sides, numbers, corner + 3 * k + right)


def _aspect(dr: float, dr_y: float | None, **more: float) -> float:
    """Return how many times further rings lie apart along y than along x."""
    given = {"dr": dr, **more} | ({} if dr_y is None else {"dr_y": dr_y})
    for name, value in given.items():
        if as_number(value, name) <= 0:
            raise PlanArgumentError(f"{name} must be above 0, but it is {value!r}")
    return 1.0 if dr_y is None else dr_y / dr


def _window(
    x_start: float, y_start: float, x_range: float, y_range: float, tilt: float
) -> None:
    given = {"x_start": x_start, "y_start": y_start, "tilt": tilt}
    for name, value in (given | {"x_range": x_range, "y_range": y_range}).items():
        as_number(value, name)


def _table(x: NDArray[Any], y: NDArray[Any]) -> Floats:
    if not len(x):
        raise PlanArgumentError(
            "no point of the spiral lies in its window; make the window larger, or "
            "the distances smaller"
        )
    table = np.empty((len(x), 2), order="F")
    table[:, 0], table[:, 1] = x, y
    return table
