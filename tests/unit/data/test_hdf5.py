import threading
from functools import partial

import h5py
import numpy as np
import pytest
from unit.data.streams import Run, line_scan

from lapwing.data.consumer import Consumer
from lapwing.data.hdf5 import Hdf5Writer
from lapwing.data.live import documents_of
from lapwing.data.paths import run_path
from lapwing.errors import DataExistsError, DocumentError, StateError

WAIT = 20.0


@pytest.fixture
def writer(tmp_path):
    made = Hdf5Writer(partial(run_path, tmp_path))
    yield made
    made.close(WAIT)


def feed(writer, documents):
    for name, doc in documents:
        writer(name, doc)


def test_run_is_written_by_a_thread_and_waited_for(writer, tmp_path):
    documents = line_scan(5)
    uid = documents[0][1]["uid"]
    feed(writer, documents)
    path = writer.path_of(uid)
    assert path.is_relative_to(tmp_path)
    assert writer.wait_closed(uid, WAIT)
    assert list(documents_of(path)) == documents
    assert writer.errors == []


def test_flush_lets_readers_in_this_process_see_what_came(writer):
    documents = line_scan(5)
    feed(writer, documents[:4])
    assert writer.flush(WAIT)
    path = writer.path_of(documents[0][1]["uid"])
    with h5py.File(path, "r", swmr=True) as file:
        np.testing.assert_array_equal(file["entry/primary/data/det"][:], [0, 1])
        feed(writer, documents[4:])
        assert writer.wait_closed(documents[0][1]["uid"], WAIT)


def test_flush_waits_no_longer_than_told(tmp_path):
    may_go_on = threading.Event()
    writer = Hdf5Writer(
        partial(run_path, tmp_path), on_trouble=lambda error: may_go_on.wait(WAIT)
    )
    writer(*Run().stop())  # belongs to no run: the thread tells, and is held there
    assert not writer.flush(0.05)
    may_go_on.set()
    assert writer.flush(WAIT)
    assert writer.close(WAIT)
    assert writer.flush(WAIT)


def test_flush_without_runs_returns(writer):
    assert writer.flush(WAIT)


def test_existing_file_is_refused_at_the_start_document(writer):
    documents = line_scan(3)
    feed(writer, documents)
    assert writer.wait_closed(documents[0][1]["uid"], WAIT)
    with pytest.raises(DataExistsError):
        writer(*documents[0])
    assert list(documents_of(writer.path_of(documents[0][1]["uid"]))) == documents


@pytest.mark.parametrize(
    "start", [{"time": 1.0}, {"uid": "a"}, {"uid": 1, "time": "x"}]
)
def test_start_document_without_uid_or_time_is_refused(writer, start):
    with pytest.raises(DocumentError, match="a start document has uid"):
        writer("start", start)


def test_open_runs_are_closed_with_the_writer(writer):
    documents = line_scan(4)
    feed(writer, documents[:-1])
    assert writer.close(WAIT)
    path = writer.path_of(documents[0][1]["uid"])
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["entry/primary/data/det"][:], [0, 1, 4, 9])
    assert writer.wait_closed(documents[0][1]["uid"], 0)


def test_closed_writer_takes_no_documents(writer):
    assert writer.close(WAIT)
    assert writer.close(WAIT)
    with pytest.raises(StateError, match="is closed; it cannot take a start document"):
        writer("start", Run().start)


def test_a_document_that_is_taken_while_the_writer_is_closed_is_written(tmp_path):
    run = Run()

    def path_late(start):
        closing.start()
        closing.join(0.2)  # it would be over by then, if nothing held it up
        return run_path(tmp_path, start)

    writer = Hdf5Writer(path_late)
    closing = threading.Thread(target=writer.close)
    writer("start", run.start)
    closing.join(WAIT)
    assert writer.wait_closed(run.uid, 0)
    assert list(documents_of(writer.path_of(run.uid))) == [("start", run.start)]


def test_flush_of_a_writer_that_is_closed_in_the_meantime_says_what_is_so(
    writer, monkeypatch
):
    def alive_and_then(consumer):
        monkeypatch.undo()
        assert writer.close(WAIT)
        return True

    monkeypatch.setattr(Consumer, "alive", property(alive_and_then))
    assert writer.flush(WAIT)
    assert writer.close(WAIT)


def test_trouble_is_told_to_the_caller(tmp_path):
    told = []
    writer = Hdf5Writer(partial(run_path, tmp_path), on_trouble=told.append)
    stray = Run()
    writer(*stray.stop())
    assert writer.flush(WAIT)
    assert writer.close(WAIT)
    assert told == writer.errors
    assert isinstance(told[0], DocumentError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_writer_whose_thread_failed_says_so(tmp_path):
    def fail(error):
        raise ZeroDivisionError("on purpose")

    writer = Hdf5Writer(partial(run_path, tmp_path), on_trouble=fail)
    run = Run()
    writer("start", run.start)
    writer(*Run().stop())
    assert not writer.wait_closed(run.uid, WAIT)
    assert not writer.flush()
    assert not writer.close(WAIT)
    assert "ZeroDivisionError" in str(writer.errors[-1])
    with pytest.raises(StateError):
        writer("start", Run().start)
