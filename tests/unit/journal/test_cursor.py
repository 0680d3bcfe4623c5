import pytest

from lapwing.errors import DataError, DataPathError
from lapwing.journal.cursor import START, Cursor, CursorStore, Place


def test_a_cursor_goes_through_json():
    cursor = Cursor(2, 4711, 12)
    assert Cursor.from_json(cursor.to_json()) == cursor


@pytest.mark.parametrize(
    "value", [None, 3, [1, 2], [1, 2, 3, 4], [1, 2.5, 3], [1, -2, 3], [True, 1, 1]]
)
def test_what_is_no_cursor_is_refused(value):
    with pytest.raises(DataError, match="no place in a journal"):
        Cursor.from_json(value)


def test_a_place_outlives_the_store(tmp_path):
    path = tmp_path / "journal" / "cursors.sqlite"
    with CursorStore(path, clock=lambda: 7.0) as store:
        assert store.get("file", "/a/j1") == START
        store.move("file", "/a/j1", Cursor(1, 100, 5))
        store.move("file", "/a/j1", Cursor(2, 200, 9))
        store.move("page", "/a/j1", Cursor(1, 24, 1))
        store.move("file", "/a/j2", Cursor(1, 50, 3))
    with CursorStore(path) as store:
        assert store.get("file", "/elsewhere/j1") == (2, 200, 9)
        assert store.places() == [
            Place("file", "j1", Cursor(2, 200, 9), None, 7.0),
            Place("file", "j2", Cursor(1, 50, 3), None, 7.0),
            Place("page", "j1", Cursor(1, 24, 1), None, 7.0),
        ]
        assert [place.sink for place in store.places("page")] == ["page"]


def test_a_sink_that_failed_keeps_its_place_and_its_error_until_it_moves(tmp_path):
    with CursorStore(tmp_path / "c.sqlite", clock=iter([1.0, 2.0, 3.0]).__next__) as s:
        s.fail("file", "j", "disk full")
        assert s.places() == [Place("file", "j", START, "disk full", 1.0)]
        s.move("file", "j", Cursor(1, 99, 4))
        s.fail("file", "j", "still")
        assert s.places() == [Place("file", "j", Cursor(1, 99, 4), "still", 3.0)]


def test_two_stores_share_a_file(tmp_path):
    with CursorStore(tmp_path / "c") as one, CursorStore(tmp_path / "c") as other:
        one.move("file", "j", Cursor(1, 99, 4))
        assert other.get("file", "j").number == 4
        other.move("file", "j", Cursor(1, 199, 8))
        assert one.get("file", "j").number == 8


def test_sinks_and_journals_that_are_no_more_are_forgotten(tmp_path):
    with CursorStore(tmp_path / "c.sqlite") as store:
        for sink in "ab":
            for directory in ("j1", "j2"):
                store.move(sink, directory, START)
        store.forget(sink="a", directory="/x/j1")
        assert len(store.places()) == 3
        store.forget(directory="j2")
        assert [(p.sink, p.directory) for p in store.places()] == [("b", "j1")]
        store.forget(sink="b")
        assert store.places() == []


def test_a_file_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "c").write_text("no database at all " * 100)
    with pytest.raises(DataPathError, match="not a database"):
        CursorStore(tmp_path / "c")
    with pytest.raises(DataPathError, match=r"File exists|Not a directory"):
        CursorStore(tmp_path / "c" / "d")
