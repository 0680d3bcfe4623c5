"""Requests to PV Access servers that are waited for together, and monitors.

Owns the way from p4p's threads to the event loop: one wake-up for all of a batch.
Must not know channels, clients or devices; is given p4p's context.
Test: tests/contract/test_channel.py, against the simulated beamline.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any


class Batch:
    """Some requests that are waited for together.

    Args:
        number: How many; one at least.

    Attributes:
        answers: One for each, in order: a structure, None for a put that is over, or
            an exception; `UNANSWERED` as long as there is none.
        done: Done when the last was answered.
    """

    UNANSWERED = TimeoutError()

    def __init__(self, number: int):
        self._loop = asyncio.get_running_loop()
        self.answers: list[Any] = [self.UNANSWERED] * number
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._operations: list[Any] = []
        # By number: one that was lost may be answered by the next server too. p4p's
        # threads add, which is atomic.
        self._came: set[int] = set()
        self._closed = False

    def add(self, start: Callable[[Callable[[Any], None]], Any]) -> None:
        """Begin the next request.

        Args:
            start: Called with what takes the answer; returns p4p's operation.
        """
        self._operations.append(start(partial(self.take, len(self._operations))))

    def finish(self) -> None:
        """Wait for no more answers."""
        if not self.done.done():
            self.done.set_result(None)

    def close(self) -> None:
        """End every operation; what was not answered is never done again."""
        self._closed = True
        for operation in self._operations:
            operation.close()

    def take(self, index: int, answer: Any) -> None:
        """Take an answer, in any thread.

        Args:
            index: Number of the request.
            answer: What it came to; see `answers`.
        """
        if self._closed:
            return  # only to say that it was cancelled
        self.answers[index] = answer
        self._came.add(index)
        if len(self._came) == len(self.answers):
            # A loop that was closed meanwhile waits for nothing.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.finish)


class PvaMonitor:
    """A subscription: tells the changes of one PV in the event loop.

    Args:
        context: p4p's.
        pv: Name of the PV.
        request: What of it to tell, as PV Access says it.
        function: Called with all that came since the last call: structures, and
            exceptions for losses and refusals.
    """

    def __init__(
        self,
        context: Any,
        pv: str,
        request: str,
        function: Callable[[list[Any]], None],
    ):
        self._loop = asyncio.get_running_loop()
        self._function = function
        self._monitor: Any = None
        self._monitor = context.monitor(pv, self._wake, request=request)

    @property
    def is_open(self) -> bool:
        """Whether it still tells."""
        return self._monitor is not None

    def close(self) -> None:
        """Call it no more."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            monitor.close()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        news = []
        while self._monitor is not None and (one := self._monitor.pop()) is not None:
            news.append(one)
        if news:
            self._function(news)
