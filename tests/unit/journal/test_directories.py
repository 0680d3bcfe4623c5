import os
from datetime import datetime

import pytest

from lapwing.errors import DataPathError
from lapwing.journal.codec import Kind
from lapwing.journal.directories import (
    directories,
    journal_root,
    journals,
    new_directory,
    open_calls,
)
from lapwing.journal.log import Log

NOON = datetime(2026, 3, 1, 12, 0, 0).timestamp()
BEGIN, NOTE, END, RESUMED = (
    [int(kind), {}] for kind in (Kind.BEGIN, Kind.NOTE, Kind.END, Kind.RESUMED)
)


def open_log(directory):
    return Log(directory, reserve_bytes=0, sync_interval=0, clock=lambda: NOON)


def test_a_directory_is_named_by_time_and_process(tmp_path):
    path = new_directory(tmp_path / "data", lambda: NOON + 0.9)
    assert path.parent == journal_root(tmp_path / "data")
    assert path.is_dir()
    assert path.name.startswith(f"20260301-120000-{os.getpid()}-")


def test_order_is_that_of_making_whatever_the_clock_does(tmp_path):
    made = [
        new_directory(tmp_path, lambda now=now: NOON + now)
        for now in (0, 0, 5, -3600, -7200, 6, 100)
    ]
    assert directories(tmp_path) == made


def test_what_is_no_journal_is_not_listed(tmp_path):
    assert directories(tmp_path) == []
    path = new_directory(tmp_path)
    for name in ("index.sqlite", ".removed-x", "20260101-000000-12"):
        (journal_root(tmp_path) / name).mkdir()
    assert directories(tmp_path) == [path]


def test_a_place_where_none_can_be_made_is_named(tmp_path):
    (tmp_path / "journal").write_text("")
    with pytest.raises(DataPathError, match="a journal cannot be made in"):
        new_directory(tmp_path / "journal")


def test_what_is_known_of_journals_is_told(tmp_path):
    first, second = new_directory(tmp_path), new_directory(tmp_path)
    with open_log(first) as log:
        log.write([BEGIN])
    with open_log(second):
        one, other = journals(tmp_path)
    assert (one.directory, other.directory) == (first, second)
    assert one.holder is None
    assert other.holder is not None
    assert other.holder.pid == os.getpid()
    assert one.started == NOON
    assert one.about["format"] == 1
    assert one.num_bytes == sum(path.stat().st_size for path in first.iterdir())
    (first / "journal.json").write_text('{"format": 99}')
    assert journals(tmp_path)[0].started is None


@pytest.mark.parametrize(
    ("records", "still_open"),
    [
        ([], []),
        ([BEGIN, NOTE, END], []),
        ([BEGIN, NOTE], [0]),
        ([BEGIN, END, BEGIN, NOTE], [2]),
        ([BEGIN, NOTE, RESUMED, NOTE, END], []),
        ([BEGIN, NOTE, BEGIN, END], [0]),
        ([["null", None, [], {}, None], END, BEGIN], [2]),
    ],
)
def test_calls_that_did_not_end_are_found(tmp_path, records, still_open):
    with open_log(tmp_path / "j") as log:
        for record in records:
            log.write([record])
    assert open_calls(tmp_path / "j") == still_open
