"""Cursors: places in journals, and how far each sink has come.

Owns what a place is, and the file in which sinks' places outlive their process.
Must not know how a journal is read, or what a sink does.
Test: move cursors in two processes, kill one at any moment, look at the places.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from lapwing.errors import DataError, DataPathError
from lapwing.journal.segment import HEAD_BYTES
from lapwing.journal.wal import BUSY_SECONDS, use_wal

_TABLE = """
CREATE TABLE IF NOT EXISTS cursors (
  sink TEXT NOT NULL,
  directory TEXT NOT NULL,
  segment INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  number INTEGER NOT NULL,
  last_error TEXT,
  time REAL NOT NULL,
  seen TEXT,
  PRIMARY KEY (sink, directory)
) WITHOUT ROWID
"""
_MOVE = (
    "INSERT INTO cursors VALUES (?, ?, ?, ?, ?, NULL, ?, ?) "
    "ON CONFLICT (sink, directory) DO UPDATE SET segment = excluded.segment, "
    "offset = excluded.offset, number = excluded.number, last_error = NULL, "
    "time = excluded.time, seen = excluded.seen"
)
_FAIL = (
    "INSERT INTO cursors VALUES (?, ?, ?, ?, ?, ?, ?, NULL) "
    "ON CONFLICT (sink, directory) DO UPDATE SET last_error = excluded.last_error, "
    "time = excluded.time"
)


class Cursor(NamedTuple):
    """A place in a journal: the record that is to be read next.

    Attributes:
        segment: Number of the segment, from 1.
        offset: Byte at which the record's frame begins, or an earlier frame.
        number: Number of the record, from 0.
    """

    segment: int
    offset: int
    number: int

    def to_json(self) -> list[int]:
        """Return it as JSON can say it."""
        return list(self)

    @classmethod
    def from_json(cls, value: Any) -> "Cursor":
        """Return what `to_json` was called on.

        Raises:
            DataError: The value is not what it returns.
        """
        if (
            not isinstance(value, list | tuple)
            or len(value) != 3
            or not all(type(one) is int and one >= 0 for one in value)
        ):
            raise DataError(f"{value!r} is no place in a journal; [1, 24, 0] would be")
        return cls(*value)


START = Cursor(1, HEAD_BYTES, 0)
"""The place of the first record."""


class Place(NamedTuple):
    """How far a sink has come in a journal.

    Attributes:
        sink: Name of the sink.
        directory: Name of the journal's directory, without what is above it.
        cursor: The record that it takes next.
        last_error: Why it could not take it when it last tried; None if it could.
        time: When that was, in seconds since the epoch.
        seen: How far it has read, if that is behind its place: after a crash it must
            have something again, such as a run that is not over.
    """

    sink: str
    directory: str
    cursor: Cursor
    last_error: str | None
    time: float
    seen: Cursor | None = None


class CursorStore:
    """Keeps the places of all sinks in all journals of a data directory.

    Each change is one transaction: it outlives the process from the moment at which
    the call returns. Several threads and processes may share the file.

    Args:
        path: The SQLite file, made if need be.
        clock: Returns seconds since the epoch.

    Raises:
        DataPathError: It cannot be made, or is no such file.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time):
        self.path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as exc:
            raise self._cannot(exc) from exc
        try:
            self._use_wal()
            self._do("PRAGMA synchronous = NORMAL")
            self._do(_TABLE)
            if "seen" not in [row[1] for row in self._do("PRAGMA table_info(cursors)")]:
                self._do("ALTER TABLE cursors ADD COLUMN seen TEXT")
        except DataPathError:
            self._connection.close()
            raise

    def _use_wal(self) -> None:
        try:
            use_wal(self._connection)
        except sqlite3.Error as exc:
            raise self._cannot(exc) from exc

    def get(self, sink: str, directory: str | Path) -> Cursor:
        """Return where a sink goes on; the start of the journal if it is new to it."""
        for place in self.places(sink):
            if place.directory == Path(directory).name:
                return place.cursor
        return START

    def move(
        self,
        sink: str,
        directory: str | Path,
        cursor: Cursor,
        seen: Cursor | None = None,
    ) -> None:
        """Note that a sink has taken all before a place.

        Args:
            sink: Its name.
            directory: The journal.
            cursor: Where it goes on after a crash.
            seen: How far it has read, if that is further.
        """
        told = None if seen is None else json.dumps(seen.to_json())
        self._do(_MOVE, (sink, Path(directory).name, *cursor, self._clock(), told))

    def fail(self, sink: str, directory: str | Path, error: str) -> None:
        """Note that a sink could not take what is next; its place stays."""
        row = (sink, Path(directory).name, *START, error, self._clock())
        self._do(_FAIL, row)

    def places(self, sink: str | None = None) -> list[Place]:
        """Return the places of one sink, or of all, by sink and directory."""
        rows = self._do(
            "SELECT sink, directory, segment, offset, number, last_error, time, seen "
            "FROM cursors WHERE ?1 IS NULL OR sink = ?1 "
            "ORDER BY sink, directory",
            (sink,),
        )
        return [_place(*row) for row in rows]

    def forget(
        self, *, sink: str | None = None, directory: str | Path | None = None
    ) -> None:
        """Drop the places of a sink that is no more, or in a journal that is no more.

        Args:
            sink: Its name; None: any.
            directory: The journal; None: any.
        """
        name = None if directory is None else Path(directory).name
        self._do(
            "DELETE FROM cursors WHERE (?1 IS NULL OR sink = ?1) "
            "AND (?2 IS NULL OR directory = ?2)",
            (sink, name),
        )

    def _do(self, statement: str, values: Iterable[Any] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(statement, tuple(values)).fetchall()
            except sqlite3.Error as exc:
                raise self._cannot(exc) from exc

    def _cannot(self, exc: Exception) -> DataPathError:
        return DataPathError(
            f"the places of sinks in {self.path} cannot be used: {exc}; an SQLite "
            "file that can be written is needed",
            hint="make room, or mend the permissions; if the file is damaged, remove "
            "it, and every sink begins anew",
            path=str(self.path),
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _place(
    sink: str,
    directory: str,
    segment: int,
    offset: int,
    number: int,
    last_error: str | None,
    when: float,
    told: str | None,
) -> Place:
    cursor = Cursor(segment, offset, number)
    seen = None if told is None else Cursor.from_json(json.loads(told))
    return Place(sink, directory, cursor, last_error, when, seen)
