"""Final fields: the columns of a finished run, complete and in order.

Owns how a column is copied, and mended where values did not fit its fixed type.
Must not know the layout around the fields.
Test: append odd events to a recording in memory, write the fields, compare.

All is done in blocks, so that memory stays flat however long the run is.
"""

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

import h5py
import numpy as np

from lapwing.data.columns import FLOAT, Column, fit
from lapwing.data.final_type import FinalType, as_numbers
from lapwing.data.layout import JSON, group_at, json_text
from lapwing.data.recording import Recording, is_elsewhere, value_in
from lapwing.data.table import Table

TakeRoom = Callable[[int], None]
Array = np.ndarray[Any, Any]

_BLOCK_BYTES = 1024**2
_BLOCK_ROWS = 4096
_CHUNK_BYTES = 65536
_TEXT = h5py.string_dtype("utf-8")


class Rows:
    """The rows of a table that the final file keeps.

    A number that came again (the plan was taken back to a checkpoint) stands for
    the same point: the last reading of it is kept, the points are in order.

    Args:
        recording: The run.
        table: The stream.
    """

    def __init__(self, recording: Recording, table: Table):
        self.table = table
        self._recording = recording
        self._index: Array | None = None
        self.count = table.rows
        if not table.in_order:
            numbers = table.dataset("seq_num")[: table.rows]
            _, last = np.unique(numbers[::-1], return_index=True)
            self._index = table.rows - 1 - last
            self.count = len(self._index)

    def parts(self, row_bytes: int) -> Iterator[slice]:
        """Yield slices of the rows, of about a megabyte each."""
        step = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // max(1, row_bytes)))
        for start in range(0, self.count, step):
            yield slice(start, min(start + step, self.count))

    def read(self, path: str, part: slice) -> Array:
        """Return some rows of a dataset of the table, ``(rows, ...)``."""
        dataset = self.table.dataset(path)
        if self._index is None:
            return dataset[part]
        index = self._index[part]
        breaks = np.flatnonzero(np.diff(index) != 1) + 1
        runs = np.split(index, breaks)
        return np.concatenate([dataset[run[0] : run[-1] + 1] for run in runs])

    def odd_values(self, key: str, part: slice) -> Iterator[tuple[int, Any]]:
        """Yield those values of a key that are only in the documents.

        Yields:
            Row within the part, and the value as JSON holds it.
        """
        rows = np.flatnonzero(self.read("misfit", part))
        lines, numbers = self.read("line", part), self.read("seq_num", part)
        column = self.table.columns[key]
        for row in rows.tolist():
            name, doc = self._recording.line_at(int(lines[row]))
            value = value_in(name, doc, int(numbers[row]), key)
            if is_elsewhere(value):
                continue
            if column is None or fit([value], column)[1]:
                yield row, value


