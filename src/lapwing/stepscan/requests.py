"""Requests: what people ask of a scan before and while it runs.

Owns pause, resume, abort and skip, from any thread, until the scan looks at them.
Must not know scans, nor where a request comes from.
Test: ask from the test's thread, take on the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Literal

from lapwing.engine import device_loop

Order = tuple[Literal["go", "pause", "skip", "abort"], str]
GO: Order = ("go", "")
ABORTED = "the scan was asked to abort"


class Requests:
    """What was asked of a scan; it looks once a point.

    What is asked between two scans is kept for the second: an abort that comes just
    before a scan begins must not be lost.

    Attributes:
        way_on: How the engine goes on while it is paused, in a sentence; else "".
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abort: str | None = None
        self._paused: str | None = None
        self._skip = 0
        self._news: asyncio.Event | None = None
        self._end: Callable[[str], None] | None = None
        self.way_on = ""

    def clear(self) -> None:
        """Forget all, now that a scan is over."""
        with self._lock:
            self._abort, self._paused, self._skip = None, None, 0
            self._end, self.way_on = None, ""

    def while_held(self, end: Callable[[str], None] | None, way_on: str = "") -> None:
        """Take note that the engine is paused, so that the scan looks at nothing.

        Args:
            end: Ends the scan for a reason, from any thread; None: the engine goes on.
            way_on: How the engine goes on, in a sentence.
        """
        with self._lock:
            self._end, self.way_on = end, way_on
            asked = self._abort
        if end is not None and asked is not None:
            self.abort(asked)  # it was asked for as the engine began to pause

    @property
    def held(self) -> bool:
        """Whether the engine is paused, and only whoever paused it can go on."""
        return self._end is not None

    def pause(self, reason: str = "") -> None:
        """Ask to wait at the end of the point."""
        with self._lock:
            self._paused = reason

    def resume(self) -> None:
        """Ask to go on."""
        with self._lock:
            self._paused = None
        self._tell()

    def abort(self, reason: str = "") -> None:
        """Ask to end at the end of the point; at once while the engine is paused."""
        with self._lock:
            self._abort = reason
            end, self._end, self.way_on = self._end, None, ""
        if end is not None:
            end(reason or ABORTED)
        self._tell()

    def skip(self, num_points: int = 1) -> None:
        """Ask to leave out the coming points.

        Args:
            num_points: How many, counted from the next one.
        """
        with self._lock:
            self._skip += max(0, num_points)
        self._tell()

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for."""
        return self._paused is not None

    @property
    def aborted(self) -> bool:
        """Whether an end is asked for."""
        return self._abort is not None

    def take_but_skips(self) -> Order:
        """Return what is to be done now, where there is no point to be left out."""
        with self._lock:
            if self._abort is not None:
                return "abort", self._abort
            if self._paused is not None:
                return "pause", self._paused
        return GO

    def take(self) -> Order:
        """Return what is to be done now; a skip is taken as one point."""
        order = self.take_but_skips()
        if order is not GO:
            return order
        with self._lock:
            if self._skip:
                self._skip -= 1
                return "skip", ""
        return GO

    @property
    def any(self) -> bool:
        """Whether something is asked for."""
        return self.aborted or self.paused or self._skip > 0

    async def changed(self) -> None:
        """Wait until there may be something else to do than to pause."""
        self._news = asyncio.Event()
        while self.paused and self._abort is None:
            await self._news.wait()
            self._news.clear()

    def _tell(self) -> None:
        if (news := self._news) is not None:
            device_loop.get().call_soon_threadsafe(news.set)
