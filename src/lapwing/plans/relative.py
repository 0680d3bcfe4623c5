"""Relative motion: positions counted from where the devices are.

Owns finding out where a device is, adding to it, and going back there.
Must not know engines or devices; a device is asked by messages.
Test: wrap a list of ``set`` messages, answer them, compare.
"""

from collections.abc import Callable, Sequence
from typing import Any

from lapwing.documents import new_uid
from lapwing.engine.asides import recorded
from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import hinted_fields
from lapwing.plans.endings import finalize_wrapper
from lapwing.plans.mutators import (
    Messages,
    make_decorator,
    msg_mutator,
    plan_mutator,
    takes_plan,
)
from lapwing.plans.points import check_offset
from lapwing.plans.pseudo import Folding, pseudo_parent, shifted


def _position_of(obj: Any) -> MsgGenerator[Any]:
    """Find out where a device is, in the way that it offers.

    Raises:
        PlanArgumentError: It offers only a reading in which several values may be it.
    """
    # What was asked for comes before what was reached: else a device that is put
    # back again and again creeps away by its error.
    if hasattr(obj, "locate"):
        location = yield Msg("locate", obj)
        return 0 if location is None else location["setpoint"]
    if hasattr(obj, "position"):
        return recorded(lambda: obj.position)
    reading = yield Msg("read", obj)
    if reading is None:
        return 0  # not run by an engine
    fields = hinted_fields(obj) or list(reading)[:1]
    if len(fields) != 1 or fields[0] not in reading:
        raise PlanArgumentError(
            f"where {obj.name!r} is cannot be told, for its hints name {fields} of "
            f"its readings {list(reading)}, and not one",
            hint="give it a locate() or a position, or hint at one field",
        )
    return reading[fields[0]]["value"]


def _moved(msg: Msg, position: Any) -> Any:
    try:
        return shifted(msg.args[0], position)
    except (TypeError, ValueError):
        # Its own words are about adding; if the offset is none, say that.
        check_offset(msg.args[0], msg.obj)
        raise


def _note_positions(
    positions: dict[int, tuple[Any, Any]],
    devices: Sequence[Any] | None,
    whose: Callable[[Any], Any] = lambda obj: obj,
) -> Callable[[Msg], tuple[Messages | None, Messages | None]]:
    """Before the first ``set`` of each device, note where it, or ``whose``, is."""
    wanted = None if devices is None else {id(obj) for obj in Folding(devices).motors}

    def look_first(msg: Msg) -> tuple[Messages | None, Messages | None]:
        if msg.command != "set" or (wanted is not None and id(msg.obj) not in wanted):
            return None, None
        obj = whose(msg.obj)
        if id(obj) in positions:
            return None, None

        def head() -> MsgGenerator[Any]:
            position = yield from _position_of(obj)
            positions[id(obj)] = (obj, position)
            return (yield msg)

        return head(), None

    return look_first


@takes_plan
def relative_set_wrapper(
    plan: Messages, devices: Sequence[Any] | None = None
) -> MsgGenerator[Any]:
    """Take the positions in a plan as relative to where the devices are.

    Args:
        plan: The plan.
        devices: Those concerned; None means all.
    """
    positions: dict[int, tuple[Any, Any]] = {}

    def shift(msg: Msg) -> Msg:
        if msg.command == "set" and id(msg.obj) in positions:
            position = positions[id(msg.obj)][1]
            return msg._replace(args=(_moved(msg, position), *msg.args[1:]))
        return msg

    noted = plan_mutator(plan, _note_positions(positions, devices))
    return (yield from msg_mutator(noted, shift))


@takes_plan
def reset_positions_wrapper(
    plan: Messages, devices: Sequence[Any] | None = None
) -> MsgGenerator[Any]:
    """Send the devices that a plan has moved back to where they were.

    Args:
        plan: The plan.
        devices: Those concerned; None means all.
    """
    positions: dict[int, tuple[Any, Any]] = {}

    def back() -> Messages:
        group = f"reset-{recorded(new_uid)[:6]}"
        for obj, position in positions.values():
            yield Msg("set", obj, position, group=group)
        yield Msg("wait", None, group=group)

    def whole(obj: Any) -> Any:
        # One pseudo axis cannot be put back alone: the real ones have all moved.
        return pseudo_parent(obj) or obj

    noted = plan_mutator(plan, _note_positions(positions, devices, whole))
    return (yield from finalize_wrapper(noted, back))


relative_set_decorator = make_decorator(relative_set_wrapper)
reset_positions_decorator = make_decorator(reset_positions_wrapper)
