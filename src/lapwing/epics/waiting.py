"""Waiting: for an answer, while the event loop may be busy with something else.

Owns what a time means in which the loop did not turn.
Must not know channels or servers.
Test: tests/unit/epics/test_pyepics.py.
"""

# ruff: noqa: ASYNC109 - it says when to wait no more, which is no error.

import asyncio
from collections.abc import Iterable
from typing import Any

BUSY = 0.1
"""Seconds that the event loop may be late without having been busy."""
PASSAGE = 0.5
"""Seconds that an answer may take through an event loop that was busy."""


async def first_done(futures: Iterable["asyncio.Future[Any]"], timeout: float) -> None:
    """Wait until one is done, or the time is over.

    Args:
        futures: What may be done.
        timeout: Seconds; if the event loop was busy at their end, what came meanwhile
            still gets the time to pass through it.
    """
    loop = asyncio.get_running_loop()
    end, waiting = loop.time() + timeout, list(futures)
    first = asyncio.FIRST_COMPLETED
    done, _ = await asyncio.wait(waiting, timeout=timeout, return_when=first)
    if not done and loop.time() > end + BUSY:
        await asyncio.wait(waiting, timeout=PASSAGE, return_when=first)
