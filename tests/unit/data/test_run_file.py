import h5py
import numpy as np
import pytest
from event_model import compose_run
from unit.data.files import finish, pass_time, text, write, write_slowly
from unit.data.streams import Run, key, line_scan, of_values

from lapwing.data import run_file
from lapwing.data.layout import stream_path
from lapwing.data.live import documents_of
from lapwing.data.room import Room
from lapwing.data.run_file import RunFile
from lapwing.errors import DataPathError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "000007_scan_00000001.h5"


def follow(path):
    return h5py.File(path, "r", swmr=True)


def test_every_document_is_kept_in_order(path):
    documents = line_scan(20)
    write_slowly(path, documents, every=3)
    assert list(documents_of(path)) == documents


def test_live_file_grows_and_becomes_the_final_one(path):
    start, descriptor, *events, stop = line_scan(6)
    file = RunFile(path, start[1])
    file.take(*descriptor)
    for event in events[:2]:
        file.take(*event)
    now = pass_time(file, 0.0)
    with follow(path) as live:
        column = live["entry/primary/data/det"]
        np.testing.assert_array_equal(column[:], [0, 1])
        assert live["entry/data"].attrs["signal"] == "det"
        assert text(live["entry/entry_identifier"]) == start[1]["uid"]
        for event in events[2:]:
            file.take(*event)
        pass_time(file, now)
        column.refresh()
        np.testing.assert_array_equal(column[:], [0, 1, 4, 9, 16, 25])
    file.take(*stop)
    finish(file)
    with h5py.File(path) as final:
        assert "end_time" in final["entry"]
        assert final["entry/primary/data/det"].shape == (6,)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_nothing_is_written_before_it_is_due(path):
    start, descriptor, *events, stop = line_scan()
    file = RunFile(path, start[1], period=0.25)
    file.take(*descriptor)
    file.take(*events[0])
    assert file.work(10.0) == pytest.approx(0.25)
    assert file.work(10.2) == pytest.approx(0.05)
    assert not path.exists()
    assert file.work(10.25) == pytest.approx(0.25)
    assert path.exists()
    file.take(*stop)
    finish(file)


def test_hurry_writes_at_once(path):
    start, descriptor, *events, stop = line_scan()
    file = RunFile(path, start[1])
    for document in (descriptor, *events):
        file.take(*document)
    file.work(0.0)
    assert file.num_pending == 7
    file.hurry()
    file.work(0.001)
    assert file.num_pending == 0
    file.take(*stop)
    finish(file)


def test_baseline_waits_for_the_first_point_in_a_file_that_can_be_read(path):
    run = Run()
    file = RunFile(path, run.start)
    before = run.descriptor({"temp": key(units="K")}, name="baseline")
    file.take("descriptor", before)
    file.take(*run.event(before, temp=4.2))
    now = pass_time(file, 0.0)
    with h5py.File(path) as early:  # closed: no SWMR needed
        np.testing.assert_array_equal(early["entry/baseline/data/temp"][:], [4.2])
    primary = run.descriptor({"det": key()})
    file.take("descriptor", primary)
    file.take(*run.event(primary, det=1.0))
    now = pass_time(file, now)
    with follow(path) as live:
        np.testing.assert_array_equal(live["entry/primary/data/det"][:], [1.0])
        np.testing.assert_array_equal(live["entry/baseline/data/temp"][:], [4.2])
    file.take(*run.event(before, temp=4.3))
    file.take(*run.stop())
    finish(file, now)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with h5py.File(path) as final:
        np.testing.assert_array_equal(final["entry/baseline/data/temp"][:], [4.2, 4.3])


def test_endless_monitor_makes_the_file_live_in_the_end(path, monkeypatch):
    monkeypatch.setattr(run_file, "MOST_AT_ONCE", 10)
    run = Run()
    file = RunFile(path, run.start)
    monitor = run.descriptor({"ring": key()}, name="ring_monitor")
    file.take("descriptor", monitor)
    now = 0.0
    for n in range(25):
        file.take(*run.event(monitor, ring=float(n)))
        now = pass_time(file, now)
    with follow(path) as live:
        assert live["entry/ring_monitor/data/ring"].shape == (25,)
    file.take(*run.stop())
    finish(file, now)


