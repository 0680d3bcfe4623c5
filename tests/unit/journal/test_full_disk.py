"""What a journal does when the disk takes less than it is given."""

import errno
import os

import numpy as np
import pytest

from lapwing.errors import DataPathError
from lapwing.journal.codec import Kind
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.reserve import Reserve


def numbered(first, size):
    return [[int(Kind.NOTE), number] for number in range(first, first + size)]


def all_records(directory):
    with Reader(directory) as reader:
        return [record for _, record in reader.records()]


class Disk:
    """Stands in for `os.write` and `os.pwrite`: so many bytes, then an error.

    What it lacks it takes from what was written: the true file has it.
    """

    def __init__(self, monkeypatch, room, error, zero=False):
        self.room, self.error, self.zero = room, error, zero
        self.true = {"write": os.write, "pwrite": os.pwrite}
        for name in self.true:
            monkeypatch.setattr(
                os, name, lambda fd, data, *at, n=name: self.take(n, fd, data, *at)
            )

    def take(self, name, fd, data, *at):
        if not self.room:
            if self.zero:
                return 0
            raise OSError(self.error, os.strerror(self.error))
        part = memoryview(data)[: self.room]
        self.room -= len(part)
        return self.true[name](fd, part, *at)


@pytest.fixture
def log(tmp_path):
    with Log(tmp_path / "j", reserve_bytes=0, sync_interval=0) as log:
        log.write(numbered(0, 3))
        yield log


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("room", [0, 1, 15, 16, 17, 30])
def test_nothing_is_left_of_a_write_that_failed_and_a_later_one_works(
    log, monkeypatch, room, error
):
    path = log.directory / "00000001.log"
    before = path.read_bytes()
    disk = Disk(monkeypatch, room, error)
    for _ in range(3):
        with pytest.raises(DataPathError, match=os.strerror(error)) as caught:
            log.write(numbered(3, 100))
        assert path.read_bytes() == before
        assert caught.value.context["errno"] == error
        assert caught.value.context["need_bytes"] > 200
    assert (log.next_number, log.durable) == (3, 2)
    disk.room = 10**6
    assert log.write(numbered(3, 2)) == 4
    assert all_records(log.directory) == numbered(0, 5)


def test_a_full_disk_says_how_much_is_missing(log, monkeypatch):
    monkeypatch.setattr("lapwing.journal.log._free_bytes", lambda directory: 100)
    Disk(monkeypatch, 0, errno.ENOSPC)
    with pytest.raises(DataPathError) as caught:
        log.write([[int(Kind.NOTE), "x" * 1000]])
    assert caught.value.context["missing_bytes"] == 1022 - 100
    assert "free 922 bytes or more on that disk" in str(caught.value)
    with pytest.raises(DataPathError, match=r"free 3\.0 MB or more"):
        log.write([[int(Kind.NOTE), "x" * 3_000_000]])


def test_a_disk_that_takes_a_little_at_a_time_is_not_full(log, monkeypatch):
    sizes = []
    true_write = os.write

    def write_little(fd, data):
        sizes.append(true_write(fd, memoryview(data)[:10]))
        return sizes[-1]

    monkeypatch.setattr(os, "write", write_little)
    assert log.write(numbered(3, 20)) == 22
    assert len(sizes) > 5
    assert all_records(log.directory) == numbered(0, 23)


def test_a_disk_that_takes_nothing_and_says_nothing_is_full(log, monkeypatch):
    Disk(monkeypatch, 10, 0, zero=True)
    with pytest.raises(DataPathError, match="No space left"):
        log.write(numbered(3, 20))
    monkeypatch.undo()
    assert all_records(log.directory) == numbered(0, 3)


