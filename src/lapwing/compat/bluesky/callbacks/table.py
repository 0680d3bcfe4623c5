"""Live table: Bluesky's, with lines and columns as its users know them.

Owns the layout of its lines.
Must not know the terminal: each line is handed to a function.
Test: feed it documents by hand, compare the lines.

Lapwing's own table is `lapwing.callbacks.LiveTable`.
"""

import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np

from lapwing.callbacks.callback import CallbackBase
from lapwing.documents import Document

_NUMBER_WIDTH = 10
_TIME_WIDTH = 10
_FORMATS = {"number": "f", "integer": "d", "string": "s", "boolean": "s"}


class LiveTable(CallbackBase):
    """Prints a line for each event.

    Args:
        fields: Data keys, or devices.
        stream_name: The stream that is shown.
        print_header_interval: The head is repeated after so many lines.
        min_width: Characters of a column at least, with the space round it.
        default_prec: Decimals, where the descriptor does not tell.
        extra_pad: Spaces round what is printed.
        separator_lines: Whether empty lines stand before and after the table.
        logbook: Called with the whole table at the end of the run.
        out: Called with each line.
    """

    water_mark = (
        "{st[plan_type]} {st[plan_name]} ['{st[uid]:.8s}'] (scan num: {st[scan_id]})"
    )

    def __init__(
        self,
        fields: Sequence[Any],
        *,
        stream_name: str = "primary",
        print_header_interval: int = 50,
        min_width: int = 12,
        default_prec: int = 3,
        extra_pad: int = 1,
        separator_lines: bool = True,
        logbook: Callable[..., Any] | None = None,
        out: Callable[[str], Any] = print,
    ):
        super().__init__()
        self._fields = get_obj_fields(fields)
        self._stream = stream_name
        self._header_interval = print_header_interval
        self._min_width = min_width
        self._default_prec = default_prec
        self._pad = " " * extra_pad
        self._separator_lines = separator_lines
        self.logbook = logbook
        self._out = out
        self._start: Document | None = None
        self._reset()

    def _reset(self) -> None:
        self._columns: dict[str, _Column] = {}
        self._descriptors: set[str] = set()
        self._num_rows = 0
        self._rows: list[str] = []

    def start(self, doc: Document) -> None:
        """Begin a table."""
        self._reset()
        self._start = doc
        if self._separator_lines:
            self._print("\n")

    def descriptor(self, doc: Document) -> None:
        """Lay the columns out, and print the head."""
        if doc["name"] != self._stream:
            return
        self._descriptors.add(doc["uid"])
        for field in self._fields:
            if (key := doc["data_keys"].get(field)) is not None:
                self._add_column(field, key)
        self._print_head()

    def event(self, doc: Document) -> None:
        """Print a line."""
        if doc["descriptor"] not in self._descriptors:
            return
        self._num_rows += 1
        if self._num_rows % self._header_interval == 0:
            self._print_head()
        data = doc["data"]
        columns = self._columns.items()
        try:
            cells = [column.cell(data[f]) for f, column in columns if f in data]
        except (ValueError, TypeError):
            self._print("failed to format row")
            return
        moment = datetime.fromtimestamp(doc["time"])
        time = moment.strftime("%H:%M:%S.") + str(moment.microsecond // 100_000)
        self._print(self._row(str(doc["seq_num"]), time, cells))

    def stop(self, doc: Document) -> None:
        """End the table."""
        if self._start is not None and doc["run_start"] != self._start.get("uid"):
            return
        if self._descriptors:
            self._print(self._line())
        if self._start is not None:
            self._print(self._closing(self._start))
        if self._separator_lines:
            self._print("\n")
        if self.logbook is not None:
            self.logbook("\n".join(self._rows))
        self._start = None

    def _closing(self, start: Document) -> str:
        known = {"plan_type": "", "plan_name": "", "scan_id": "", **start}
        return self.water_mark.format(st=known).strip()

    def _add_column(self, field: str, key: Document) -> None:
        dtype = key.get("dtype", "number")
        if dtype not in _FORMATS:
            warnings.warn(
                f"The key {field} will be skipped because LiveTable does not know how "
                f"to display the dtype {dtype}",
                stacklevel=2,
            )
            return
        prec = key.get("precision")
        if not isinstance(prec, int) or prec < 0:
            prec = self._default_prec
        inner = self._min_width - 2 * len(self._pad)
        width = max(inner, len(field), prec + 1)
        self._columns[field] = _Column(width, prec, _FORMATS[dtype])

    def _print_head(self) -> None:
        names = [f"{name: >{c.width}}" for name, c in self._columns.items()]
        self._print(self._line())
        self._print(self._row("seq_num", "time", names))
        self._print(self._line())

    def _row(self, number: str, time: str, cells: Sequence[str]) -> str:
        first = f"{number: >{_NUMBER_WIDTH}}{self._pad}"
        padded = [f"{self._pad}{c}{self._pad}" for c in (_time(time), *cells)]
        return "|" + "|".join([first, *padded]) + "|"

    def _line(self) -> str:
        widths = [_TIME_WIDTH, *(column.width for column in self._columns.values())]
        dashes = ["-" * (width + 2 * len(self._pad)) for width in widths]
        first = "-" * (_NUMBER_WIDTH + len(self._pad))
        return "+" + "+".join([first, *dashes]) + "+"

    def _print(self, out_str: str) -> None:
        self._rows.append(out_str)
        self._out(out_str)


class _Column:
    """How the values of one field are printed."""

    def __init__(self, width: int, prec: int, kind: str):
        self.width = width
        self._format = {
            "f": f"{{: >{width}.{prec}f}}",
            "d": f"{{: >{width}d}}",
            "s": f"{{: >{width}.{width}s}}",
        }[kind]
        self._is_text = kind == "s"

    def cell(self, value: Any) -> str:
        """Return a value as text.

        Raises:
            ValueError: It is of another kind.
            TypeError: It is of another kind.
        """
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, np.generic):
            value = value.item()
        return self._format.format(str(value) if self._is_text else value)


def _time(text: str) -> str:
    return f"{text: >{_TIME_WIDTH}}"


def get_obj_fields(fields: Sequence[Any]) -> list[str]:
    """Return data keys: those that are given, and all that devices given have.

    Args:
        fields: Data keys, or devices.
    """
    names: list[str] = []
    for field in fields:
        names.extend([field] if isinstance(field, str) else field.describe())
    return names
