"""Verbs that act on devices: set, trigger, stage, configure and others.

Owns what each of these messages does; each is one small function.
Must not know any device: it uses the protocols.
Test: through the engine, with lists of messages on soft devices.
"""

import asyncio
import time
from typing import Any

from lapwing.engine.call import Call
from lapwing.engine.capabilities import CONFIGURE, LOCATE, SET, STOP, TRIGGER
from lapwing.errors import IllegalMessageSequence
from lapwing.messages import Msg
from lapwing.protocols import resolve

_NO_KEYWORDS: dict[str, Any] = {}
_TELLING_TAKES = 0.1  # s at the most; a move that was given up is never told of


def keywords(msg: Msg) -> dict[str, Any]:
    """Return what is meant for the device, without what is for the engine."""
    if len(msg.kwargs) == 1 and "group" in msg.kwargs:
        return _NO_KEYWORDS  # nearly always; ``**`` copies it
    return {key: value for key, value in msg.kwargs.items() if key != "group"}


def set_(call: Call, msg: Msg) -> Any:
    """Send a device to a value; the response is its status.

    args: the value; kwargs: group; all others are the device's.
    """
    obj = msg.obj
    if obj.__class__ not in SET.known:
        SET.check(obj)
    call.moved[id(obj)] = obj
    if call.ahead.begun:
        call.ahead.discard()  # what was read ahead may hold no more
    if getattr(obj, "_SUB_REQ_DONE", None) and _tells_still(call, obj):
        return _set_when_told(call, msg)
    return call.statuses.track(obj.set(*msg.args, **keywords(msg)), msg)


def _tells_still(call: Call, obj: Any) -> bool:
    """Whether a positioner of classic ophyd is about to forget whom it serves.

    It ends a move in a thread of its own: first it tells the status, then it forgets
    every request, and with the last one a new one that came in between, whose status
    would never be done.
    """
    if not obj._callbacks[obj._SUB_REQ_DONE]:  # noqa: SLF001 - nothing else tells
        return False
    return not call.statuses.pending(obj)  # on its way, it is told of the new request


async def _set_when_told(call: Call, msg: Msg) -> Any:
    # Ophyd has no event for it.
    deadline = time.monotonic() + _TELLING_TAKES
    while _tells_still(call, msg.obj) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.0005)
    return call.statuses.track(msg.obj.set(*msg.args, **keywords(msg)), msg)


def trigger(call: Call, msg: Msg) -> Any:
    """Start a device's acquisition; the response is its status.

    kwargs: group; all others are the device's.
    """
    obj = msg.obj
    if obj.__class__ not in TRIGGER.known:
        TRIGGER.check(obj)
    if call.ahead.begun:
        call.ahead.discard()  # what was read ahead may hold no more
    return call.statuses.track(obj.trigger(*msg.args, **keywords(msg)), msg)


def stage(call: Call, msg: Msg) -> Any:
    """Make a device ready; the response is its status, or its list of devices.

    kwargs: group.
    """
    return _stage_or_unstage(call, msg, staging=True)


def unstage(call: Call, msg: Msg) -> Any:
    """Put a device back; the response is its status, or its list of devices.

    kwargs: group.
    """
    return _stage_or_unstage(call, msg, staging=False)


def _stage_or_unstage(call: Call, msg: Msg, *, staging: bool) -> Any:
    obj = msg.obj
    if not (hasattr(obj, "stage") and hasattr(obj, "unstage")):
        return []  # what needs no staging is staged
    method = obj.stage if staging else obj.unstage
    call.mark_checkpoint()
    if staging:
        call.staged[id(obj)] = obj
    else:
        call.staged.pop(id(obj), None)
    result = method()
    # The old style returns the list of what was staged; the new one a status.
    return (
        call.statuses.track(result, msg) if hasattr(result, "add_callback") else result
    )


def stop(call: Call, msg: Msg) -> Any:
    """Stop a device that moves."""
    STOP.check(msg.obj)
    return _settle(msg.obj.stop())


def locate(call: Call, msg: Msg) -> Any:
    """Ask devices where they are; one location, or a list of several.

    args: further devices; kwargs: squeeze, True by default, gives a lone location
    without its list.
    """
    objs = (msg.obj, *msg.args)
    for obj in objs:
        LOCATE.check(obj)
    return _locate(objs, msg.kwargs.get("squeeze", True))


async def _locate(objs: tuple[Any, ...], squeeze: bool) -> Any:
    found = await asyncio.gather(*(resolve(obj.locate()) for obj in objs))
    return found[0] if squeeze and len(found) == 1 else found


async def _settle(result: Any) -> None:
    await resolve(result)


def configure(call: Call, msg: Msg) -> Any:
    """Change a device's settings; the response is the old and the new ones.

    args, kwargs: the device's.
    """
    CONFIGURE.check(msg.obj)
    if any(run.bundling for run in call.runs.values()):
        raise IllegalMessageSequence(
            "'configure' came between 'create' and 'save'; an event is taken under "
            "one configuration, so configure before or after it"
        )
    return _configure(call, msg)


async def _configure(call: Call, msg: Msg) -> Any:
    answer = await resolve(msg.obj.configure(*msg.args, **msg.kwargs))
    for run in call.runs.values():
        await run.reconfigured(msg.obj)
    return answer


COMMANDS = {
    "set": set_,
    "trigger": trigger,
    "stage": stage,
    "unstage": unstage,
    "stop": stop,
    "locate": locate,
    "configure": configure,
}
