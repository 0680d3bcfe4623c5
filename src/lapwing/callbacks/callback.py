"""Callbacks of one's own: a base with a method for each kind of document.

Owns the call of the right method, and counting, printing and collecting by it.
Must not know where documents come from.
Test: derive from it, call it with documents, see which methods were called.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable, MutableSequence
from typing import Any

from lapwing.callbacks.routing import events_of
from lapwing.documents import Document, DocumentConsumer

logger = logging.getLogger(__name__)


class CallbackBase:
    """Hands each document to the method of its name; override what you need.

    A page of events goes to `event`, one by one, unless `event_page` is overridden.
    What a method returns, or else the document itself, is passed on to ``emit``.

    Args:
        emit: Is called with name and document after each; None: nobody is.
    """

    def __init__(self, *, emit: DocumentConsumer | None = None):
        self._emit = emit

    def __call__(
        self, name: str, doc: Document, validate: bool = False
    ) -> tuple[str, Document]:
        """Take a document; returns its name and what became of it."""
        method: Callable[[Document], Document | None] = getattr(self, name, _pass)
        returned = method(doc)
        result = doc if returned is None else returned
        # Bluesky's subclasses often do not call this class's __init__.
        if (emit := getattr(self, "_emit", None)) is not None:
            emit(name, result)
        return name, result

    def start(self, doc: Document) -> Document | None:
        """Take the start of a run."""

    def descriptor(self, doc: Document) -> Document | None:
        """Take the descriptor of a stream."""

    def event(self, doc: Document) -> Document | None:
        """Take an event."""

    def event_page(self, doc: Document) -> Document | None:
        """Take a page of events."""
        for event in events_of(doc):
            self.event(event)

    def resource(self, doc: Document) -> Document | None:
        """Take the description of a file."""

    def datum(self, doc: Document) -> Document | None:
        """Take a place in a file."""

    def stream_resource(self, doc: Document) -> Document | None:
        """Take the description of a file that grows with its stream."""

    def stream_datum(self, doc: Document) -> Document | None:
        """Take a range of events whose values lie in a file."""

    def stop(self, doc: Document) -> Document | None:
        """Take the end of a run."""


def _pass(doc: Document) -> None:
    """Do nothing with documents of a kind that has no method."""


class CallbackCounter:
    """Counts how often it is called, with whatever arguments.

    Attributes:
        value: The number of calls.
    """

    def __init__(self) -> None:
        self.counter = itertools.count()
        self(None, None)

    def __call__(self, name: Any, doc: Any) -> None:
        """Count."""
        self.value = next(self.counter)


def print_metadata(name: str, doc: Document) -> None:
    """Print what a start document says, but for its uid and time."""
    for field, value in sorted(doc.items()):
        if field not in ("time", "uid"):
            print(f"{field}: {value}")  # noqa: T201 - that is what it is for


def collector(field: str, output: MutableSequence[Any]) -> DocumentConsumer:
    """Return a callback that appends a value of each event to a list.

    Args:
        field: The data key.
        output: What is appended to; it grows with each event.
    """

    def collect(name: str, doc: Document) -> None:
        output.append(doc["data"][field])

    return collect


class CollectThenCompute(CallbackBase):
    """Keeps the documents of a run, and calls `compute` when it has ended.

    Override `compute`; the documents are in ``_start_doc``, ``_descriptors``,
    ``_events`` and ``_stop_doc`` then. They are let go when the next run begins. At
    most `limit` events are kept, the first ones; a warning is logged at that.

    Attributes:
        limit: Most events of a run that are kept.
    """

    limit = 1_000_000

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """Forget the run."""
        self._start_doc: Document | None = None
        self._stop_doc: Document | None = None
        self._events: deque[Document] = deque()
        self._descriptors: deque[Document] = deque()
        self._num_events = 0

    def start(self, doc: Document) -> None:
        """Forget the run before, begin to keep this one."""
        self.reset()
        self._start_doc = doc

    def descriptor(self, doc: Document) -> None:
        """Keep it."""
        self._descriptors.append(doc)

    def event(self, doc: Document) -> None:
        """Keep it, if there is room."""
        self._num_events += 1
        if self._num_events <= self.limit:
            self._events.append(doc)
        elif self._num_events == self.limit + 1:
            logger.warning(
                "%s keeps %d events of a run and no more; what it computes will "
                "leave out the later ones",
                type(self).__name__,
                self.limit,
            )

    def stop(self, doc: Document) -> None:
        """Compute."""
        self._stop_doc = doc
        self.compute()

    def compute(self) -> Any:
        """Compute whatever is wanted of the run; override this."""
        raise NotImplementedError(f"{type(self).__name__} has no method compute()")
