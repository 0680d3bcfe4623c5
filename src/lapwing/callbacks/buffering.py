"""Buffering: calls a slow callback in a thread of its own.

Owns the queue, its bound, and the order of calls.
Must not know what the callback does.
Test: wrap a callback that waits for the test, fill the buffer, shut down.
"""

import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from lapwing.documents import Document, DocumentConsumer
from lapwing.errors import StateError

logger = logging.getLogger(__name__)

_MANY = frozenset({"event", "event_page", "datum", "stream_datum"})


class BufferingWrapper:
    """Lets a slow callback run behind, so that it never holds up a scan.

    Documents are handed on in order, in one thread. When ``queue_size`` of them
    wait, further events are dropped and counted, and a warning is logged; start,
    descriptor and stop documents are few and never dropped. What the callback
    raises is logged, and it gets the next document. When the process ends, what
    waits is still handed on.

    The callback gets the very documents that others see and may change; it must
    not change them itself.

    Args:
        target: The callback.
        queue_size: Most documents that wait; a document of ten numbers takes 2 kB.

    Attributes:
        num_dropped: Number of documents that the target was never given.
    """

    def __init__(self, target: DocumentConsumer, queue_size: int = 1_000_000):
        self.target = target
        self.queue_size = queue_size
        self.num_dropped = 0
        self._queue: deque[tuple[str, Document]] = deque()
        self._lock = threading.Lock()
        self._busy = False
        self._closed = False
        # Executors work off what waits before the process ends.
        self._executor = ThreadPoolExecutor(1, "lapwing-buffer")

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document; returns at once.

        Raises:
            StateError: It was shut down.
        """
        with self._lock:
            if self._closed:
                raise StateError(
                    f"a {name} document was given to a buffer that was shut down; "
                    "only one that is open takes documents"
                )
            if len(self._queue) >= self.queue_size and name in _MANY:
                self._drop()
                return
            self._queue.append((name, doc))
            if not self._busy:
                self._busy = True
                self._executor.submit(self._drain)

    def begin(self) -> None:
        """Make the thread now instead of at the first document."""
        self._executor.submit(int)

    @property
    def thread(self) -> threading.Thread | None:
        """The thread that calls the target; None before the first document."""
        # A pool of one; there is no public way to ask it.
        return next(iter(self._executor._threads), None)  # noqa: SLF001

    @property
    def num_waiting(self) -> int:
        """Number of documents that the target has not been given yet."""
        return len(self._queue)

    def shutdown(self, wait: bool = True) -> None:
        """Take no more documents.

        Args:
            wait: Return when all that waited has been handed on; else what waits
                is forgotten.
        """
        with self._lock:
            self._closed = True
            if not wait:
                self._queue.clear()
        self._executor.shutdown(wait)

    def _drop(self) -> None:
        self.num_dropped += 1
        if self.num_dropped == 1:
            logger.warning(
                "%d documents wait for %r, which is too slow; events are dropped "
                "from here on until there is room",
                self.queue_size,
                self.target,
            )

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._busy = False
                    return
                name, doc = self._queue.popleft()
            with _Told(self.target):
                self.target(name, doc)


class _Told:
    """Logs what a callback raises: nobody waits for it, and the next comes."""

    def __init__(self, target: DocumentConsumer):
        self._target = target

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        logger.error("%r raised an error", self._target, exc_info=error)
        return True
