"""Frames: the HDF5 file that the simulated camera writes.

Owns the layout of that file, as areaDetector's file plugin has it.
Must not know records, nor where frames come from.
Test: write some frames, read them back with h5py.
"""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray


class FrameFile:
    """A file that takes frames one after the other, in ``/entry/data/data``.

    Args:
        path: Where; a file that is there already is not overwritten.
        shape: Rows and columns of each frame.

    Raises:
        FileExistsError: There is a file of that name.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path, shape: tuple[int, int]):
        self.path = path
        self._file = h5py.File(path, "x")
        entry = self._group(self._file, "entry", "NXentry")
        self._file.attrs["default"] = "entry"
        entry.attrs["default"] = "data"
        data = self._group(entry, "data", "NXdata")
        data.attrs["signal"] = "data"
        self._frames = data.create_dataset(
            "data",
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(1, *shape),
            dtype=np.uint16,
        )

    @property
    def num_frames(self) -> int:
        """How many frames it has."""
        return int(self._frames.shape[0])

    def append(self, frame: NDArray[np.uint16]) -> None:
        """Add a frame, and hand it to the system.

        Args:
            frame: uint16 of the file's shape.
        """
        count = self.num_frames
        self._frames.resize(count + 1, axis=0)
        self._frames[count] = frame
        self._file.flush()

    def close(self) -> None:
        """Close the file; it stays as it is."""
        self._file.close()

    @staticmethod
    def _group(parent: h5py.Group, name: str, kind: str) -> h5py.Group:
        group = parent.create_group(name)
        group.attrs["NX_class"] = kind
        return group
