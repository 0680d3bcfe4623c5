import sqlite3
import time

import pytest

from lapwing.journal.cursor import CursorStore
from lapwing.journal.index import Index


@pytest.mark.parametrize("name", ["cursors.sqlite", "index.sqlite"])
def test_a_file_that_another_process_is_making_is_waited_for(
    tmp_path, monkeypatch, name
):
    path = tmp_path / "journal" / name
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(time, "sleep", lambda seconds: other.rollback())
    made = CursorStore(path) if name == "cursors.sqlite" else Index(tmp_path)
    made.close()
    assert not other.in_transaction
    (mode,) = other.execute("PRAGMA journal_mode").fetchone()
    assert mode == "wal"
    other.close()
