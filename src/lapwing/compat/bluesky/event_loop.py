"""Bluesky's event loop: a face of the device loop.

Owns the functions by which ophyd-async and users ask for it.
Must not make loops.
Test: ophyd-async's ``init_devices``; Bluesky's own tests of these functions.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from lapwing.engine import device_loop

T = TypeVar("T")

THREAD_NAME = "bluesky-run-engine"
"""Name of the thread of a loop that was handed over."""


def get_bluesky_event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop on which engines and devices live."""
    return device_loop.get()


def set_bluesky_event_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Make a loop the one on which engines and devices live; it is run in a thread.

    Args:
        loop: The loop; None changes nothing, for there is always one.

    Raises:
        StateError: Something goes on upon the loop that there is.
    """
    if loop is not None:
        device_loop.adopt(loop, THREAD_NAME)


def in_bluesky_event_loop() -> bool:
    """Whether the caller runs on the loop of engines and devices."""
    return device_loop.is_current()


def call_in_bluesky_event_loop(
    coro: Coroutine[Any, Any, T], timeout: float | None = None
) -> T:
    """Run a coroutine on that loop and block for its result.

    Args:
        coro: What to run.
        timeout: Seconds to wait at most; None waits for ever.

    Raises:
        StateError: Called on that loop, which would wait for itself.
    """
    return device_loop.call(coro, timeout)


def autoawait_in_bluesky_event_loop(ip: Any = None) -> None:
    """Let IPython run ``await`` at its prompt on that loop.

    Args:
        ip: The shell; None takes the one that runs.
    """
    if ip is None:
        from IPython import get_ipython

        ip = get_ipython()
    ip.loop_runner = call_in_bluesky_event_loop
