import shutil
from datetime import datetime

import pytest

from lapwing.errors import ConfigError, DataPathError
from lapwing.journal import retention
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import Cursor, CursorStore
from lapwing.journal.directories import directories, journal_root, new_directory
from lapwing.journal.hold import Hold
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.retention import Keep, prune

NOW = datetime(2026, 3, 1, 12, 0, 0).timestamp()
DAY = 86400
CALL = [[int(Kind.BEGIN), {}], [int(Kind.END), {}]]


def make(data_dir, days_ago, records=CALL):
    clock = [NOW - days_ago * DAY]
    directory = new_directory(data_dir, lambda: clock[0])
    with Log(
        directory, reserve_bytes=0, sync_interval=0, clock=lambda: clock[0]
    ) as log:
        log.write(records)
    return directory


@pytest.fixture
def four(tmp_path):
    return [make(tmp_path, days) for days in (40, 30, 20, 10)]


def run(data_dir, keep, **options):
    return prune(data_dir, keep, clock=lambda: NOW, **options)


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Keep(count=0), 0),
        (Keep(count=1), 1),
        (Keep(count=9), 4),
        (Keep(days=25), 2),
        (Keep(days=5), 0),
        (Keep(days=25, count=3), 3),
        (Keep(num_bytes=0), 0),
        (Keep(num_bytes=1e6), 4),
    ],
)
def test_what_no_rule_keeps_is_removed(tmp_path, four, keep, left):
    sizes = {d: sum(f.stat().st_size for f in d.iterdir()) for d in four}
    pruned = run(tmp_path, keep)
    assert directories(tmp_path) == four[4 - left :]
    assert pruned.removed == list(reversed(four[: 4 - left]))
    assert pruned.num_bytes == sum(sizes[d] for d in pruned.removed)
    assert [kept.directory for kept in pruned.kept] == list(reversed(four[4 - left :]))
    assert list(journal_root(tmp_path).iterdir()) == directories(tmp_path) or left


def test_as_many_as_fit_are_kept_by_size(tmp_path, four):
    sizes = [sum(f.stat().st_size for f in d.iterdir()) for d in four]
    run(tmp_path, Keep(num_bytes=sizes[3] + sizes[2] + 1))
    assert directories(tmp_path) == four[2:]


def test_what_is_needed_stays_and_the_reason_is_told(tmp_path):
    open_call = make(tmp_path, 40, [CALL[0]])
    held = make(tmp_path, 30)
    damaged = make(tmp_path, 20)
    free = make(tmp_path, 10)
    path = damaged / "00000001.log"
    path.write_bytes(b"X" + path.read_bytes()[1:])
    hold = Hold(held)
    pruned = run(tmp_path, Keep(count=0), force=True)
    hold.release()
    assert pruned.removed == [free]
    reasons = dict(pruned.kept)
    assert "did not end; resume or close" in reasons[open_call]
    assert "writes it" in reasons[held]
    assert "cannot be read" in reasons[damaged]


def test_a_sink_that_lags_keeps_a_journal_unless_forced(tmp_path, four):
    with CursorStore(tmp_path / "c.sqlite") as store:
        for directory in four[:3]:
            with Reader(directory) as reader:
                store.move("file", directory, reader.end())
        store.move("file", four[1], Cursor(1, 24, 1))
        pruned = run(tmp_path, Keep(count=0), places=store.places())
        assert pruned.removed == [four[2], four[0]]
        assert dict(pruned.kept) == {
            four[1]: "file has read 1 of its 2 records",
            four[3]: "file has read 0 of its 2 records",
        }
        run(tmp_path, Keep(count=0), places=store.places(), force=True)
        assert directories(tmp_path) == []


def test_an_empty_journal_goes_whatever_sinks_have_read(tmp_path, four):
    empty = make(tmp_path, 5, [])
    with CursorStore(tmp_path / "c.sqlite") as store:
        store.move("file", four[0], Cursor(1, 24, 0))
        pruned = run(tmp_path, Keep(count=0), places=store.places())
    assert pruned.removed == [empty]


def test_a_journal_that_is_taken_at_the_last_moment_stays(tmp_path, four, monkeypatch):
    holds = []
    true_needed = retention._needed

    def needed(journal, places):
        holds.append(Hold(journal.directory))
        return true_needed(journal, places)

    monkeypatch.setattr(retention, "_needed", needed)
    pruned = run(tmp_path, Keep(count=3))
    assert pruned.removed == []
    assert "which runs" in pruned.kept[-1].reason
    holds[0].release()


def test_removing_that_was_interrupted_leaves_no_half_journal(
    tmp_path, four, monkeypatch
):
    def fail(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "rmtree", fail)
    with pytest.raises(DataPathError, match="cannot be removed"):
        run(tmp_path, Keep(count=3))
    monkeypatch.undo()
    assert directories(tmp_path) == four[1:]
    assert len(list(journal_root(tmp_path).iterdir())) == 4
    run(tmp_path, Keep(count=3))
    assert len(list(journal_root(tmp_path).iterdir())) == 3


def test_what_to_keep_is_said_as_people_say_it():
    assert Keep.parse("30 days") == Keep(days=30)
    assert Keep.parse("2w") == Keep(days=14)
    assert Keep.parse(" 20 ") == Keep(count=20)
    assert Keep.parse("1.5 GB") == Keep(num_bytes=1.5e9)
    for text in ("", "some", "1.5", "3 months", "-1 days"):
        with pytest.raises(ConfigError, match="does not say what to keep"):
            Keep.parse(text)
