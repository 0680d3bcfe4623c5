"""Live table: one line for each event, as it comes.

Owns columns, heads, lines and the closing line of a run.
Must not know the terminal; lines go to a `Screen`.
Test: feed it the documents of a scan and read the lines.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

from lapwing.callbacks.cells import (
    MAX_WIDTH,
    MIN_WIDTH,
    cell,
    clip,
    column_width,
    head,
)
from lapwing.callbacks.durations import duration
from lapwing.callbacks.fields import Field, run_name, shown_fields
from lapwing.callbacks.routing import ByRun
from lapwing.callbacks.screen import Screen
from lapwing.documents import Document
from lapwing.errors import PlanArgumentError

_NUM_WIDTH = 7
_TIME_WIDTH = 10
_GAP = "  "
_STATUS_STYLE = {"success": "green", "abort": "yellow", "fail": "bold red"}


class LiveTable:
    """Prints the hinted values of each event of a run's primary stream.

    Runs that go on at the same time are told apart: each line then begins with
    the run's number. A line whose number has a "*" is a point taken again.

    Args:
        file: Where to write; None: ``sys.stdout`` of that moment.
        screen: Where to write instead, shared with bars.
        fields: Data keys to show; None: dimensions and hinted fields.
        head_every: On a terminal, the head is repeated after so many lines.

    Attributes:
        retelling: Set it while documents come again that were shown before a crash:
            their points are told in one line, with the next one that is new.

    Raises:
        PlanArgumentError: ``file`` is no file, but fields, as Bluesky's table takes.
    """

    def __init__(
        self,
        file: IO[str] | None = None,
        *,
        screen: Screen | None = None,
        fields: Sequence[str] | None = None,
        head_every: int = 50,
    ):
        if file is not None and not hasattr(file, "write"):
            raise PlanArgumentError(
                f"the first argument of LiveTable is a file to write to, but it is "
                f"{file!r}; data keys are given as fields=[...]"
            )
        self.screen = Screen(file, ticking=False) if screen is None else screen
        self.fields = fields
        self.head_every = head_every
        self.retelling = False
        self._runs = ByRun(lambda start: _TableView(self, start))

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        self._runs(name, doc)

    def is_shared(self, view: object) -> bool:
        """Tell whether other runs go on beside the one of a view."""
        return any(other is not view for other in self._runs.open.values())


class _TableView:
    """The table of one run."""

    def __init__(self, table: LiveTable, start: Document):
        self._table = table
        self._start = start
        self._columns: list[tuple[Field, int]] = []
        self._last_seq = 0
        self._num_points = 0
        self._num_retaken = 0
        self._since_head = 0
        self._began = False
        self._described: Document | None = None  # and not shown yet
        self._tag = str(start.get("scan_id", start["uid"][:6]))

    def descriptor(self, doc: Document) -> None:
        """Lay out the columns; a new configuration changes nothing."""
        if self._began:
            return
        self._began = True
        self._described = doc
        if not self._table.retelling:
            self._lay_out(doc)

    def _lay_out(self, doc: Document) -> None:
        self._described = None
        fields = shown_fields(self._start, doc)
        if (wanted := self._table.fields) is not None:
            known = {field.name: field for field in fields}
            fields = [known.get(name, Field(name)) for name in wanted]
        self._print_title()
        self._columns = self._fit(fields)
        self._print_head()

    def event(self, doc: Document) -> None:
        """Print a line."""
        seq_num = doc["seq_num"]
        if self._table.retelling:
            self._last_seq = seq_num
            self._num_points = max(self._num_points, seq_num)
            return
        if self._described is not None:
            self._lay_out(self._described)
            if self._last_seq:
                self._print(f"  1 to {self._last_seq} were taken before", "dim")
        elif (
            self._table.screen.is_terminal
            and self._since_head >= self._table.head_every
        ):
            self._print_head()
        again = seq_num <= self._last_seq
        self._num_retaken += again
        self._last_seq = seq_num
        self._num_points = max(self._num_points, seq_num)
        self._since_head += 1
        data = doc["data"]
        texts = [f"{seq_num}{'*' if again else ' '}".rjust(_NUM_WIDTH)]
        texts.append(_clock(doc["time"]))
        for field, width in self._columns:
            texts.append(cell(_value(data, field), field, width).rjust(width))
        self._print(_GAP.join(texts), "yellow" if again else "")

    def stop(self, doc: Document) -> None:
        """Print how the run ended."""
        status = doc.get("exit_status", "success")
        if not self._began or self._described is not None:
            self._print_title()
        elif self._num_retaken:
            self._print("      * point taken again", "dim")
        n = doc.get("num_events", {}).get("primary", self._num_points)
        seconds = doc["time"] - self._start["time"]
        self._print(
            f"{run_name(self._start)}: {status}, {n} point{'s' * (n != 1)} in "
            f"{duration(seconds)}, {self._start['uid']}",
            _STATUS_STYLE.get(status, ""),
        )
        for line in str(doc.get("reason") or "").splitlines():
            self._print(f"  {line}", _STATUS_STYLE.get(status, ""))

    def _fit(self, fields: list[Field]) -> list[tuple[Field, int]]:
        """Give each column a width; leave out the last ones that find no room."""
        width = self._table.screen.width
        if width is None:
            return [(f, column_width(f)) for f in fields]
        room = width - _NUM_WIDTH - len(_GAP) - _TIME_WIDTH - len(self._prefix())
        for widest in (MAX_WIDTH, 12, MIN_WIDTH):
            columns = [(f, min(widest, column_width(f))) for f in fields]
            if sum(len(_GAP) + wide for _, wide in columns) <= room:
                return columns
        shown = columns[: max(0, room // (len(_GAP) + MIN_WIDTH))]
        left_out = [f.name for f in fields[len(shown) :]]
        self._print(clip(f"not shown: {', '.join(left_out)}", width - 1), "dim")
        return shown

    def _print_title(self) -> None:
        date = datetime.fromtimestamp(self._start["time"]).strftime("%Y-%m-%d %H:%M:%S")
        self._table.screen.line()
        points = self._start.get("num_points")
        parts = [run_name(self._start), date]
        if points is not None:
            parts.insert(1, f"{points} point{'s' * (points != 1)}")
        self._print(", ".join(parts), "bold")

    def _print_head(self) -> None:
        self._since_head = 0
        heads = [head(field, width) for field, width in self._columns]
        tall = max((len(lines) for lines in heads), default=1)
        left = " " * (_NUM_WIDTH - 7) + "seq_num" + _GAP + "time".center(_TIME_WIDTH)
        for i in range(tall):
            texts = [left if i == tall - 1 else " " * len(left)]
            for lines, (_, width) in zip(heads, self._columns, strict=True):
                row = i - (tall - len(lines))
                texts.append((lines[row] if row >= 0 else "").rjust(width))
            self._print(_GAP.join(texts), "bold")
        if any(field.units for field, _ in self._columns):
            texts = [" " * len(left)]
            texts += [clip(f.units, width).rjust(width) for f, width in self._columns]
            self._print(_GAP.join(texts), "dim")
        dash = "─" if self._table.screen.unicode else "-"
        widths = [_NUM_WIDTH, _TIME_WIDTH, *(width for _, width in self._columns)]
        self._print(_GAP.join(dash * width for width in widths), "dim")

    def _prefix(self) -> str:
        return f"{self._tag}| " if self._table.is_shared(self) else ""

    def _print(self, text: str, style: str = "") -> None:
        self._table.screen.line((self._prefix() + text).rstrip(), style)


def _value(data: Document, field: Field) -> Any:
    value = data.get(field.name)
    if field.shape and isinstance(value, str):
        # The array itself lies in a file; what stands here is its reference.
        return f"[{'x'.join(str(n or '?') for n in field.shape)}]"
    return value


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds)
    return moment.strftime("%H:%M:%S.") + str(moment.microsecond // 100_000)
