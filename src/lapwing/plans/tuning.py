"""Bringing a motor to where a signal is best: tune_centroid and tweak.

Owns these plans; the one finds the place by itself, in the other a person does.
Must not know engines or devices.
Test: answer their reads with a function of the position, look where they end.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.adaptive import value_of
from lapwing.plans.devices import check_detectors, check_motors, hinted_fields
from lapwing.plans.plan import plan
from lapwing.plans.predeclare import predeclare
from lapwing.plans.preprocessors import run_wrapper, stage_wrapper
from lapwing.plans.scan import Metadata, hints_of_line, with_metadata
from lapwing.plans.stubs import mv, trigger_and_read
from lapwing.protocols import NamedMovable, Readable


@plan
def tune_centroid(
    detectors: Sequence[Readable],
    signal: str,
    motor: NamedMovable,
    start: float,
    stop: float,
    min_step: float,
    num: int = 10,
    step_factor: float = 3.0,
    snake: bool = False,
    *,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Bring a motor to the centroid of a signal, in narrower and narrower scans.

    Args:
        detectors: Devices to read at each point.
        signal: The data key of the signal.
        motor: The motor.
        start: One end of the first scan; the motor never leaves its range.
        stop: The other end.
        min_step: A scan with smaller steps is not done any more; above 0.
        num: Number of points of each scan, at least 2.
        step_factor: Each scan is narrower by this, above 1.
        snake: Scan back and forth; for motors that arrive from both sides alike.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: ``min_step``, ``step_factor`` or ``num`` is not as above,
            or no detector gives ``signal``.
    """
    if not min_step > 0:
        raise PlanArgumentError(f"min_step must be positive, but it is {min_step!r}")
    if not step_factor > 1:
        raise PlanArgumentError(
            f"step_factor must be greater than 1.0, but it is {step_factor!r}"
        )
    check_detectors(detectors)
    check_motors([motor])
    num = patterns.as_number(num, motor, least=2)
    own = {
        "detectors": [det.name for det in detectors],
        "motors": [motor.name],
        "plan_args": {
            "detectors": list(map(repr, detectors)),
            "motor": repr(motor),
            "start": start,
            "stop": stop,
            "num": num,
            "min_step": min_step,
        },
        "plan_name": "tune_centroid",
        "hints": hints_of_line([motor]),
    }

    def tune() -> MsgGenerator[None]:
        yield from predeclare([motor, *detectors])
        low, high = sorted((start, stop))
        begin, end, centre = start, stop, None
        while abs(end - begin) / (num - 1) >= min_step:
            found = yield from _centroid(detectors, signal, motor, begin, end, num)
            if found is None:
                return  # no signal at all: there is nowhere to go
            centre, half = found, (end - begin) / step_factor / 2
            begin = min(max(centre - half, low), high)
            end = min(max(centre + half, low), high)
            if snake:
                begin, end = end, begin
        if centre is not None:
            yield from mv(motor, centre)

    inner = run_wrapper(tune(), md=with_metadata(own, md))
    return (yield from stage_wrapper(inner, [*detectors, motor]))


def _centroid(
    detectors: Sequence[Any],
    signal: str,
    motor: Any,
    begin: float,
    end: float,
    num: int,
) -> MsgGenerator[float | None]:
    """Scan once; returns the centroid, or None if the signal is 0 everywhere."""
    step = (end - begin) / (num - 1)
    position, total, moment = begin, 0.0, 0.0
    for _ in range(num):
        yield Msg("checkpoint")
        yield from mv(motor, position)
        readings = yield from trigger_and_read([*detectors, motor])
        height = value_of(readings, signal)
        total += height
        moment += height * value_of(readings, _field_of(motor, readings))
        position += step
    return moment / total if total else None


def _field_of(motor: Any, readings: dict[str, Any]) -> str:
    """Return the data key of a motor's position."""
    if motor.name in readings:
        return motor.name
    return next(iter(hinted_fields(motor)), motor.name)


@plan
def tweak(
    detector: Readable,
    target_field: str,
    motor: NamedMovable,
    step: float,
    *,
    md: Metadata = None,
) -> MsgGenerator[str]:
    """Step a motor by hand, and see a signal after each step.

    Enter takes another step, a number another step of this size, anything else
    ends the plan.

    Args:
        detector: Device to read after each step.
        target_field: The data key of the signal.
        motor: The motor.
        step: Size of the first step.
        md: Metadata, merged on top of the plan's own.

    Returns:
        The uid of the run.

    Raises:
        PlanArgumentError: The detector does not give ``target_field``.
    """
    check_detectors([detector])
    check_motors([motor])
    own = {
        "detectors": [detector.name],
        "motors": [motor.name],
        "plan_args": {
            "detector": repr(detector),
            "target_field": target_field,
            "motor": repr(motor),
            "step": step,
        },
        "plan_name": "tweak",
        "hints": hints_of_line([motor]),
    }
    steps = _steps(detector, target_field, motor, step)
    inner = run_wrapper(steps, md=with_metadata(own, md))
    return (yield from stage_wrapper(inner, [detector, motor]))


def _steps(
    detector: Any, target_field: str, motor: Any, step: float
) -> MsgGenerator[None]:
    while True:
        yield Msg("create", None, name="primary")
        readings = (yield Msg("read", motor)) or {}
        position = value_of(readings, _field_of(motor, readings))
        if getattr(detector, "trigger", None) is not None:
            yield Msg("trigger", detector, group="A")
        yield Msg("wait", None, "A")
        signal = value_of((yield Msg("read", detector)) or {}, target_field)
        yield Msg("save")
        prompt = f"{motor.name}, {float(position):.3}, {float(signal):.3}, ({step}) "
        answer = yield Msg("input", prompt=prompt)
        if answer is None:
            return
        try:
            step = float(answer) if answer.strip() else step
        except ValueError:
            return
        yield Msg("set", motor, position + step, group="A")
        yield Msg("wait", None, "A")
