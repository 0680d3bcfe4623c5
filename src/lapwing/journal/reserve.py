"""The reserve: room on the disk, kept for the last records of a call.

Owns the file ``reserve`` in a journal's directory.
Must not know what the room is for.
Test: on a small file system, fill it, release the reserve, write.
"""

import contextlib
import os
from pathlib import Path

_BLOCK = 2**20


class Reserve:
    """Room that is taken, and can be given up at once.

    Args:
        directory: Where the file is.
        size: Bytes to keep; 0 for none.
    """

    def __init__(self, directory: Path, size: int):
        self._path = directory / "reserve"
        self._size = size
        self._held = False

    @property
    def missing_bytes(self) -> int:
        """How much room is to be taken yet."""
        return 0 if self._held else self._size

    def restore(self) -> bool:
        """Take the room; return whether it is there."""
        if self._held or not self._size:
            return True
        try:
            with self._path.open("ab", buffering=0) as file:
                _allocate(file.fileno(), self._size)
        except OSError:
            self.release()
            return False
        self._held = True
        return True

    def release(self) -> None:
        """Give the room up."""
        self._held = False
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def _allocate(fd: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)
        return
    missing = size - os.fstat(fd).st_size  # macOS: only what is written is there
    while missing > 0:
        missing -= os.write(fd, bytes(min(missing, _BLOCK)))
