"""Arrays: large ones, kept beside the records that refer to them.

Owns the array segments: where in them an array is, and whether it is still whole.
Must not know frames or records.
Test: keep arrays of every dtype and shape, fetch them, damage a byte.
"""

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from lapwing.errors import DataError
from lapwing.journal.codec import ArrayRef

_ALIGNMENT = 64


def arrays_path(directory: Path, index: int) -> Path:
    """Return the path of the array segment that belongs to a segment."""
    return directory / f"{index:08d}.arrays"


class ArrayWriter:
    """Keeps arrays in one array segment, which is made with the first one.

    Args:
        directory: That of the journal.
        index: Number of the segment.
    """

    def __init__(self, directory: Path, index: int):
        self.path = arrays_path(directory, index)
        self.index = index
        self.fd: int | None = None
        self.end = 0
        if self.path.exists():  # what is there may not be on the disk yet
            self.end = os.fstat(self._open()).st_size

    def _open(self) -> int:
        if self.fd is None:
            self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return self.fd

    def keep(self, array: "np.ndarray[Any, Any]") -> list[int]:
        """Write an array that is C-contiguous; return its place.

        Raises:
            OSError: It cannot be written; call `cut` with the end that was before.
        """
        fd = self._open()
        offset = -(-self.end // _ALIGNMENT) * _ALIGNMENT
        data = array.reshape(-1).view(np.uint8).data
        written = 0
        while written < len(data):
            written += os.pwrite(fd, data[written:], offset + written)
        self.end = offset + written
        return [self.index, offset]

    def cut(self, end: int) -> None:
        """Forget the arrays behind a place.

        Raises:
            OSError: The file cannot be cut.
        """
        if self.fd is not None and os.fstat(self.fd).st_size > end:
            os.ftruncate(self.fd, end)
        self.end = end

    def close(self) -> None:
        """Close the file."""
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)


def fetch_array(directory: Path, ref: ArrayRef) -> "np.ndarray[Any, Any]":
    """Return an array that is kept in a journal.

    Args:
        directory: That of the journal.
        ref: As it stands in a record.

    Returns:
        An array of the dtype and shape in ``ref``; it cannot be written to.

    Raises:
        DataError: It is not there, or not what was written.
    """
    index, offset = ref.place
    path = arrays_path(directory, index)
    dtype = np.dtype(ref.dtype)
    size = dtype.itemsize * int(np.prod(ref.shape, dtype=np.int64))
    try:
        with path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), size, offset)
    except OSError as exc:
        raise _damaged(path, offset, exc.strerror or str(exc)) from exc
    if len(data) != size or zlib.crc32(data) != ref.crc:
        raise _damaged(path, offset, "its checksum does not fit")
    return np.frombuffer(data, dtype).reshape(ref.shape)


def _damaged(path: Path, offset: int, what: str) -> DataError:
    return DataError(
        f"an array cannot be read from {path} at byte {offset}: {what}; "
        "the records themselves can be read",
        hint="read them without arrays: Reader(directory, arrays=False)",
        path=str(path),
        offset=offset,
    )
