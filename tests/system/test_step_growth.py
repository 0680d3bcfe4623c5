"""Scan after scan in one process: connections and memory stay as they are."""

import gc
import os
from pathlib import Path

import aioca
import pytest
from beamline_fixtures import start_beamline

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.epics import SIM_FIELDS, EpicsMotor, EpicsSignal, ca, pva
from lapwing.stepscan import Positioner, StepScan
from lapwing.stepscan.detectors import (
    AreaDetector,
    Electrometer,
    McaDetector,
    McsDetector,
    MultiMcaDetector,
    ScalerDetector,
    SimpleDetector,
)


@pytest.fixture(scope="module", autouse=True)
def beamline():
    with start_beamline(velocity=500.0, pva=True) as beamline:
        yield beamline


def make_scan(scheme, path):
    """Return a scan with one of each detector, all of them new."""
    at = f"{scheme}SIM:"
    detectors = [
        SimpleDetector(f"{at}TEMP1", "T"),
        ScalerDetector(f"{at}SCALER:", label="scaler"),
        McaDetector(f"{at}MCA:", label="mca", num_regions=0, spectrum=True),
        MultiMcaDetector(f"{at}MED:", label="med"),
        McsDetector(f"{at}MCS:", 10, names=["a", "b", "", ""], label="mcs"),
        AreaDetector(f"{at}CAM:", label="cam", file_path=path),
        Electrometer(f"{at}EM:", names=["c", "d"], label="em"),
    ]
    x = Positioner(f"{at}X", [0, 0.1], name="x", fields=SIM_FIELDS)
    return StepScan([x], detectors=detectors, dwell=0.002)


def in_use():
    """Return what could grow: our channels, libca's, and its monitors."""

    async def count():
        infos = aioca.get_channel_infos()
        return {
            "channels": len(ca.client()._channels),
            "pva channels": len(pva.client()._channels) if pva.in_use() else 0,
            "libca channels": len(infos),
            "monitors": sum(one.subscriber_count for one in infos),
        }

    gc.collect()
    device_loop.call(_nothing())  # what ended is closed in the loop
    return device_loop.call(count())


def num_sockets():
    """Return how many there are; libca opens some of its own after a while."""
    files = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return sum(os.readlink(one).startswith("socket:") for one in files)


async def _nothing():
    pass


def resident():
    """Return the memory of this process in MB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(number):
    return pytest.param(number, marks=pytest.mark.soak)


@pytest.mark.parametrize("num_scans", [4, soak(50)])
def test_scans_of_the_same_detectors_leave_nothing_behind(num_scans, tmp_path):
    RE = RunEngine({})
    scan = make_scan("", tmp_path)
    # What a busy machine finds late is there from the second scan on.
    warm_up = num_scans // 10 + 2
    for _ in range(warm_up):
        RE(scan.plan())
    before, memory, files = in_use(), resident(), num_sockets()
    for _ in range(num_scans - warm_up):
        RE(scan.plan())
    assert in_use() == before
    assert num_sockets() < files + 10
    assert resident() - memory < 10
    assert len(list(tmp_path.iterdir())) == num_scans


# One scan that leaves one channel behind is found as well as many.
@pytest.mark.parametrize("num_scans", [2, soak(11)])
@pytest.mark.parametrize("scheme", ["", "pva://"])
def test_detectors_made_anew_for_each_scan_take_their_connections_with_them(
    scheme, num_scans, tmp_path
):
    RE = RunEngine({})
    warm_up = (num_scans + 2) // 4
    for _ in range(warm_up):
        RE(make_scan(scheme, tmp_path).plan())
    before = in_use()
    for _ in range(num_scans - warm_up):
        RE(make_scan(scheme, tmp_path).plan())
    assert in_use() == before


def test_a_device_that_nobody_has_any_more_gives_its_connections_up():
    empty = in_use()
    motor = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
    device_loop.call(motor.connect())
    assert motor.position is not None
    assert in_use()["monitors"] > empty["monitors"]
    del motor
    assert in_use()["channels"] == empty["channels"]
    assert in_use()["monitors"] == empty["monitors"]


def test_a_device_that_is_watched_is_kept():
    empty = in_use()
    heard = []

    async def watch():
        signal = EpicsSignal("SIM:TEMP1", "T")
        await signal.connect()
        signal.subscribe(heard.append)

    device_loop.call(watch())
    assert in_use()["channels"] == empty["channels"] + 2
