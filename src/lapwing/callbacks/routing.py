"""Routing: hands the documents of one stream to one object a run.

Owns the bookkeeping of which document belongs to which run.
Must not know what the objects do with them.
Test: interleave the documents of two runs.
"""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from lapwing.documents import Document

PRIMARY = "primary"


class RunView(Protocol):
    """What looks at one run; it is made from the start document."""

    def descriptor(self, doc: Document) -> None:
        """Look at a descriptor of the stream; there may be several."""
        ...

    def event(self, doc: Document) -> None:
        """Look at an event of the stream."""
        ...

    def stop(self, doc: Document) -> None:
        """Look at the end of the run."""
        ...


V = TypeVar("V", bound=RunView)


class ByRun(Generic[V]):
    """Keeps the documents of interleaved runs apart.

    Documents of runs whose start was not seen are passed over, as are those of
    other streams. Pages of events are handed on one event at a time.

    Args:
        make: Makes a view from a start document.
        stream: Name of the stream to look at; None: the one that the start
            document's dimensions name, or else "primary".

    Attributes:
        open: The views of the runs that are going on, by run uid, oldest first.
        last: The view of the run that was opened last; None before the first.
    """

    def __init__(self, make: Callable[[Document], V], stream: str | None = None):
        self._make = make
        self._stream = stream
        self._streams: dict[str, str] = {}  # by run
        self._by_descriptor: dict[str, V] = {}
        self.open: dict[str, V] = {}
        self.last: V | None = None

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        if name == "event":
            view = self._by_descriptor.get(doc["descriptor"])
            if view is not None:
                view.event(doc)
        elif name == "event_page":
            view = self._by_descriptor.get(doc["descriptor"])
            if view is not None:
                for event in events_of(doc):
                    view.event(event)
        elif name == "descriptor":
            self._take_descriptor(doc)
        elif name == "start":
            self.last = self.open[doc["uid"]] = self._make(doc)
            self._streams[doc["uid"]] = self._stream or stream_of(doc)
        elif name == "stop":
            self._take_stop(doc)

    def view_of(self, descriptor: str) -> V | None:
        """Return the view to which a descriptor's uid belongs, if any."""
        return self._by_descriptor.get(descriptor)

    def _take_descriptor(self, doc: Document) -> None:
        run = doc["run_start"]
        view = self.open.get(run)
        if view is not None and doc.get("name", PRIMARY) == self._streams[run]:
            self._by_descriptor[doc["uid"]] = view
            view.descriptor(doc)

    def _take_stop(self, doc: Document) -> None:
        view = self.open.pop(doc["run_start"], None)
        if view is None:
            return
        del self._streams[doc["run_start"]]
        self._by_descriptor = {
            uid: other
            for uid, other in self._by_descriptor.items()
            if other is not view
        }
        view.stop(doc)


def stream_of(start: Document) -> str:
    """Return the stream that a run's dimensions name, or "primary"."""
    dimensions = start.get("hints", {}).get("dimensions") or []
    try:
        return str(dimensions[0][1])
    except (IndexError, KeyError, TypeError):
        return PRIMARY  # a hint of another form is somebody's own business


def events_of(page: Document) -> Iterator[Document]:
    """Yield the events of a page, without their uids and times of readings."""
    data = page["data"]
    for i, seq_num in enumerate(page["seq_num"]):
        yield {
            "descriptor": page["descriptor"],
            "seq_num": seq_num,
            "time": page["time"][i],
            "data": {key: values[i] for key, values in data.items()},
        }
