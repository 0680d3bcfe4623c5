import math
import sqlite3
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from lapwing.errors import DataPathError, MetadataError, StateError
from lapwing.session.metadata import MetadataStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "state.sqlite"


@pytest.fixture
def store(path):
    with MetadataStore(path) as made:
        yield made


def test_values_outlive_the_store(path):
    with MetadataStore(path) as store:
        store["user"] = "Ann"
        store["sample"] = {"name": "gold", "thickness": [0.1, 0.2]}
    with MetadataStore(path) as store:
        assert store == {
            "user": "Ann", "sample": {"name": "gold", "thickness": [0.1, 0.2]}
        }  # fmt: skip


def test_it_behaves_like_a_dict(store):
    store.update({"a": 1}, b=2)
    store.update([("c", 3)])
    assert list(store) == ["a", "b", "c"]
    assert len(store) == 3
    assert "a" in store
    assert "z" not in store
    assert store.get("z", 5) == 5
    assert store.setdefault("a", 9) == 1
    assert store.setdefault("d", {"x": None}) == {"x": None}
    assert store.pop("b") == 2
    store["a"] = 10
    assert dict(store) == {"a": 10, "c": 3, "d": {"x": None}}
    assert store.copy() == dict(store)
    assert repr(store) == repr(dict(store))
    store.clear()
    assert not store


def test_missing_keys_are_key_errors(store):
    with pytest.raises(KeyError):
        store["a"]
    with pytest.raises(KeyError):
        del store["a"]


@pytest.mark.parametrize(
    ("value", "back"),
    [
        ((1, "a"), [1, "a"]),
        (np.arange(3), [0, 1, 2]),
        (np.float64(0.1), 0.1),
        (math.inf, math.inf),
        ({"deep": [{"er": None}]}, {"deep": [{"er": None}]}),
        ("µ\0", "µ\0"),
        (True, True),
    ],
)
def test_values_come_back_as_json_has_them(store, value, back):
    store["key"] = value
    assert store["key"] == back
    assert type(store["key"]) is type(back)


def test_not_a_number_stays_one(store):
    store["key"] = {"a": math.nan}
    assert math.isnan(store["key"]["a"])


