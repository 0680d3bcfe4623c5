"""Stubs: the smallest plans, from which all others are made.

Owns one function for each thing that a plan may say, and the steps of a scan.
Must not know engines or devices.
Test: iterate one, compare its messages; run it on soft devices.

Iterated without an engine, every response is None; stubs bear that.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count as _count
from time import time
from typing import Any, cast

from lapwing.engine.asides import announce, recorded
from lapwing.errors import PlanArgumentError, StateError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import is_safe_to_rewind, separate_devices
from lapwing.plans.mutators import ensure_generator
from lapwing.plans.plan import bare, plan
from lapwing.plans.preprocessors import rewindable_wrapper
from lapwing.plans.pseudo import Folding
from lapwing.protocols import (
    Locatable,
    Movable,
    Readable,
    Stageable,
    Stoppable,
    Triggerable,
)

__all__ = [
    "abs_set",
    "checkpoint",
    "clear_checkpoint",
    "close_run",
    "create",
    "deferred_pause",
    "drop",
    "locate",
    "mov",
    "move_per_step",
    "mv",
    "null",
    "one_1d_step",
    "one_nd_step",
    "one_shot",
    "open_run",
    "pause",
    "read",
    "repeat",
    "save",
    "sleep",
    "stage",
    "stop",
    "subscribe",
    "trigger",
    "trigger_and_read",
    "unstage",
    "unsubscribe",
    "wait",
]

_numbers = _count(1)


def new_group(purpose: str) -> str:
    """Return a name for a group of statuses that no other group has."""
    return f"{purpose}-{next(_numbers)}"


# Msg(...) sorts out keywords; at ten messages a point that is worth avoiding. To be
# called with the five fields: ``_said(("read", obj, (), {}, None))``.
_said = cast("Callable[[tuple[Any, ...]], Msg]", partial(tuple.__new__, Msg))


# ---------------------------------------------------------------- runs and events


@plan
def open_run(md: Mapping[str, Any] | None = None) -> MsgGenerator[str]:
    """Open a run with this metadata; returns its uid."""
    return (yield Msg("open_run", **dict(md or {})))


@plan
def close_run(
    exit_status: str | None = None, reason: str | None = None
) -> MsgGenerator[str]:
    """Close the run; returns its uid."""
    return (yield Msg("close_run", exit_status=exit_status, reason=reason))


@plan
def create(name: str = "primary") -> MsgGenerator[None]:
    """Begin an event of the stream ``name``."""
    return (yield Msg("create", name=name))


@plan
def save() -> MsgGenerator[None]:
    """Emit the event."""
    return (yield Msg("save"))


@plan
def drop() -> MsgGenerator[None]:
    """Discard the event."""
    return (yield Msg("drop"))


@plan
def read(obj: Readable) -> MsgGenerator[Any]:
    """Read a device; returns its readings by data key."""
    return (yield Msg("read", obj))


@plan
def subscribe(name: str, func: Callable[..., Any]) -> MsgGenerator[int]:
    """Subscribe to documents until the call ends; returns a token."""
    return (yield Msg("subscribe", None, func, name))


@plan
def unsubscribe(token: int) -> MsgGenerator[None]:
    """Give a subscription up."""
    return (yield Msg("unsubscribe", token=token))


# ---------------------------------------------------------------- devices


@plan
def abs_set(
    obj: Movable,
    *args: Any,
    group: Hashable | None = None,
    wait: bool = False,
    **kwargs: Any,
) -> MsgGenerator[Any]:
    """Send a device to a value; returns its status.

    Args:
        obj: The device.
        *args: The value, and whatever else the device takes.
        group: Group to wait for later.
        wait: Wait here until it is done.
        **kwargs: Whatever else the device takes.
    """
    if wait and group is None:
        group = new_group("set")
    status = yield Msg("set", obj, *args, group=group, **kwargs)
    if wait:
        yield Msg("wait", None, group=group)
    return status


@plan
def mv(
    *args: Movable | Any,
    group: Hashable | None = None,
    timeout: float | None = None,
    **kwargs: Any,
) -> MsgGenerator[tuple[Any, ...]]:
    """Move devices together and wait: ``mv(x, 1, y, 2)``; returns their statuses.

    Args:
        *args: Device, value, device, value, ...
        group: Group of the statuses.
        timeout: Seconds that all may take; None waits for ever.
        **kwargs: Handed to each device's ``set``.

    Raises:
        PlanArgumentError: The arguments do not come in pairs, a device comes twice,
            or real and pseudo axes of one device come together.
    """
    if len(args) % 2:
        raise PlanArgumentError(
            "mv takes pairs of device and value, but was given an odd number of "
            f"arguments, {len(args)}"
        )
    group = group or new_group("mv")
    step = dict(zip(args[::2], args[1::2], strict=True))
    if 2 * len(step) < len(args):
        raise PlanArgumentError(
            "mv was asked to send a device to two places at once: "
            f"{[getattr(obj, 'name', obj) for obj in args[::2]]}"
        )
    statuses = []
    for obj, value in Folding(args[::2])(step).items():
        statuses.append((yield Msg("set", obj, value, group=group, **kwargs)))
    yield Msg("wait", None, group=group, timeout=timeout)
    return tuple(statuses)


mov = mv


@plan
def trigger(
    obj: Triggerable, *, group: Hashable | None = None, wait: bool = False
) -> MsgGenerator[Any]:
    """Start a device's acquisition; returns its status."""
    status = yield Msg("trigger", obj, group=group)
    if wait:
        yield Msg("wait", None, group=group)
    return status


