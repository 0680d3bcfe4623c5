"""Bluesky's buffer: a face of `lapwing.callbacks.buffering`.

Owns the names of its logger and of its thread.
Must not hold what waits.
Test: Bluesky's own tests of it.
"""

import logging
import threading

from lapwing.callbacks.buffering import BufferingWrapper as _BufferingWrapper
from lapwing.documents import Document, DocumentConsumer

__all__ = ["BufferingWrapper", "logger"]

logger = logging.getLogger(__name__)


class BufferingWrapper(_BufferingWrapper):
    """Lets a slow callback run behind; see `lapwing.callbacks.BufferingWrapper`.

    Args:
        target: The callback; what it raises is logged.
        queue_size: Most documents that wait.
    """

    def __init__(self, target: DocumentConsumer, queue_size: int = 1_000_000):
        def logged(name: str, doc: Document) -> None:
            try:
                target(name, doc)
            except Exception:
                logger.exception("%r raised an error", target)

        super().__init__(logged, queue_size)
        self.begin()

    @property
    def _thread(self) -> threading.Thread | None:
        """The thread that calls the callback."""
        return self.thread
