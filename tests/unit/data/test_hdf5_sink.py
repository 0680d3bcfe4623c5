import threading

import h5py
import numpy as np
import pytest
from unit.data.journals import Journal
from unit.data.streams import Run, grid_scan, key, line_scan

from lapwing.data import hdf5_sink
from lapwing.data.feed import Feeds
from lapwing.data.hdf5_sink import Hdf5Sink
from lapwing.data.live import documents_of
from lapwing.data.paths import place_of_run, reserve
from lapwing.data.rebuild import rebuild
from lapwing.data.room import Room
from lapwing.errors import (
    DataError,
    DataExistsError,
    DataPathError,
    DocumentError,
)

WAIT = 20.0


class Beamline:
    """A process with a journal and an HDF5 sink, as a session puts them together."""

    def __init__(self, data_dir, directory=None, **options):
        self.journal = Journal(data_dir, directory)
        log = self.journal.log
        self.feeds = Feeds(
            data_dir, self.journal.directory, durable=lambda: log.durable
        )
        log.on_durable(self.feeds.wake)
        self.told = []
        options = {"period": 0.05, "on_trouble": self.told.append, **options}
        self.sink = Hdf5Sink(data_dir, **options)
        self.feed = self.sink.join(self.feeds)

    def run(self, documents):
        for name, doc in documents:
            self.sink(name, doc)
        self.journal.put(documents)

    def close(self):
        assert self.feeds.close(WAIT)
        self.journal.close()


@pytest.fixture
def make(tmp_path):
    made = []

    def one(directory=None, **options):
        made.append(Beamline(tmp_path, directory, **options))
        return made[-1]

    yield one
    for beamline in made:
        beamline.close()


def uid_of(documents):
    return documents[0][1]["uid"]


def column(path, name="entry/primary/data/det"):
    with h5py.File(path, "r", swmr=True) as file:
        return file[name][:]


def test_run_goes_from_the_journal_into_its_file(make, tmp_path):
    documents = line_scan(50)
    beamline = make()
    beamline.run(documents)
    path = beamline.sink.path_of(uid_of(documents))
    assert beamline.sink.wait_closed(uid_of(documents), WAIT)
    assert path == place_of_run(tmp_path, documents[0][1])
    assert list(documents_of(path)) == documents
    assert beamline.sink.errors == []


def test_file_grows_while_the_run_goes_on(make):
    documents = line_scan(10)
    beamline = make()
    beamline.run(documents[:6])
    assert beamline.feed.catch_up(WAIT)
    path = beamline.sink.path_of(uid_of(documents))
    np.testing.assert_array_equal(column(path), [0, 1, 4, 9])
    beamline.run(documents[6:])
    assert beamline.sink.wait_closed(uid_of(documents), WAIT)
    np.testing.assert_array_equal(column(path), np.arange(10) ** 2)


def test_file_is_written_at_once_for_who_waits_for_it(make):
    documents = line_scan(10)
    beamline = make(period=3600)
    beamline.run(documents[:6])
    assert beamline.feed.catch_up(WAIT)
    path = beamline.sink.path_of(uid_of(documents))
    np.testing.assert_array_equal(column(path), [0, 1, 4, 9])
    beamline.run(documents[6:])


def test_name_that_is_taken_is_refused_before_anything_moves(make, tmp_path):
    documents = line_scan(3)
    reserve(place_of_run(tmp_path, documents[0][1]))
    with pytest.raises(DataExistsError):
        make().sink(*documents[0])


def test_name_that_is_taken_is_refused_too_if_the_journal_tells_first(tmp_path):
    sink, run = Hdf5Sink(tmp_path), Run()
    path = place_of_run(tmp_path, run.start)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's")
    sink.take("start", run.start)
    with pytest.raises(DataExistsError):
        sink("start", run.start)
    assert path.read_bytes() == b"somebody's"
    assert not sink.wait_closed(run.uid)


def test_journal_may_tell_of_a_run_before_its_name_is_asked_for(make):
    documents = line_scan(3)
    beamline = make()
    beamline.journal.put(documents)
    assert beamline.feed.catch_up(WAIT)
    beamline.sink(*documents[0])
    assert beamline.sink.wait_closed(uid_of(documents), WAIT)
    path = beamline.sink.path_of(uid_of(documents))
    assert list(documents_of(path)) == documents
    assert beamline.sink.errors == []