@plan
def stage(
    obj: Stageable, *, group: Hashable | None = None, wait: bool | None = None
) -> MsgGenerator[Any]:
    """Make a device ready.

    Args:
        obj: The device.
        group: Group to wait for later.
        wait: Wait here until it is ready. A device of the old style, whose
            ``stage`` returns a list, always blocks until it is.

    Returns:
        Its status, or the list of devices that it staged.

    Raises:
        StateError: ``wait`` is False for a device of the old style.
    """
    return (yield from _stage_one("stage", obj, group, wait))


@plan
def unstage(
    obj: Stageable, *, group: Hashable | None = None, wait: bool | None = None
) -> MsgGenerator[Any]:
    """Put a device back; see `stage`."""
    return (yield from _stage_one("unstage", obj, group, wait))


def _stage_one(
    verb: str, obj: Any, group: Hashable | None, wait: bool | None
) -> MsgGenerator[Any]:
    answer = yield Msg(verb, obj, group=group)
    if hasattr(answer, "add_callback"):
        if wait:
            yield Msg("wait", None, group=group)
    elif wait is False and answer is not None:
        raise StateError(
            f"{getattr(obj, 'name', obj)}: its {verb}() returns no status, so it has "
            f"been waited for already, though wait=False asks not to"
        )
    return answer


@plan
def stop(obj: Stoppable) -> MsgGenerator[None]:
    """Stop a device."""
    return (yield Msg("stop", obj))


@plan
def locate(*objs: Locatable, squeeze: bool = True) -> MsgGenerator[Any]:
    """Ask devices where they are; one location, or a list of several."""
    return (yield Msg("locate", *objs, squeeze=squeeze))


# ---------------------------------------------------------------- flow


@plan
def null() -> MsgGenerator[None]:
    """Do nothing."""
    return (yield Msg("null"))


@plan
def sleep(time: float) -> MsgGenerator[None]:
    """Let ``time`` seconds pass."""
    return (yield Msg("sleep", None, time))


@plan
def wait(
    group: Hashable | None = None,
    *,
    timeout: float | None = None,
    error_on_timeout: bool = True,
    watch: Sequence[str] = (),
) -> MsgGenerator[bool]:
    """Wait for a group; returns whether all of it is done.

    Args:
        group: The group.
        timeout: Seconds to wait at most; None waits for ever.
        error_on_timeout: Raise after that time, instead of returning False.
        watch: Further groups whose failure ends the wait.
    """
    return (
        yield Msg(
            "wait",
            group=group,
            error_on_timeout=error_on_timeout,
            timeout=timeout,
            watch=watch,
        )
    )


@plan
def checkpoint() -> MsgGenerator[None]:
    """Say that the plan can be rewound to here."""
    return (yield Msg("checkpoint"))


@plan
def clear_checkpoint() -> MsgGenerator[None]:
    """Say that from here on the plan cannot be rewound."""
    return (yield Msg("clear_checkpoint"))


@plan
def pause() -> MsgGenerator[None]:
    """Pause here, and wait to be resumed."""
    return (yield Msg("pause", None, defer=False))


@plan
def deferred_pause() -> MsgGenerator[None]:
    """Pause at the next checkpoint."""
    return (yield Msg("pause", None, defer=True))


# ---------------------------------------------------------------- steps of a scan

# What a scan repeats at each point calls the bare generator functions, named with an
# underscore below, for a plan object costs as much as two messages.

TakeReading = Callable[[Sequence[Any]], MsgGenerator[Any]]


@plan
def trigger_and_read(
    devices: Sequence[Readable], name: str = "primary"
) -> MsgGenerator[dict[str, Any]]:
    """Trigger devices together, wait, and read them into one event.

    Args:
        devices: Devices to read; those that are part of another one are left out.
        name: Name of the stream.

    Returns:
        All readings, by data key.
    """
    devices = separate_devices(devices)
    if is_safe_to_rewind(devices):
        return _take_event(devices, name)
    return rewindable_wrapper(_take_event(devices, name), False)