def test_change_within_a_value_does_not_change_the_store(store):
    store["list"] = [1]
    store["list"].append(2)
    assert store["list"] == [1]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"sample": {"holder": [1, object()]}}, r"sample\.holder\[1\]"),
        ({"detector": threading.Lock()}, "detector"),
        ({5: "text"}, "key 5 is no text"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(store, values, named):
    with pytest.raises(MetadataError, match=named):
        store.update({"before": 1, **values})
    assert dict(store) == {}


def test_scan_ids_follow_each_other_from_one(store):
    assert [store.next_scan_id() for _ in range(3)] == [1, 2, 3]
    assert store["scan_id"] == 3


def test_who_sets_the_scan_id_decides_where_it_goes_on(store):
    store["scan_id"] = 100
    assert store.next_scan_id() == 101
    store["scan_id"] = 0
    assert store.next_scan_id() == 1


@pytest.mark.parametrize("value", ["night 1", None, 2.5, True])
def test_scan_id_that_is_no_integer_is_told(store, value):
    store["scan_id"] = value
    with pytest.raises(MetadataError, match=r"'scan_id' is .*an integer is needed"):
        store.next_scan_id()


def test_putting_back_what_was_drawn_does_not_undo_a_later_draw(path):
    with MetadataStore(path) as one, MetadataStore(path) as other:
        drawn = one.next_scan_id()
        assert other.next_scan_id() == drawn + 1
        one["scan_id"] = drawn  # as the engine does
        one.update(scan_id=drawn, user="Ann")
        assert one.next_scan_id() == drawn + 2
        assert other["user"] == "Ann"


def test_stores_on_one_file_see_each_others_changes(path):
    with MetadataStore(path) as one, MetadataStore(path) as other:
        assert "user" not in other
        one["user"] = "Ann"
        assert other["user"] == "Ann"
        del other["user"]
        assert "user" not in one


def test_going_through_it_is_not_disturbed_by_changes(store):
    store.update(a=1, b=2, c=3)
    for key in store:
        del store[key]
    assert not store


class Crossed(MetadataStore):
    """Somebody else deletes each key as soon as it was read."""

    def __getitem__(self, key):
        value = super().__getitem__(key)
        del self[key]
        return value


def test_what_is_changed_is_read_and_changed_at_one_blow(path):
    with Crossed(path) as store:
        store["a"] = 1
        assert store.pop("a") == 1
        assert store.pop("a", None) is None
        with pytest.raises(KeyError, match="a"):
            store.pop("a")
        store["b"] = 2
        assert store.setdefault("b", 3) == 2
        assert "b" in store


def test_threads_draw_different_numbers(store):
    drawn: list[int] = []

    def draw():
        for _ in range(20):
            drawn.append(store.next_scan_id())
            store["by"] = threading.current_thread().name

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == list(range(1, 81))


def test_processes_draw_different_numbers(path):
    code = textwrap.dedent("""
        import sys
        from lapwing.session.metadata import MetadataStore
        sys.stdin.readline()
        with MetadataStore(sys.argv[1]) as store:
            for _ in range(100):
                drawn = store.next_scan_id()
                store["scan_id"] = drawn
                print(drawn)
    """)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for worker in workers:  # both at once, on a file that is not there yet
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    drawn = [int(n) for worker in workers for n in worker.communicate()[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(drawn) == list(range(1, 201))


def test_file_that_is_something_else_is_refused(path):
    path.parent.mkdir()
    path.write_text("no database" * 100)
    with pytest.raises(DataPathError, match=r"state\.sqlite cannot be opened"):
        MetadataStore(path)


def test_directory_that_cannot_be_made_is_told():
    with pytest.raises(DataPathError, match=r"/proc/lapwing/state\.sqlite"):
        MetadataStore("/proc/lapwing/state.sqlite")


def test_failing_write_is_told_and_changes_nothing(store, path):
    store["a"] = 1
    other = sqlite3.connect(path)
    try:
        other.execute("DROP TABLE metadata")
        other.commit()
    finally:
        other.close()
    with pytest.raises(DataPathError, match="cannot be written"):
        store["a"] = 2
    with pytest.raises(DataPathError, match="cannot be read"):
        store["a"]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
def test_a_ctrl_c_in_the_midst_of_a_change_leaves_the_file_to_others(
    path, monkeypatch, statement
):
    class Interrupted(sqlite3.Connection):
        armed = False

        def execute(self, sql, *args):
            if not self.armed or sql != statement:
                return super().execute(sql, *args)
            self.armed = False
            if sql != "COMMIT":
                super().execute(sql, *args)
            raise KeyboardInterrupt

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda *args, **kw: connect(*args, factory=Interrupted, **kw),
    )
    with MetadataStore(path) as store, MetadataStore(path) as other:
        store["a"] = 1
        store._connection.armed = True
        with pytest.raises(KeyboardInterrupt):
            store["a"] = 2
        other._connection.execute("PRAGMA busy_timeout = 0")
        other["b"] = 3
        store["c"] = 4
        assert store == other == {"a": 1, "b": 3, "c": 4}


def test_closed_store_says_so(path):
    store = MetadataStore(path)
    store.close()
    store.close()
    for use in (lambda: store["a"], lambda: store.update(a=1), store.next_scan_id):
        with pytest.raises(StateError, match="are closed"):
            use()
    assert "closed" in repr(store)


def test_reads_do_not_write(store, path):
    store["a"] = 1
    before = path.with_name(path.name + "-wal").stat().st_size
    for _ in range(100):
        assert store["a"] == 1
    assert path.with_name(path.name + "-wal").stat().st_size == before
