import os
import sqlite3

import numpy as np
import pytest
from unit.data.journals import Journal
from unit.data.streams import NOW, Run, key, line_scan

from lapwing.journal import digest, index
from lapwing.journal.index import Index, index_path
from lapwing.journal.segment import segment_path


@pytest.fixture
def make(tmp_path):
    made = []

    def journal(directory=None):
        made.append(Journal(tmp_path, directory))
        return made[-1]

    yield journal
    for one in made:
        one.close()


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "journal").mkdir()
    with Index(tmp_path) as one:
        yield one


def counts(asked, uid):
    return [(one.name, one.num_events) for one in asked.streams(uid)]


def test_run_is_found_with_all_that_is_asked_for(make, asked):
    journal = make()
    documents = line_scan(7, sample={"name": "Au"})
    journal.begin("call-7", plan_name="rel_scan", identity={"script": "a.py"})
    journal.put(documents)
    journal.end("success", time=5.0)
    asked.update()
    run = asked.newest(1)
    assert run.uid == documents[0][1]["uid"]
    assert (run.scan_id, run.plan_name, run.call_uid) == (7, "scan", "call-7")
    assert run.start == documents[0][1]
    assert (run.exit_status, run.reason) == ("success", "")
    assert (run.time, run.stop_time) == (NOW, documents[-1][1]["time"])
    assert run.directory == journal.directory.name
    assert counts(asked, run.uid) == [("primary", 7)]
    assert asked.of_call("call-7") == [run]
    (call,) = asked.calls()
    assert (call.status, call.plan_name, call.end_time) == ("success", "rel_scan", 5.0)
    assert call.identity == {"script": "a.py"}


def test_places_lead_to_the_documents(make, asked):
    journal = make()
    documents = line_scan(20)
    journal.put(line_scan(3))
    journal.put(documents)
    asked.update()
    run = asked.newest(1)
    with journal.log.reader() as reader:
        (batch,), _ = reader.read(run.begin, 1)
        assert batch.records[0][2] == documents[0][1]
        (stream,) = asked.streams(run.uid)
        (batch,), _ = reader.read(stream.place, 1)
        assert batch.records[0][2] == documents[1][1]
        (batch,), _ = reader.read(reader.from_number(run.last), 1)
        assert batch.records[0][2] == documents[-1][1]


def test_run_that_goes_on_is_counted_as_it_grows(make, asked):
    journal = make()
    run = Run()
    primary = run.descriptor({"det": key()})
    monitor = run.descriptor({"ring": key()}, name="ring_monitor")
    journal.begin("call-1")
    journal.put([("start", run.start), ("descriptor", primary)])
    asked.update()
    assert counts(asked, run.uid) == [("primary", 0)]
    for number in range(1, 6):
        journal.put([run.event(primary, det=1.0) for _ in range(3)])
        asked.update()
        assert counts(asked, run.uid) == [("primary", 3 * number)]
    journal.put([("descriptor", monitor)])
    journal.put([run.event(monitor, ring=1.0), run.event(primary, det=2.0)] * 4)
    asked.update()
    assert counts(asked, run.uid) == [("primary", 16), ("ring_monitor", 1)]
    assert asked.newest(1).exit_status is None
    assert [call.status for call in asked.calls()] == ["open"]
    journal.put([run.stop(exit_status="abort", reason="enough")])
    journal.end("abort")
    asked.update()
    assert asked.newest(1).exit_status == "abort"
    assert asked.newest(1).reason == "enough"
    assert [call.status for call in asked.calls()] == ["abort"]
    assert counts(asked, run.uid) == [("primary", 16), ("ring_monitor", 1)]


def test_run_that_another_process_goes_on_with_is_one_run(make, asked):
    journal = make()
    documents = line_scan(9)
    journal.begin("call-1")
    journal.put(documents[:5])
    asked.update()
    journal.close()
    again = make(journal.directory)
    again.put(documents[5:])
    again.end()
    asked.update()
    assert asked.num_runs() == 1
    assert asked.newest(1).exit_status == "success"
    assert counts(asked, documents[0][1]["uid"]) == [("primary", 9)]
    assert [call.status for call in asked.calls()] == ["success"]


def test_call_that_did_not_end_stays_open_when_another_begins(make, asked):
    journal = make()
    journal.begin("one")
    journal.begin("two")
    journal.end("fail")
    asked.update()
    assert [(c.uid, c.status) for c in asked.calls()] == [
        ("one", "open"),
        ("two", "fail"),
    ]


