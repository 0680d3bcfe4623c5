"""Room: blocks of the disk, taken before HDF5 writes there.

Owns the reservation behind an open HDF5 file and the return of what is left over.
Must not know what is written.
Test: with a limit on file sizes (``RLIMIT_FSIZE``) in a process of its own.

HDF5 does not survive a write that fails: what it held is lost without a word, and
the process crashes at its exit. So it must never meet a full disk.
"""

import errno
import os
import shutil
from pathlib import Path

import h5py

from lapwing.data.layout import CACHE_BYTES, LIBVER
from lapwing.data.paths import full_error
from lapwing.errors import DataPathError

_NO_SUCH_THING = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)
_HEAD_BYTES = 36


def make_file(path: Path, need: int) -> tuple[h5py.File, "Room"]:
    """Make an HDF5 file anew, with room for its first contents.

    Args:
        path: The file; what was there is lost.
        need: Bytes that it will have soon.

    Raises:
        DataPathError: They are not there; no file is left behind.
    """
    path.write_bytes(b"")
    room = Room(path)
    try:
        room.take(need)
        file = h5py.File(path, "w", libver=LIBVER, rdcc_nbytes=CACHE_BYTES)
        file.flush()
        room.take(need)
    except OSError:
        room.close()
        path.unlink(missing_ok=True)
        raise
    return file, room


class Room:
    """The disk behind one HDF5 file that is being written.

    Args:
        path: The file; it may be renamed later.
    """

    def __init__(self, path: Path):
        self._directory = path.parent
        self._handle = os.open(path, os.O_RDWR)

    def take(self, need: int) -> None:
        """Make sure that the file can grow; call it right after a flush.

        Args:
            need: Bytes behind the file's present contents.

        Raises:
            DataPathError: They are not there.
        """
        free = shutil.disk_usage(self._directory).free
        if not hasattr(os, "posix_fallocate"):  # macOS: the next best thing
            if free < need:
                raise full_error(self._directory, need, free)
            return
        end = _end_of_contents(os.pread(self._handle, _HEAD_BYTES, 0))
        try:
            os.posix_fallocate(self._handle, end, need)
        except OSError as exc:
            if exc.errno in _NO_SUCH_THING and free >= need:
                return
            full = full_error(self._directory, need, free)
            raise DataPathError(
                f"{self._directory} has no room for {need} more bytes: {exc.strerror}",
                hint=full.hint,
                **full.context,
            ) from exc

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def cut_tail(path: Path) -> None:
    """Give back the room that a closed file took and did not use."""
    with path.open("r+b") as file:
        end = _end_of_contents(file.read(_HEAD_BYTES))
        if 0 < end < os.fstat(file.fileno()).st_size:
            file.truncate(end)


def _end_of_contents(head: bytes) -> int:
    # Superblocks 2 and 3 keep the end of the file's contents at byte 28
    # (HDF5 File Format Specification 3.0, II.A). It is right after each flush.
    if len(head) == _HEAD_BYTES and head[:4] == b"\x89HDF" and head[8] in (2, 3):
        return int.from_bytes(head[28:36], "little")
    return 0
