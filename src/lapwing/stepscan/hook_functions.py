"""Hook functions: functions that run in threads, and whether some still do.

Owns that one which nobody waits for any longer is not forgotten.
Must not know hooks' owners, nor plans.
Test: tests/unit/stepscan/test_hooks.py: cut one off, and wait for its end.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger("lapwing.stepscan")


class Functions:
    """Functions that run in threads, each with a title for messages."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Any], str] = {}
        self._cut_off: set[asyncio.Task[Any]] = set()

    @property
    def titles(self) -> list[str]:
        """What runs now."""
        return list(self._running.values())

    async def ended(self) -> None:
        """Wait until none runs."""
        if self._running:
            await asyncio.wait(self._running)

    def once(self, work: Callable[[], Any], title: str) -> Callable[[], Awaitable[Any]]:
        """Return what runs a function in a thread and waits for its end.

        If that is cancelled the function goes on. Called once more, it waits for the
        same function, and does not begin it a second time.

        Args:
            work: The function.
            title: What it is, for messages.
        """
        begun: list[asyncio.Task[Any]] = []

        async def run() -> Any:
            if not begun:
                begun.append(self._begin(work, title))
            made = await self._wait(begun[0])
            if inspect.isawaitable(made):
                begun.clear()  # it can be awaited but once
            return made

        return run

    def _begin(self, work: Callable[[], Any], title: str) -> "asyncio.Task[Any]":
        task = asyncio.create_task(asyncio.to_thread(work))
        self._running[task] = title
        task.add_done_callback(self._ended)
        return task

    async def _wait(self, task: "asyncio.Task[Any]") -> Any:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._cut_off.add(task)
            raise
        finally:
            if task.done():
                self._cut_off.discard(task)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        title = self._running.pop(task)
        if task.cancelled() or task not in self._cut_off:
            return
        self._cut_off.discard(task)
        if (exc := task.exception()) is not None:
            logger.warning("%s, which was not waited for, failed: %s", title, exc)
