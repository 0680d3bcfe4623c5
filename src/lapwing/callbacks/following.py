"""Following: the values of a few fields, run by run, as events come.

Owns which stream of a run is followed, and keeping its numbers.
Must not know what is done with them.
Test: feed it runs with several streams, also two at once.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from lapwing.callbacks.callback import CallbackBase
from lapwing.callbacks.fields import run_name
from lapwing.callbacks.routing import stream_of
from lapwing.callbacks.samples import LIMIT, Samples
from lapwing.documents import Document

SEQ_NUM = "seq_num"
TIME = "time"

logger = logging.getLogger(__name__)


class Track:
    """What is kept of one run.

    Attributes:
        start: The start document.
        samples: The numbers, by field.
        data_keys: What the stream's descriptor says of the fields.
    """

    def __init__(self, start: Document, names: Sequence[str], limit: int):
        self.start = start
        self.samples = Samples(names, limit)
        self.data_keys: Document = {}
        self.stream: str | None = None
        self.lock = threading.Lock()

    def columns(self) -> dict[str, np.ndarray]:
        """Return the points of which every field is known, each of (num_points,)."""
        with self.lock:
            columns = [self.samples.column(name) for name in self.samples.names]
            rows = np.array(columns)
        rows = rows[:, np.isfinite(rows).all(axis=0)]
        return dict(zip(self.samples.names, rows, strict=True))


class Follower(CallbackBase):
    """Keeps the numbers of some fields of each run that goes on.

    Fields may be named "seq_num" and "time", too. The stream is the first one that
    has them all, and rather the one that is scanned than another.

    Args:
        fields: Data keys, or devices that have a name.
        epoch: "run": times are seconds since its start; "unix": since 1970.
        limit: Most points that are kept, evenly over the run.

    Attributes:
        names: The data keys.
        track: The run that began last; None before the first.
    """

    def __init__(
        self, fields: Sequence[Any], *, epoch: str = "run", limit: int = LIMIT
    ):
        super().__init__()
        self.names = [field_name(field) for field in fields]
        self.track: Track | None = None
        self._epoch = epoch
        self._limit = limit
        self._open: dict[str, Track] = {}
        self._by_descriptor: dict[str, Track] = {}

    def start(self, doc: Document) -> None:
        """Begin to follow a run."""
        self.track = Track(doc, self.names, self._limit)
        self._open[doc["uid"]] = self.track

    def descriptor(self, doc: Document) -> None:
        """Find out whether this is the stream to follow."""
        track = self._open.get(doc["run_start"])
        if track is None:
            return
        keys = doc["data_keys"]
        if not all(name in keys or name in (SEQ_NUM, TIME) for name in self.names):
            return
        stream = doc.get("name", "primary")
        if track.stream is not None and stream != track.stream:
            if stream != stream_of(track.start):
                return
            with track.lock:
                track.samples = Samples(self.names, self._limit)
            self._forget(track)
        track.stream = stream
        track.data_keys = keys
        self._by_descriptor[doc["uid"]] = track

    def event(self, doc: Document) -> None:
        """Keep a point."""
        track = self._by_descriptor.get(doc["descriptor"])
        if track is not None:
            began = track.start["time"] if self._epoch == "run" else 0.0
            row = {SEQ_NUM: doc["seq_num"], TIME: doc["time"] - began, **doc["data"]}
            with track.lock:
                track.samples.put(doc["seq_num"], row)

    def stop(self, doc: Document) -> None:
        """Follow the run no longer; the last one stays, to be looked at."""
        track = self._open.pop(doc["run_start"], None)
        if track is None:
            return
        self._forget(track)
        if track.stream is None and doc.get("num_events"):
            logger.warning(
                "%s was to follow %s, but no stream of %s has that",
                type(self).__name__,
                ", ".join(self.names),
                run_name(track.start),
            )

    def _forget(self, track: Track) -> None:
        self._by_descriptor = {
            uid: other
            for uid, other in self._by_descriptor.items()
            if other is not track
        }


def field_name(field: Any) -> str:
    """Return the data key that is meant: a text, or a device's first hinted field."""
    if isinstance(field, str):
        return field
    hinted = (getattr(field, "hints", None) or {}).get("fields") or [field.name]
    return str(hinted[0])
