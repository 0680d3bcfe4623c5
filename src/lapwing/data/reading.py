"""Reading: the documents of one run, and the points of one stream, from the journal.

Owns which documents belong to a run, and how values become columns.
Must not know how a run is found.
Test: write journals with interleaved runs and odd values; read one of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lapwing.data.record import events_of
from lapwing.documents import Document
from lapwing.journal.cursor import Cursor
from lapwing.journal.document_reader import DocumentReader

Array = np.ndarray[Any, Any]
Named = tuple[str, Document]

_AT_ONCE = 5000
_RUN_IN = ("descriptor", "stop", "resource", "stream_resource")
_EMPTY = {"integer": "i8", "boolean": "?", "string": "U1"}


def documents_between(
    directory: Path, begin: Cursor, last: int | None, containing: bytes = b""
) -> Iterator[Named]:
    """Yield the documents in a part of a journal.

    Args:
        directory: The journal.
        begin: Place of the first record.
        last: Number of the last one; None: up to what there is by then.
        containing: Frames without these bytes are passed over.
    """
    cursor = begin
    with DocumentReader(directory) as reader:
        while (step := reader.read(cursor, last, containing)) is not None:
            found, cursor = step
            for _, name, doc in found:
                yield name, reader.filled(doc)


def documents_of_run(
    directory: Path, begin: Cursor, last: int | None, run_uid: str
) -> Iterator[Named]:
    """Yield the documents of one run, others' left out.

    Args:
        directory: The journal.
        begin: Place of the start document.
        last: Number of the stop document; None if there is none yet.
        run_uid: The run.
    """
    own = set()
    for name, doc in documents_between(directory, begin, last):
        if name == "start":
            belongs = doc["uid"] == run_uid
        elif name in _RUN_IN:
            belongs = doc["run_start"] == run_uid
        else:
            belongs = (doc.get("descriptor") or doc.get("resource")) in own
        if belongs:
            if name in _RUN_IN:
                own.add(doc["uid"])
            yield name, doc
            if name == "stop":
                return


class Points:
    """The points of a stream, as they are collected.

    Args:
        keys: The data keys, each with its entry in the descriptor.
        timestamps: Whether to collect the timestamps of each value too.
    """

    def __init__(self, keys: Document, timestamps: bool):
        self._keys = keys
        self._timestamps = timestamps
        self._events: list[Any] = []
        self._parts: dict[str, list[Array]] = {}

    def add(self, name: str, doc: Document) -> None:
        """Take an event or a page of them."""
        self._events.extend(events_of(name, doc))
        if len(self._events) >= _AT_ONCE:
            self._put_away()

    def _put_away(self) -> None:
        """Turn events into arrays, which take a tenth of the memory."""
        events, self._events = self._events, []
        columns = {
            "time": [event["time"] for event in events],
            "seq_num": [event["seq_num"] for event in events],
        }
        for key in self._keys:
            name = column_name(key)
            columns[name] = [event["data"].get(key) for event in events]
            if self._timestamps:
                columns[f"ts_{key}"] = [e["timestamps"].get(key) for e in events]
        for name, values in columns.items():
            self._parts.setdefault(name, []).append(column_of(values))

    def columns(self) -> dict[str, Array]:
        """Return all columns, one row a point: of one taken again the last event."""
        if self._events:
            self._put_away()
        if not self._parts:
            return self._empty()
        columns = {name: _join(parts) for name, parts in self._parts.items()}
        numbers = columns["seq_num"]
        if len(numbers) > 1 and not (np.diff(numbers) > 0).all():
            _, from_behind = np.unique(numbers[::-1], return_index=True)
            rows = len(numbers) - 1 - from_behind
            columns = {name: column[rows] for name, column in columns.items()}
        return columns

    def _empty(self) -> dict[str, Array]:
        empty = {"time": np.empty(0), "seq_num": np.empty(0, "i8")}
        for key, told in self._keys.items():
            kind = _EMPTY.get(str(told.get("dtype")), "f8")
            empty[column_name(key)] = np.empty(0, kind)
            if self._timestamps:
                empty[f"ts_{key}"] = np.empty(0)
        return empty


def column_name(key: str) -> str:
    """Return the name of a data key's column; two names are the event's own."""
    return f"{key}_data" if key in ("time", "seq_num") else key


def column_of(values: Sequence[Any]) -> Array:
    """Return values as one array, ``(num_points, ...)``.

    None among numbers becomes NaN. What has no common type or shape becomes an array
    of objects, ``(num_points,)``.
    """
    if any(value is None for value in values):
        numbers = [value for value in values if value is not None]
        plain = all(type(value) in (int, float) for value in numbers)
        if numbers and plain:
            return np.array([np.nan if v is None else v for v in values], "f8")
        return _objects(values)
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        return _objects(values)
    # numpy would write numbers among texts as texts, without a word.
    odd_text = array.dtype.kind == "U" and not all(isinstance(v, str) for v in values)
    mixed = odd_text and not all(isinstance(v, list | np.ndarray) for v in values)
    return _objects(values) if mixed or array.dtype.kind == "O" else array


def _objects(values: Sequence[Any]) -> Array:
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def _join(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    kinds = {"text" if part.dtype.kind == "U" else "other" for part in parts}
    objects = any(part.dtype.kind == "O" for part in parts)
    if objects or len(kinds) > 1 or len({part.shape[1:] for part in parts}) > 1:
        return column_of([value for part in parts for value in part.tolist()])
    return np.concatenate(parts)