@pytest.mark.parametrize("start", [{"time": 1.0}, {"uid": 1, "time": "x"}])
def test_start_document_without_uid_or_time_is_refused(make, start):
    with pytest.raises(DocumentError, match="a start document has uid"):
        make().sink("start", start)


def test_run_that_goes_on_after_a_crash_is_written_anew(make):
    documents = line_scan(20)
    beamline = make()
    beamline.run(documents[:9])
    assert beamline.feed.catch_up(WAIT)
    beamline.close()
    path = beamline.sink.path_of(uid_of(documents))
    np.testing.assert_array_equal(column(path), np.arange(7) ** 2)

    again = make(beamline.journal.directory)
    again.sink.expect(documents[0][1])
    again.journal.put(documents[9:])
    assert again.sink.wait_closed(uid_of(documents), WAIT)
    assert list(documents_of(path)) == documents
    assert again.sink.errors == []


def test_run_of_a_process_that_ended_is_finished_by_another(make):
    documents = line_scan(20)
    beamline = make()
    for name, doc in documents:
        beamline.sink(name, doc)
    beamline.close()  # with the name reserved, and nothing in the journal
    journal = Journal(beamline.journal.data_dir, beamline.journal.directory)
    journal.put(documents)
    journal.close()
    path = place_of_run(beamline.journal.data_dir, documents[0][1])
    assert path.stat().st_size == 0

    other = make()
    other.feeds.look_soon()
    assert other.feed.catch_up(WAIT)
    other.sink.expect(documents[0][1])
    assert other.sink.wait_closed(uid_of(documents), WAIT)
    assert list(documents_of(path)) == documents


def test_final_file_is_not_written_again(make):
    done, going = line_scan(5), line_scan(5)
    beamline = make()
    beamline.run(going[:4])  # the place stays before this one
    beamline.run(done)
    assert beamline.sink.wait_closed(uid_of(done), WAIT)
    beamline.close()
    path = beamline.sink.path_of(uid_of(done))
    before = path.stat()

    again = make(beamline.journal.directory)
    again.sink.expect(going[0][1])
    again.journal.put(going[4:])
    assert again.sink.wait_closed(uid_of(going), WAIT)
    assert again.sink.wait_closed(uid_of(done), WAIT)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert again.sink.errors == []


@pytest.mark.parametrize("kind", ["text", "another run", "link", "directory"])
def test_other_file_of_that_name_is_never_written_over(make, tmp_path, kind):
    documents, other = line_scan(5), line_scan(3)
    path = place_of_run(tmp_path, documents[0][1])
    path.parent.mkdir(parents=True)
    if kind == "text":
        path.write_text("precious")
    elif kind == "another run":
        rebuild(other, path)
    elif kind == "link":
        path.symlink_to(tmp_path / "precious.h5")
    else:
        path.mkdir()
    before = path.lstat()
    beamline = make()
    beamline.journal.put(documents)
    assert beamline.feed.catch_up(WAIT)
    assert not beamline.sink.wait_closed(uid_of(documents), WAIT)
    assert isinstance(beamline.sink.errors[0], DataExistsError)
    assert beamline.told == beamline.sink.errors
    assert path.lstat().st_mtime_ns == before.st_mtime_ns


def test_files_of_late_streams_that_were_left_are_removed_and_copies_are_not(
    make, tmp_path
):
    run = Run()
    primary = run.descriptor({"det": key()})
    late = run.descriptor({"temp": key()}, name="late")
    documents = [("start", run.start), ("descriptor", primary)]
    documents += [run.event(primary, det=float(n)) for n in range(3)]
    more = [("descriptor", late), run.event(late, temp=4.2)]
    beamline = make()
    beamline.run(documents)
    assert beamline.feed.catch_up(WAIT)
    beamline.run(more)
    assert beamline.feed.catch_up(WAIT)
    beamline.close()
    path = beamline.sink.path_of(run.uid)
    side = path.with_name(f"{path.stem}.late.h5")
    copy = path.with_name(f"{path.stem}.copy.h5")
    assert side.exists()
    copy.write_bytes(path.read_bytes())

    again = make(beamline.journal.directory)
    again.sink.expect(run.start)
    again.journal.put([run.stop()])
    assert again.sink.wait_closed(run.uid, WAIT)
    assert not side.exists()
    assert copy.exists()
    np.testing.assert_array_equal(column(path, "entry/late/data/temp"), [4.2])


