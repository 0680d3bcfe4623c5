"""Forsaken: connections end with the device that has them, whoever forgets it.

Owns the weak ties between a device and what tells it the news.
Must not know what a device is.
Test: tests/system/test_step_growth.py, which makes devices and drops them.

Client libraries keep what they call alive: a device that they call by itself would be
kept, with its connections, when nobody has it any more.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lapwing.epics.channel import Channel


def weakly(method: Callable[..., None], *first: Any) -> Callable[..., None]:
    """Return what calls a method as long as its object lives, and does not keep it.

    Args:
        method: A bound method.
        *first: Arguments before those of the call.
    """
    return partial(_tell, weakref.WeakMethod(method), *first)


def _tell(method: "weakref.WeakMethod[Any]", *news: Any) -> None:
    if (tell := method()) is not None:
        tell(*news)


def close_with(
    device: Any, channels: Mapping[str, Channel]
) -> "weakref.finalize[..., Any]":
    """Close channels when nobody has a device any more.

    Args:
        device: Who has them; they must not have it.
        channels: Its channels, of the running event loop.

    Returns:
        What may be detached, if somebody closes them before.
    """
    loop = asyncio.get_running_loop() if channels else None
    tie = weakref.finalize(device, _give_up, loop, channels)
    tie.atexit = False
    return tie


def _give_up(
    loop: asyncio.AbstractEventLoop | None, channels: Mapping[str, Channel]
) -> None:
    def close() -> None:
        with contextlib.ExitStack() as each:  # whatever becomes of the others
            for channel in channels.values():
                each.callback(channel.close)

    if loop is not None:
        # In any thread. A loop that was closed meanwhile has no connections.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(close)
