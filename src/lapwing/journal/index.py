"""The index: all runs and calls of a data directory, to be found quickly.

Owns ``index.sqlite``: derived from the journals, read on when asked, made anew if it
is missing, older or damaged. Must not know what anybody looks for.
Test: write journals by hand, read on in pieces, compare with reading all at once.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lapwing.errors import DataError, DataPathError
from lapwing.journal.cursor import START, Cursor
from lapwing.journal.digest import Digest
from lapwing.journal.directories import directories, journal_root
from lapwing.journal.entries import CallEntry, RunEntry, StreamEntry
from lapwing.journal.segment import segment_indices, segment_path
from lapwing.journal.wal import BUSY_SECONDS, use_wal

logger = logging.getLogger("lapwing.journal")

VERSION = 3
"""Version of the tables; a file of another one is made anew."""

_HOLD_SECONDS = 2.0  # between two commits of much that is new
_LET_SECONDS = 0.11  # then another process has its turn: it tries every 0.1 s
_TABLES = """
CREATE TABLE journals (
  directory TEXT PRIMARY KEY,
  segment INTEGER NOT NULL, offset INTEGER NOT NULL, number INTEGER NOT NULL,
  last_segment INTEGER NOT NULL, last_size INTEGER NOT NULL,
  rank REAL NOT NULL, was_left INTEGER NOT NULL
);
CREATE TABLE calls (
  directory TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER,
  uid TEXT NOT NULL, plan_name TEXT, identity TEXT NOT NULL,
  begin_time REAL, end_time REAL, status TEXT NOT NULL, reason TEXT,
  PRIMARY KEY (directory, first)
);
CREATE TABLE runs (
  uid TEXT PRIMARY KEY, scan_id INTEGER, plan_name TEXT, start TEXT NOT NULL,
  time REAL NOT NULL, rank REAL NOT NULL,
  stop_time REAL, exit_status TEXT, reason TEXT,
  directory TEXT NOT NULL, call_uid TEXT,
  segment INTEGER NOT NULL, offset INTEGER NOT NULL, first INTEGER NOT NULL,
  last_segment INTEGER, last_offset INTEGER, last INTEGER
);
CREATE INDEX runs_by_rank ON runs (rank, directory, first);
CREATE INDEX runs_by_scan_id ON runs (scan_id);
CREATE TABLE streams (
  descriptor TEXT PRIMARY KEY, run TEXT NOT NULL, name TEXT NOT NULL,
  directory TEXT NOT NULL,
  segment INTEGER NOT NULL, offset INTEGER NOT NULL, number INTEGER NOT NULL,
  num_events INTEGER NOT NULL
);
CREATE INDEX streams_by_run ON streams (run, number);
"""
_NEWEST_FIRST = "ORDER BY rank DESC, directory DESC, first DESC"
_RUN = (
    "SELECT uid, scan_id, plan_name, start, time, stop_time, exit_status, reason, "
    "directory, call_uid, segment, offset, first, last_segment, last_offset, last "
    "FROM runs "
)


def index_path(data_dir: str | Path) -> Path:
    """Return the file of a data directory's index."""
    return journal_root(data_dir) / "index.sqlite"


def tail_of(directory: Path) -> tuple[int, int]:
    """Return number and size in bytes of a journal's last segment; zeros for none."""
    indices = segment_indices(directory)
    if not indices:
        return (0, 0)
    try:
        return indices[-1], segment_path(directory, indices[-1]).stat().st_size
    except FileNotFoundError:
        return (0, 0)


