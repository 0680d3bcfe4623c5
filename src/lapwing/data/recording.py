"""Recording: the live file of a run and the files of its late streams, as one.

Owns how a batch of documents becomes lines and rows in the right file.
Must not know when batches come, nor the final layout.
Test: append batches to one in memory, read tables and lines back.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lapwing.data.layout import link_name
from lapwing.data.lines import encode
from lapwing.data.live import LiveFile
from lapwing.data.pace import breathe
from lapwing.data.record import Document, Record, events_of
from lapwing.data.table import Block, Table

Named = tuple[str, Document]
_BREATH = 250  # documents, some 0.5 ms

Row = tuple[Document, int]  # an event, and which line of the batch holds it


class Recording:
    """What a run has on the disk while it goes on.

    Args:
        path: Where the live file is made; None keeps all in memory.
        final_path: Name of the run's file, after which side files are named.
        record: The run; the streams that it knows now get tables at once.
        documents: The first documents, for the types of the columns.

    Attributes:
        main: The run's own file.
        sides: Files of late streams, by path.
        tables: Tables by stream name, of all files.
        on_disk: Whether the files are on the disk.
    """

    def __init__(
        self,
        path: Path | None,
        final_path: Path,
        record: Record,
        documents: Sequence[Named],
    ):
        self.record = record
        self.on_disk = path is not None
        self._final_path = final_path
        streams = list(record.streams.values())
        self.main = LiveFile(path, record, streams, self._samples(documents))
        self.sides: dict[Path, LiveFile] = {}
        self.tables: dict[str, Table] = dict(self.main.tables)
        self._last_offset = -1
        self._last: tuple[str, dict[str, Any]] = ("", {})

    def append(self, batch: Sequence[Named]) -> None:
        """Write documents; all of them or none.

        Raises:
            DataPathError: The disk is full; nothing was written, nothing is lost.
            OSError, RuntimeError: HDF5 failed; the files cannot be trusted now.
        """
        self._make_sides(batch)
        rows = self._rows_of(batch)
        blocks = {
            name: self.tables[name].prepare([event for event, _ in some])
            for name, some in rows.items()
        }
        lines = self._lines_of(batch, rows, blocks)
        ends = self.main.documents_nbytes + np.cumsum([len(line) for line in lines])
        starts = ends - [len(line) for line in lines]
        placed = {
            name: (block, starts[[index for _, index in rows[name]]])
            for name, block in blocks.items()
        }
        files = [(self.main, lines), *((side, []) for side in self.sides.values())]
        parts = [
            (file, text, {n: p for n, p in placed.items() if n in file.tables})
            for file, text in files
        ]
        for file, text, some in parts:
            file.reserve(text, some)
        for file, text, some in parts:
            file.append(text, some)

    def start_swmr(self) -> None:
        """Let others read while this process writes."""
        self.main.start_swmr()

    def line_at(self, offset: int) -> tuple[str, dict[str, Any]]:
        """Return the document whose line begins at a byte."""
        if offset != self._last_offset:
            self._last = self.main.line_at(offset)
            self._last_offset = offset
        return self._last

    def pieces(self) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the text of all documents in pieces of bytes."""
        return self.main.pieces()

    def close(self) -> None:
        """Close all files."""
        for file in (self.main, *self.sides.values()):
            file.close()

    def remove_sides(self) -> None:
        """Remove the files of late streams; they are in the final file now."""
        for path in self.sides:
            path.unlink(missing_ok=True)

    def _samples(self, documents: Sequence[Named]) -> dict[str, Document]:
        samples: dict[str, Document] = {}
        for name, doc in documents:
            found = self._stream_of(name, doc)
            if found is not None and found not in samples:
                for event in events_of(name, doc):
                    samples.setdefault(found, event)
        return samples

    def _stream_of(self, name: str, doc: Document) -> str | None:
        if name not in ("event", "event_page"):
            return None
        found = self.record.stream_of(doc["descriptor"])
        return found[0].name if found else None

    def _make_sides(self, batch: Sequence[Named]) -> None:
        late = [s for n, s in self.record.streams.items() if n not in self.tables]
        samples = self._samples(batch) if late else {}
        for stream in late:
            path = None
            if self.on_disk:
                name = f"{self._final_path.stem}.{link_name(stream.name)}.h5"
                path = self._final_path.with_name(name)
            side = LiveFile(path, self.record, [stream], samples, documents=False)
            side.start_swmr()
            self.sides[path or Path(stream.name)] = side
            self.tables.update(side.tables)

    def _rows_of(self, batch: Sequence[Named]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        for index, (name, doc) in enumerate(batch):
            if index % _BREATH == _BREATH - 1:
                breathe()
            stream = self._stream_of(name, doc)
            if stream is not None:
                some = rows.setdefault(stream, [])
                some.extend((event, index) for event in events_of(name, doc))
        return rows

    def _lines_of(
        self,
        batch: Sequence[Named],
        rows: Mapping[str, Sequence[Row]],
        blocks: Mapping[str, Block],
    ) -> list[bytes]:
        shorter: dict[int, Document] = {}
        for name, some in rows.items():
            table, misfits = self.tables[name], blocks[name].misfit_keys
            large = {key: set(misfits.get(key, ())) for key in table.large_keys()}
            for row, (event, index) in enumerate(some if large else ()):
                keys = [key for key, odd in large.items() if row not in odd]
                if keys and batch[index][0] == "event":
                    shorter[index] = _shorten(event, keys, table)
        lines = []
        for index, (name, doc) in enumerate(batch):
            lines.append(encode(name, shorter.get(index, doc)))
            if index % _BREATH == _BREATH - 1:
                breathe()
        return lines


def value_in(name: str, doc: Document, seq_num: int, key: str) -> Any:
    """Return a value of a document that was read back, by its event's number."""
    values = doc["data"].get(key)
    if name == "event_page":
        return None if values is None else values[doc["seq_num"].index(seq_num)]
    return values


def is_elsewhere(value: Any) -> bool:
    """Whether a value says only in which dataset it is."""
    return isinstance(value, dict) and value.keys() == {"dataset", "seq_num"}


def _shorten(event: Document, large: Sequence[str], table: Table) -> Document:
    data = dict(event["data"])
    for key in large:
        path = f"{table.group.name}/data/{table.names[key]}"
        data[key] = {"dataset": path, "seq_num": event["seq_num"]}
    return {**event, "data": data}
