"""The text writer: the documents of a run as the lines of a text file in columns.

Owns the order of lines: head, legend, extra PVs, rows, end.
Must not know files; it returns text, and whoever asks writes it.
Test: hand it documents, read what comes with `read_text`.

The form is XDI's (XAS Data Interchange Format, draft 1.0, "Structure of the Header
Section"), with a legend and blocks of extra PVs as EPICS step scans have them. Behind
the first row lines of comment follow too, of which XDI says nothing: a file that grows
point by point cannot have its end at the top.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from lapwing.data.reading import column_name
from lapwing.data.record import Document, Record, Stream, events_of
from lapwing.data.text_form import (
    SEPARATOR,
    Elsewhere,
    cell,
    header_value,
    moment,
    one_line,
    pv_name,
    token,
)

FIRST_LINE = "#XDI/1.1    Lapwing/"
UID_LINE = "# Scan.uid: "
END_LINE = "# Scan.end_time: "
EXTRA_STREAMS = ("baseline", "extra_pvs")
"""Streams of which each event becomes a block of extra PVs."""

EXTRA = "Extra."
SCAN_KEYS = ("scan_id", "plan_name", "num_points", "edge_energy")
"""Metadata that stand as ``Scan.KEY``; ``uid`` and ``time`` have lines of their own."""

FAMILIES = ("beamline", "detector", "element", "facility", "mono", "sample")
"""Metadata that are families of XDI's, if they are dicts with plain names in them."""

_NUMBERS = ("number", "integer", "boolean")
_MEMBER = re.compile(r"[a-z][a-z0-9_]*")
_IN_FAMILY = re.compile(r"[A-Za-z]\w*\.")
_WIDTH = 20
"""Most floats written in full are no longer."""

_OWN = {"time": (18, "s"), "seq_num": (7, "")}


class _Column(NamedTuple):
    label: str
    key: str
    data_key: Mapping[str, Any]
    is_number: bool
    width: int
    title: str


