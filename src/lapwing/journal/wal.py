"""Write-ahead: how an SQLite file comes to be shared by several processes.

Owns the change of a new file to that mode, and how long others are waited for.
Must not know what is in the file.
Test: begin to write to a new file, change it with another connection, end the first.
"""

import sqlite3
import time

BUSY_SECONDS = 10.0
"""Time for which another process is waited for."""

_BETWEEN_TRIES = 0.01


def use_wal(connection: sqlite3.Connection) -> None:
    """Let several processes read and write an SQLite file at once.

    Raises:
        sqlite3.Error: It is none, cannot be written, or another process keeps it.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        # SQLite does not wait by itself where two processes change this at once.
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            busy = exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(_BETWEEN_TRIES)
