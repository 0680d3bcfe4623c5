"""NeXus: the final file of a run, as viewers and people expect it.

Owns the layout: entry, instrument, sample, user, streams, default plot, metadata.
Must not know how the run was recorded, but for its tables and lines.
Test: write one, open it with nexusformat, look at plot, units, links and metadata.

::

    /entry                 NXentry       title, start_time, end_time, scan_id, ...
      data                 NXdata        the default plot: links, or a grid's image
      instrument           NXinstrument  one group a device, with its configuration
      sample, user         NXsample, NXuser
      primary, ...         NXcollection  one group a stream
        data, timestamps   NXcollection  one field a data key
        time, epoch, seq_num
      metadata             NXcollection  start and stop, all of them
      documents                          every document, as lines of JSON
"""

import os
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lapwing.data.columns import FLOAT, Column
from lapwing.data.devices import put_devices, put_resources
from lapwing.data.final_fields import FieldWriter, Rows, copy_documents
from lapwing.data.layout import (
    ENTRY,
    dataset_at,
    describe_field,
    group_at,
    link_names,
    make_group,
    put_json,
    put_text,
    stream_path,
)
from lapwing.data.lines import encode
from lapwing.data.plot import Plot, choose_plot
from lapwing.data.plot_group import Block, Image, link_plot, write_image
from lapwing.data.record import Document, Record, Stream
from lapwing.data.recording import Recording
from lapwing.data.room import Room, cut_tail, make_file
from lapwing.data.tree import put_tree, put_value

_FIRST_BYTES = 2 * 1024**2
_INT = Column(np.dtype("i8"))


def write_final(path: Path, recording: Recording) -> Generator[None, None, None]:
    """Write the final file of a run, in pieces of some 10 ms each.

    Args:
        path: The file, made anew; synced to the disk at the end.
        recording: The run, all of whose documents were appended.

    Yields:
        None, between two pieces; what is closed early leaves an unfinished file.

    Raises:
        DataPathError: The disk is full; no file is left behind.
    """
    head = sum(len(encode(name, doc)) for name, doc in _header(recording.record))
    file, room = make_file(path, _FIRST_BYTES + 16 * head)
    done = False
    try:
        yield from _FinalFile(file, room, recording).write()
        file.flush()
        done = True
    finally:
        file.close()
        room.close()
        if not done:
            path.unlink(missing_ok=True)
    cut_tail(path)
    with path.open("rb") as finished:
        os.fsync(finished.fileno())


def _header(record: Record) -> list[tuple[str, Document]]:
    found = [("start", record.start)]
    for stream in record.streams.values():
        found += [("descriptor", doc) for doc in stream.descriptors]
    found += [("stream_resource", doc) for doc in record.resources]
    return found if record.stop is None else [*found, ("stop", record.stop)]


class _FinalFile:
    def __init__(self, file: h5py.File, room: Room, recording: Recording):
        self._file = file
        self._room = room
        self._recording = recording
        self._record = recording.record
        self._rows = {
            name: Rows(recording, table) for name, table in recording.tables.items()
        }

    def take_room(self, need: int) -> None:
        self._file.flush()
        self._room.take(need + need // 8 + _FIRST_BYTES // 8)

    def write(self) -> Iterator[None]:
        entry = make_group(self._file, ENTRY, "NXentry")
        self._file.attrs["NX_class"] = "NXroot"
        self._file.attrs["default"] = ENTRY
        _put_head(entry, self._record)
        _put_sample_and_users(entry, self._record)
        put_devices(entry, self._record)
        _put_metadata(entry, self._record)
        yield
        for stream in self._record.streams.values():
            yield from self._write_stream(stream)
        yield from self._write_plot(entry)
        yield from copy_documents(self._recording, entry, self.take_room)

    def _write_stream(self, stream: Stream) -> Iterator[None]:
        rows = self._rows[stream.name]
        group = make_group(self._file, stream_path(stream.name), "NXcollection")
        group.attrs["stream"] = stream.name
        data = make_group(group, "data", "NXcollection")
        times = make_group(group, "timestamps", "NXcollection")
        writer = FieldWriter(rows, self.take_room)
        for key, name in rows.table.names.items():
            yield from writer.write(data, key)
            describe_field(dataset_at(data, name), key, stream.data_keys[key])
            yield from writer.copy(times, name, f"timestamps/{name}", FLOAT)
            describe_field(dataset_at(times, name), key, {"units": "s"})
        put_resources(data, self._record, stream, Path(self._file.filename).parent)
        fixed = {"time": FLOAT, "epoch": FLOAT, "seq_num": _INT}
        if len(stream.descriptors) > 1:
            fixed["configuration_index"] = _INT
        for name, column in fixed.items():
            yield from writer.copy(group, name, name, column)
            group[name].attrs.update(rows.table.dataset(name).attrs)
        group["time"].attrs["start"] = _iso(self._record.start["time"])

    def _write_plot(self, entry: h5py.Group) -> Iterator[None]:
        plot = choose_plot(self._record)
        if plot is None:
            return
        rows = self._rows[plot.stream]
        group = group_at(entry.file, f"{stream_path(plot.stream)}/data")
        fields = {k: dataset_at(group, n) for k, n in rows.table.names.items()}
        ranks = {k: f.ndim for k, f in fields.items() if f.dtype.kind in "biuf"}
        on_grid = plot.grid is not None and all(ranks.get(s) == 1 for s in plot.signals)
        if plot.grid is None or not on_grid or not self._fits_grid(rows, plot):
            link_plot(entry, plot, rows.table.names, ranks)
            return
        self.take_room((len(plot.signals) + 1) * 8 * int(np.prod(plot.grid.shape)))
        blocks = self._blocks(rows, plot, fields, ranks)
        image = Image.from_blocks(plot, plot.grid, blocks)
        names = rows.table.names
        notes = {key: _plot_attributes(fields[key]) for key in ranks}
        names = {**link_names(plot.axes), **names}
        yield from write_image(entry, plot, image, names, notes)

    def _fits_grid(self, rows: Rows, plot: Plot) -> bool:
        last = rows.read("seq_num", slice(max(0, rows.count - 1), rows.count))
        total = int(np.prod(plot.grid.shape)) if plot.grid else 0
        return rows.count == 0 or int(last[0]) <= total

    def _blocks(
        self,
        rows: Rows,
        plot: Plot,
        fields: Mapping[str, h5py.Dataset],
        ranks: Mapping[str, int],
    ) -> Iterator[Block]:
        keys = [key for key in (*plot.signals, *plot.axes) if ranks.get(key) == 1]
        for part in rows.parts(8):
            columns = {key: fields[key][part] for key in keys}
            yield rows.read("seq_num", part), columns


def _plot_attributes(field: h5py.Dataset) -> dict[str, Any]:
    return {k: field.attrs[k] for k in ("units", "long_name") if k in field.attrs}


def _put_head(entry: h5py.Group, record: Record) -> None:
    start, stop = record.start, record.stop
    name, number = start.get("plan_name"), start.get("scan_id")
    title = start.get("title") or f"scan {number}: {name or 'run'}"
    put_value(entry, "title", str(title))
    put_text(entry, "entry_identifier", str(start["uid"]))
    put_text(entry, "start_time", _iso(start["time"]))
    put_text(entry, "program_name", "lapwing")
    for key in ("plan_name", "scan_id"):
        if start.get(key) is not None:
            put_value(entry, key, start[key])
    if stop is None:
        put_text(entry, "exit_status", "unknown")
        return
    put_text(entry, "end_time", _iso(stop["time"]))
    duration = put_value(entry, "duration", float(stop["time"]) - float(start["time"]))
    duration.attrs["units"] = "s"
    put_value(entry, "exit_status", str(stop.get("exit_status", "unknown")))
    if stop.get("reason"):
        put_value(entry, "reason", str(stop["reason"]))


def _put_sample_and_users(entry: h5py.Group, record: Record) -> None:
    start = record.start
    sample = start.get("sample", start.get("sample_name"))
    _put_person_or_thing(make_group(entry, "sample", "NXsample"), sample)
    users = start.get("user", start.get("operator", start.get("users")))
    users = list(users) if isinstance(users, list | tuple) else [users]
    for number, user in enumerate(users or [None], 1):
        name = "user" if number == 1 else f"user_{number}"
        _put_person_or_thing(make_group(entry, name, "NXuser"), user)


def _put_person_or_thing(group: h5py.Group, given: Any) -> None:
    if isinstance(given, Mapping):
        names = link_names([str(key) for key in given])
        for key, value in given.items():
            put_value(group, names[str(key)], value)
    elif given is not None:
        put_value(group, "name", str(given))


def _put_metadata(entry: h5py.Group, record: Record) -> None:
    metadata = make_group(entry, "metadata", "NXcollection")
    put_tree(metadata, "start", record.start)
    if record.stop is not None:
        put_tree(metadata, "stop", record.stop)
    docs = [doc for s in record.streams.values() for doc in s.descriptors]
    put_json(metadata, "descriptors", docs)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().isoformat()
