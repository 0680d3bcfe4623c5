"""Scans in spirals: spiral, spiral_fermat, spiral_square, and relative ones.

Owns these plans; the mathematics are in `spiral_paths`.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, hints_of_axes, take_path, with_metadata
from lapwing.protocols import Movable, Readable


@plan
def spiral(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    nth: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan in rings round a centre, from the inside out.

    Args:
        detectors: Devices to read at each point.
        x_motor: The one motor.
        y_motor: The other one.
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window, outside of which no point is taken.
        y_range: Height of the window.
        dr: Distance of rings, along x.
        nth: Number of points on the first ring; the k-th has k times as many.
        dr_y: Distance of rings along y; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A distance or ``nth`` is not above 0, or no point lies in
            the window.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (yield from _round("spiral", locals()))


@plan
def rel_spiral(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_range: float,
    y_range: float,
    dr: float,
    nth: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan in rings round where the motors are, then put them back.

    The arguments, returned value and errors are those of `spiral`.
    """
    return (yield from _round("spiral", locals(), relative=True))


@plan
def spiral_fermat(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_start: float,
    y_start: float,
    x_range: float,
    y_range: float,
    dr: float,
    factor: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a Fermat spiral, which covers a surface evenly.

    Args:
        detectors: Devices to read at each point.
        x_motor: The one motor.
        y_motor: The other one.
        x_start: Centre of x.
        y_start: Centre of y.
        x_range: Width of the window, outside of which no point is taken.
        y_range: Height of the window.
        dr: Radius of the first point times ``factor``, along x.
        factor: What radii are divided by.
        dr_y: As ``dr``, along y; as ``dr`` if None.
        tilt: Angle by which the window's sides lean, in radians.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A distance or ``factor`` is not above 0, or no point lies
            in the window.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (yield from _round("spiral_fermat", locals()))


@plan
def rel_spiral_fermat(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_range: float,
    y_range: float,
    dr: float,
    factor: float,
    *,
    dr_y: float | None = None,
    tilt: float = 0.0,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a Fermat spiral round where the motors are, then put them back.

    The arguments, returned value and errors are those of `spiral_fermat`.
    """
    return (yield from _round("spiral_fermat", locals(), relative=True))


relative_spiral = rel_spiral
relative_spiral_fermat = rel_spiral_fermat


def _round(
    pattern: str, given: dict[str, Any], *, relative: bool = False
) -> MsgGenerator[str]:
    """Take a round spiral, for a plan that was given these arguments."""
    detectors, per_step, md = (
        given.pop(key) for key in ("detectors", "per_step", "md")
    )
    check_detectors(detectors)
    # Relative ones are recorded as offsets, as all relative plans.
    given = {"x_start": 0, "y_start": 0, **given}
    motors = [given.pop("x_motor"), given.pop("y_motor")]
    check_motors(motors)
    path = getattr(patterns, pattern)(*motors, **given)
    described = {"x_motor": repr(motors[0]), "y_motor": repr(motors[1]), **given}
    own = {
        **_of_plan(pattern, detectors, path, relative=relative),
        "extents": tuple(
            [given[f"{axis}_start"] + sign * given[f"{axis}_range"] for sign in (-1, 1)]
            for axis in "xy"
        ),
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            **described,
            "per_step": repr(per_step),
        },
        "plan_pattern_args": described,
        "plan_pattern_module": patterns.__name__,
        "hints": hints_of_axes(motors),
    }
    metadata = {**own, **(md or {})}
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )


def _of_plan(
    pattern: str, detectors: Sequence[Any], path: patterns.Points, *, relative: bool
) -> dict[str, Any]:
    return {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name for motor in path.motors],
        "num_points": len(path),
        "num_intervals": len(path) - 1,
        "plan_name": f"rel_{pattern}" if relative else pattern,
        "plan_pattern": pattern,
    }


@plan
def spiral_square(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_center: float,
    y_center: float,
    x_range: float,
    y_range: float,
    x_num: int,
    y_num: int,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid, walking from its centre outwards.

    Args:
        detectors: Devices to read at each point.
        x_motor: The one motor.
        y_motor: The other one.
        x_center: Centre of x.
        y_center: Centre of y.
        x_range: Width of the grid.
        y_range: Height of the grid.
        x_num: Number of points in a row, at least 1.
        y_num: Number of rows, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: A number of points is not whole, or below 1.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (yield from _square(locals()))


@plan
def rel_spiral_square(
    detectors: Sequence[Readable],
    x_motor: Movable,
    y_motor: Movable,
    x_range: float,
    y_range: float,
    x_num: int,
    y_num: int,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan over a grid round where the motors are, then put them back.

    The arguments, returned value and errors are those of `spiral_square`.
    """
    return (yield from _square(locals(), relative=True))


def _square(given: dict[str, Any], *, relative: bool = False) -> MsgGenerator[str]:
    detectors, per_step, md = (
        given.pop(key) for key in ("detectors", "per_step", "md")
    )
    check_detectors(detectors)
    given = {"x_center": 0, "y_center": 0, **given}
    motors = [given.pop("x_motor"), given.pop("y_motor")]
    check_motors(motors)
    path = patterns.spiral_square_pattern(*motors, **given)
    own = {
        **_of_plan("spiral_square", detectors, path, relative=relative),
        "shape": (given["y_num"], given["x_num"]),
        "extents": tuple(
            (
                given[f"{axis}_center"] - given[f"{axis}_range"] / 2,
                given[f"{axis}_center"] + given[f"{axis}_range"] / 2,
            )
            for axis in "yx"
        ),
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "x_motor": repr(motors[0]),
            "y_motor": repr(motors[1]),
            **given,
            "per_step": repr(per_step),
        },
        "hints": {
            "gridding": "rectilinear_nonsequential",
            **hints_of_axes(motors[::-1]),
        },
    }
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )
