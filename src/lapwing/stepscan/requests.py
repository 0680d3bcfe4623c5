"""Requests: what people ask of a scan while it runs.

Owns pause, resume, abort and skip, from any thread, until the scan looks at them.
Must not know scans, nor where a request comes from.
Test: ask from the test's thread, take on the loop.
"""

import asyncio
import threading
from typing import Literal

from lapwing.engine import device_loop

Order = tuple[Literal["go", "pause", "skip", "abort"], str]
GO: Order = ("go", "")


class Requests:
    """What was asked of a scan; it looks once a point."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abort: str | None = None
        self._paused: str | None = None
        self._skip = 0
        self._news: asyncio.Event | None = None

    def clear(self) -> None:
        """Forget all, for a new scan."""
        with self._lock:
            self._abort, self._paused, self._skip = None, None, 0

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
        """Ask to end at the end of the point."""
        with self._lock:
            self._abort = reason
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

    def take(self) -> Order:
        """Return what is to be done now; a skip is taken as one point."""
        with self._lock:
            if self._abort is not None:
                return "abort", self._abort
            if self._paused is not None:
                return "pause", self._paused
            if self._skip:
                self._skip -= 1
                return "skip", ""
        return GO

    @property
    def any(self) -> bool:
        """Whether something is asked for."""
        return self._abort is not None or self.paused or self._skip > 0

    async def changed(self) -> None:
        """Wait until there may be something else to do than to pause."""
        self._news = asyncio.Event()
        while self.paused and self._abort is None:
            await self._news.wait()
            self._news.clear()

    def _tell(self) -> None:
        if (news := self._news) is not None:
            device_loop.get().call_soon_threadsafe(news.set)