def test_late_stream_has_a_file_of_its_own_until_the_end(path):
    run = Run()
    first = run.descriptor({"det": key()})
    file = RunFile(path, run.start)
    file.take("descriptor", first)
    file.take(*run.event(first, det=1.0))
    now = pass_time(file, 0.0)
    late = run.descriptor({"dark": key(), "note": key("string")}, name="dark/1")
    file.take("descriptor", late)
    file.take(*run.event(late, dark=0.1, note="a" * 300))
    file.take(*run.event(first, det=2.0))
    now = pass_time(file, now)
    side = path.with_name(path.stem + ".dark_1.h5")
    with follow(side) as live, follow(path) as main:
        np.testing.assert_array_equal(live["entry/dark_1/data/dark"][:], [0.1])
        assert "dark_1" not in main["entry"]
    file.take(*run.stop())
    finish(file, now)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with h5py.File(path) as final:
        np.testing.assert_array_equal(final["entry/dark_1/data/dark"][:], [0.1])
        assert text(final["entry/dark_1/data/note"][0:1][0:1].reshape(())) == "a" * 300
        assert final["entry/dark_1"].attrs["stream"] == "dark/1"


def test_last_reading_of_a_number_is_kept(path):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    numbers = [1, 2, 3, 2, 3, 4, 5, 4]
    events = [run.event(descriptor, n, v=float(i)) for i, n in enumerate(numbers)]
    documents = [("start", run.start), ("descriptor", descriptor), *events, run.stop()]
    write_slowly(path, documents, every=2)
    with h5py.File(path) as final:
        stream = final["entry/primary"]
        np.testing.assert_array_equal(stream["seq_num"][:], [1, 2, 3, 4, 5])
        np.testing.assert_array_equal(stream["data/v"][:], [0, 3, 4, 7, 6])
        assert stream["time"][3] > stream["time"][4]
    assert sum(name == "event" for name, _ in documents_of(path)) == 8


def test_event_pages_are_rows_like_events(path):
    run = Run()
    descriptor = run.descriptor({"v": key(), "s": key("string")})
    page = {
        "descriptor": descriptor["uid"], "seq_num": [1, 2, 3], "uid": ["a", "b", "c"],
        "time": [1.0, 2.0, 3.0], "data": {"v": [1.5, None, 3.5], "s": ["x", "y", "z"]},
        "timestamps": {"v": [1.0, 2.0, 3.0], "s": [1.0, 2.0, 3.0]}, "filled": {},
    }  # fmt: skip
    documents = [
        ("start", run.start), ("descriptor", descriptor), ("event_page", page),
        run.event(descriptor, 4, v=4.5, s="w"), run.stop(),
    ]  # fmt: skip
    write(path, documents)
    with h5py.File(path) as final:
        stream = final["entry/primary"]
        np.testing.assert_array_equal(stream["data/v"][:], [1.5, np.nan, 3.5, 4.5])
        assert stream["data/s"].asstr()[:].tolist() == ["x", "y", "z", "w"]
        np.testing.assert_array_equal(stream["seq_num"][:], [1, 2, 3, 4])
        np.testing.assert_array_equal(stream["timestamps/v"][:3], [1, 2, 3])
    assert list(documents_of(path)) == documents


def test_run_without_events_is_a_file_too(path):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    write(path, [("start", run.start), ("descriptor", descriptor), run.stop()])
    with h5py.File(path) as final:
        assert final["entry/primary/data/v"].shape == (0,)


def test_run_without_streams_is_a_file_too(path):
    run = Run()
    write(path, [("start", run.start), run.stop(exit_status="fail", reason="no beam")])
    with h5py.File(path) as final:
        assert text(final["entry/exit_status"]) == "fail"
        assert text(final["entry/reason"]) == "no beam"
        assert "default" not in final["entry"].attrs


def test_run_that_is_ended_without_a_stop_says_so(path):
    start, descriptor, *events, _ = line_scan()
    file = RunFile(path, start[1])
    for document in (descriptor, *events):
        file.take(*document)
    now = pass_time(file, 0.0)
    file.end()
    finish(file, now)
    with h5py.File(path) as final:
        assert text(final["entry/exit_status"]) == "unknown"
        assert "end_time" not in final["entry"]
        assert final["entry/primary/data/det"].shape == (5,)


def test_large_array_is_written_once_and_other_text_points_to_it(path):
    images = [np.full((100, 100), n, "f8") for n in range(3)]
    write_slowly(path, of_values(images, key("array", [100, 100])))
    with h5py.File(path) as final:
        np.testing.assert_array_equal(final["entry/primary/data/v"][:], images)
    events = [doc for name, doc in documents_of(path) if name == "event"]
    assert events[1]["data"]["v"] == {"dataset": "/entry/primary/data/v", "seq_num": 2}


