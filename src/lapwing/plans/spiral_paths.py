"""Spiral paths: the steps of scans that go round a centre.

Owns how the points of `lapwing.trajectory.paths` become steps of two motors.
Must not know messages or engines; motors are only keys of the steps.
Test: compare with points worked out by hand, and with Bluesky's.
"""

from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.plans.points import InnerProduct, as_number
from lapwing.trajectory.paths import fermat_points, ring_points, square_points


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
    window = (x_start, y_start, x_range, y_range)
    points = ring_points(*window, dr, nth, dr_y=dr_y, tilt=tilt)
    return _steps(x_motor, y_motor, points)


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
    window = (x_start, y_start, x_range, y_range)
    points = fermat_points(*window, dr, factor, dr_y=dr_y, tilt=tilt)
    return _steps(x_motor, y_motor, points)


def _steps(x_motor: Any, y_motor: Any, points: NDArray[np.float64]) -> InnerProduct:
    """Return the steps of two motors; each position is a plain float."""
    # Eight bytes a point, and each a plain float when it is asked for.
    x, y = (array("d", column.tobytes()) for column in points.T)
    return InnerProduct([(x_motor, x), (y_motor, y)])


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
    nums = as_number(x_num, x_motor), as_number(y_num, y_motor)
    points = square_points(x_center, y_center, x_range, y_range, *nums)
    return _steps(x_motor, y_motor, points)
