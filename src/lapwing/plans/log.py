"""Scans along a logarithmic line: log_scan and rel_log_scan.

Owns these plans.
Must not know engines or devices.
Test: run each on soft devices; compare metadata with the table in the docs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lapwing.messages import MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors
from lapwing.plans.hooks import PerStep
from lapwing.plans.plan import plan
from lapwing.plans.scan import Metadata, hints_of_line, take_path, with_metadata
from lapwing.protocols import Movable, Readable


class Powers(patterns.Line):
    """Ten to the power of equally spaced exponents; as ``numpy.logspace``."""

    def __getitem__(self, i: Any) -> Any:
        found = super().__getitem__(i)
        # Of a slice, the single positions have gone through here already.
        return found if isinstance(i, slice) else float(np.power(10.0, found))

    def __iter__(self) -> Iterator[float]:
        return (float(np.power(10.0, exponent)) for exponent in super().__iter__())


@plan
def log_scan(
    detectors: Sequence[Readable],
    motor: Movable,
    start: float,
    stop: float,
    num: int,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan a motor over positions that grow by a factor.

    Args:
        detectors: Devices to read at each point.
        motor: The motor.
        start: Exponent of the first position: it is ``10**start``.
        stop: Exponent of the last one.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: An exponent is no number, or ``num`` no number of points.
        LimitError: A position is beyond a motor's limit; nothing was moved.
    """
    ends = start, stop
    return (yield from _log_scan("log_scan", detectors, motor, ends, num, per_step, md))


@plan
def rel_log_scan(
    detectors: Sequence[Readable],
    motor: Movable,
    start: float,
    stop: float,
    num: int,
    *,
    per_step: PerStep | None = None,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan a motor over growing offsets from where it is, then put it back.

    Args:
        detectors: Devices to read at each point.
        motor: The motor.
        start: Exponent of the first offset: it is ``10**start``.
        stop: Exponent of the last one.
        num: Number of points, at least 1.
        per_step: A plan that takes one point; see `scan_nd`.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: As of `log_scan`; found before any position is read.
    """
    ends, name = (start, stop), "rel_log_scan"
    return (
        yield from _log_scan(
            name, detectors, motor, ends, num, per_step, md, relative=True
        )
    )


relative_log_scan = rel_log_scan


def _log_scan(
    name: str,
    detectors: Sequence[Any],
    motor: Any,
    ends: tuple[float, float],
    num: int,
    per_step: PerStep | None,
    md: Metadata,
    *,
    relative: bool = False,
) -> MsgGenerator[str]:
    check_detectors(detectors)
    check_motors([motor])
    num = patterns.as_number(num, motor)
    first, last = (patterns.as_position(end, motor) for end in ends)
    own = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name],
        "num_points": num,
        "num_intervals": num - 1,
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "num": num,
            "start": ends[0],
            "stop": ends[1],
            "motor": repr(motor),
            "per_step": repr(per_step),
        },
        "plan_name": name,
        "plan_pattern": "logspace",
        "plan_pattern_module": "numpy",
        "plan_pattern_args": {"start": ends[0], "stop": ends[1], "num": num},
        "hints": hints_of_line([motor]),
    }
    path = patterns.InnerProduct([(motor, Powers(first, last, num))])
    metadata = with_metadata(own, md)
    return (
        yield from take_path(detectors, path, per_step, metadata, relative=relative)
    )
