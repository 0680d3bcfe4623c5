"""Stubs of the flow of a plan: asking, waiting, repeating, suspending.

Owns one function for each.
Must not know engines or devices.
Test: iterate one, answer it, compare its messages.
"""

import warnings
from collections.abc import Awaitable, Callable, Iterable
from itertools import count, repeat
from typing import Any

from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.mutators import Messages, ensure_generator
from lapwing.plans.plan import plan

__all__ = [
    "broadcast_msg",
    "caching_repeater",
    "input_plan",
    "install_suspender",
    "remove_suspender",
    "repeater",
    "wait_for",
]


@plan
def wait_for(
    futures: Iterable[Callable[[], Awaitable[Any]]], **kwargs: Any
) -> MsgGenerator[Any]:
    """Wait for awaitables; returns their tasks.

    Args:
        futures: Functions that make them; called again if the wait is repeated.
        **kwargs: As of ``asyncio.wait``, such as ``timeout`` in seconds.
    """
    return (yield Msg("wait_for", None, futures, **kwargs))


@plan
def input_plan(prompt: str = "") -> MsgGenerator[str]:
    """Ask the person at the terminal; returns the line.

    Args:
        prompt: The question.
    """
    return (yield Msg("input", prompt=prompt))


@plan
def install_suspender(suspender: Any) -> MsgGenerator[None]:
    """Let a suspender watch from now on."""
    return (yield Msg("install_suspender", None, suspender))


@plan
def remove_suspender(suspender: Any) -> MsgGenerator[None]:
    """Let a suspender watch no more."""
    return (yield Msg("remove_suspender", None, suspender))


@plan
def broadcast_msg(
    command: str, objs: Iterable[Any], *args: Any, **kwargs: Any
) -> MsgGenerator[list[Any]]:
    """Say the same to several devices; returns the list of responses.

    Args:
        command: The verb.
        objs: The devices.
        *args: As of the message.
        **kwargs: As of the message.
    """
    answers = []
    for obj in objs:
        answers.append((yield Msg(command, obj, *args, **kwargs)))
    return answers


@plan
def repeater(
    n: int | None, gen_func: Callable[..., Messages], *args: Any, **kwargs: Any
) -> MsgGenerator[None]:
    """Run a plan several times.

    Args:
        n: How often; None repeats until stopped.
        gen_func: Called for the plan of each repetition.
        *args: Handed to it.
        **kwargs: Handed to it.
    """
    for _ in count() if n is None else repeat(None, n):
        yield from ensure_generator(gen_func(*args, **kwargs))


@plan
def caching_repeater(n: int | None, plan: Messages) -> MsgGenerator[None]:
    """Say the messages of a plan several times; deprecated, use `repeater`.

    Args:
        n: How often; None repeats until stopped.
        plan: Is run through beforehand, without an engine.
    """
    warnings.warn(
        "caching_repeater runs a plan without an engine to learn its messages; use "
        "repeater, which takes a function",
        UserWarning,  # which is shown to all, and is what Bluesky's users expect
        stacklevel=2,
    )
    messages = list(plan)
    yield from repeater(n, lambda: iter(messages))
