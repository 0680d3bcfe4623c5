"""Stubs of relative moves, and of asking where a device is.

Owns one function for each.
Must not know engines or devices.
Test: iterate one, answer it, compare its messages.
"""

from collections.abc import Hashable
from typing import Any

from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans import patterns
from lapwing.plans.devices import hinted_fields
from lapwing.plans.plan import bare, plan
from lapwing.plans.relative import relative_set_wrapper
from lapwing.plans.stubs import abs_set, mv
from lapwing.protocols import Movable, Readable

__all__ = ["movr", "mvr", "rd", "rel_set"]


@plan
def rel_set(
    obj: Movable,
    *args: Any,
    group: Hashable | None = None,
    wait: bool = False,
    **kwargs: Any,
) -> MsgGenerator[Any]:
    """Send a device to an offset from where it is; returns its status.

    Args:
        obj: The device.
        *args: The offset, and whatever else the device takes.
        group: Group to wait for later.
        wait: Wait here until it is done.
        **kwargs: Whatever else the device takes.
    """
    if args:
        patterns.check_offset(args[0], obj)
    move = bare(abs_set)(obj, *args, group=group, wait=wait, **kwargs)
    return (yield from relative_set_wrapper(move))


@plan
def mvr(
    *args: Movable | Any,
    group: Hashable | None = None,
    timeout: float | None = None,
    **kwargs: Any,
) -> MsgGenerator[tuple[Any, ...]]:
    """Move devices together by offsets and wait: ``mvr(x, 1, y, 2)``.

    Args:
        *args: Device, offset, device, offset, ...
        group: Group of the statuses.
        timeout: Seconds that all may take; None waits for ever.
        **kwargs: Handed to each device's ``set``.

    Returns:
        Their statuses.

    Raises:
        PlanArgumentError: As of `mv`, or an offset is no finite number; nothing was
            moved.
    """
    for motor, offset in zip(args[::2], args[1::2], strict=False):
        patterns.check_offset(offset, motor)
    move = bare(mv)(*args, group=group, timeout=timeout, **kwargs)
    return (yield from relative_set_wrapper(move, args[::2]))


movr = mvr


@plan
def rd(obj: Readable, *, default_value: Any = 0) -> MsgGenerator[Any]:
    """Read one value of a device: where it is, or its only or only hinted field.

    Args:
        obj: The device.
        default_value: Returned if no engine runs the plan.

    Returns:
        The value.

    Raises:
        PlanArgumentError: Which of its values is meant cannot be told.
    """
    if hasattr(obj, "locate"):
        location = yield Msg("locate", obj)
        return default_value if location is None else location["readback"]
    hinted = hinted_fields(obj)
    if len(hinted) > 1:
        raise _ambiguous(obj, f"has {len(hinted)} items hinted ({hinted})")
    # What a device of ophyd would read is known before it is read.
    parts = getattr(obj, "read_attrs", ())
    if not hinted and hasattr(obj, "read_attrs") and len(parts) != 1:
        raise _ambiguous(obj, f"and has {len(parts)} read attrs")
    reading = yield Msg("read", obj)
    if reading is None:
        return default_value
    fields = hinted or list(reading)
    if len(fields) != 1:
        raise _ambiguous(obj, f"has the fields {fields}")
    return reading[fields[0]]["value"]


def _ambiguous(obj: Any, what: str) -> PlanArgumentError:
    name = f"{obj.name}.{getattr(obj, 'dotted_name', '')}"
    return PlanArgumentError(
        f"Your object {obj} ({name}) {what}.  We cannot tell which one is meant",
        hint="read it with bps.read, and take one",
    )