class FieldWriter:
    """Writes the fields of one stream into its final group.

    Args:
        rows: The rows.
        take_room: Called with a number of bytes before they are written.
    """

    def __init__(self, rows: Rows, take_room: TakeRoom):
        self._rows = rows
        self._table = rows.table
        self._take_room = take_room

    def write(self, group: h5py.Group, key: str) -> Iterator[None]:
        """Write the values of a data key; yield between blocks."""
        column, name = self._table.columns[key], self._table.names[key]
        if column is not None and key not in self._table.misfit_keys:
            yield from self.copy(group, name, f"data/{name}", column)
            return
        final = yield from self._look(key, column)
        if final.form == "numbers":
            yield from self._write_numbers(group, key)
        elif final.form == "ragged":
            yield from self._write_ragged(group, key, final)
        else:
            yield from self._write_texts(group, key, final.form == "json")

    def copy(
        self, group: h5py.Group, name: str, path: str, column: Column
    ) -> Iterator[None]:
        """Copy a dataset of the table as it is; yield between blocks."""
        if column.dtype.kind == "S":
            field = self._make(group, name, (self._rows.count,), _TEXT, 16)
            for part in self._rows.parts(column.nbytes):
                self._take_room((part.stop - part.start) * (column.nbytes + 32))
                field[part] = [t.decode("utf-8") for t in self._rows.read(path, part)]
                yield
            return
        shape = (self._rows.count, *column.shape)
        field = self._make(group, name, shape, column.dtype, column.nbytes)
        for part in self._rows.parts(column.nbytes):
            field[part] = self._rows.read(path, part)
            yield

    def _make(
        self, group: h5py.Group, name: str, shape: Any, dtype: Any, row_bytes: int
    ) -> h5py.Dataset:
        self._take_room(self._rows.count * row_bytes)
        return group.create_dataset(name, shape, dtype)

    def _look(
        self, key: str, column: Column | None
    ) -> Generator[None, None, FinalType]:
        final = FinalType(column)
        path = f"data/{self._table.names[key]}"
        for part in self._rows.parts(column.nbytes if column else 1024):
            if column is not None and column.dtype.kind in "iu":
                final.see_integers(self._rows.read(path, part))
            for _, value in self._rows.odd_values(key, part):
                final.see(value)
            yield
        return final

    def _base(self, key: str, part: slice) -> Array | None:
        if self._table.columns[key] is None:
            return None
        return self._rows.read(f"data/{self._table.names[key]}", part)

    def _write_numbers(self, group: h5py.Group, key: str) -> Iterator[None]:
        shape = (self._rows.count,)
        field = self._make(group, self._table.names[key], shape, "f8", 8)
        for part in self._rows.parts(8):
            base = self._base(key, part)
            count = part.stop - part.start
            block = FLOAT.blank(count) if base is None else base.astype("f8")
            for row, value in self._rows.odd_values(key, part):
                block[row] = np.nan if value is None else float(value)
            field[part] = block
            yield

    def _write_texts(
        self, group: h5py.Group, key: str, as_json: bool
    ) -> Iterator[None]:
        name = self._table.names[key]
        field = self._make(group, name, (self._rows.count,), _TEXT, 16)
        if as_json:
            field.attrs["encoding"] = JSON
        column = self._table.columns[key]
        for part in self._rows.parts(column.nbytes if column else 1024):
            base = self._base(key, part)
            texts: list[Any] = [""] * (part.stop - part.start)
            if base is not None:
                texts = base.tolist()
                if base.dtype.kind == "S":
                    texts = [text.decode("utf-8") for text in texts]
                if as_json:
                    texts = [json_text(value) for value in texts]
            for row, value in self._rows.odd_values(key, part):
                texts[row] = json_text(value) if as_json else value
            self._take_room(sum(len(text) * 4 + 32 for text in texts))
            field[part] = texts
            yield

    def _write_ragged(
        self, group: h5py.Group, key: str, final: FinalType
    ) -> Iterator[None]:
        shape, dtype = final.shape or (), final.dtype
        row_bytes = int(np.prod(shape)) * dtype.itemsize
        filler = np.nan if dtype.kind == "f" else 0
        field, sizes = self._make_ragged(group, key, shape, dtype, filler)
        for part in self._rows.parts(row_bytes):
            count = part.stop - part.start
            self._take_room(count * (row_bytes + 1024))
            block = np.full((count, *shape), filler, dtype)
            taken = np.zeros((count, len(shape)), "i8")
            base = self._base(key, part)
            if base is not None:
                block[(slice(None), *(slice(n) for n in base.shape[1:]))] = base
                taken[:] = base.shape[1:]
            for row, value in self._rows.odd_values(key, part):
                array = as_numbers([] if value is None else value)
                block[row], taken[row] = filler, 0
                if array is not None and array.ndim == len(shape):
                    block[(row, *(slice(n) for n in array.shape))] = array
                    taken[row] = array.shape
            if block.size:
                field[part] = block
            sizes[part] = taken
            yield

    def _make_ragged(
        self,
        group: h5py.Group,
        key: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        filler: float,
    ) -> tuple[h5py.Dataset, h5py.Dataset]:
        name, full = self._table.names[key], (self._rows.count, *shape)
        row_bytes = max(1, int(np.prod(shape)) * dtype.itemsize)
        rows = max(1, min(self._rows.count, _CHUNK_BYTES // row_bytes))
        # What is filled up costs little once it is compressed.
        packing = {"chunks": (rows, *shape), "compression": 1} if np.prod(full) else {}
        field = group.create_dataset(name, full, dtype, fillvalue=filler, **packing)
        home = group_at(group.file, str(group.parent.name)).require_group("shapes")
        home.attrs["NX_class"] = "NXcollection"
        width = (self._rows.count, len(shape))
        sizes = self._make(home, name, width, np.dtype("i8"), 8 * len(shape))
        field.attrs["ragged"] = (
            f"filled up with {filler} to the largest shape; "
            f"the shape of each value stands in {sizes.name}"
        )
        return field, sizes


def copy_documents(
    recording: Recording, entry: h5py.Group, take_room: TakeRoom
) -> Iterator[None]:
    """Copy the text of all documents, compressed; yield between pieces.

    The pieces are compressed here and not by HDF5, whose lock would be held.
    """
    pieces = recording.pieces()
    first = next(pieces, None)
    if first is None:
        return
    size = recording.main.documents_nbytes
    chunk = len(first)
    lines = entry.create_dataset(
        "documents", (size,), "u1", chunks=(chunk,), compression="gzip",
        compression_opts=1,
    )  # fmt: skip
    lines.attrs["encoding"] = "JSON lines: [name, document]"
    at = 0
    while first is not None:
        whole = np.zeros(chunk, "u1")
        whole[: len(first)] = first
        packed = zlib.compress(whole.tobytes(), 1)
        take_room(len(packed) + 4096)
        lines.id.write_direct_chunk((at,), packed)
        at += len(first)
        first = next(pieces, None)
        yield
