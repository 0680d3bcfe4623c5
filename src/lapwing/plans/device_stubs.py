"""Stubs of devices: staging several, watching them, changing their settings.

Owns one function for each.
Must not know engines or devices.
Test: iterate one, answer it, compare its messages.
"""

from collections.abc import Hashable, Sequence
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.plan import plan
from lapwing.plans.stubs import new_group
from lapwing.protocols import Configurable, Readable, Stageable

__all__ = ["configure", "monitor", "stage_all", "unmonitor", "unstage_all"]


@plan
def configure(obj: Configurable, *args: Any, **kwargs: Any) -> MsgGenerator[Any]:
    """Change a device's settings; returns the old and the new ones.

    Args:
        obj: The device.
        *args: Whatever the device's ``configure`` takes.
        **kwargs: Whatever the device's ``configure`` takes.
    """
    return (yield Msg("configure", obj, *args, **kwargs))


@plan
def monitor(
    obj: Readable, *, name: str | None = None, **kwargs: Any
) -> MsgGenerator[None]:
    """Record each change of a device, in a stream of its own, until the run ends.

    Args:
        obj: The device.
        name: Name of the stream.
        **kwargs: Handed to the device's ``subscribe``.
    """
    return (yield Msg("monitor", obj, name=name, **kwargs))


@plan
def unmonitor(obj: Readable) -> MsgGenerator[None]:
    """Record a device's changes no more."""
    return (yield Msg("unmonitor", obj))


@plan
def stage_all(*args: Stageable, group: Hashable | None = None) -> MsgGenerator[None]:
    """Make devices ready together, and wait.

    Args:
        *args: The devices.
        group: Group of their statuses.
    """
    yield from _each("stage", args, group)


@plan
def unstage_all(*args: Stageable, group: Hashable | None = None) -> MsgGenerator[None]:
    """Put devices back together, and wait.

    Args:
        *args: The devices.
        group: Group of their statuses.
    """
    yield from _each("unstage", args, group)


def _each(
    verb: str, devices: Sequence[Any], group: Hashable | None
) -> MsgGenerator[None]:
    group = group or new_group(verb)
    answers = []
    for device in devices:
        answers.append((yield Msg(verb, device, group=group)))
    # What is of the old style has been waited for already.
    if any(hasattr(answer, "add_callback") for answer in answers):
        yield Msg("wait", None, group=group)
