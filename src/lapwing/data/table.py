"""Table: the events of one stream as rows of datasets of fixed type.

Owns the datasets of a stream in a live file and the rows that are surely in them.
Must not know the run's other streams, nor when to flush.
Test: make one in a file in memory, write events, some of which do not fit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from lapwing.data.columns import FLOAT, Column, choose_column, fit
from lapwing.data.layout import describe_field, link_names, make_group, stream_path
from lapwing.data.pace import breathe
from lapwing.data.record import Document, Record, Stream

LARGE_BYTES = 65536
"""A value with more bytes is not repeated in the text of its event."""

_CHUNK_BYTES = 65536
_CHUNK_ROWS = 1024
_INT = Column(np.dtype("i8"))
_FLAG = Column(np.dtype("u1"))
# seq_num comes last: a reader who sees it sees all of the row.
_FIXED = {
    "epoch": FLOAT,
    "time": FLOAT,
    "line": _INT,
    "misfit": _FLAG,
    "configuration_index": _INT,
    "seq_num": _INT,
}
_NOTES = {
    "epoch": ("s", "time of the event, seconds since 1970 (UTC)"),
    "time": ("s", "time of the event since the start of the run"),
    "line": ("", "byte at which the event's line begins in the documents"),
    "misfit": ("", "1 if a value is only in the documents"),
    "configuration_index": ("", "number of the descriptor, from 0"),
    "seq_num": ("", "number of the event in its stream, from 1"),
}


@dataclass(slots=True)
class Block:
    """Rows that are ready to be written.

    Attributes:
        count: Number of rows.
        columns: Arrays ``(count, ...)`` by path within the stream's group.
        misfits: Whether a row has a value that does not fit, ``(count,)``.
        misfit_keys: The rows concerned, by data key.
    """

    count: int
    columns: dict[str, np.ndarray[Any, Any]]
    misfits: np.ndarray[Any, Any]
    misfit_keys: dict[str, list[int]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(column.nbytes for column in self.columns.values())


class Table:
    """The rows of one stream.

    All datasets are made here and now; there is no way to add one later.

    Args:
        file: A file that is not yet in SWMR mode.
        record: The run.
        stream: The stream.
        sample: Its first event, if there is one.
    """

    def __init__(
        self, file: h5py.File, record: Record, stream: Stream, sample: Any = None
    ):
        self.stream = stream
        self.rows = 0
        self.in_order = True
        self.misfit_keys: set[str] = set()
        self._record = record
        self._last_seq = 0
        self._start = float(record.start["time"])
        data_keys = stream.event_keys
        data = sample["data"] if sample else {}
        self.columns: dict[str, Column | None] = {
            key: choose_column(data_key, data.get(key))
            for key, data_key in data_keys.items()
        }
        self.names = link_names(data_keys)
        self.group = make_group(file, stream_path(stream.name), "NXcollection")
        self._datasets: dict[str, h5py.Dataset] = {}
        self._make_datasets(data_keys)

    def _make_datasets(self, data_keys: Mapping[str, Mapping[str, Any]]) -> None:
        for part in ("data", "timestamps"):
            make_group(self.group, part, "NXcollection")
        for key, column in self.columns.items():
            breathe()
            name = self.names[key]
            if column is not None:
                field = self._make(f"data/{name}", column)
                describe_field(field, key, data_keys[key])
            field = self._make(f"timestamps/{name}", FLOAT)
            describe_field(field, key, {"units": "s"})
        for name, column in _FIXED.items():
            breathe()
            field = self._make(name, column)
            field.attrs["units"], field.attrs["long_name"] = _NOTES[name]

    def _make(self, name: str, column: Column) -> h5py.Dataset:
        text = column.dtype.kind == "S"
        dtype = column.dtype
        if text:
            dtype = h5py.string_dtype("utf-8", column.dtype.itemsize)
        rows = min(_CHUNK_ROWS, max(1, _CHUNK_BYTES // max(1, column.nbytes)))
        dataset = self.group.create_dataset(
            name,
            shape=(0, *column.shape),
            maxshape=(None, *column.shape),
            chunks=(rows, *column.shape),
            dtype=dtype,
        )
        self._datasets[name] = dataset
        return dataset

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one chunk of each dataset: what a first row may take."""
        return sum(
            math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
            for dataset in self._datasets.values()
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.rows * sum(
            math.prod(dataset.shape[1:]) * dataset.dtype.itemsize
            for dataset in self._datasets.values()
        )

    def dataset(self, path: str) -> h5py.Dataset:
        """Return a dataset by its path within the stream's group."""
        return self._datasets[path]

    def large_keys(self) -> list[str]:
        """Return the data keys whose values are not repeated as text."""
        return [k for k, c in self.columns.items() if c and c.nbytes > LARGE_BYTES]

    def prepare(self, events: Sequence[Document]) -> Block:
        """Turn events into columns; nothing is written yet."""
        block = Block(len(events), {}, np.zeros(len(events), bool))
        for key, column in self.columns.items():
            name = self.names[key]
            if block.count > _CHUNK_ROWS // 4:
                breathe()
            times = [e["timestamps"].get(key) for e in events]
            block.columns[f"timestamps/{name}"] = fit(times, FLOAT)[0]
            if column is None:
                block.misfits[:] = True
                continue
            values, misfits = fit([e["data"].get(key) for e in events], column)
            block.columns[f"data/{name}"] = values
            if misfits:
                block.misfits[misfits] = True
                block.misfit_keys[key] = misfits
        block.columns["epoch"] = fit([e["time"] for e in events], FLOAT)[0]
        block.columns["time"] = block.columns["epoch"] - self._start
        block.columns["misfit"] = block.misfits.astype("u1")
        index = [self._index_of(e["descriptor"]) for e in events]
        block.columns["configuration_index"] = np.array(index, "i8")
        block.columns["seq_num"] = fit([e["seq_num"] for e in events], _INT)[0]
        return block

    def _index_of(self, descriptor_uid: str) -> int:
        found = self._record.stream_of(descriptor_uid)
        return found[1] if found else -1

    def write(self, block: Block, lines: np.ndarray[Any, Any]) -> None:
        """Write rows behind the last sure one; again, if it failed before.

        Args:
            block: The rows.
            lines: For each row the byte at which its line begins.
        """
        block.columns["line"] = lines
        stop = self.rows + block.count
        for name, dataset in self._datasets.items():
            if dataset.shape[0] < stop:
                dataset.resize(stop, axis=0)
            column = block.columns[name]
            if column.dtype.kind == "S":  # the same bytes, said to be UTF-8
                column = column.view(dataset.dtype)
            dataset[self.rows : stop] = column

    def commit(self, block: Block) -> None:
        """Count rows as written; they have been flushed."""
        numbers = block.columns["seq_num"]
        steps = np.diff(numbers, prepend=self._last_seq)
        self.in_order = self.in_order and bool((steps > 0).all())
        self._last_seq = int(numbers[-1]) if block.count else self._last_seq
        self.misfit_keys.update(block.misfit_keys)
        self.rows += block.count