def test_full_disk_lengthens_the_lag_and_not_a_queue(make, monkeypatch):
    monkeypatch.setattr(hdf5_sink, "MOST_DOCUMENTS", 20)
    documents = line_scan(500)
    beamline = make()
    beamline.run(documents[:5])
    assert beamline.feed.catch_up(WAIT)

    def full(room, need):
        raise DataPathError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Room, "take", full)
        beamline.run(documents[5:])
        assert not beamline.feed.catch_up(0.5)
        assert beamline.sink.busy
        assert [str(error) for error in beamline.told] == ["the disk is full"]
    assert beamline.sink.wait_closed(uid_of(documents), WAIT)
    assert beamline.told[1:] == [None]
    path = beamline.sink.path_of(uid_of(documents))
    assert list(documents_of(path)) == documents


def test_arrays_count_for_what_may_wait(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5_sink, "MOST_BYTES", 1000)
    sink = Hdf5Sink(tmp_path)
    run = Run()
    descriptor = run.descriptor({"image": key("array", [20, 10])})
    sink("start", run.start)
    sink.take("start", run.start)
    sink.take("descriptor", descriptor)
    assert not sink.busy
    sink.take(*run.event(descriptor, image=np.zeros((20, 10))))
    assert sink.busy
    while sink.busy:
        sink.settle()
    assert list(sink.unfinished) == [run.uid]
    sink.close()


def test_nobody_waits_for_a_run_of_a_sink_that_is_closed(tmp_path):
    sink, run, answers = Hdf5Sink(tmp_path), Run(), []
    sink("start", run.start)
    waiter = threading.Thread(
        target=lambda: answers.append(sink.wait_closed(run.uid)), daemon=True
    )
    waiter.start()
    sink.close()
    waiter.join(WAIT)
    assert answers == [False]


def test_unknown_run_is_told(make):
    with pytest.raises(DataError, match="no run 'nothing' was recorded"):
        make().sink.path_of("nothing")


def test_points_that_were_taken_again_count_once(make):
    run = Run()
    descriptor = run.descriptor({"det": key()})
    values = [(1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0), (3, 30.0), (4, 4.0)]
    documents = [("start", run.start), ("descriptor", descriptor)]
    documents += [run.event(descriptor, seq_num, det=v) for seq_num, v in values]
    documents.append(run.stop())
    beamline = make()
    beamline.run(documents)
    assert beamline.sink.wait_closed(run.uid, WAIT)
    path = beamline.sink.path_of(run.uid)
    np.testing.assert_array_equal(column(path), [1.0, 20.0, 30.0, 4.0])


def same_data(one, other):
    """Compare two files, all groups, datasets and attributes."""
    with h5py.File(one) as a, h5py.File(other) as b:
        names = []
        a.visit(names.append)
        others = []
        b.visit(others.append)
        assert names == others
        for name in names:
            assert dict(a[name].attrs).keys() == dict(b[name].attrs).keys(), name
            if isinstance(a[name], h5py.Dataset):
                np.testing.assert_array_equal(a[name][()], b[name][()], err_msg=name)
    return len(names)


@pytest.mark.parametrize("documents", [line_scan(40), grid_scan((4, 5), (False, True))])
def test_rebuilt_file_equals_the_one_written_live(make, tmp_path, documents):
    beamline = make()
    beamline.run(documents[:10])
    assert beamline.feed.catch_up(WAIT)
    beamline.run(documents[10:])
    assert beamline.sink.wait_closed(uid_of(documents), WAIT)
    built = rebuild(documents, tmp_path / "again.h5")
    path = beamline.sink.path_of(uid_of(documents))
    assert same_data(path, built) > 20


def test_rebuilt_file_of_a_run_that_goes_on_holds_what_there_is(tmp_path):
    documents = line_scan(6)
    built = rebuild(documents[:-1], tmp_path / "now.h5")
    np.testing.assert_array_equal(column(built), np.arange(6) ** 2)


def test_rebuild_overwrites_nothing(tmp_path):
    path = tmp_path / "there.h5"
    path.write_text("precious")
    with pytest.raises(DataExistsError):
        rebuild(line_scan(3), path)
    assert path.read_text() == "precious"


def test_rebuild_leaves_nothing_behind_when_it_fails(tmp_path):
    def broken():
        yield from line_scan(5)[:4]
        raise DataError("the journal is damaged")

    with pytest.raises(DataError):
        rebuild(broken(), tmp_path / "a.h5")
    with pytest.raises(DocumentError, match="begins with descriptor"):
        rebuild(line_scan(5)[1:], tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
