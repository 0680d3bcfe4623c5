"""The text reader: a text file in columns, back as arrays, PVs and metadata.

Owns what each line means, also in a file that is cut off or still grows.
Must not know who wrote it; XDI files of other programs are read as far as they go.
Test: write runs of any values, read them back, cut the file anywhere.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lapwing.data.reading import Array
from lapwing.data.text_form import (
    SEPARATOR,
    Elsewhere,
    header_value_of,
    value_of,
)
from lapwing.data.text_run import ExtraPVs, TextArray, TextColumn, TextRun
from lapwing.data.text_writer import EXTRA, FAMILIES, SCAN_KEYS
from lapwing.errors import DataError

_FIRST = re.compile(r"#\s*XDI/\d")
_FIELD = re.compile(r"#\s*([A-Za-z]\w*\.\S+):(?:\s(.*))?$")
_EXACT = 2**53
_STARTS = {"Scan.uid": "uid", "Scan.start_epoch": "time"} | {
    f"Scan.{key}": key for key in SCAN_KEYS
}


def read_text(path: str | Path) -> TextRun:
    """Read a text file in columns: all whole lines that are there.

    The numbers are those that were written. A missing number is NaN, any other missing
    value None. Of a point that was taken again, after a pause, the last row counts.

    Args:
        path: The file, which may be cut off, or grow.

    Returns:
        Columns, extra PVs and metadata.

    Raises:
        DataError: It is no such file, or a row has another number of cells than there
            are columns; says in which line.
        OSError: It cannot be opened.
    """
    path = Path(path)
    # Only a line with its end is whole.
    lines = path.read_bytes().split(b"\n")[:-1]
    reading = _Reading(path)
    for number, line in enumerate(lines, 1):
        reading.line(number, line.decode("utf-8", "replace").rstrip("\r"))
    return reading.run()


class _Legend(NamedTuple):
    label: str
    units: str
    pv: str
    title: str = ""


class _Reading:
    """A file as it is read, line by line."""

    def __init__(self, path: Path):
        self._path = path
        self._fields: dict[str, str] = {}
        self._extras: list[ExtraPVs] = []
        self._in_extras = False
        self._legend: list[_Legend] = []
        self._arrays: dict[str, TextArray] = {}
        self._comment = ""
        self._columns: dict[str, list[Any]] = {}
        self._legend_of: dict[str, _Legend] = {}
        self._num_rows = 0
        self._is_ours = False

    def line(self, number: int, text: str) -> None:
        """Take a whole line."""
        if number == 1:
            if not _FIRST.match(text):
                found = f"begins with {text[:40]!r}"
                raise self._wrong(1, found, "#XDI/ and a version")
            self._is_ours = "Lapwing/" in text
        elif text.startswith("#"):
            self._header(text)
        elif text.strip():
            self._row(number, text)

    def _header(self, text: str) -> None:
        if not (found := _FIELD.match(text)):
            self._comment = text[1:]
            return
        name, value = found[1], found[2] or ""
        if name in ("ExtraPVs.Start", "ExtraPVs.End"):
            self._in_extras = name == "ExtraPVs.Start"
            if self._in_extras:
                self._extras.append(_extras_of(value, self._num_rows))
        elif self._in_extras:
            _add_extra(self._extras[-1], name, value)
        elif name == "Legend.Start":
            self._legend = []
        elif name.startswith("Column."):
            parts = _parts(value)
            title = _text_of(parts[2]) if len(parts) > 2 else ""
            self._legend.append(_legend_of(parts)._replace(title=title))
        elif name.startswith("Array."):
            self._add_array(_parts(value))
        elif name != "Legend.End":
            self._fields[name] = value

    def _add_array(self, parts: list[str]) -> None:
        legend, place = _legend_of(parts), header_value_of(parts[-1])
        if isinstance(place, Elsewhere):
            file = self._path.parent / place.file
            self._arrays[legend.label] = TextArray(
                legend.label, legend.units, legend.pv, file, place.dataset
            )

    # ------------------------------------------------------------ rows

    def _row(self, number: int, text: str) -> None:
        cells = text.split()
        if not self._is_ours and len(cells) != len(self._legend):
            self._legend = _guessed_legend(self._comment, len(cells))
        if len(cells) != len(self._legend):
            needed = f"{len(self._legend)}, as the legend says"
            raise self._wrong(number, f"has {len(cells)} cells", needed)
        try:
            values = [value_of(one) for one in cells]
        except ValueError as exc:
            raise self._wrong(
                number, f"has a cell that is none: {exc}", "JSON"
            ) from exc
        for legend, value in zip(self._legend, values, strict=True):
            column = self._columns.setdefault(legend.label, [])
            self._legend_of[legend.label] = legend
            column += [None] * (self._num_rows - len(column))  # of older legends
            column.append(value)
        self._num_rows += 1

    def _wrong(self, number: int, found: str, needed: str) -> DataError:
        return DataError(
            f"line {number} of {self._path} {found}; {needed} is needed",
            path=str(self._path),
            line=number,
        )

    # ------------------------------------------------------------ what was read

    def run(self) -> TextRun:
        """Return all that was read."""
        return TextRun(
            metadata=self._metadata(),
            columns=self._read_columns(),
            arrays=self._arrays,
            extra_pvs=self._extras,
            fields=self._fields,
            stop=self._stop(),
        )

    def _read_columns(self) -> dict[str, TextColumn]:
        legends = {legend.label: legend for legend in self._legend}
        labels = [*self._columns, *(one for one in legends if one not in self._columns)]
        rows = self._rows_that_count()
        found = {}
        for label in labels:
            values = self._columns.get(label, [])
            values += [None] * (self._num_rows - len(values))
            legend = self._legend_of.get(label) or legends[label]
            array = _column_of([values[row] for row in rows])
            found[label] = TextColumn(
                label, legend.units, legend.pv, array, legend.title
            )
        return found

    def _rows_that_count(self) -> list[int]:
        numbers = self._columns.get("seq_num") if self._is_ours else None
        if not numbers:
            return list(range(self._num_rows))
        return [
            row for _, row in sorted({n: row for row, n in enumerate(numbers)}.items())
        ]

    def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        families: dict[str, dict[str, Any]] = {}
        for name, text in self._fields.items():
            family, _, member = name.partition(".")
            if family == "Metadata":
                found[_label_of(member)] = header_value_of(text)
            elif name in _STARTS:
                found[_STARTS[name]] = header_value_of(text)
            elif family.lower() in FAMILIES:
                value = header_value_of(text)
                families.setdefault(family.lower(), {})[member] = value
        return {**families, **found}

    def _stop(self) -> dict[str, Any] | None:
        if "Scan.end_time" not in self._fields:
            return None
        get = self._fields.get
        return {
            "time": header_value_of(get("Scan.end_epoch", "null")),
            "exit_status": header_value_of(get("Scan.exit_status", "unknown")),
            "reason": header_value_of(get("Scan.reason", '""')),
        }


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(SEPARATOR)]


def _legend_of(parts: list[str]) -> _Legend:
    label, _, units = parts[0].partition(" ")
    pv = _text_of(parts[1]) if len(parts) > 1 else ""
    return _Legend(_label_of(label), _text_of(units.strip()), pv)


def _guessed_legend(comment: str, num_columns: int) -> list[_Legend]:
    labels = comment.split()
    if len(labels) != num_columns:
        labels = [f"column_{number}" for number in range(1, num_columns + 1)]
    return [_Legend(label, "", "") for label in labels]


def _label_of(text: str) -> str:
    return _text_of(text) if text.startswith('"') else text


def _text_of(text: str) -> str:
    value = header_value_of(text)
    return value if isinstance(value, str) else text


def _extras_of(text: str, num_rows: int) -> ExtraPVs:
    _, epoch, stream = [*_parts(text), "", ""][:3]
    time = header_value_of(epoch)
    known = isinstance(time, int | float)
    return ExtraPVs(float(time) if known else None, _label_of(stream), num_rows)


def _add_extra(extras: ExtraPVs, name: str, text: str) -> None:
    name = _label_of(name.removeprefix(EXTRA))
    value, pv, units = [*_parts(text), "", ""][:3]
    extras.values[name] = header_value_of(value)
    if pv:
        extras.pvs[name] = _text_of(pv)
    if units:
        extras.units[name] = _text_of(units)


def _column_of(values: list[Any]) -> Array:
    """Return values as an array of a type that holds each of them exactly."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float}:
        exact = all(abs(v) <= _EXACT for v in values if type(v) is int)
        if kinds == {int}:
            exact = all(-(2**63) <= value < 2**63 for value in values)
        if exact:
            return np.array(values, "i8" if kinds == {int} else "f8")
    # numpy takes NULs off the end of a text.
    if kinds == {str} and not any(value.endswith("\0") for value in values):
        return np.array(values)
    return np.fromiter(values, object, len(values))