def test_pages_count_too(make, asked):
    journal = make()
    run = Run()
    descriptor = run.descriptor({"det": key()})
    page = {
        "uid": ["a", "b"], "descriptor": descriptor["uid"], "time": [1.0, 2.0],
        "seq_num": [1, 2], "data": {"det": [1.0, 2.0]},
        "timestamps": {"det": [1.0, 2.0]}, "filled": {},
    }  # fmt: skip
    journal.put([("start", run.start), ("descriptor", descriptor)])
    journal.put([("event_page", page)])
    asked.update()
    assert counts(asked, run.uid) == [("primary", 2)]


def test_uid_of_a_stream_in_a_message_does_not_mislead(make, asked):
    journal = make()
    run = Run()
    descriptor = run.descriptor({"det": key()})
    other = run.descriptor({"x": key()}, name="other")
    journal.put([("start", run.start), ("descriptor", descriptor)])
    journal.put([("descriptor", other)])
    journal.log.write(
        [
            [6, *run.event(descriptor, det=1.0)],
            [6, *run.event(other, x=1.0)],
            ["null", None, [descriptor["uid"]], {}, None],
        ]
    )
    asked.update()
    assert counts(asked, run.uid) == [("primary", 1), ("other", 1)]


def test_all_that_is_skipped_would_not_have_counted(make, tmp_path, monkeypatch):
    for number in range(3):
        journal = make()
        for run in range(4):
            journal.begin(f"call-{number}-{run}")
            documents = line_scan(40)
            image = np.frombuffer(os.urandom(4000), "u1")
            for name, doc in documents:
                if name == "event":
                    doc["data"]["image"] = image
            journal.put(documents[: None if run % 3 else 30])
            if run % 2:
                journal.end()

    def look(asked):
        return [(run, asked.streams(run.uid)) for run in asked.runs()], asked.calls()

    with Index(tmp_path) as quick:
        quick.update()
        found = look(quick)
    index_path(tmp_path).unlink()
    monkeypatch.setattr(digest.Digest, "_count", lambda self, payload: False)
    with Index(tmp_path) as slow:
        slow.update()
        assert look(slow) == found
    assert len(found[0]) == 12


def test_much_is_taken_in_piece_by_piece(make, asked, monkeypatch):
    monkeypatch.setattr(index, "_HOLD_SECONDS", -1.0)
    monkeypatch.setattr(index, "_LET_SECONDS", 0.0)
    journal = make()
    documents = line_scan(50)
    journal.put(documents)
    asked.update()
    assert counts(asked, documents[0][1]["uid"]) == [("primary", 50)]


def test_nothing_is_read_when_nothing_is_new(make, asked, monkeypatch):
    make().put(line_scan(3))
    asked.update()

    def fail(*args):
        raise AssertionError("it was read")

    monkeypatch.setattr(index, "Digest", fail)
    asked.update()


def test_runs_keep_their_order_when_the_clock_is_put_back(make, asked):
    journal = make()
    uids = []
    for time in (NOW, NOW + 100, NOW - 1000, NOW + 50):
        run = Run(scan_id=3)
        run.start["time"] = time
        journal.put([("start", run.start), run.stop()])
        uids.append(run.uid)
    asked.update()
    assert [run.uid for run in asked.runs()] == uids[::-1]
    assert asked.newest(4).uid == uids[0]
    assert asked.newest(5) is None
    assert [run.uid for run in asked.with_scan_id(3)] == uids[::-1]
    assert asked.with_scan_id(2**70) == []


def test_runs_are_found_by_prefix(make, asked):
    journal = make()
    documents = line_scan(1)
    journal.put(documents)
    asked.update()
    uid = documents[0][1]["uid"]
    assert [run.uid for run in asked.with_prefix(uid[:8])] == [uid]
    assert asked.with_prefix("%") == []


def test_metadata_that_json_cannot_say_are_no_obstacle(make, asked):
    journal = make()
    run = Run(scan_id="night 2", big=2**80, array=np.arange(3), odd={"a": {1, 2}})
    journal.put([("start", run.start), run.stop(reason=None)])
    asked.update()
    found = asked.newest(1)
    assert found.scan_id is None
    assert found.start["big"] == 2**80
    assert found.start["scan_id"] == "night 2"


