"""The directories: all journals of a data directory.

Owns their names and their order, and what each one is.
Must not know what journals are read for.
Test: make some, with a clock that goes back; hold one; leave a call open in another.

::

    DATA_DIR/journal/20260131-235959-4711-9f3c/   one engine process each
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lapwing.errors import DataError, DataPathError
from lapwing.journal.codec import Kind
from lapwing.journal.hold import Holder, alive, read_about
from lapwing.journal.reader import Reader

_NAME = re.compile(r"(\d{8}-\d{6})-(\d+)-[0-9a-f]{4}")
_STAMP = "%Y%m%d-%H%M%S"
_BEGIN, _END = int(Kind.BEGIN), int(Kind.END)


def journal_root(data_dir: str | Path) -> Path:
    """Return the directory that holds all journals of a data directory."""
    return Path(data_dir) / "journal"


def new_directory(data_dir: str | Path, clock: Callable[[], float] = time.time) -> Path:
    """Make a directory for a new journal; it is the last in their order.

    If the clock stands before the newest journal there, because it was put back, the
    name has the second behind that one's.

    Args:
        data_dir: The data directory, made if need be.
        clock: Returns seconds since the epoch.

    Raises:
        DataPathError: It cannot be made.
    """
    root = journal_root(data_dir)
    when = datetime.fromtimestamp(int(clock()))
    try:
        root.mkdir(parents=True, exist_ok=True)
        names = [path.name for path in directories(data_dir)]
        if names and names[-1][:15] >= when.strftime(_STAMP):
            when = datetime.strptime(names[-1][:15], _STAMP) + timedelta(seconds=1)
        while True:
            name = f"{when.strftime(_STAMP)}-{os.getpid()}-{secrets.token_hex(2)}"
            with contextlib.suppress(FileExistsError):
                (root / name).mkdir()
                return root / name
    except OSError as exc:
        raise cannot(f"a journal cannot be made in {root}", exc) from exc


def directories(data_dir: str | Path) -> list[Path]:
    """Return the directories of all journals, the oldest first."""
    try:
        names = os.listdir(journal_root(data_dir))
    except FileNotFoundError:
        return []
    return [
        journal_root(data_dir) / name for name in sorted(names) if _NAME.fullmatch(name)
    ]


@dataclass(frozen=True, slots=True)
class Journal:
    """What is known of one journal without reading it.

    Attributes:
        directory: Where it is.
        holder: The living process that writes it; None if there is none.
        started: When it was begun, in seconds since the epoch; None if not known.
        about: What ``journal.json`` says: format, pid, host, version, adoptions.
        num_bytes: Its size on the disk, in bytes.
    """

    directory: Path
    holder: Holder | None
    started: float | None
    about: dict[str, Any]
    num_bytes: int


def journals(data_dir: str | Path) -> list[Journal]:
    """Return all journals, the oldest first."""
    return [describe(directory) for directory in directories(data_dir)]


def describe(directory: Path) -> Journal:
    """Return what is known of one journal; damage is not its business."""
    try:
        about = read_about(directory)
    except DataError:
        about = {}
    return Journal(
        directory, alive(directory), about.get("started"), about, _size(directory)
    )


def _size(directory: Path) -> int:
    total = 0
    for path in directory.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def open_calls(directory: Path) -> list[int]:
    """Return the numbers of the records with which calls began that did not end.

    Reads the whole journal, about a second for a million records.

    Raises:
        DataError: It is damaged.
    """
    found: list[int] = []
    inside = False
    with Reader(directory, arrays=False) as reader:
        for number, record in reader.records():
            if record[0] == _BEGIN:
                found.append(number)
                inside = True
            elif record[0] == _END and inside:
                found.pop()
                inside = False
    return found


def cannot(what: str, exc: OSError) -> DataPathError:
    """Return the error of a directory that cannot be changed."""
    return DataPathError(
        f"{what}: {exc.strerror or exc}; a directory that can be written is needed",
        errno=exc.errno,
    )
