"""Live dispatcher: a second stream of documents, made from the first.

Owns the uids, numbers, descriptors and links of the documents that it makes.
Must not know what is computed: a subclass does that, event by event.
Test: derive one that averages, feed it a run, check the new run's documents.
"""

import time
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from lapwing.callbacks.callback import CallbackBase
from lapwing.documents import Document, DocumentName, check, new_uid
from lapwing.engine.dispatcher import Dispatcher, Subscriber
from lapwing.errors import StateError


class LiveDispatcher(CallbackBase):
    """Makes a run of processed data out of each run, for callbacks of its own.

    Override `event`: compute, then hand the new data to `process_event`, once,
    several times or not at all. Subscribe tables, plots or writers to it as to an
    engine. Its run names the first one as ``original_run_uid``.

    One run at a time: of runs that go on at once, it follows the last.

    Attributes:
        raw_descriptors: Descriptors of the run that comes in, by uid.
        seq_count: Number of events made in this run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dispatcher = Dispatcher()
        self.raw_descriptors: dict[str, Document] = {}
        self.seq_count = 0
        self._run: str | None = None
        self._raw_run: str | None = None
        self._descriptors: dict[tuple[Any, ...], str] = {}
        self._counts: dict[str, int] = {}

    def start(self, doc: Document, _md: Mapping[str, Any] | None = None) -> None:
        """Begin a run of processed data.

        Args:
            doc: The start of the run that comes in.
            _md: What the new start document has besides.
        """
        self.raw_descriptors = {}
        self.seq_count = 0
        self._descriptors = {}
        self._counts = {}
        self._raw_run = doc["uid"]
        self._run = new_uid()
        self.emit(
            "start",
            {
                **doc,
                **(_md or {}),
                "original_run_uid": doc["uid"],
                "uid": self._run,
                "time": time.time(),
            },
        )

    def descriptor(self, doc: Document) -> None:
        """Keep what is known of the data that come in."""
        if doc["run_start"] == self._raw_run:
            self.raw_descriptors[doc["uid"]] = doc

    def event(self, doc: Document, **kwargs: Any) -> None:
        """Take an event; override this, and call `process_event` with new data."""
        self.process_event(doc, **kwargs)

    def process_event(
        self,
        doc: Document,
        stream_name: str = "primary",
        id_args: tuple[Hashable, ...] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Make an event of new data; a descriptor goes before it where needed.

        Args:
            doc: ``data``, and ``descriptor`` of the event that it was made of.
            stream_name: Stream of the new run.
            id_args: Whatever tells apart events that need descriptors of their own.
            config: Goes into the descriptor's configuration.

        Raises:
            StateError: No run has begun.
        """
        raw = self.raw_descriptors.get(doc["descriptor"])
        if self._run is None:
            raise StateError("an event was to be made, but no run has begun")
        if raw is None:
            return  # of another run
        key = (doc["descriptor"], stream_name, id_args or (), tuple(doc["data"]))
        if key not in self._descriptors:
            self._descriptors[key] = self._describe(raw, doc, stream_name, config)
        self.seq_count += 1
        number = self._counts[stream_name] = self._counts.get(stream_name, 0) + 1
        now = time.time()
        self.emit(
            "event",
            {
                "uid": new_uid(),
                "time": now,
                "data": dict(doc["data"]),
                "timestamps": dict.fromkeys(doc["data"], now),
                "seq_num": number,
                "filled": {},
                "descriptor": self._descriptors[key],
            },
        )

    def stop(self, doc: Document, _md: Mapping[str, Any] | None = None) -> None:
        """End the run of processed data.

        Args:
            doc: The end of the run that comes in.
            _md: What the new stop document has besides.
        """
        if self._run is None or doc["run_start"] != self._raw_run:
            return
        run, self._run = self._run, None
        own = {"uid": new_uid(), "time": time.time(), "run_start": run}
        counts = {"num_events": dict(self._counts)}
        self.emit("stop", {**doc, **counts, **(_md or {}), **own})
        self.raw_descriptors = {}

    def emit(self, name: DocumentName, doc: Document) -> None:
        """Check a document, of events the first, and hand it to the subscribers.

        Raises:
            DocumentError: It breaks the schema.
        """
        if name != "event" or doc["seq_num"] == 1:  # a check takes 0.2 ms
            check(name, doc)
        self.dispatcher.process(name, doc)

    def subscribe(self, func: Subscriber, name: str = "all") -> int:
        """Call ``func(name, doc)`` with each new document; returns a token."""
        return self.dispatcher.subscribe(func, name)

    def unsubscribe(self, token: int) -> None:
        """Give a subscription up."""
        self.dispatcher.unsubscribe(token)

    def _describe(
        self,
        raw: Document,
        doc: Document,
        stream_name: str,
        config: Mapping[str, Any] | None,
    ) -> str:
        uid = new_uid()
        known = raw["data_keys"]
        keys = {
            key: {**known.get(key, {}), **_form(value), "source": "Stream"}
            for key, value in doc["data"].items()
        }
        for key in keys.values():
            key.pop("external", None)  # here the value itself stands in the event
        self.emit(
            "descriptor",
            {
                "configuration": dict(config or {}),
                "data_keys": keys,
                "name": stream_name,
                "object_classes": {},
                "object_keys": {"stream": list(keys)},
                "run_start": self._run,
                "time": time.time(),
                "uid": uid,
                "hints": raw.get("hints", {}),
            },
        )
        return uid


def _form(value: Any) -> dict[str, Any]:
    """Return dtype and shape of a value, as a descriptor tells them."""
    if isinstance(value, str):
        return {"dtype": "string", "shape": []}
    array = np.asarray(value)
    if array.ndim:
        return {"dtype": "array", "shape": list(array.shape)}
    kinds = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
    return {"dtype": kinds.get(array.dtype.kind, "string"), "shape": []}