def test_large_array_that_does_not_fit_stays_in_the_text(path):
    images = [np.full((100, 100), n, "f8") for n in range(2)]
    odd = np.full((100, 101), 7.5)
    write_slowly(path, of_values([*images, odd], key("array", [100, 100])))
    with h5py.File(path) as final:
        stream = final["entry/primary"]
        assert stream["data/v"].shape == (3, 100, 101)
        np.testing.assert_array_equal(stream["data/v"][2], odd)
        np.testing.assert_array_equal(stream["data/v"][1, :, :100], images[1])
        assert np.isnan(stream["data/v"][1, :, 100]).all()
        np.testing.assert_array_equal(stream["shapes/v"][1:], [[100, 100], [100, 101]])


def work_for_long(file, now):
    for _ in range(50):
        file.work(now)


class FullDisk:
    """Refuses room while it is full."""

    def __init__(self, monkeypatch):
        self.full = False
        self.real = Room.take
        monkeypatch.setattr(Room, "take", lambda room, need: self.take(room, need))

    def take(self, room, need):
        if self.full:
            raise DataPathError("the disk is full")
        self.real(room, need)


@pytest.mark.parametrize("when", ["before", "early", "live", "final"])
def test_full_disk_loses_nothing_and_writing_goes_on_after_it(path, monkeypatch, when):
    disk = FullDisk(monkeypatch)
    documents = line_scan(9)
    (_, start), descriptor, *events, stop = documents
    file = RunFile(path, start)

    def fill(stage: str, now: float) -> float:
        if when == stage:
            disk.full = True
            file.hurry()
            for _ in range(3):
                with pytest.raises(DataPathError):
                    work_for_long(file, now)
            disk.full = False
        return pass_time(file, now)

    now = fill("before", 1.0)
    file.take(*descriptor)
    now = fill("early", now + 1)
    for event in events[:4]:
        file.take(*event)
    now = pass_time(file, now + 1)
    for event in events[4:]:
        file.take(*event)
    now = fill("live", now + 1)
    file.take(*stop)
    now = fill("final", now + 1) if when == "final" else now
    finish(file, now)
    assert list(documents_of(path)) == documents
    with h5py.File(path) as final:
        found = final["entry/primary/data/det"][:]
    np.testing.assert_array_equal(found, [i * i for i in range(9)])
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_after_giving_up_the_rest_is_kept_as_text(path):
    documents = line_scan(6)
    file = RunFile(path, documents[0][1])
    for document in documents[1:5]:
        file.take(*document)
    now = pass_time(file, 0.0)
    for document in documents[5:]:
        file.take(*document)
    rest = file.give_up()
    finish(file, now + 1)
    lines = rest.read_text().splitlines()
    assert len(lines) == len(documents) - 5
    assert '"stop"' in lines[-1]
    file.take(*documents[4])
    file.work(now + 2)
    assert len(rest.read_text().splitlines()) == len(lines) + 1


def test_giving_up_before_anything_was_on_the_disk_keeps_all_as_text(path):
    documents = line_scan(3)
    file = RunFile(path, documents[0][1])
    for document in documents[1:]:
        file.take(*document)
    file.work(0.0)  # in memory now, and not yet final
    rest = file.give_up()
    finish(file)
    assert len(rest.read_text().splitlines()) == len(documents)


@pytest.mark.parametrize("name", ["data", "instrument", "metadata", "user", "title"])
def test_stream_cannot_take_the_place_of_something_else(path, name):
    run = Run()
    descriptor = run.descriptor({"v": key()}, name=name)
    events = [run.event(descriptor, v=1.0)]
    write(path, [("start", run.start), ("descriptor", descriptor), *events, run.stop()])
    with h5py.File(path) as final:
        assert stream_path(name) == f"entry/{name}_stream"
        np.testing.assert_array_equal(final[f"entry/{name}_stream/data/v"][:], [1.0])


def test_documents_of_event_model_are_taken_as_they_are(path):
    run = compose_run(metadata={"plan_name": "count", "scan_id": 1})
    bundle = run.compose_descriptor(
        name="primary",
        data_keys={"det": key()},
        object_keys={"det": ["det"]},
        hints={},
        configuration={},
    )
    documents = [("start", run.start_doc), ("descriptor", bundle.descriptor_doc)]
    for n in range(3):
        event = bundle.compose_event(data={"det": float(n)}, timestamps={"det": 1.0})
        documents.append(("event", event))
    documents.append(("stop", run.compose_stop()))
    write(path, documents)
    with h5py.File(path) as final:
        np.testing.assert_array_equal(final["entry/primary/data/det"][:], [0, 1, 2])
