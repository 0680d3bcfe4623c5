import json
import os
import threading

import numpy as np
import pytest

from lapwing import Msg
from lapwing.errors import ConfigError, DataError, DataPathError, StateError
from lapwing.journal import log as log_module
from lapwing.journal import writer as writer_module
from lapwing.journal.codec import Kind
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.segment import HEAD_BYTES


def open_log(directory, **options):
    given = {"reserve_bytes": 0, "sync_interval": 0, **options}
    return Log(directory, **given)


def numbered(first, size):
    return [[int(Kind.NOTE), number] for number in range(first, first + size)]


def all_records(directory, **options):
    with Reader(directory, **options) as reader:
        return list(reader.records())


def test_records_are_numbered_from_0_and_come_back(tmp_path):
    with open_log(tmp_path / "j") as log:
        assert (log.next_number, log.durable) == (0, -1)
        assert log.write(numbered(0, 3)) == 2
        assert log.write([Msg("null")]) == 3
        assert log.write([]) == 3
        assert (log.next_number, log.durable) == (4, 3)
    expected = [*numbered(0, 3), ["null", None, [], {}, None]]
    assert all_records(tmp_path / "j") == list(enumerate(expected))


def test_a_frame_is_one_call_of_the_system(tmp_path, monkeypatch):
    with open_log(tmp_path / "j") as log:
        calls = []
        true_write = os.write
        monkeypatch.setattr(os, "write", lambda *a: calls.append(a) or true_write(*a))
        log.write(numbered(0, 256))
        assert len(calls) == 1


def test_a_journal_is_gone_on_with_after_it_was_closed(tmp_path):
    for first in (0, 3, 6):
        with open_log(tmp_path / "j") as log:
            assert log.next_number == first
            log.write(numbered(first, 3))
    assert [n for n, _ in all_records(tmp_path / "j")] == list(range(9))
    about = json.loads((tmp_path / "j" / "journal.json").read_text())
    assert about["format"] == 1
    assert about["pid"] == os.getpid()
    assert [one["pid"] for one in about["adopted"]] == [os.getpid()] * 2


def test_a_clock_that_goes_back_changes_nothing(tmp_path):
    for clock, first in ((2e9, 0), (1e9, 3)):
        with open_log(tmp_path / "j", clock=lambda now=clock: now) as log:
            log.write(numbered(first, 3))
    assert [record for _, record in all_records(tmp_path / "j")] == numbered(0, 6)


def test_a_large_segment_is_followed_by_another(tmp_path):
    with open_log(tmp_path / "j", segment_bytes=100) as log:
        assert not log.rotate_if_large()
        for first in range(0, 90, 30):
            log.write(numbered(first, 30))
            assert log.rotate_if_large()
        log.write(numbered(90, 10))
    names = sorted(path.name for path in (tmp_path / "j").glob("*.log"))
    assert names == [f"0000000{i}.log" for i in (1, 2, 3, 4)]
    assert [record for _, record in all_records(tmp_path / "j")] == numbered(0, 100)


def test_a_segment_whose_head_was_not_written_is_begun_anew(tmp_path):
    with open_log(tmp_path / "j", segment_bytes=0) as log:
        log.write(numbered(0, 5))
        log.rotate_if_large()
    head = (tmp_path / "j" / "00000002.log").read_bytes()
    for left in (b"", head[:10], bytes(HEAD_BYTES)):
        (tmp_path / "j" / "00000002.log").write_bytes(left)
        assert len(all_records(tmp_path / "j")) == 5
        with open_log(tmp_path / "j") as log:
            assert log.next_number == 5
    with open_log(tmp_path / "j") as log:
        log.write(numbered(5, 5))
    assert [record for _, record in all_records(tmp_path / "j")] == numbered(0, 10)


def test_large_arrays_are_kept_beside_the_records(tmp_path):
    big = np.arange(100_000.0).reshape(10, -1)
    times = np.arange(20_000).astype("M8[s]")
    with open_log(tmp_path / "j", segment_bytes=1000) as log:
        log.write([[int(Kind.SENT), big]])
        assert log.rotate_if_large()
        log.write([[int(Kind.SENT), {"t": times, "small": np.ones(3)}]])
    with open_log(tmp_path / "j") as log:
        log.write([[int(Kind.SENT), big[::-1, ::2]]])
    assert (tmp_path / "j" / "00000001.log").stat().st_size < 200
    (_, first), (_, second), (_, third) = all_records(tmp_path / "j")
    np.testing.assert_array_equal(first[1], big)
    np.testing.assert_array_equal(second[1]["t"], times)
    np.testing.assert_array_equal(third[1], big[::-1, ::2])


