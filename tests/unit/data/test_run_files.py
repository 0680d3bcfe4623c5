import threading

import h5py
import numpy as np
import pytest
from unit.data.streams import Run, key, line_scan

from lapwing.data import run_files
from lapwing.data.consumer import END, FLUSH
from lapwing.data.live import documents_of
from lapwing.data.recording import Recording
from lapwing.data.room import Room
from lapwing.data.run_files import RunFiles
from lapwing.errors import DataError, DataPathError, DocumentError


class Desk:
    """Run files, a clock, and what they complained of."""

    def __init__(self, directory):
        self.told: list[DataError | None] = []
        self.files = RunFiles(0.25, self.told.append)
        self.directory = directory
        self.now = 0.0

    def hand(self, *documents):
        for name, doc in documents:
            if name == "start":
                self.files.expect(doc["uid"], self.directory / f"{doc['uid']}.h5")
            self.files.take(name, doc)

    def work(self, times: int = 1):
        for _ in range(times):
            self.now += 0.3
            delay = self.files.work(self.now)
        return delay

    def values(self, uid):
        with h5py.File(self.files.path_of(uid), "r", swmr=True) as file:
            return file["entry/primary/data/det"][:]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_interleaved_runs_go_to_files_of_their_own(desk):
    runs = [line_scan(num) for num in (4, 7, 5)]
    for at in range(10):
        for documents in runs:
            desk.hand(*documents[at : at + 1])
        desk.work()
    desk.work(50)
    for documents in runs:
        uid = documents[0][1]["uid"]
        assert desk.files.wait_closed(uid, 0)
        assert list(documents_of(desk.files.path_of(uid))) == documents
    assert desk.work() is None
    assert desk.files.errors == []


def test_document_of_no_run_is_reported_and_others_are_written(desk):
    documents = line_scan(3)
    stray = Run()
    descriptor = stray.descriptor({"v": key()})
    desk.hand(*documents[:3])
    desk.hand(("descriptor", descriptor), stray.event(descriptor, v=1.0), stray.stop())
    desk.hand(*documents[3:])
    desk.work(50)
    assert [type(error) for error in desk.files.errors] == [DocumentError] * 3
    assert "belongs to no open run" in str(desk.told[0])
    assert desk.files.errors[1].context["document"]["data"] == {"v": 1.0}
    np.testing.assert_array_equal(desk.values(documents[0][1]["uid"]), [0, 1, 4])


def test_event_without_what_makes_one_is_kept_as_text(desk):
    documents = line_scan(3)
    broken = {k: v for k, v in documents[3][1].items() if k != "timestamps"}
    desk.hand(*documents[:3], ("event", broken), *documents[4:])
    desk.work(50)
    uid = documents[0][1]["uid"]
    np.testing.assert_array_equal(desk.values(uid), [0, 4])
    assert ("invalid_event", broken) in documents_of(desk.files.path_of(uid))
    assert "lacks timestamps" in str(desk.files.errors[0])


def test_documents_after_the_stop_are_reported(desk):
    documents = line_scan(2)
    desk.hand(*documents)
    desk.work(50)
    desk.hand(documents[2])
    assert "belongs to no open run" in str(desk.files.errors[0])


def test_old_style_resources_find_their_run(desk):
    run = Run()
    resource = {"uid": "res", "run_start": run.uid, "spec": "X"}
    datum = {"resource": "res", "datum_id": "res/0", "datum_kwargs": {}}
    documents = [
        ("start", run.start), ("resource", resource), ("datum", datum), run.stop()
    ]  # fmt: skip
    desk.hand(*documents)
    desk.work(50)
    assert list(documents_of(desk.files.path_of(run.uid))) == documents
    assert desk.files.errors == []


def test_full_disk_is_told_once_and_so_is_its_end(desk, monkeypatch):
    documents = line_scan(6)
    desk.hand(*documents[:4])
    desk.work(2)
    real = Room.take

    def full(room, need):
        raise DataPathError("the disk is full")

    monkeypatch.setattr(Room, "take", full)
    desk.hand(*documents[4:7])
    desk.work(20)
    assert [str(error) for error in desk.told] == ["the disk is full"]
    assert desk.files.num_unwritten == 3
    monkeypatch.setattr(Room, "take", real)
    desk.work(10)
    assert desk.told[1:] == [None]
    assert desk.files.num_unwritten == 0
    desk.hand(*documents[7:])
    desk.work(50)
    assert list(documents_of(desk.files.path_of(documents[0][1]["uid"]))) == documents


def test_failing_hdf5_is_told_and_the_rest_is_kept_as_text(desk, monkeypatch):
    documents = line_scan(6)
    uid = documents[0][1]["uid"]
    desk.hand(*documents[:5])
    desk.work(2)

    def fail(recording, batch):
        raise RuntimeError("H5Dwrite failed")

    monkeypatch.setattr(Recording, "append", fail)
    desk.hand(*documents[5:])
    desk.work(10)
    assert len(desk.told) == 1
    assert "H5Dwrite failed" in str(desk.told[0])
    assert isinstance(desk.told[0].__cause__, RuntimeError)
    assert not desk.files.wait_closed(uid, 0)
    rest = desk.directory / f"{uid}.rest.jsonl"
    assert len(rest.read_text().splitlines()) == len(documents) - 5
    assert list(documents_of(desk.files.path_of(uid))) == documents[:5]


def test_backlog_is_told_and_its_end_too(desk, monkeypatch):
    monkeypatch.setattr(run_files, "MOST_PENDING", 10)
    desk.hand(*line_scan(20)[:-1])
    desk.files.work(0.0)
    assert "the disk is too slow: 22 documents wait" in str(desk.told[0])
    desk.work()
    assert desk.told[1:] == [None]
    desk.hand((END, {}))
    desk.work(50)


def test_flush_is_answered_when_all_is_on_the_disk(desk):
    documents = line_scan(5)
    done = threading.Event()
    desk.hand(*documents[:5], (FLUSH, {"done": done}))
    assert not done.is_set()
    desk.files.work(0.0)
    assert done.is_set()
    np.testing.assert_array_equal(desk.values(documents[0][1]["uid"]), [0, 1, 4])
    desk.hand((END, {}))
    desk.work(50)


def test_end_makes_final_files_of_runs_that_were_not_stopped(desk):
    documents = line_scan(3)
    desk.hand(*documents[:-1], (END, {}))
    desk.work(50)
    assert desk.files.wait_closed(documents[0][1]["uid"], 0)


def test_unknown_run_is_told(desk):
    with pytest.raises(DataError, match="no run 'nothing' was recorded"):
        desk.files.path_of("nothing")


def test_old_runs_are_forgotten(desk, monkeypatch):
    monkeypatch.setattr(run_files, "_REMEMBERED", 2)
    runs = [Run() for _ in range(4)]
    for run in runs:
        desk.hand(("start", run.start), run.stop())
        desk.work(50)
    with pytest.raises(DataError):
        desk.files.path_of(runs[0].uid)
    assert desk.files.path_of(runs[3].uid).exists()


def test_death_of_the_thread_is_told_with_what_is_lost(desk):
    documents = line_scan(3)
    desk.hand(*documents[:4])
    desk.files.died(ZeroDivisionError("on purpose"))
    assert "4 documents are not on the disk" in str(desk.told[0])
    assert not desk.files.wait_closed(documents[0][1]["uid"], 0)
