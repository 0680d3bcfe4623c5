"""Lags: how far the sinks of a data directory are behind its journals.

Owns the arithmetic between a place in a journal and its end.
Must not know sinks themselves; it asks the file in which their places are kept.
Test: journals with places at their end, in the middle, and none.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from lapwing.data.feed import cursors_path
from lapwing.errors import DataError
from lapwing.journal.cursor import START, Cursor, CursorStore, Place
from lapwing.journal.directories import directories
from lapwing.journal.hold import Holder, alive
from lapwing.journal.reader import Reader
from lapwing.journal.segment import segment_indices, segment_path


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a sink is behind one journal.

    Attributes:
        sink: Its name.
        directory: The journal.
        num_records: Records that it has not settled.
        num_bytes: Their size, about; arrays are not counted.
        fed_by: The process that feeds it from this journal now; None if none does.
        writer: The process that writes the journal now; None if none does.
        last_error: Why it could not go on when it last tried; None if it could.
        time: When it last moved or failed, in seconds since 1970; None: never.
    """

    sink: str
    directory: Path
    num_records: int
    num_bytes: int
    fed_by: Holder | None
    writer: Holder | None
    last_error: str | None
    time: float | None


def places(data_dir: str | Path) -> list[Place]:
    """Return the places of all sinks; nothing is made if there are none.

    Raises:
        DataPathError: The file of places cannot be read.
    """
    path = cursors_path(data_dir)
    if not path.exists():
        return []
    with CursorStore(path) as store:
        return store.places()


def lags(data_dir: str | Path) -> list[Lag]:
    """Return the lag of every sink in every journal, by sink, the oldest first.

    Raises:
        DataPathError: The file of places cannot be read.
    """
    known = {(place.sink, place.directory): place for place in places(data_dir)}
    found = []
    for sink in sorted({sink for sink, _ in known}):
        for directory in directories(data_dir):
            place = known.get((sink, directory.name))
            found.append(_lag(sink, directory, place))
    return found


def _lag(sink: str, directory: Path, place: Place | None) -> Lag:
    at = START if place is None else place.seen or place.cursor
    num_bytes = _bytes_behind(directory, at)
    # Where nothing follows, the end need not be looked for.
    num_records = _records_behind(directory, at) if num_bytes else 0
    return Lag(
        sink,
        directory,
        num_records,
        num_bytes if num_records else 0,
        alive(directory / "sinks" / sink),
        alive(directory),
        None if place is None else place.last_error,
        None if place is None else place.time,
    )


def _bytes_behind(directory: Path, at: Cursor) -> int:
    total = 0
    for index in segment_indices(directory):
        with contextlib.suppress(FileNotFoundError):
            size = segment_path(directory, index).stat().st_size
            begin = at.offset if index == at.segment else START.offset
            total += max(0, size - begin) if index >= at.segment else 0
    return total


def _records_behind(directory: Path, at: Cursor) -> int:
    try:
        with Reader(directory, skip_damaged=True) as reader:
            return max(0, reader.end().number - at.number)
    except DataError:
        return 0
