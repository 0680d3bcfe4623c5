"""Spiral paths: the steps of scans that go round a centre.

Owns the mathematics of the three spirals.
Must not know messages or engines; motors are only keys of the steps.
Test: compare with points worked out by hand, and with Bluesky's.
"""

from array import array
from collections.abc import Sequence
from math import hypot, pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.errors import PlanArgumentError
from lapwing.plans.points import InnerProduct, as_number, check_finite

GOLDEN_ANGLE = 137.508 * pi / 180.0
"""Turned by this at each point, no arm of a spiral ever covers another one (Vogel,
Math. Biosciences 44 (1979) 179)."""


def spiral(
    x_motor: Any,
    y_motor: Any,
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    nth: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
) -> InnerProduct:
    """Return the steps of a spiral: rings of equally spaced points.

    The k-th ring has the radius ``k * dr`` and ``k * nth`` points; those that lie
    outside of the window are left out.

    Args:
        x_motor: The one motor.
        y_motor: The other one.
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window.
        y_range: Height of the window.
        dr: Distance of rings, along x.
        nth: Number of points on the first ring.
        dr_y: Distance of rings along y; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.

    Raises:
        PlanArgumentError: ``dr``, ``dr_y`` or ``nth`` is not above 0, another is no
            finite number, or no point lies in the window.
    """
    check_finite(x_start=x_start, y_start=y_start, tilt=tilt)
    check_finite(x_range=x_range, y_range=y_range)
    aspect = _check_spacings(dr, dr_y, nth=nth)
    half_x, half_y = x_range / 2, y_range / 2 / aspect
    rings = int(hypot(half_x, half_y) / dr) + 2
    ring = np.arange(1, rings + 1)
    counts = (ring * nth).astype(int)
    of_point = np.repeat(ring, counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    angle = (np.arange(counts.sum()) - first) * (2.0 * pi / (of_point * nth))
    x, y = of_point * dr * np.cos(angle), of_point * dr * np.sin(angle)
    inside = (np.abs(x + y * tan(tilt)) <= half_x) & (np.abs(y) <= half_y)
    return _points(
        (x_motor, x_start, x[inside]), (y_motor, y_start, y[inside] * aspect)
    )


def spiral_fermat(
    x_motor: Any,
    y_motor: Any,
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    factor: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
) -> InnerProduct:
    """Return the steps of a Fermat spiral, which covers a surface evenly.

    The k-th point has the radius ``sqrt(k) * dr / factor``, and is turned by the
    golden angle from the one before; those outside of the window are left out.

    Args:
        x_motor: The one motor.
        y_motor: The other one.
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window.
        y_range: Height of the window; with ``dr_y`` it is ``dr / dr_y`` times as
            high, as Bluesky's has always been.
        dr: Radius of the first point times ``factor``, along x.
        factor: What radii are divided by; 1 is a good choice.
        dr_y: As ``dr``, along y; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.

    Raises:
        PlanArgumentError: ``dr``, ``dr_y`` or ``factor`` is not above 0, another is no
            finite number, or no point lies in the window.
    """
    check_finite(x_start=x_start, y_start=y_start, tilt=tilt)
    check_finite(x_range=x_range, y_range=y_range)
    aspect = _check_spacings(dr, dr_y, factor=factor)
    half_x, half_y = x_range / 2, y_range / 2 / aspect
    # Half as far again as the window's diagonal, so that a tilted one is filled.
    last = int((1.5 * hypot(half_x, half_y) / (dr / factor)) ** 2)
    k = np.arange(1, last)
    radius, angle = np.sqrt(k) * dr / factor, GOLDEN_ANGLE * k
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    inside = (np.abs(x + y * tan(tilt)) <= half_x) & (np.abs(y * aspect) <= half_y)
    return _points(
        (x_motor, x_start, x[inside]), (y_motor, y_start, y[inside] * aspect)
    )


def _check_spacings(dr: float, dr_y: float | None, **more: float) -> float:
    """Return how many times further rings lie apart along y than along x."""
    given = {"dr": dr, **more} | ({} if dr_y is None else {"dr_y": dr_y})
    check_finite(**given)
    for name, value in given.items():
        if value <= 0:
            raise PlanArgumentError(f"{name} must be above 0, but it is {value!r}")
    return 1.0 if dr_y is None else dr_y / dr


_Axis = tuple[Any, float, NDArray[Any]]


def _points(*axes: _Axis) -> InnerProduct:
    """Return the points of motors, each given with its centre and its offsets."""
    if any(len(offsets) == 0 for _, _, offsets in axes):
        raise PlanArgumentError(
            "no point of the spiral lies in its window; make the window larger, or "
            "the distances smaller"
        )
    return InnerProduct(
        [(motor, _column(centre + offsets)) for motor, centre, offsets in axes]
    )


def _column(values: NDArray[Any]) -> Sequence[float]:
    # Eight bytes a point, and each a plain float when it is asked for.
    return array("d", values.astype("d").tobytes())


def spiral_square_pattern(
    x_motor: Any,
    y_motor: Any,
    x_center: float,
    y_center: float,
    x_range: float,
    y_range: float,
    x_num: int,
    y_num: int,
) -> InnerProduct:
    """Return the steps of a grid that is walked from its centre outwards.

    The walk turns clockwise: right, down, left, up, the first step to the right.
    In an even number of points it begins left of, or above, the centre.

    Args:
        x_motor: The one motor.
        y_motor: The other one.
        x_center: Centre of x.
        y_center: Centre of y.
        x_range: Width of the grid, between its outermost points.
        y_range: Height of the grid.
        x_num: Number of points in a row, at least 1.
        y_num: Number of rows, at least 1.

    Raises:
        PlanArgumentError: A number of points is not whole, or below 1, or another
            argument is no finite number.
    """
    check_finite(x_center=x_center, y_center=y_center)
    check_finite(x_range=x_range, y_range=y_range)
    x_num, y_num = as_number(x_num, x_motor), as_number(y_num, y_motor)
    # Columns to the right of where the walk begins, and rows below it.
    right = np.tile(np.arange(x_num) - (x_num - 1) // 2, y_num)
    down = np.repeat(np.arange(y_num) - (y_num - 1) // 2, x_num)
    order = np.argsort(_turn(right, down))
    x_step = x_range / (x_num - 1) if x_num > 1 else 0.0
    y_step = y_range / (y_num - 1) if y_num > 1 else 0.0
    x_first = x_center if x_num % 2 else x_center - x_step / 2
    y_first = y_center if y_num % 2 else y_center + y_step / 2
    return _points(
        (x_motor, x_first, right[order] * x_step),
        (y_motor, y_first, -down[order] * y_step),
    )


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