@pytest.mark.parametrize("harm", ["removed", "older", "damaged", "empty"])
def test_index_is_made_anew_from_the_journals(make, tmp_path, harm):
    make().put(line_scan(3))
    make().put(line_scan(4))
    with Index(tmp_path) as one:
        one.update()
        found = one.runs()
    path = index_path(tmp_path)
    if harm == "removed":
        path.unlink()
    elif harm == "older":
        with sqlite3.connect(path) as connection:
            connection.execute("DROP TABLE runs")
            connection.execute("CREATE TABLE runs (something TEXT)")
            connection.execute("PRAGMA user_version = 999")
        connection.close()
    else:
        path.write_bytes(b"" if harm == "empty" else b"no database at all" * 500)
    with Index(tmp_path) as one:
        one.update()
        assert one.runs() == found
    assert len(found) == 2


def test_index_that_cannot_be_written_is_kept_in_memory(make, tmp_path, monkeypatch):
    make().put(line_scan(3))
    index_path(tmp_path).mkdir()
    with Index(tmp_path) as one:
        one.update()
        assert one.num_runs() == 1


def test_empty_data_directory_has_no_runs_and_is_left_as_it_is(tmp_path):
    with Index(tmp_path / "nothing") as one:
        one.update()
        assert one.runs() == []
    assert not (tmp_path / "nothing").exists()


def test_removed_journal_takes_its_runs_along(make, asked):
    gone, stays = make(), make()
    gone.begin()
    gone.put(line_scan(3))
    stays.put(line_scan(4))
    asked.update()
    assert asked.num_runs() == 2
    gone.close()
    gone.directory.rename(gone.directory.with_name(".removed-x"))
    asked.update()
    assert asked.num_runs() == 1
    assert asked.calls() == []


def test_damaged_journal_gives_what_is_whole_and_another_version_is_told(make, asked):
    damaged, strange, sound = make(), make(), make()
    for journal in (damaged, strange, sound):
        journal.put(line_scan(10))
    damaged.close()
    strange.close()
    path = segment_path(damaged.directory, 1)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    (strange.directory / "journal.json").write_text('{"format": 99}')
    segment = bytearray(segment_path(strange.directory, 1).read_bytes())
    segment[8] = 99
    segment_path(strange.directory, 1).write_bytes(segment)
    asked.update()
    assert asked.num_runs() == 2
    assert list(asked.troubles) == [strange.directory.name]


def test_a_journal_that_may_not_be_looked_at_hides_no_other(make, asked, monkeypatch):
    shut, mine = make(), make()
    for journal in (shut, mine):
        journal.put(line_scan(2))
    tail_of = index.tail_of

    def tail_of_unless_shut(directory):
        if directory == shut.directory:
            raise PermissionError(13, "Permission denied", str(directory))
        return tail_of(directory)

    monkeypatch.setattr(index, "tail_of", tail_of_unless_shut)
    asked.update()
    assert list(asked.troubles) == [shut.directory.name]
    assert len(asked.runs()) == 1


def test_two_indexes_of_one_directory_do_not_disturb_each_other(make, tmp_path):
    journal = make()
    with Index(tmp_path) as one, Index(tmp_path) as other:
        for _ in range(5):
            journal.put(line_scan(3))
            one.update()
            other.update()
        assert one.runs() == other.runs()
        assert one.num_runs() == 5


def test_a_journal_that_another_index_has_just_taken_in_stays(
    make, tmp_path, monkeypatch
):
    make().put(line_scan(3))
    directories = index.directories

    def list_and_then(data_dir):
        found = directories(data_dir)
        monkeypatch.undo()
        make().put(line_scan(4))
        other.update()
        return found

    with Index(tmp_path) as one, Index(tmp_path) as other:
        monkeypatch.setattr(index, "directories", list_and_then)
        one.update()
        assert other.num_runs() == 2


def test_the_last_call_of_a_journal_that_was_not_left_in_order_is_told(make, asked):
    left, cut, idle = make(), make(), make()
    for journal in (left, cut, idle):
        journal.begin("one")
        journal.end("success")
    cut.begin("two", plan_name="scan")
    asked.update()
    assert sorted(call.uid for call, _ in asked.last_calls()) == ["one", "one", "two"]
    left.log.write([[13]])
    cut.log.write([[4, [13]], [13]])
    idle.log.write([[4, [13]]])  # ends like the record of a process that leaves
    asked.update()
    told = {call.directory: (call.uid, was) for call, was in asked.last_calls()}
    assert told == {
        cut.directory.name: ("two", True),
        idle.directory.name: ("one", False),
    }
    left.begin("again")
    asked.update()
    assert sorted(call.uid for call, _ in asked.last_calls()) == ["again", "one", "two"]
