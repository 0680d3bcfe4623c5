"""The simulated camera, its plugins, and the files that it writes."""

import asyncio

import h5py
import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    run_fixture,
)
from pv_fixtures import goto, pv_fixture, seconds  # noqa: F401

from lapwing.sim.instruments import Look
from lapwing.sim.sample import Sample

INVALID = 3
IDLE, WAITING, ABORTED = 0, 7, 10


def frame(x, y, dwell, number=0):
    return Look(Sample(), x, y, dwell).frame(number)


@pytest.fixture(autouse=True)
def as_at_the_start(pv):
    """Give the camera its first settings; tests share one beamline."""
    for name, value in (
        ("cam1:AcquireTime", 0.01),
        ("cam1:AcquirePeriod", 0),
        ("cam1:ImageMode", "Single"),
        ("cam1:TriggerMode", "Internal"),
        ("cam1:NumImages", 1),
        ("HDF1:FileWriteMode", "Stream"),
        ("HDF1:NumCapture", 1),
        ("HDF1:EnableCallbacks", "Disable"),
    ):
        pv.put(f"CAM:{name}", value)


@pytest.fixture
def folder(pv, tmp_path):
    """Let the file plugin write into an empty directory."""
    pv.put_text("CAM:HDF1:FilePath", str(tmp_path))
    pv.put_text("CAM:HDF1:FileName", "frames")
    pv.put_text("CAM:HDF1:FileTemplate", "%s%s_%4.4d.h5")
    pv.put("CAM:HDF1:FileNumber", 7)
    pv.put("CAM:HDF1:EnableCallbacks", "Enable")
    pv.until("CAM:HDF1:FilePathExists_RBV", 1)
    return tmp_path


def test_a_put_to_acquire_completes_with_the_image(pv):
    goto(pv, 0.5, 0.25)
    pv.put("CAM:cam1:AcquireTime", 0.2)
    before = pv.get("CAM:cam1:ArrayCounter_RBV")
    assert 0.19 < seconds(lambda: pv.put("CAM:cam1:Acquire", 1)) < 0.6
    assert pv.get("CAM:cam1:ArrayCounter_RBV") == before + 1
    assert pv.get("CAM:cam1:DetectorState_RBV") == IDLE
    expected = frame(0.5, 0.25, 0.2)
    shape = pv.get("CAM:cam1:SizeY_RBV", "CAM:cam1:SizeX_RBV")
    assert tuple(shape) == expected.shape
    image = pv.get("CAM:image1:ArrayData")
    assert np.array_equal(image.reshape(expected.shape), expected)


def test_the_statistics_are_those_of_the_image(pv):
    goto(pv, 0.7, 0)
    pv.put("CAM:cam1:Acquire", 1)
    image = frame(0.7, 0, 0.01)
    assert pv.get("CAM:Stats1:Total_RBV") == image.sum()
    assert pv.get("CAM:Stats1:MaxValue_RBV") == image.max()
    assert pv.get("CAM:Stats1:MeanValue_RBV") == pytest.approx(image.mean())
    names = [f"CAM:ROIStat1:{i}:Name" for i in range(1, 5)]
    assert pv.get(*names) == ["beam", "ring", "corner", ""]
    assert pv.get("CAM:ROIStat1:1:Total_RBV") == image[16:32, 24:40].sum()
    assert pv.get("CAM:ROIStat1:4:Total_RBV") == 0
    pv.put("CAM:ROIStat1:1:MinX", 0)
    pv.until("CAM:ROIStat1:1:Total_RBV", image[16:32, 0:16].sum())
    pv.put("CAM:ROIStat1:1:MinX", 24)


def test_a_series_takes_its_images_one_period_apart(pv):
    pv.put("CAM:cam1:ImageMode", "Multiple")
    pv.put("CAM:cam1:NumImages", 3)
    pv.put("CAM:cam1:AcquirePeriod", 0.1)
    before = pv.get("CAM:cam1:ArrayCounter_RBV")
    assert 0.2 < seconds(lambda: pv.put("CAM:cam1:Acquire", 1)) < 0.6
    assert pv.get("CAM:cam1:ArrayCounter_RBV") == before + 3
    assert pv.get("CAM:cam1:NumImagesCounter_RBV") == 3


def test_a_camera_takes_images_until_it_is_told_to_end(pv):
    pv.put("CAM:cam1:ImageMode", "Continuous")

    async def story():
        held = await pv.held("CAM:cam1:Acquire", 1)
        await pv.auntil("CAM:cam1:NumImagesCounter_RBV", 3)
        assert not held.done()
        await pv.aput("CAM:cam1:Acquire", 0, wait=False)
        await asyncio.wait_for(held, 3)

    pv.run(story())
    assert pv.get("CAM:cam1:DetectorState_RBV") == ABORTED


def test_an_image_can_wait_for_a_trigger(pv):
    pv.put("CAM:cam1:TriggerMode", "External")

    async def story():
        held = await pv.held("CAM:cam1:Acquire", 1)
        await pv.auntil("CAM:cam1:DetectorState_RBV", WAITING)
        assert not held.done()
        await pv.aput("CAM:cam1:TriggerSoftware", 1)
        await asyncio.wait_for(held, 3)

    pv.run(story())


