"""Scans along a line: scan, rel_scan and their kin.

Owns plans in which motors step together from one end to the other.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, hints_of_line, take_path, with_metadata
from lapwing.protocols import Movable, NamedMovable, Readable


@plan
def scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    num: int | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line, all motors stepping together.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, motor, start, stop, ..., and then ``num`` unless
            it is given by name.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: ``num`` is missing or no number of points, or a motor has
            no start and stop.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (yield from take_line("scan", detectors, args, num, per_step, md))


@plan
def rel_scan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    num: int | None = None,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line counted from where the motors are, then put them back.

    Args:
        detectors: Devices to read at each point.
        *args: Motor, start, stop, motor, start, stop, ... as offsets, and then
            ``num`` unless it is given by name.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `scan`; found before any position is read.
    """
    return (
        yield from take_line(
            "rel_scan", detectors, args, num, per_step, md, relative=True
        )
    )


relative_scan = rel_scan


@plan
def inner_product_scan(
    detectors: Sequence[Readable],
    num: int,
    *args: Movable | Any,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line, as `scan`, the number of points being given first.

    Args:
        detectors: Devices to read at each point.
        num: Number of points, at least 1.
        *args: Motor, start, stop, motor, start, stop, ...
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `scan`.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    return (
        yield from take_line("inner_product_scan", detectors, args, num, per_step, md)
    )


@plan
def relative_inner_product_scan(
    detectors: Sequence[Readable],
    num: int,
    *args: Movable | Any,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan along a line, as `rel_scan`, the number of points being given first.

    Args:
        detectors: Devices to read at each point.
        num: Number of points, at least 1.
        *args: Motor, start, stop, motor, start, stop, ... as offsets.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `scan`; found before any position is read.
    """
    name = "relative_inner_product_scan"
    return (
        yield from take_line(name, detectors, args, num, per_step, md, relative=True)
    )


@plan
def x2x_scan(
    detectors: Sequence[Readable],
    motor1: NamedMovable,
    motor2: NamedMovable,
    start: float,
    stop: float,
    num: int,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan one motor, and another by half, round where they are; put them back.

    Args:
        detectors: Devices to read at each point.
        motor1: Goes from ``start`` to ``stop``, such as a two-theta axis.
        motor2: Goes from ``start / 2`` to ``stop / 2``, such as a theta axis.
        start: First offset, in the unit of ``motor1``.
        stop: Last offset.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: An end is no number, ``num`` no number of points, or the
            motors are the same; found before any position is read.
    """
    check_detectors(detectors)
    check_motors([motor1, motor2])
    own = {
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "motor1": motor1.name,
            "motor2": motor2.name,
            "start": start,
            "stop": stop,
            "num": num,
            "per_step": repr(per_step),
        }
    }
    ends = [patterns.as_position(end, motor1) for end in (start, stop)]
    args = (motor1, start, stop, motor2, ends[0] / 2, ends[1] / 2)
    return (
        yield from take_line(
            "x2x_scan",
            detectors,
            args,
            num,
            per_step,
            {**own, **(md or {})},
            relative=True,
        )
    )


def take_line(
    name: str,
    detectors: Sequence[Readable],
    args: Sequence[Any],
    num: int | None,
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    """Scan along a line, for a plan of this name; see `scan`."""
    check_detectors(detectors)
    if num is None:
        if len(args) % 3 != 1:
            raise PlanArgumentError(
                "The number of points to scan must be provided as the last positional "
                "argument or as keyword argument 'num'."
            )
        *args, num = args
    if not args or len(args) % 3:
        raise PlanArgumentError(
            f"each motor must be followed by its start and stop, but {len(args)} "
            f"arguments are no motors with two numbers each"
        )
    num = patterns.as_number(num)
    motors = tuple(args[::3])
    check_motors(motors)
    described = list(args)
    described[::3] = map(repr, motors)
    own = {
        "detectors": [det.name for det in detectors],
        "motors": tuple(motor.name for motor in motors),
        "num_points": num,
        "num_intervals": num - 1,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "num": num,
            "args": described,
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "inner_product",
        "plan_pattern_module": patterns.__name__,
        "plan_pattern_args": {"num": num, "args": described},
        "hints": hints_of_line(motors),
    }
    path = patterns.inner_product(num, args)
    metadata = with_metadata(own, md)
    return take_path(detectors, path, per_step, metadata, relative=relative)
