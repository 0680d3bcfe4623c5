"""Examples: small plans written message by message, to learn and to test with.

Owns the plans that Bluesky's tutorials name.
Must not be used by plans for real experiments: see `lapwing.plans`.
Test: run each on soft devices.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.messages import Msg, MsgGenerator

__all__ = [
    "cautious_stepscan",
    "checkpoint_forever",
    "conditional_break",
    "conditional_pause",
    "do_nothing",
    "fly_gen",
    "multi_sample_temperature_ramp",
    "simple_scan",
    "simple_scan_saving",
    "sleepy",
    "stepscan",
    "wait_complex",
    "wait_multiple",
    "wait_one",
]


def simple_scan(motor: Any) -> MsgGenerator[None]:
    """Set a motor once, in a run."""
    yield Msg("open_run")
    yield Msg("set", motor, 5)
    yield Msg("read", motor)
    yield Msg("close_run")


def conditional_break(det: Any, motor: Any, threshold: float) -> MsgGenerator[None]:
    """Step a motor until a detector gives less than a threshold."""
    yield Msg("open_run")
    position = 0
    while True:
        yield Msg("set", motor, position)
        yield Msg("trigger", det)
        reading = yield Msg("read", det)
        if reading is None or reading[det.name]["value"] < threshold:
            break
        position += 1
    yield Msg("close_run")


def sleepy(det: Any, motor: Any) -> MsgGenerator[None]:
    """Set a motor, wait a little, trigger a detector."""
    yield Msg("open_run")
    yield Msg("set", motor, 5)
    yield Msg("sleep", None, 0.1)
    yield Msg("trigger", det)
    yield Msg("read", det)
    yield Msg("close_run")


def do_nothing(timeout: float = 5) -> MsgGenerator[None]:
    """Wait for some seconds."""
    yield Msg("sleep", None, timeout)


def checkpoint_forever() -> MsgGenerator[None]:
    """Do nothing, until somebody pauses or stops it."""
    while True:
        yield Msg("sleep", None, 0.1)
        yield Msg("checkpoint")


def wait_one(det: Any, motor: Any) -> MsgGenerator[None]:
    """Set a motor and wait for it."""
    yield Msg("open_run")
    yield Msg("set", motor, 5, group="A")
    yield Msg("wait", None, group="A")
    yield Msg("trigger", det)
    yield Msg("read", det)
    yield Msg("close_run")


def wait_multiple(det: Any, motors: Sequence[Any]) -> MsgGenerator[None]:
    """Set several motors and wait for all of them."""
    yield Msg("open_run")
    for motor in motors:
        yield Msg("set", motor, 5, group="A")
    yield Msg("wait", None, group="A")
    yield Msg("trigger", det)
    yield Msg("read", det)
    yield Msg("close_run")


def wait_complex(det: Any, motors: Sequence[Any]) -> MsgGenerator[None]:
    """Set motors in two groups, and wait for one after the other."""
    yield Msg("open_run")
    for k, motor in enumerate(motors):
        yield Msg("set", motor, 5, group="A" if k < len(motors) // 2 else "B")
    for group in ("A", "B"):
        yield Msg("wait", None, group=group)
        yield Msg("trigger", det)
        yield Msg("read", det)
    yield Msg("close_run")


def conditional_pause(
    det: Any, motor: Any, defer: bool, include_checkpoint: bool
) -> MsgGenerator[None]:
    """Step a motor, and pause at each step from the third on."""
    yield Msg("open_run")
    for position in range(5):
        if include_checkpoint:
            yield Msg("checkpoint")
        yield Msg("set", motor, position)
        yield Msg("trigger", det)
        if position >= 2:
            yield Msg("pause", None, defer=defer)
        yield Msg("read", det)
    yield Msg("close_run")


def simple_scan_saving(det: Any, motor: Any) -> MsgGenerator[None]:
    """Take one event."""
    yield Msg("open_run")
    yield Msg("set", motor, 5)
    yield Msg("trigger", det)
    yield from _event(motor, det)
    yield Msg("close_run")


def stepscan(det: Any, motor: Any) -> MsgGenerator[None]:
    """Take ten events, at positions from -5 to 4."""
    yield Msg("open_run")
    for position in range(-5, 5):
        yield Msg("set", motor, position)
        yield Msg("trigger", det)
        yield from _event(motor, det)
    yield Msg("close_run")


def cautious_stepscan(det: Any, motor: Any) -> MsgGenerator[None]:
    """Take ten events, with a checkpoint and a pause before each."""
    yield Msg("open_run")
    for position in range(-5, 5):
        yield Msg("checkpoint")
        yield Msg("set", motor, position)
        yield Msg("trigger", det)
        yield from _event(motor, det)
        yield Msg("pause")
    yield Msg("close_run")


def fly_gen(flyer: Any) -> MsgGenerator[None]:
    """Let a flyer take data, and collect them."""
    yield Msg("open_run")
    yield Msg("kickoff", flyer, group="kickoff")
    yield Msg("wait", None, group="kickoff")
    yield Msg("complete", flyer, group="complete")
    yield Msg("wait", None, group="complete")
    yield Msg("collect", flyer)
    yield Msg("close_run")


def multi_sample_temperature_ramp(
    detector: Any,
    sample_names: Sequence[str],
    sample_positions: Sequence[float],
    scan_motor: Any,
    start: float,
    stop: float,
    step: float,
    temp_controller: Any,
    tstart: float,
    tstop: float,
    tstep: float,
) -> MsgGenerator[None]:
    """Scan a motor at each of several samples, at each of several temperatures.

    Args:
        detector: Device to read.
        sample_names: What the samples are called, one run each.
        sample_positions: Where they begin, added to the motor's positions.
        scan_motor: The motor.
        start: First position within a sample.
        stop: End of the positions, which is not one of them.
        step: Distance of the positions.
        temp_controller: Device that is set to the temperature.
        tstart: First temperature.
        tstop: End of the temperatures, which is not one of them.
        tstep: Distance of the temperatures.
    """
    for temperature in _steps(tstart, tstop, tstep):
        yield Msg("set", temp_controller, temperature, group="temperature")
        yield Msg("wait", None, group="temperature")
        for name, offset in zip(sample_names, sample_positions, strict=True):
            yield Msg("open_run", sample=name, target_temp=temperature)
            for position in _steps(start, stop, step):
                yield Msg("set", scan_motor, offset + position, group="motor")
                yield Msg("wait", None, group="motor")
                yield Msg("trigger", detector, group="detector")
                yield Msg("wait", None, group="detector")
                yield from _event(detector, scan_motor, temp_controller)
            yield Msg("close_run")


def _steps(start: float, stop: float, step: float) -> list[float]:
    return [start + k * step for k in range(max(0, round((stop - start) / step)))]


def _event(*objs: Any) -> MsgGenerator[None]:
    yield Msg("create", name="primary")
    for obj in objs:
        yield Msg("read", obj)
    yield Msg("save")