def test_a_damaged_array_is_said_to_be_so_and_the_records_can_be_read(tmp_path):
    with open_log(tmp_path / "j") as log:
        log.write([[int(Kind.SENT), np.zeros(10_000)]])
    path = tmp_path / "j" / "00000001.arrays"
    for left in (b"\1" + path.read_bytes()[1:], path.read_bytes()[:-1]):
        path.write_bytes(left)
        with pytest.raises(DataError, match=r"00000001\.arrays at byte 0"):
            all_records(tmp_path / "j")
    path.unlink()
    ((_, record),) = all_records(tmp_path / "j", arrays=False)
    assert record[1].shape == (10_000,)
    with Reader(tmp_path / "j") as reader, pytest.raises(DataError, match="No such"):
        reader.fetch(record[1])


# ------------------------------------------------------------ being durable


def test_with_process_what_is_written_is_durable_at_once(tmp_path):
    told = []
    with open_log(tmp_path / "j") as log:
        log.on_durable(told.append)
        log.write(numbered(0, 3))
        log.write(numbered(3, 1))
        assert told == [2, 3]
        log.sync()
        assert told == [2, 3]


def test_with_power_it_is_durable_when_it_is_on_the_disk(tmp_path, monkeypatch):
    told, synced = [], []
    true_sync = writer_module._to_disk

    def to_disk(fd):
        synced.append(os.fstat(fd).st_size)
        log.write(numbered(3, 1))  # the writer is not held up
        true_sync(fd)

    monkeypatch.setattr(writer_module, "_to_disk", to_disk)
    with open_log(tmp_path / "j", durability="power") as log:
        log.on_durable(told.append)
        log.write(numbered(0, 3))
        assert (log.durable, told) == (-1, [])
        log.sync()
        assert (log.durable, told, len(synced)) == (2, [2], 1)
        monkeypatch.setattr(writer_module, "_to_disk", true_sync)
        log.sync()
        log.sync()
        assert (log.durable, told) == (3, [2, 3])


def test_what_a_dead_process_wrote_is_durable_after_a_sync(tmp_path):
    with open_log(tmp_path / "j") as log:
        log.write(numbered(0, 3))
    with open_log(tmp_path / "j", durability="power") as log:
        assert log.durable == -1
        log.sync()
        assert log.durable == 2


def test_arrays_of_a_dead_process_are_on_the_disk_before_they_are_durable(
    tmp_path, monkeypatch
):
    with open_log(tmp_path / "j") as log:
        log.write([[int(Kind.NOTE), np.ones(10_000)]])
    synced, true_sync = [], writer_module._to_disk
    monkeypatch.setattr(
        writer_module,
        "_to_disk",
        lambda fd: synced.append(os.fstat(fd).st_ino) or true_sync(fd),
    )
    with open_log(tmp_path / "j", durability="power") as log:
        log.sync()
        assert log.durable == 0
        assert (tmp_path / "j" / "00000001.arrays").stat().st_ino in synced


def test_a_thread_of_its_own_writes_what_waits_and_syncs(tmp_path):
    durable = threading.Event()
    waiting = [numbered(0, 3)]

    def write_waiting():
        while waiting:
            log.write(waiting.pop())

    log = open_log(tmp_path / "j", durability="power", sync_interval=0.001)
    log.on_durable(lambda number: durable.set())
    log.before_sync = write_waiting
    assert durable.wait(30)
    assert log.durable == 2
    log.close()
    assert not [t for t in threading.enumerate() if t.name == "lapwing-journal"]


def test_what_waits_is_written_before_it_closes(tmp_path):
    log = open_log(tmp_path / "j")
    log.before_sync = lambda: log.write(numbered(log.next_number, 1))
    log.close()
    log.close()
    log.sync()
    assert len(all_records(tmp_path / "j")) == 1


def test_a_disk_that_fails_to_sync_stops_writing_until_all_is_written_again(
    tmp_path, monkeypatch
):
    true_sync = writer_module._to_disk
    path = tmp_path / "j" / "00000001.log"

    def fail(fd):
        raise OSError(5, "Input/output error")

    log = open_log(tmp_path / "j", durability="power")
    log.write(numbered(0, 3))
    log.sync()
    log.write([*numbered(3, 3), [int(Kind.NOTE), np.ones(10_000)]])
    monkeypatch.setattr(writer_module, "_to_disk", fail)
    log.sync()
    assert log.durable == 2
    with pytest.raises(DataPathError, match=r"records 3 to 6 .*Input/output error"):
        log.write(numbered(7, 1))
    monkeypatch.setattr(writer_module, "_to_disk", true_sync)
    rewritten = []
    true_pwrite = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda *a: rewritten.append(a[2]) or true_pwrite(*a)
    )
    before = path.read_bytes()
    log.sync()
    assert log.durable == 6
    assert len(rewritten) == 2  # the records since the last good sync, and the array
    assert path.read_bytes() == before
    assert log.write(numbered(7, 1)) == 7
    log.close()
    assert len(all_records(tmp_path / "j")) == 8


