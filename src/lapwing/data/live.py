"""Live: the file of a run while it goes on, readable by others all the time.

Owns the growing file: its tables and the dataset that takes every document.
Must not know when to write, nor the final layout.
Test: write documents, read them in this process and in another one.

All datasets are made when the file is; once it is in SWMR mode (one writes, many
read) nothing can be added to it, and this class has no method to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from lapwing.data.layout import (
    ENTRY,
    LIBVER,
    dataset_at,
    group_at,
    make_group,
    put_json,
    put_text,
)
from lapwing.data.lines import decode, encode
from lapwing.data.plot import choose_plot
from lapwing.data.plot_group import link_plot
from lapwing.data.record import Document, Record, Stream
from lapwing.data.room import Room, make_file
from lapwing.data.table import Block, Table

DOCUMENTS = f"{ENTRY}/documents"

Rows = Mapping[str, tuple[Block, "np.ndarray[Any, Any]"]]

_PIECE = 65536
_SLACK = 262144
_FIRST_BYTES = 2 * 1024**2


class LiveFile:
    """A file that grows, with tables for streams and perhaps the documents.

    Args:
        path: The file, made anew; None keeps it in memory.
        record: The run.
        streams: The streams that it holds.
        samples: First events by stream name, where there are any.
        documents: Whether it takes the text of all documents.
    """

    def __init__(
        self,
        path: Path | None,
        record: Record,
        streams: Iterable[Stream],
        samples: Mapping[str, Document],
        documents: bool = True,
    ):
        self._room: Room | None = None
        if path is None:
            name = f"memory-{id(self)}"
            self.file = h5py.File(
                name, "w", driver="core", backing_store=False, libver=LIBVER
            )
        else:
            start_bytes = len(encode("start", record.start))
            self.file, self._room = make_file(path, start_bytes + _FIRST_BYTES)
        self._size = 0
        self._piece = (0, b"")
        _make_entry(self.file, record)
        self.tables = {
            s.name: Table(self.file, record, s, samples.get(s.name)) for s in streams
        }
        self._lines: h5py.Dataset | None = None
        if documents:
            lines = self.file.create_dataset(
                DOCUMENTS, (0,), "u1", maxshape=(None,), chunks=(_PIECE,)
            )
            self._lines = lines
            lines.attrs["encoding"] = "JSON lines: [name, document]"
            _link_plot(self.file, record, self.tables)
        self.file.flush()

    def start_swmr(self) -> None:
        """Let others read while this process writes."""
        self.file.swmr_mode = True

    @property
    def documents_nbytes(self) -> int:
        """Bytes of the text of all documents."""
        return self._size

    def reserve(self, lines: Sequence[bytes], rows: Rows) -> None:
        """Take the room on the disk that these lines and rows will need.

        Raises:
            DataPathError: The disk is full.
        """
        if self._room is not None and (lines or rows):
            need = sum(len(line) for line in lines) + _SLACK
            for name, (block, _) in rows.items():
                need += block.nbytes + self.tables[name].chunk_bytes
            self._room.take(need + need // 8)

    def append(self, lines: Sequence[bytes], rows: Rows) -> None:
        """Write lines and rows, and flush them; room was taken by `reserve`.

        Args:
            lines: The text of documents, in order.
            rows: By stream: its rows, and for each of them the byte at which its
                line begins in the documents.
        """
        text = b"".join(lines)
        if self._lines is not None and text:
            stop = self._size + len(text)
            if self._lines.shape[0] < stop:
                self._lines.resize(stop, axis=0)
            self._lines[self._size : stop] = np.frombuffer(text, "u1")
        for name, (block, offsets) in rows.items():
            self.tables[name].write(block, offsets)
        self.file.flush()
        self._size += len(text)
        for name, (block, _) in rows.items():
            self.tables[name].commit(block)

    def line_at(self, offset: int) -> tuple[str, dict[str, Any]]:
        """Return the document whose line begins at a byte.

        Quick if asked in the order of the lines: these are read in pieces.
        """
        at, piece = self._piece
        end = piece.find(b"\n", offset - at) if at <= offset else -1
        if end < 0:
            at, piece, end = offset, b"", -1
            while end < 0 and self._lines is not None and offset < self._size:
                stop = min(offset + 4 * _PIECE, self._size)
                piece += self._lines[offset:stop].tobytes()
                end = piece.find(b"\n")
                offset = stop
            self._piece = (at, piece)
            offset = at
        name, doc = decode(piece[offset - at : end])
        return name, doc

    def pieces(self) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the text of all documents in pieces of bytes."""
        if self._lines is not None:
            for start in range(0, self._size, 16 * _PIECE):
                yield self._lines[start : min(start + 16 * _PIECE, self._size)]

    def close(self) -> None:
        """Close it; all of it was flushed, so that no room is needed."""
        if self.file:
            self.file.close()
        if self._room is not None:
            self._room.close()


def documents_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read every document of a run back from its file.

    It works on final files, on growing ones, and on what a killed process left.

    Args:
        path: The run's file.

    Yields:
        Name and document, in the order in which they came.
    """
    with h5py.File(path, "r", swmr=True) as file:
        lines = dataset_at(file, DOCUMENTS)
        rest = b""
        for start in range(0, lines.shape[0], 16 * _PIECE):
            *whole, rest = (rest + lines[start : start + 16 * _PIECE].tobytes()).split(
                b"\n"
            )
            for line in whole:
                name, doc = decode(line)
                yield name, doc


def _make_entry(file: h5py.File, record: Record) -> None:
    entry = make_group(file, ENTRY, "NXentry")
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = ENTRY
    put_text(entry, "entry_identifier", str(record.start["uid"]))
    metadata = make_group(entry, "metadata", "NXcollection")
    put_json(metadata, "start", record.start)


def _link_plot(file: h5py.File, record: Record, tables: Mapping[str, Table]) -> None:
    plot = choose_plot(record)
    table = tables.get(plot.stream) if plot else None
    if plot is None or table is None:
        return
    ranks = {k: 1 + len(c.shape) for k, c in table.columns.items() if c is not None}
    link_plot(group_at(file, ENTRY), plot, table.names, ranks)


def state_of(path: Path, run_uid: str) -> Literal["final", "live", "side"] | None:
    """Say what a file is to a run.

    Returns:
        "final": its final file; "live": the one that grew, or grows; "side": that of
        a late stream, likewise; None: something else.
    """
    try:
        with h5py.File(path, "r", swmr=True) as file:
            entry = group_at(file, ENTRY)
            if dataset_at(entry, "entry_identifier").asstr()[()] != run_uid:
                return None
            if "documents" not in entry:
                return "side"
            return "final" if "metadata/stop" in entry else "live"
    except (OSError, KeyError, TypeError, RuntimeError):
        return None
