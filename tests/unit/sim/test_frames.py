import h5py
import numpy as np
import pytest

from lapwing.sim.frames import FrameFile


def test_frames_are_read_back_as_they_were(tmp_path):
    frames = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4)
    written = FrameFile(tmp_path / "frames.h5", (3, 4))
    for frame in frames:
        written.append(frame)
    assert written.num_frames == 2
    written.close()
    with h5py.File(tmp_path / "frames.h5") as file:
        assert np.array_equal(file["/entry/data/data"], frames)
        assert file["/entry"].attrs["NX_class"] == "NXentry"


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    path = tmp_path / "frames.h5"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        FrameFile(path, (3, 4))
    assert path.read_text() == "precious"
