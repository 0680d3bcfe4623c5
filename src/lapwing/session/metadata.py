"""Metadata: what goes into every run, kept from one session to the next.

Owns ``state.sqlite``: keys with their values, and the scan_ids drawn so far.
Must not know the engine or the documents that the metadata end up in.
Test: open it twice, in one process or in two; write here, read there.
"""

import sqlite3
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lapwing.data.lines import decode, encode_value
from lapwing.documents import check_serialisable
from lapwing.errors import DataPathError, MetadataError, StateError
from lapwing.journal.wal import BUSY_SECONDS, use_wal

_SCAN_ID = "scan_id"
_NOTHING: Any = object()
_TABLE = """
CREATE TABLE IF NOT EXISTS metadata (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  value TEXT NOT NULL
)
"""
_PUT = (
    "INSERT INTO metadata (key, value) VALUES (?, ?) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


class MetadataStore(MutableMapping[str, Any]):
    """A dict that outlives the process, for ``RunEngine.md``.

    Every change is one transaction, on the disk when the call returns. Several
    threads and processes may share the file; each sees the others' changes at its
    next read. Keys keep the order in which they came. What is read is a copy: to
    change a list within, set its key again. Tuples and arrays come back as lists.

    Args:
        path: The SQLite file, made if need be.

    Raises:
        DataPathError: It cannot be made, or is no such file.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._lock = threading.RLock()
        self._cache: dict[str, str] = {}
        self._version = -1
        self._drawn: int | None = None
        self._connection: sqlite3.Connection | None = None
        connection = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            _prepare(connection)
        except (OSError, sqlite3.Error) as exc:
            if connection is not None:
                connection.close()
            raise _cannot(self.path, "opened", exc) from exc
        self._connection = connection

    def next_scan_id(self) -> int:
        """Draw the next scan_id; no other thread or process draws the same one.

        It is one more than ``scan_id`` in here, which becomes the new one. Who sets
        ``scan_id`` to another number decides where it goes on from.

        Raises:
            MetadataError: ``scan_id`` in here is no integer.
        """
        with self._transaction() as connection:
            text = _text_of(connection, _SCAN_ID)
            last = 0 if text is None else decode(text)
            if not isinstance(last, int) or isinstance(last, bool):
                raise MetadataError(
                    f"metadata 'scan_id' is {last!r}; an integer is needed to count on",
                    hint="set it: RE.md['scan_id'] = 0",
                    key=_SCAN_ID,
                )
            connection.execute(_PUT, (_SCAN_ID, str(last + 1)))
            self._drawn = last + 1
            return last + 1

    def copy(self) -> dict[str, Any]:
        """Return all of it as a plain dict, as it is at one moment."""
        return {key: decode(text) for key, text in self._read().items()}

    def __getitem__(self, key: str) -> Any:
        return decode(self._read()[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        with self._transaction() as connection:
            found = connection.execute("DELETE FROM metadata WHERE key = ?", (key,))
            if not found.rowcount:
                raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._read()))

    def __len__(self) -> int:
        return len(self._read())

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several keys, all of them or none; takes what ``dict.update`` does.

        Raises:
            MetadataError: A value cannot be written down; its key is named.
        """
        values = dict(*args, **kwargs)
        # The engine puts back the scan_id that it drew: another process may have
        # drawn a later one by now, which must not be undone.
        if self._drawn is not None and values.get(_SCAN_ID) == self._drawn:
            del values[_SCAN_ID]
        rows = [(key, _encode(key, value)) for key, value in values.items()]
        if rows:
            with self._transaction() as connection:
                connection.executemany(_PUT, rows)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Set a key unless it is there; return its value."""
        text = _encode(key, default)
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO metadata (key, value) VALUES (?, ?)", (key, text)
            )
            return decode(_text_of(connection, key) or text)

    def pop(self, key: str, default: Any = _NOTHING) -> Any:
        """Delete a key and return its value; if it is not there, the default.

        Raises:
            KeyError: It is not there, and no default is given.
        """
        # At one blow: another thread or process may delete it, too.
        with self._transaction() as connection:
            text = _text_of(connection, key)
            connection.execute("DELETE FROM metadata WHERE key = ?", (key,))
        if text is not None:
            return decode(text)
        if default is _NOTHING:
            raise KeyError(key)
        return default

    def clear(self) -> None:
        """Forget everything, the scan_id too."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM metadata")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._connection is None:
            return f"<MetadataStore {self.path}: closed>"
        return repr(self.copy())

    def _read(self) -> dict[str, str]:
        """Return keys and texts; from memory if no one else changed the file."""
        with self._lock:
            connection = self._connected()
            try:
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if version != self._version:
                    rows = connection.execute(
                        "SELECT key, value FROM metadata ORDER BY number"
                    )
                    # A new dict: somebody may be going through the old one.
                    self._cache = dict(rows.fetchall())
                    self._version = version
            except sqlite3.Error as exc:
                raise _cannot(self.path, "read", exc) from exc
            return self._cache

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._connected()
            self._version = -1  # data_version does not count this connection's own
            try:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # Also if Ctrl-C comes in between: the file is others', too.
                    connection.rollback()  # does nothing where nothing has begun
                    raise
            except sqlite3.Error as exc:
                raise _cannot(self.path, "written", exc) from exc

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StateError(
                f"the metadata in {self.path} are closed; they cannot be used",
                hint="open them again: MetadataStore(path)",
            )
        return self._connection


def _prepare(connection: sqlite3.Connection) -> None:
    use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_TABLE)


def _text_of(connection: sqlite3.Connection, key: str) -> str | None:
    rows = connection.execute("SELECT value FROM metadata WHERE key = ?", (key,))
    row = rows.fetchone()
    return None if row is None else row[0]


def _encode(key: Any, value: Any) -> str:
    if not isinstance(key, str):
        raise MetadataError(f"metadata key {key!r} is no text; keys must be", key=key)
    check_serialisable({key: value})
    return encode_value(value).decode("utf-8").rstrip("\n")


def _cannot(path: Path, verb: str, exc: Exception) -> DataPathError:
    return DataPathError(
        f"the metadata file {path} cannot be {verb}: {exc}",
        hint="see that its directory can be written to and has room, and that "
        "it is a Lapwing state file",
        path=str(path),
    )