def _take_event(devices: Sequence[Any], name: str) -> MsgGenerator[dict[str, Any]]:
    if not devices:
        yield Msg("null")
    triggered = [obj for obj in devices if getattr(obj, "trigger", None) is not None]
    if triggered:
        group = new_group("trigger")
        for obj in triggered:
            yield _said(("trigger", obj, (), {"group": group}, None))
        options = {"error_on_timeout": True, "timeout": None, "watch": ()}
        yield _said(("wait", None, (), {"group": group, **options}, None))
    announce(devices)
    readings: dict[str, Any] = {}
    yield _said(("create", None, (), {"name": name}, None))
    try:
        for obj in devices:
            reading = yield _said(("read", obj, (), {}, None))
            if reading is not None:
                readings.update(reading)
    except Exception:
        yield Msg("drop")
        raise
    yield _said(("save", None, (), {}, None))
    return readings


@plan
def one_shot(
    detectors: Sequence[Readable], take_reading: TakeReading | None = None
) -> MsgGenerator[Any]:
    """Take one reading: the inner step of ``count``."""
    yield _said(("checkpoint", None, (), {}, None))
    return (yield from (take_reading or _trigger_and_read)(detectors))


@plan
def one_1d_step(
    detectors: Sequence[Readable],
    motor: Movable,
    step: Any,
    take_reading: TakeReading | None = None,
) -> MsgGenerator[Any]:
    """Move one motor and take a reading."""
    yield Msg("checkpoint")
    group = new_group("set")
    yield Msg("set", motor, step, group=group)
    yield Msg("wait", None, group=group)
    return (yield from (take_reading or _trigger_and_read)([*detectors, motor]))


@plan
def move_per_step(
    step: Mapping[Any, Any], pos_cache: dict[Any, Any]
) -> MsgGenerator[None]:
    """Move the motors whose position differs from the last step's, and wait.

    Args:
        step: Position by motor.
        pos_cache: Last position by motor; brought up to date.
    """
    yield _said(("checkpoint", None, (), {}, None))
    group = new_group("set")
    for motor, position in step.items():
        if position == pos_cache[motor]:
            continue
        yield _said(("set", motor, (position,), {"group": group}, None))
        pos_cache[motor] = position
    yield _said(("wait", None, (), {"group": group}, None))


@plan
def one_nd_step(
    detectors: Sequence[Readable],
    step: Mapping[Any, Any],
    pos_cache: dict[Any, Any],
    take_reading: TakeReading | None = None,
) -> MsgGenerator[Any]:
    """Move any number of motors and take a reading: the inner step of scans."""
    yield from _move_per_step(step, pos_cache)
    return (yield from (take_reading or _trigger_and_read)([*detectors, *step]))


_trigger_and_read = bare(trigger_and_read)
_move_per_step = bare(move_per_step)


@plan
def repeat(
    plan: Callable[[], MsgGenerator[Any]],
    num: int | None = 1,
    delay: float | Iterable[float | None] | None = 0.0,
) -> MsgGenerator[None]:
    """Run a plan several times, with a checkpoint before and a delay after each.

    Args:
        plan: Called without arguments for each repetition.
        num: How often; None repeats until stopped, or until delays run out.
        delay: Seconds from the start of one repetition to that of the next, or
            one for each; longer repetitions are not cut short.

    Raises:
        PlanArgumentError: There are fewer delays than gaps.
    """
    delays = _delays(delay, num)
    done = 0
    while num is None or done < num:
        start = None if delays is None else recorded(time)
        yield _said(("checkpoint", None, (), {}, None))
        yield from ensure_generator(plan())
        done += 1
        if delays is None:
            continue
        try:
            wanted = next(delays)
        except StopIteration:
            if num is None or done >= num:
                return
            raise PlanArgumentError(
                f"num={num!r} but delays only provides {done - 1} entries"
            ) from None
        if wanted is None or start is None:
            continue
        left = wanted - (recorded(time) - start)
        if left > 0:
            yield Msg("sleep", None, left)


def _delays(
    delay: float | Iterable[float | None] | None, num: int | None
) -> Iterator[float | None] | None:
    """Return an iterator of delays, or None if there are none."""
    if delay is None or (isinstance(delay, int | float) and delay == 0):
        return None
    if not isinstance(delay, Iterable):
        return iter(lambda: delay, None)
    if isinstance(delay, Sequence) or hasattr(delay, "__len__"):
        given = len(delay)  # type: ignore[arg-type]
        if num is not None and given < num - 1:
            raise PlanArgumentError(
                f"num={num!r} but delays only provides {given} entries"
            )
    return iter(delay)