class Index:
    """All runs and calls of a data directory.

    Several threads and processes may share the file. Where nothing can be written, the
    index is kept in memory.

    Args:
        data_dir: The data directory.

    Attributes:
        troubles: Journals that cannot be read, by directory.
    """

    def __init__(self, data_dir: str | Path):
        self.data_dir = Path(data_dir)
        self.path = index_path(data_dir)
        self.troubles: dict[str, DataError | OSError] = {}
        self._lock = threading.RLock()
        self._connection = _open(self.path)

    # ------------------------------------------------------------ reading on

    def update(self) -> None:
        """Take in what the journals hold by now."""
        with self._lock:
            rows = self._all("SELECT directory, last_segment, last_size FROM journals")
            known = {name: (segment, size) for name, segment, size in rows}
            # Only now: another process may have taken in one that is new.
            there = {path.name: path for path in directories(self.data_dir)}
            for gone in known.keys() - there.keys():
                self._remove(gone)
            for name, directory in there.items():
                try:
                    tail = tail_of(directory)
                    if known.get(name) == tail or not tail[1]:
                        continue
                    while self._read_on(directory):
                        time.sleep(_LET_SECONDS)
                except (DataError, OSError) as exc:  # also one of another user
                    if name not in self.troubles:
                        logger.warning("%s is not in the index: %s", directory, exc)
                    self.troubles[name] = exc

    def _read_on(self, directory: Path) -> bool:
        """Take in a piece of a journal; return whether there is more."""
        name = directory.name
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT segment, offset, number, rank, was_left FROM journals "
                "WHERE directory = ?",
                (name,),
            ).fetchone()
            cursor = Cursor(*row[:3]) if row else START
            tail = tail_of(directory)
            rank, was_left = row[3:] if row else (0.0, False)
            digest = Digest(connection, directory, rank, was_left=bool(was_left))
            with digest:
                cursor, more = digest.read(cursor, time.monotonic() + _HOLD_SECONDS)
            if more:
                tail = (0, 0)
            connection.execute(
                "INSERT OR REPLACE INTO journals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (name, *cursor, *tail, digest.rank, digest.was_left),
            )
        return more

    def _remove(self, directory: str) -> None:
        with self._transaction() as connection:
            for table in ("journals", "calls", "runs", "streams"):
                connection.execute(
                    f"DELETE FROM {table} WHERE directory = ?", (directory,)
                )

    # ------------------------------------------------------------ being asked

    def num_runs(self) -> int:
        """Return how many runs there are."""
        return self._all("SELECT COUNT(*) FROM runs")[0][0]

    def newest(self, number: int) -> RunEntry | None:
        """Return the newest run, the one before it, ...; counted from 1."""
        found = self._runs(f"{_NEWEST_FIRST} LIMIT 1 OFFSET ?", (number - 1,))
        return found[0] if found else None

    def with_scan_id(self, scan_id: int) -> list[RunEntry]:
        """Return the runs of that scan_id, the newest first."""
        if not -(2**63) <= scan_id < 2**63:
            return []
        return self._runs(f"WHERE scan_id = ? {_NEWEST_FIRST}", (scan_id,))

    def with_prefix(self, prefix: str, limit: int = 10) -> list[RunEntry]:
        """Return runs whose uid begins so, the newest first."""
        where = f"WHERE substr(uid, 1, ?) = ? {_NEWEST_FIRST} LIMIT ?"
        return self._runs(where, (len(prefix), prefix, limit))

    def of_call(self, call_uid: str) -> list[RunEntry]:
        """Return the runs of a call, the newest first."""
        return self._runs(f"WHERE call_uid = ? {_NEWEST_FIRST}", (call_uid,))

    def runs(
        self, since: float | None = None, until: float | None = None
    ) -> list[RunEntry]:
        """Return all runs that began in some time, the newest first.

        Args:
            since: Seconds since 1970; None: from the first one on.
            until: Seconds since 1970, this second included; None: up to the last one.
        """
        return self._runs(
            "WHERE (?1 IS NULL OR time >= ?1) AND (?2 IS NULL OR time <= ?2) "
            f"{_NEWEST_FIRST}",
            (since, until),
        )

    def streams(self, run_uid: str) -> list[StreamEntry]:
        """Return the descriptors of a run, in order."""
        rows = self._all(
            "SELECT name, descriptor, num_events, segment, offset, number "
            "FROM streams WHERE run = ? ORDER BY number",
            (run_uid,),
        )
        return [StreamEntry(*row[:3], place=Cursor(*row[3:])) for row in rows]

    def calls(self, directory: str | None = None) -> list[CallEntry]:
        """Return the calls in a journal, or in all, the oldest first."""
        rows = self._all(
            "SELECT uid, plan_name, identity, begin_time, end_time, status, reason, "
            "directory, first, last FROM calls WHERE ?1 IS NULL OR directory = ?1 "
            "ORDER BY directory, first",
            (directory,),
        )
        return [CallEntry.from_row(row) for row in rows]

    def last_calls(self) -> list[tuple[CallEntry, bool]]:
        """Return the last call of each journal that was not left in order.

        Those are journals whose last call did not end, or whose process, which may
        live, has not said that it leaves.

        Returns:
            The calls, the oldest journal first, each with whether its process has
            said so.
        """
        rows = self._all(
            "SELECT uid, plan_name, identity, begin_time, end_time, status, reason, "
            "calls.directory, first, last, was_left FROM calls "
            "JOIN journals ON calls.directory = journals.directory "
            "WHERE (status = 'open' OR NOT was_left) AND first = (SELECT MAX(first) "
            "FROM calls AS own WHERE own.directory = calls.directory) "
            "ORDER BY calls.directory"
        )
        return [(CallEntry.from_row(row[:-1]), bool(row[-1])) for row in rows]

    def _runs(self, where: str, values: Sequence[Any]) -> list[RunEntry]:
        return [RunEntry.from_row(row) for row in self._all(_RUN + where, values)]

    def _all(self, statement: str, values: Iterable[Any] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(statement, tuple(values)).fetchall()
            except sqlite3.Error as exc:
                raise _cannot(self.path, exc) from exc

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection, self.path)

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


class _Transaction:
    def __init__(self, connection: sqlite3.Connection, path: Path):
        self._connection, self._path = connection, path

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as exc:
            raise _cannot(self._path, exc) from exc
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as exc:
                self._connection.rollback()
                raise _cannot(self._path, exc) from exc
            return
        self._connection.rollback()
        if isinstance(error, sqlite3.Error):
            raise _cannot(self._path, error) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open the index, or make it anew; in memory where nothing can be written."""
    if not path.parent.is_dir():
        return _connect(":memory:")
    try:
        return _connect(path)
    except sqlite3.DatabaseError as exc:
        # A database that is damaged is worth nothing: the journals say it all.
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            return _connect(path)
        logger.warning("the index %s is kept in memory: %s", path, exc)
        return _connect(":memory:")


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    if _version(connection) == VERSION:
        # A file that cannot be written cannot be kept up to date either.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        return
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) != VERSION:  # not made by another process just now
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _cannot(path: Path, exc: sqlite3.Error) -> DataPathError:
    return DataPathError(
        f"the index {path} cannot be used: {exc}; an SQLite file that can be written "
        "is needed",
        hint="make room, or mend the permissions; the file may be removed, it is made "
        "anew",
        path=os.fspath(path),
    )
