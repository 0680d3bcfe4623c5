"""Stubs of flyers: what a plan may say to devices that take data by themselves.

Owns one function for each such thing.
Must not know engines or devices.
Test: iterate one, compare its messages; run it with flyers made by hand.
"""

from collections.abc import Hashable, Sequence
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.plan import bare, plan
from lapwing.plans.stubs import new_group
from lapwing.plans.stubs import wait as wait_stub
from lapwing.protocols import Collectable, Flyable, Preparable, Readable

__all__ = [
    "collect",
    "collect_while_completing",
    "complete",
    "complete_all",
    "declare_stream",
    "kickoff",
    "kickoff_all",
    "prepare",
]

_wait = bare(wait_stub)


@plan
def declare_stream(
    *objs: Readable, name: str, collect: bool = False
) -> MsgGenerator[tuple[Any, ...]]:
    """Say what a stream will hold, before its first event.

    Args:
        *objs: Devices of the stream.
        name: Name of the stream.
        collect: They are flyers, which describe what they collect.

    Returns:
        The descriptor, a function that composes events, and the devices.
    """
    return (yield Msg("declare_stream", None, *objs, name=name, collect=collect))


@plan
def prepare(
    obj: Preparable,
    *args: Any,
    group: Hashable | None = None,
    wait: bool = False,
    **kwargs: Any,
) -> MsgGenerator[Any]:
    """Make a device ready for what follows; returns its status.

    Args:
        obj: The device.
        *args: What to get ready for.
        group: Group to wait for later.
        wait: Wait here until it is ready.
        **kwargs: Whatever else the device takes.
    """
    status = yield Msg("prepare", obj, *args, group=group, **kwargs)
    if wait:
        yield from _wait(group)
    return status


@plan
def kickoff(
    obj: Flyable, *, group: Hashable | None = None, wait: bool = False, **kwargs: Any
) -> MsgGenerator[Any]:
    """Start a flyer; returns its status, which is done when it has begun.

    Args:
        obj: The flyer.
        group: Group to wait for later.
        wait: Wait here until it has begun.
        **kwargs: Whatever the flyer takes.
    """
    status = yield Msg("kickoff", obj, group=group, **kwargs)
    if wait:
        yield from _wait(group)
    return status


@plan
def kickoff_all(
    *args: Flyable, group: Hashable | None = None, wait: bool = True, **kwargs: Any
) -> MsgGenerator[tuple[Any, ...]]:
    """Start flyers together; returns their statuses.

    Args:
        *args: The flyers.
        group: Group of the statuses.
        wait: Wait here until all have begun.
        **kwargs: Handed to each flyer's ``kickoff``.
    """
    return (yield from _all("kickoff", args, group, wait, kwargs))


@plan
def complete(
    obj: Flyable, *, group: Hashable | None = None, wait: bool = False, **kwargs: Any
) -> MsgGenerator[Any]:
    """Tell a flyer to come to its end; returns its status, done at the end.

    Args:
        obj: The flyer.
        group: Group to wait for later.
        wait: Wait here until it has ended.
        **kwargs: Whatever the flyer takes.
    """
    status = yield Msg("complete", obj, group=group, **kwargs)
    if wait:
        yield from _wait(group)
    return status


@plan
def complete_all(
    *args: Flyable, group: Hashable | None = None, wait: bool = False, **kwargs: Any
) -> MsgGenerator[tuple[Any, ...]]:
    """Tell flyers to come to their ends; returns their statuses.

    Args:
        *args: The flyers.
        group: Group of the statuses.
        wait: Wait here until all have ended.
        **kwargs: Handed to each flyer's ``complete``.
    """
    return (yield from _all("complete", args, group, wait, kwargs))


def _all(
    verb: str,
    flyers: Sequence[Any],
    group: Hashable | None,
    wait: bool,
    kwargs: dict[str, Any],
) -> MsgGenerator[tuple[Any, ...]]:
    group = group or new_group(verb)
    statuses = []
    for flyer in flyers:
        statuses.append((yield Msg(verb, flyer, group=group, **kwargs)))
    if wait:
        yield from _wait(group)
    return tuple(statuses)


@plan
def collect(
    obj: Flyable | Collectable,
    *args: Any,
    stream: bool = False,
    return_payload: bool = True,
    name: str | None = None,
) -> MsgGenerator[Any]:
    """Take over what flyers have collected.

    Args:
        obj: A flyer.
        *args: Further flyers, of the same stream.
        stream: Must be False; events come in pages.
        return_payload: Return the partial events.
        name: Name of a stream that was declared before.

    Returns:
        The list of partial events, or None.
    """
    return (
        yield Msg(
            "collect",
            obj,
            *args,
            stream=stream,
            return_payload=return_payload,
            name=name,
        )
    )


@plan
def collect_while_completing(
    flyers: Sequence[Flyable],
    dets: Sequence[Collectable],
    flush_period: float | None = None,
    stream_name: str | None = None,
    watch: Sequence[str] = (),
) -> MsgGenerator[None]:
    """Tell flyers to come to their ends, and meanwhile collect from detectors.

    Args:
        flyers: What must come to its end.
        dets: What is collected from.
        flush_period: Seconds from one collecting to the next; None collects once,
            at the end.
        stream_name: Name of the stream, declared before.
        watch: Further groups whose failure ends the wait.
    """
    group = new_group("complete")
    yield from _all("complete", flyers, group, False, {})
    done: Any = False
    while done is False:
        done = yield from _wait(
            group, timeout=flush_period, error_on_timeout=False, watch=watch
        )
        yield from collect(*dets, name=stream_name)