def test_an_image_can_be_cut_short_and_spoilt(pv):
    pv.put("CAM:cam1:AcquireTime", 0.2)
    pv.put("CAM:SHORT", 1)
    assert seconds(lambda: pv.put("CAM:cam1:Acquire", 1)) < 0.19
    assert pv.get("CAM:Stats1:Total_RBV") == 0
    pv.put("CAM:INVALID", 1)
    pv.put("CAM:cam1:Acquire", 1)
    assert pv.readings("CAM:Stats1:Total_RBV")[0].severity == INVALID
    pv.put("CAM:cam1:Acquire", 1)
    assert pv.readings("CAM:Stats1:Total_RBV")[0].severity == 0


def read(path):
    with h5py.File(path) as file:
        return file["/entry/data/data"][...]


def test_images_are_streamed_into_a_file(pv, folder):
    goto(pv, 0.5, 0.25)
    pv.put("CAM:HDF1:NumCapture", 3)
    pv.put("CAM:cam1:ImageMode", "Multiple")
    pv.put("CAM:cam1:NumImages", 2)

    async def story():
        capturing = await pv.held("CAM:HDF1:Capture", 1)
        await pv.auntil("CAM:HDF1:Capture_RBV", 1)
        await pv.aput("CAM:cam1:Acquire", 1)
        assert await pv.aget("CAM:HDF1:NumCaptured_RBV") == 2
        assert not capturing.done()
        await pv.aput("CAM:cam1:Acquire", 1)
        await asyncio.wait_for(capturing, 3)

    pv.run(story())
    path = folder / "frames_0007.h5"
    assert pv.text("CAM:HDF1:FullFileName_RBV") == str(path)
    assert pv.get("CAM:HDF1:WriteStatus", "CAM:HDF1:Capture_RBV") == [0, 0]
    assert pv.get("CAM:HDF1:FileNumber_RBV") == 8
    one, two = (frame(0.5, 0.25, 0.01, i) for i in (0, 1))
    assert np.array_equal(read(path), [one, two, one])


def test_images_are_kept_and_written_at_the_end(pv, folder):
    pv.put("CAM:HDF1:FileWriteMode", "Capture")
    pv.put("CAM:HDF1:NumCapture", 0)

    async def story():
        capturing = await pv.held("CAM:HDF1:Capture", 1)
        await pv.auntil("CAM:HDF1:Capture_RBV", 1)
        await pv.aput("CAM:cam1:Acquire", 1)
        await pv.aput("CAM:cam1:Acquire", 1)
        assert not list(folder.iterdir())
        await pv.aput("CAM:HDF1:Capture", 0, wait=False)
        await asyncio.wait_for(capturing, 3)

    pv.run(story())
    assert len(read(folder / "frames_0007.h5")) == 2


def test_the_last_image_is_written_alone(pv, folder):
    pv.put("CAM:HDF1:FileWriteMode", "Single")
    pv.put("CAM:cam1:Acquire", 1)
    pv.put("CAM:HDF1:WriteFile", 1)
    pv.until("CAM:HDF1:FileNumber_RBV", 8)
    assert read(folder / "frames_0007.h5").shape == (1, 48, 64)
    pv.put("CAM:HDF1:Capture", 1)
    assert "needs Capture or Stream" in pv.text("CAM:HDF1:WriteMessage")


def test_a_file_that_is_there_is_not_overwritten(pv, folder):
    path = folder / "frames_0007.h5"
    path.write_text("precious")
    pv.put("CAM:HDF1:Capture", 1)
    assert pv.get("CAM:HDF1:WriteStatus") == 1
    assert str(path) in pv.text("CAM:HDF1:WriteMessage")
    assert path.read_text() == "precious"
    pv.put("CAM:HDF1:Capture", 1)
    assert pv.get("CAM:HDF1:FileNumber_RBV") == 7


@pytest.mark.parametrize("template", ["%s", "%d%d%d", "%s%s_%q.h5", "no place for it"])
def test_a_template_that_makes_no_name_is_told(pv, folder, template):
    pv.put_text("CAM:HDF1:FileTemplate", template)
    pv.put("CAM:HDF1:Capture", 1)
    assert pv.get("CAM:HDF1:WriteStatus") == 1
    assert pv.text("CAM:HDF1:WriteMessage")
    assert not list(folder.iterdir())


def test_a_directory_that_is_not_there_is_told(pv, folder):
    pv.put_text("CAM:HDF1:FilePath", str(folder / "none"))
    pv.until("CAM:HDF1:FilePathExists_RBV", 0)
    pv.put("CAM:HDF1:Capture", 1)
    assert "No such file or directory" in pv.text("CAM:HDF1:WriteMessage")


def test_a_disabled_plugin_takes_no_image(pv, folder):
    pv.put("CAM:HDF1:EnableCallbacks", "Disable")

    async def story():
        capturing = await pv.held("CAM:HDF1:Capture", 1)
        await pv.auntil("CAM:HDF1:Capture_RBV", 1)
        await pv.aput("CAM:cam1:Acquire", 1)
        assert await pv.aget("CAM:HDF1:NumCaptured_RBV") == 0
        await pv.aput("CAM:HDF1:Capture", 0, wait=False)
        await asyncio.wait_for(capturing, 3)

    pv.run(story())
    assert len(read(folder / "frames_0007.h5")) == 0
