"""Scans that choose their own points: adaptive_scan and rel_adaptive_scan.

Owns these plans, and how they choose.
Must not know engines or devices.
Test: answer their reads with a function of the position, look at the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import check_detectors, check_motors, separate_devices
from lapwing.plans.plan import plan
from lapwing.plans.predeclare import predeclare
from lapwing.plans.preprocessors import (
    relative_set_wrapper,
    reset_positions_wrapper,
    run_wrapper,
    stage_wrapper,
)
from lapwing.plans.scan import Metadata, hints_of_line, with_metadata
from lapwing.plans.stubs import mv
from lapwing.protocols import Movable, Readable


@plan
def adaptive_scan(
    detectors: Sequence[Readable],
    target_field: str,
    motor: Movable,
    start: float,
    stop: float,
    min_step: float,
    max_step: float,
    target_delta: float,
    backstep: bool,
    threshold: float = 0.8,
    *,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan a motor in steps that are small where the signal changes quickly.

    Args:
        detectors: Devices to read at each point.
        target_field: The data key of the signal.
        motor: The motor.
        start: First position.
        stop: Where the scan ends; no point is taken beyond it.
        min_step: Smallest step, above 0.
        max_step: Largest step, above ``min_step``.
        target_delta: The change of the signal that is wanted between two points.
        backstep: Go back and take a smaller step where the signal has changed by
            too much.
        threshold: Go back only if the next step would be smaller than this share
            of the last one.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: The steps are not as above, something is no number, or no
            detector gives ``target_field``.
    """
    stepping = _Stepping(
        start, stop, min_step, max_step, target_delta, backstep, threshold
    )
    return (
        yield from _adaptive(
            "adaptive_scan", detectors, target_field, motor, stepping, md
        )
    )


@plan
def rel_adaptive_scan(
    detectors: Sequence[Readable],
    target_field: str,
    motor: Movable,
    start: float,
    stop: float,
    min_step: float,
    max_step: float,
    target_delta: float,
    backstep: bool,
    threshold: float = 0.8,
    *,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Scan adaptively round where the motor is, then put it back.

    The arguments, returned value and errors are those of `adaptive_scan`, but
    ``start`` and ``stop`` are offsets.
    """
    stepping = _Stepping(
        start, stop, min_step, max_step, target_delta, backstep, threshold
    )
    name = "rel_adaptive_scan"
    inner = _adaptive(name, detectors, target_field, motor, stepping, md)
    around_here = relative_set_wrapper(inner, [motor])
    return (yield from reset_positions_wrapper(around_here, [motor]))


relative_adaptive_scan = rel_adaptive_scan


@dataclass(frozen=True, slots=True)
class _Stepping:
    """How to choose steps; its fields are the arguments of the plans."""

    start: float
    stop: float
    min_step: float
    max_step: float
    target_delta: float
    backstep: bool
    threshold: float

    def __post_init__(self) -> None:
        given = {key: getattr(self, key) for key in self.__slots__}
        del given["backstep"]
        patterns.check_finite(**given)
        if not 0 < self.min_step < self.max_step:
            raise PlanArgumentError(
                f"min_step and max_step must meet condition of max_step > min_step > "
                f"0, but they are {self.min_step!r} and {self.max_step!r}"
            )

    @property
    def sign(self) -> int:
        return 1 if self.stop >= self.start else -1

    def goes_on(self, position: float) -> bool:
        """Whether a position lies before the end."""
        return position * self.sign < self.stop * self.sign

    def wanted(self, step: float, change: float) -> float:
        """Return the step after which the signal would have changed as wanted.

        Args:
            step: The last step.
            change: How much the signal changed in it.
        """
        slope = change / step
        if not slope:
            return min(1.1 * step, self.max_step)
        return min(max(self.target_delta / slope, self.min_step), self.max_step)


def _adaptive(
    name: str,
    detectors: Sequence[Any],
    target_field: str,
    motor: Any,
    stepping: _Stepping,
    md: Metadata,
) -> MsgGenerator[str]:
    check_detectors(detectors)
    check_motors([motor])
    own = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name],
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "motor": repr(motor),
            **{key: getattr(stepping, key) for key in stepping.__slots__},
        },
        "plan_name": name,
        "hints": hints_of_line([motor]),
    }
    points = _points(detectors, target_field, motor, stepping)
    inner = run_wrapper(points, md=with_metadata(own, md))
    return (yield from stage_wrapper(inner, [*detectors, motor]))


def _points(
    detectors: Sequence[Any], target_field: str, motor: Any, stepping: _Stepping
) -> MsgGenerator[None]:
    yield from predeclare([*detectors, motor])
    devices = separate_devices([*detectors, motor])
    position = stepping.start
    step = (stepping.max_step - stepping.min_step) / 2
    last: Any = None  # the signal at the last point that counts
    while stepping.goes_on(position):
        yield Msg("checkpoint")
        yield from mv(motor, position)
        signal = yield from _take_point(detectors, devices, target_field)
        if last is None:
            last = signal
            position += step * stepping.sign
            continue
        wanted = stepping.wanted(step, abs(signal - last))
        if stepping.backstep and wanted < step * stepping.threshold:
            position -= step * stepping.sign
            step = wanted
        else:
            last = signal
            # Follow the signal, but not each of its fluctuations.
            step = 0.2 * wanted + 0.8 * step
        position += step * stepping.sign


def _take_point(
    detectors: Sequence[Any], devices: Sequence[Any], target_field: str
) -> MsgGenerator[Any]:
    """Take a point; returns the signal."""
    yield Msg("create", None, name="primary")
    for det in detectors:
        if getattr(det, "trigger", None) is not None:
            yield Msg("trigger", det, group="B")
    yield Msg("wait", None, "B")
    readings: dict[str, Any] = {}
    for obj in devices:
        readings.update((yield Msg("read", obj)) or {})
    yield Msg("save")
    return value_of(readings, target_field)


def value_of(readings: dict[str, Any], field: str) -> Any:
    """Return a value read; 0 if nothing was, as when no engine runs the plan.

    Raises:
        PlanArgumentError: Other values were read.
    """
    if not readings:
        return 0
    if field not in readings:
        raise PlanArgumentError(
            f"no detector gives {field!r}; what was read is {list(readings)}"
        )
    return readings[field]["value"]