def test_arrays_of_a_write_that_failed_are_taken_back(log, monkeypatch):
    array = np.arange(20_000)
    path = log.directory / "00000001.arrays"
    log.write([[int(Kind.NOTE), array]])
    size = path.stat().st_size
    disk = Disk(monkeypatch, 0, errno.ENOSPC)
    for room in (0, 1000, array.nbytes, array.nbytes + 5):
        disk.room = room
        with pytest.raises(DataPathError, match="No space left"):
            log.write([[int(Kind.NOTE), array], *numbered(0, 5)])
        assert path.stat().st_size == size
    disk.room = 10**6
    log.write([[int(Kind.NOTE), array + 1]])
    np.testing.assert_array_equal(all_records(log.directory)[-1][1], array + 1)


def test_half_a_frame_that_cannot_be_taken_back_stops_writing_until_it_can(
    log, monkeypatch
):
    def fail(fd, size):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk = Disk(monkeypatch, 20, errno.ENOSPC)
    true_truncate = os.ftruncate
    monkeypatch.setattr(os, "ftruncate", fail)
    with pytest.raises(DataPathError, match="No space left"):
        log.write(numbered(3, 20))
    disk.room = 10**6
    with pytest.raises(DataPathError, match="cannot go on: Input/output error"):
        log.write(numbered(3, 20))
    assert all_records(log.directory) == numbered(0, 3)
    monkeypatch.setattr(os, "ftruncate", true_truncate)
    log.write(numbered(3, 20))
    assert all_records(log.directory) == numbered(0, 23)


def test_without_room_for_a_new_segment_the_old_one_is_gone_on_with(log, monkeypatch):
    log.segment_bytes = 10
    disk = Disk(monkeypatch, 5, errno.ENOSPC)
    assert not log.rotate_if_large()
    disk.room = 10**6
    log.write(numbered(3, 2))
    assert [path.name for path in log.directory.glob("*.log")] == ["00000001.log"]
    assert log.rotate_if_large()
    log.write(numbered(5, 2))
    assert all_records(log.directory) == numbered(0, 7)


def test_a_journal_cannot_be_begun_on_a_full_disk(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 10**3, errno.ENOSPC)
    disk.room = 0
    with pytest.raises(DataPathError, match=r"No space left|cannot be held"):
        Log(tmp_path / "j", reserve_bytes=0, sync_interval=0)
    disk.room = 10**6
    Log(tmp_path / "j", reserve_bytes=0, sync_interval=0).close()


# ------------------------------------------------------------ the reserve


def test_room_is_truly_taken_and_given_up(tmp_path):
    reserve, path = Reserve(tmp_path, 2**20), tmp_path / "reserve"
    assert reserve.missing_bytes == 2**20
    assert reserve.restore()
    assert path.stat().st_blocks * 512 >= 2**20
    assert reserve.missing_bytes == 0
    assert reserve.restore()
    reserve.release()
    reserve.release()
    assert not path.exists()
    assert reserve.missing_bytes == 2**20


def test_half_a_reserve_is_none(tmp_path, monkeypatch):
    def fail(fd, offset, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    reserve = Reserve(tmp_path, 2**20)
    monkeypatch.setattr(os, "posix_fallocate", fail)
    assert not reserve.restore()
    assert list(tmp_path.iterdir()) == []


def test_where_room_cannot_be_allocated_it_is_filled(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    reserve = Reserve(tmp_path, 3 * 2**20 + 5)
    assert reserve.restore()
    assert (tmp_path / "reserve").stat().st_size == 3 * 2**20 + 5


def test_a_log_takes_over_the_reserve_of_a_dead_process_and_gives_it_up(tmp_path):
    log = Log(tmp_path / "j", reserve_bytes=2**20, sync_interval=0)
    path = tmp_path / "j" / "reserve"
    assert path.stat().st_size == 2**20
    log.release_reserve()
    assert not path.exists()
    assert log.restore_reserve()
    assert path.exists()
    log.close()
    assert not path.exists()
    Reserve(tmp_path / "j", 2**20).restore()
    with Log(tmp_path / "j", reserve_bytes=2**20, sync_interval=0):
        assert path.exists()
    assert not path.exists()
