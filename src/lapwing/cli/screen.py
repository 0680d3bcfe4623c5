"""The screen of commands: tables, times and sizes as people read them.

Owns how wide a table may be, and the form of a time, a duration and a size.
Must not know what the tables are about.
Test: format values; commands' tests look at whole tables.
"""

import os
import re
import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lapwing.config import Settings
from lapwing.errors import DataPathError

_PIPE_WIDTH = 200
"""Columns of a table that goes to a file or to another program."""
_BLANKS = re.compile(r"[ ]+$", re.MULTILINE)

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data directory; else LAPWING_DATA_DIR, else ./lapwing-data.",
)


def data_dir_of(given: Path | None) -> Path:
    """Return the data directory that a command is about.

    Raises:
        DataPathError: It is a file.
    """
    found = Settings.from_environment(os.environ, data_dir=given).data_dir
    if found.exists() and not found.is_dir():
        raise DataPathError(
            f"the data directory {found} is a file; a directory is needed",
            hint="give --data-dir, or set LAPWING_DATA_DIR",
        )
    return found


def console() -> Console:
    """Return the terminal; of a pipe one that is wide, so that nothing is cut."""
    file = None if sys.stdout.isatty() else cast(IO[str], _Trimmed(sys.stdout))
    width = None if file is None or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(file=file, width=width, highlight=False, soft_wrap=False)


class _Trimmed:
    """A file that gets lines without the blanks that fill a table's last column."""

    def __init__(self, file: IO[str]):
        self._file = file

    def write(self, text: str) -> int:
        """Write whole lines, as a console does."""
        return self._file.write(_BLANKS.sub("", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def counted(number: int, what: str) -> str:
    """Return a number of things in words: "1 part", "1,200 parts"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def table(
    *columns: str, right: Collection[str] = (), fold: Collection[str] = ()
) -> Table:
    """Return an empty table.

    Args:
        *columns: Their headings.
        right: Those that are numbers.
        fold: Those that are broken into lines where there is no room; others are not.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name not in fold,
        )
    return made


def plain(value: Any) -> Text:
    """Return a text as it is: brackets in it mean nothing."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in str(value))
    return Text(text)


def moment(time: float | None, *, seconds: bool = False) -> str:
    """Return a time, local, to the minute or second."""
    if time is None:
        return ""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(time).strftime(form)


def duration(seconds: float) -> str:
    """Return how long something took: ``1 h 02 min``, ``3 min 10 s``, ``1.2 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def size(num_bytes: float) -> str:
    """Return a size: ``312 B``, ``4.2 kB``, ``1.3 GB``."""
    if num_bytes < 1000:
        return f"{num_bytes:.0f} B"
    for unit in ("kB", "MB", "GB"):
        num_bytes /= 1000
        if num_bytes < 999.5:
            return f"{num_bytes:.1f} {unit}"
    return f"{num_bytes / 1000:.1f} TB"
