"""A camera's live images: shown again after a scan whose process was killed."""

import time
from pathlib import Path

import pytest
from beamline_fixtures import start_beamline
from killed_commands import live

import lapwing
from lapwing.stepscan import Counter, Positioner, Trigger

SCRIPT = Path(__file__).parent / "killed" / "camera.py"
ACQUIRE, MODE = "SIM:CAM:cam1:Acquire", "SIM:CAM:cam1:ImageMode"


@pytest.fixture(scope="module", autouse=True)
def beamline():
    with start_beamline(velocity=50.0, dwell=0.02) as beamline:
        yield beamline


def read(pv):
    return Counter(pv).read()


def choose(pv, choice):
    positioner = Positioner(pv, [choice])
    positioner.move_to_start()
    until(lambda: positioner.done)


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def show_live():
    choose(MODE, "Continuous")
    Trigger(ACQUIRE).start()
    until(lambda: read(ACQUIRE))


@pytest.fixture(autouse=True)
def nobody_looks():
    """Before each test and after it no live images are shown."""
    choose(MODE, "Single")
    yield
    trigger = Trigger(ACQUIRE, 0)
    trigger.start()
    until(lambda: trigger.done)
    choose(MODE, "Single")


@pytest.mark.timeout(120)
def test_live_images_are_shown_again_after_a_crash(beamline, tmp_path):
    show_live()
    live(beamline, tmp_path, "run", SCRIPT, kill_at="POINT 2\n")
    until(lambda: not read(ACQUIRE))  # the process that died has stopped them
    said = live(beamline, tmp_path, "resume", "--yes")
    (run,) = lapwing.catalogue(tmp_path)
    assert run.status == "success", said
    assert len(run.primary.read()["x"]) == 4
    assert (read(ACQUIRE), read(MODE)) == (1, 2)