def test_a_log_that_cannot_be_synced_says_so_at_its_close(tmp_path, monkeypatch):
    log = open_log(tmp_path / "j")
    log.write(numbered(0, 3))

    def fail(fd):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(writer_module, "_to_disk", fail)
    with pytest.raises(DataPathError, match="records 0 to 2 do not reach the disk"):
        log.close()
    with open_log(tmp_path / "j") as log:  # the directory is free
        monkeypatch.undo()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_with_an_error_is_reported_by_every_write(tmp_path):
    log = open_log(tmp_path / "j", sync_interval=0.001)
    log.before_sync = {}.popitem
    log._thread.join(30)
    for _ in range(2):
        with pytest.raises(DataPathError, match=r"ended with KeyError"):
            log.write(numbered(0, 1))
    log.before_sync = None
    log.close()


def test_threads_may_write_at_once(tmp_path):
    with open_log(tmp_path / "j", sync_interval=0.001) as log:

        def write(who):
            for i in range(200):
                log.write([[int(Kind.NOTE), [who, i]]] * (i % 3 + 1))

        threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    records = all_records(tmp_path / "j")
    assert [number for number, _ in records] == list(range(4 * 399))
    for who in range(4):
        mine = [record[1][1] for _, record in records if record[1][0] == who]
        assert mine == sorted(mine)


def test_two_threads_that_close_it_close_its_files_once(tmp_path):
    log, others = open_log(tmp_path / "j"), []

    def close_in_between():
        if not others:
            others.append(threading.Thread(target=log.close))
            others[0].start()
            others[0].join()

    log.before_sync = close_in_between
    log.close()
    open_log(tmp_path / "j").close()


def test_a_log_whose_thread_cannot_start_leaves_the_directory_free(
    tmp_path, monkeypatch
):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            open_log(tmp_path / "j", sync_interval=0.05)
    open_log(tmp_path / "j").close()


@pytest.fixture
def failing_close(monkeypatch):
    close = writer_module.SegmentWriter.close

    def close_and_fail(writer):
        close(writer)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(writer_module.SegmentWriter, "close", close_and_fail)
        yield patch


def test_after_a_segment_that_cannot_be_closed_the_next_is_written(
    tmp_path, failing_close
):
    with open_log(tmp_path / "j", segment_bytes=0) as log:
        log.write(numbered(0, 3))
        assert log.rotate_if_large()
        log.write(numbered(3, 3))
        failing_close.undo()
    assert [record for _, record in all_records(tmp_path / "j")] == numbered(0, 6)


def test_a_segment_that_cannot_be_closed_leaves_the_directory_free(
    tmp_path, failing_close
):
    log = open_log(tmp_path / "j", reserve_bytes=4096)
    with pytest.raises(OSError, match="Input/output error"):
        log.close()
    failing_close.undo()
    assert not (tmp_path / "j" / "reserve").exists()
    open_log(tmp_path / "j").close()


def test_a_closed_log_leaves_the_reserve_of_the_next_one_alone(tmp_path):
    log = open_log(tmp_path / "j", reserve_bytes=4096)
    log.close()
    with open_log(tmp_path / "j", reserve_bytes=4096):
        log.release_reserve()
        assert (tmp_path / "j" / "reserve").exists()


# ------------------------------------------------------------ being refused


def test_a_closed_log_takes_nothing(tmp_path):
    log = open_log(tmp_path / "j")
    log.close()
    with pytest.raises(StateError, match="is closed"):
        log.write(numbered(0, 1))
    assert not log.rotate_if_large()
    assert not log.restore_reserve()


def test_durability_is_one_of_two(tmp_path):
    with pytest.raises(ConfigError, match='"process" or "power"'):
        open_log(tmp_path / "j", durability="fire")


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataPathError, match="Not a directory"):
        open_log(tmp_path / "file" / "j")


def test_a_journal_of_another_version_is_refused(tmp_path):
    with open_log(tmp_path / "j") as log:
        log.write(numbered(0, 1))
    about = tmp_path / "j" / "journal.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "format": 2}))
    with pytest.raises(DataError, match=r"journal\.json is written in format 2"):
        open_log(tmp_path / "j")
    with pytest.raises(DataError, match="reads format 1"):
        Reader(tmp_path / "j")
    about.unlink()
    segment = tmp_path / "j" / "00000001.log"
    data = segment.read_bytes()
    segment.write_bytes(data[:8] + b"\2" + data[9:])
    with pytest.raises(DataError, match=r"00000001\.log is written in format 2"):
        all_records(tmp_path / "j")


def test_an_open_that_was_refused_leaves_the_directory_free(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module, "write_about", fail)
    with pytest.raises(DataPathError, match="No space left"):
        open_log(tmp_path / "j")
    monkeypatch.undo()
    open_log(tmp_path / "j").close()
