"""The writer: the end of a journal, where frames are appended.

Owns the open segment and its array segment, and taking back what was half written.
Must not know threads, or when to sync: whoever uses it holds a lock.
Test: write on a full disk; look at what is there, then write with room.
"""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lapwing.journal.arrays import ArrayWriter
from lapwing.journal.codec import Encoder
from lapwing.journal.cursor import Cursor
from lapwing.journal.segment import (
    HEAD_BYTES,
    MOST_BYTES,
    frame_of,
    head_of_segment,
    segment_path,
)

_BLOCK = 2**20

# macOS has no fdatasync.
_to_disk: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class End(NamedTuple):
    """Where a segment ended at some moment: bytes of records, and of arrays."""

    log: int
    arrays: int


class SegmentWriter:
    """Appends frames to one segment.

    Args:
        directory: That of the journal.
        at: Where to go on: behind the last whole frame of the segment; what follows
            is cut off. At offset 0 the segment is begun.

    Attributes:
        index: Number of the segment.
        size: Bytes of it that hold whole frames.
        torn: Why half a frame is there that could not be taken back; or None.

    Raises:
        OSError: It cannot be opened or made; if it was to be made, it is not there.
    """

    def __init__(self, directory: Path, at: Cursor):
        self.index = at.segment
        self.torn: str | None = None
        path, end = segment_path(directory, at.segment), at.offset
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.ftruncate(self._fd, end)
            if not end:
                end = _write_all(self._fd, head_of_segment(at.number))
            os.lseek(self._fd, end, os.SEEK_SET)
            self._arrays = ArrayWriter(directory, at.segment)
        except OSError:
            os.close(self._fd)
            if end < HEAD_BYTES:
                path.unlink(missing_ok=True)
            raise
        self.size = end
        self._encoder = Encoder(self._arrays.keep)
        self._synced = End(HEAD_BYTES, 0)

    @property
    def end(self) -> End:
        """Where it ends now."""
        return End(self.size, self._arrays.end)

    def write(self, records: Sequence[Any], number: int) -> None:
        """Append a frame of records.

        Args:
            records: What is packed.
            number: Number of the first.

        Raises:
            OSError: It did not work; nothing of it is left, except if ``torn`` says so.
                ``need_bytes``, an attribute of the error, says how much was to be
                written.
        """
        arrays_end = self._arrays.end
        need = 0
        try:
            payload = self._encoder.pack(records)
            need = len(payload)
            if need >= MOST_BYTES:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            frame = frame_of(number, payload)
            need = len(frame)
            written = os.write(self._fd, frame)
            if written != need:  # a second try mostly says why
                _write_all(self._fd, memoryview(frame)[written:])
        except OSError as exc:
            exc.need_bytes = need  # type: ignore[attr-defined]
            self._cut_back(arrays_end)
            raise
        self.size += need

    def _cut_back(self, arrays_end: int) -> None:
        try:
            os.ftruncate(self._fd, self.size)
            os.lseek(self._fd, self.size, os.SEEK_SET)
            self._arrays.cut(arrays_end)
        except OSError as exc:
            self.torn = exc.strerror or str(exc)

    def mend(self) -> None:
        """Try again to take back half a frame; see ``torn``."""
        self.torn = None
        self._cut_back(self._arrays.end)

    def sync(self, end: End, again: bool) -> None:
        """Have all on the disk up to an end that is in the past.

        Other threads may write meanwhile, but not close.

        Args:
            end: What ``end`` was.
            again: Whether the last sync failed. The system then takes the pages for
                clean, and a sync would succeed without writing them: so all since the
                last good sync is written once more.

        Raises:
            OSError: It is not sure to be there.
        """
        arrays_fd = self._arrays.fd
        if again:
            _write_over(self._fd, self._synced.log, end.log)
        if arrays_fd is not None:
            if again:
                _write_over(arrays_fd, self._synced.arrays, end.arrays)
            if end.arrays != self._synced.arrays:
                _to_disk(arrays_fd)
        _to_disk(self._fd)
        self._synced = end

    def forget(self) -> None:
        """Let go of the devices that were written about."""
        self._encoder.forget()

    def close(self) -> None:
        """Close both files."""
        self.forget()
        self._arrays.close()
        os.close(self._fd)


def _write_all(fd: int, data: bytes | memoryview) -> int:
    """Write all of it, whatever one call takes; return how much that is."""
    rest = memoryview(data)
    while rest:
        written = os.write(fd, rest)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]
    return len(data)


def _write_over(fd: int, start: int, end: int) -> None:
    while start < end:
        data = os.pread(fd, min(end - start, _BLOCK), start)
        if not data:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        start += os.pwrite(fd, data, start)