class TextWriter:
    """Turns the documents of one run into the lines of its text file.

    Args:
        start: The start document.
        hdf5_file: Name of the run's HDF5 file, as seen from the text file.
        stream: The stream whose points are the rows.
    """

    def __init__(self, start: Document, hdf5_file: str, stream: str = "primary"):
        self._record = Record(start)
        self._file = hdf5_file
        self._stream = stream
        self._columns: list[_Column] = []
        self._labels_due = False
        self._last = 0
        self._titles = _titles(start)

    def write(self, name: str, doc: Document) -> str:
        """Return the lines that a document adds, each ended; "" if there are none.

        Args:
            name: Its name.
            doc: The document; that of the start comes first.
        """
        is_new = doc.get("name", "primary") not in self._record.streams
        self._record.note(name, doc)
        if name == "start":
            lines = self._head(doc)
        elif name == "descriptor":
            lines = self._describe(doc.get("name", "primary"), is_new)
        elif name in ("event", "event_page"):
            lines = self._events(name, doc)
        else:
            lines = self._end(doc) if name == "stop" else iter(())
        return "".join(f"{line}\n" for line in lines)

    def _place(self, stream: Stream, key: str) -> Elsewhere:
        # h5py takes 0.1 s to load, and most files refer to nothing.
        from lapwing.data.layout import link_names, stream_path

        inside = link_names(stream.event_keys)
        others = [one for one in stream.data_keys if one not in inside]
        names = inside | link_names(others, taken=inside.values())
        return Elsewhere(
            self._file, f"/{stream_path(stream.name)}/data/{names.get(key, key)}"
        )

    # ------------------------------------------------------------ head and end

    def _head(self, start: Document) -> Iterator[str]:
        def said(name: str, value: Any, key: str = "") -> str:
            place = Elsewhere(self._file, f"/entry/metadata/start/{key}".rstrip("/"))
            return f"# {name}: {header_value(value, lambda: place)}"

        yield f"{FIRST_LINE}{_version()}"
        yield said("Scan.uid", start["uid"])
        for key in SCAN_KEYS:
            if key in start:
                yield said(f"Scan.{key}", start[key])
        yield f"# Scan.start_time: {moment(start['time'])}"
        yield said("Scan.start_epoch", start["time"])
        yield said("Scan.hdf5_file", self._file)
        for key in FAMILIES:
            for member, value in _members(key, start.get(key)):
                yield said(f"{key.capitalize()}.{member}", value, key)
        for key, value in start.items():
            if key in ("uid", "time", *SCAN_KEYS):
                continue
            if not (key in FAMILIES and _is_family(value)):
                yield said(f"Metadata.{token(str(key))}", value, str(key))

    def _end(self, stop: Document) -> Iterator[str]:
        yield from self._labels()
        for name in ("exit_status", "reason"):
            if stop.get(name):
                place = Elsewhere(self._file, f"/entry/metadata/stop/{name}")
                value = header_value(stop[name], lambda place=place: place)
                yield f"# Scan.{name}: {value}"
        yield f"# Scan.end_epoch: {cell(stop['time'], True)}"
        yield f"{END_LINE}{moment(stop['time'])}"

    # ------------------------------------------------------------ legend

    def _describe(self, name: str, is_new: bool) -> Iterator[str]:
        stream = self._record.streams[name]
        if name == self._stream:
            columns = self._choose_columns(stream)
            if is_new or columns != self._columns:
                self._columns = columns
                self._labels_due = True
                yield from self._legend(stream)
        elif name not in EXTRA_STREAMS and is_new:
            from lapwing.data.layout import stream_path

            place = Elsewhere(self._file, f"/{stream_path(name)}")
            yield f"# Stream.{token(name)}: {place}"

    def _choose_columns(self, stream: Stream) -> list[_Column]:
        keys = {
            key: told
            for key, told in stream.event_keys.items()
            if told.get("dtype") != "array"
            and not told.get("shape")
            and not told.get("external")
        }
        first = [key for key in self._positioners(stream) if key in keys]
        columns: list[_Column] = []
        taken = set(_OWN)
        for key in dict.fromkeys([*first, *keys]):
            label = column_name(key)
            while label in taken:  # a key "time_data" beside a key "time"
                label += "_data"
            taken.add(label)
            width = max(_WIDTH, len(token(label)))
            is_number = keys[key].get("dtype") in _NUMBERS
            title = self._titles.get(key, "")
            columns.append(_Column(label, key, keys[key], is_number, width, title))
        return columns

    def _positioners(self, stream: Stream) -> Iterator[str]:
        objects = stream.objects
        for motor in self._record.names("motors"):
            yield from stream.hinted(motor) or objects.get(motor, [motor])[:1]

    def _legend(self, stream: Stream) -> Iterator[str]:
        yield f"# Legend.Start: label units {SEPARATOR} PV"
        for number, column in enumerate(self._columns, 1):
            entry = _legend_entry(column.label, column.data_key)
            if column.title not in ("", column.label, pv_name(column.data_key)):
                empty = "" if SEPARATOR in entry else f" {SEPARATOR}"
                entry += f"{empty} {SEPARATOR} {one_line(column.title)}"
            yield f"# Column.{number}: {entry}"
        own = _OWN.items()
        for number, (label, (_, unit)) in enumerate(own, len(self._columns) + 1):
            yield f"# Column.{number}: {label} {unit}".rstrip()
        written = {column.key for column in self._columns}
        arrays = [key for key in stream.data_keys if key not in written]
        for number, key in enumerate(arrays, 1):
            told = stream.data_keys[key]
            entry = _legend_entry(key, told, always=True)
            yield f"# Array.{number}: {entry} {SEPARATOR} {self._place(stream, key)}"
        yield f"# Legend.End: {'~' * 40}"

    def _labels(self) -> Iterator[str]:
        """Yield the last lines before rows, if they are due."""
        if self._labels_due:
            self._labels_due = False
            labels = [token(c.label).rjust(c.width) for c in self._columns]
            labels += [label.rjust(width) for label, (width, _) in _OWN.items()]
            yield f"#{'-' * 60}"
            yield f"# {'  '.join(labels)}"

    # ------------------------------------------------------------ events

    def _events(self, name: str, doc: Document) -> Iterator[str]:
        found = self._record.stream_of(doc["descriptor"])
        if found is None:
            return
        stream, _ = found
        if stream.name == self._stream:
            yield from self._labels()
            for event in events_of(name, doc):
                yield from self._row(event)
        elif stream.name in EXTRA_STREAMS:
            for event in events_of(name, doc):
                yield from self._extras(stream, event)

    def _row(self, event: Document) -> Iterator[str]:
        data, number = event["data"], event["seq_num"]
        if number <= self._last:
            yield f"# Scan.repeated: {number}"
        self._last = number
        cells = [
            cell(data.get(column.key), column.is_number).rjust(column.width)
            for column in self._columns
        ]
        for (width, _), value in zip(
            _OWN.values(), (event["time"], number), strict=True
        ):
            cells.append(cell(value, True).rjust(width))
        yield f"  {'  '.join(cells)}"

    def _extras(self, stream: Stream, event: Document) -> Iterator[str]:
        told = stream.data_keys
        when = cell(event["time"], True)
        start = (moment(event["time"]), when, token(stream.name))
        yield f"# ExtraPVs.Start: {f' {SEPARATOR} '.join(start)}"
        for key, value in event["data"].items():
            text = header_value(value, lambda key=key: self._place(stream, key))
            name = token(key)
            if not _IN_FAMILY.match(name) or name.startswith("Extra"):
                name = f"{EXTRA}{name}"
            yield f"# {name}: {text}{_pv_and_units(told.get(key, {}))}"
        yield f"# ExtraPVs.End: {'~' * 40}"


def _titles(start: Mapping[str, Any]) -> dict[str, str]:
    """Return what people call the columns of a step scan, by data key."""
    told = start.get("step_scan")
    parts = told if isinstance(told, Mapping) else {}
    found: dict[str, str] = {}
    for kind in ("positioners", "counters"):
        columns = parts.get(kind)
        for key, one in columns.items() if isinstance(columns, Mapping) else ():
            title = one.get("label") if isinstance(one, Mapping) else None
            if isinstance(title, str):
                found[key] = title
    return found


def _members(family: str, value: Any) -> list[tuple[str, Any]]:
    """Return the members of a family of XDI's, of the metadata under its name."""
    if _is_family(value):
        return list(value.items())
    return [("name", value)] if family == "sample" and isinstance(value, str) else []


def _is_family(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(key, str) and _MEMBER.fullmatch(key) for key in value)
    )


def _legend_entry(
    label: str, data_key: Mapping[str, Any], *, always: bool = False
) -> str:
    entry = f"{token(label)} {_units(data_key)}".strip()
    pv = one_line(pv_name(data_key))
    return f"{entry} {SEPARATOR} {pv}" if pv or always else entry


def _pv_and_units(data_key: Mapping[str, Any]) -> str:
    pv, units = one_line(pv_name(data_key)), _units(data_key)
    parts = [pv, units] if units else [pv] if pv else []
    return "".join(f" {SEPARATOR} {part}" for part in parts)


def _units(data_key: Mapping[str, Any]) -> str:
    units = data_key.get("units")
    return one_line(units) if isinstance(units, str) else ""


def _version() -> str:
    try:
        return version("lapwing")
    except PackageNotFoundError:
        return "unknown"
