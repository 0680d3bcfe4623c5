"""Consumer: a thread that hands documents to a sink, at its own pace.

Owns the queue and the thread between whoever makes documents and whoever keeps them.
Must not know what the sink does with them.
Test: give it a sink that notes what it is told, close it, compare.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from lapwing.data.pace import breathe

_BREATH = 500  # documents, some 0.5 ms

FLUSH = "flush"
"""Order to write at once; comes as a document that holds an Event, ``done``."""

END = "end"
"""Order to bring everything to its end, whether or not a stop document came."""


class Sink(Protocol):
    """What keeps documents; all of its methods are called in one thread."""

    def take(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document, or an order; keep it in memory if need be."""
        ...

    def work(self, now: float) -> float | None:
        """Do the next piece of work.

        Args:
            now: Monotonic time in seconds.

        Returns:
            Seconds until there is more to do, None if only new documents make any.
        """
        ...

    def died(self, cause: BaseException) -> None:
        """Hear that the thread ended by an error that nobody foresaw."""
        ...


class Consumer:
    """Feeds a sink from a queue, in a thread of its own.

    Whoever puts documents is never held up: that takes less than a microsecond,
    and wakes the thread only where it cannot wait for its next turn. A slow sink
    makes the queue longer; the sink sees to it that somebody hears of that.

    Args:
        sink: What keeps the documents.
        name: Name of the thread.
    """

    def __init__(self, sink: Sink, name: str):
        self._sink = sink
        self._queue: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._wake = threading.Event()
        self._asleep = True
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def num_waiting(self) -> int:
        """Number of documents that the sink has not taken yet."""
        return len(self._queue)

    def put(self, name: str, doc: Mapping[str, Any]) -> None:
        """Hand over a document; returns at once."""
        self._queue.append((name, doc))
        if self._asleep or name == "stop":
            self._wake.set()

    def wake(self) -> None:
        """Let the thread look now for work."""
        self._wake.set()

    def close(self, timeout: float | None = None) -> bool:
        """Have everything worked off, and end the thread.

        Args:
            timeout: Seconds to wait for that; None waits for ever.

        Returns:
            Whether it has ended.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop()
        finally:
            # Nothing is caught here: the cause goes on to threading.excepthook.
            if (cause := sys.exception()) is not None:
                self._sink.died(cause)

    def _loop(self) -> None:
        delay: float | None = None
        while True:
            self._asleep = delay is None
            # What came before that flag was up has not woken this thread.
            if not (self._asleep and self._queue):
                self._wake.wait(delay)
            self._asleep = False
            self._wake.clear()
            for number in range(len(self._queue)):
                if number % _BREATH == _BREATH - 1:
                    breathe()
                self._sink.take(*self._queue.popleft())
            delay = self._sink.work(time.monotonic())
            if self._closing and delay is None and not self._queue:
                return
