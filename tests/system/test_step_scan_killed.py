"""A step scan whose process is killed goes on, with each point once in every column."""

import random
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from killed_commands import live

import lapwing
from lapwing.sim.beamline import Beamline
from lapwing.sim.sample import Sample

SCRIPT = Path(__file__).parent / "killed" / "steps.py"
NUM = 18


@pytest.fixture(scope="module")
def beamline():
    with Beamline.start(velocity=50.0, dwell=0.02) as beamline:
        yield beamline


@pytest.mark.timeout(120)
@pytest.mark.parametrize("at", ["POINT 5", "BREAK 12", "POINT 17", "BEFORE"])
def test_a_killed_step_scan_goes_on(at, beamline, tmp_path):
    chance = random.Random(at)
    live(beamline, tmp_path, "run", SCRIPT, kill_at=f"{at}\n", chance=chance)
    said = live(beamline, tmp_path, "resume", "--yes")
    (run,) = lapwing.catalogue(tmp_path)
    assert run.status == "success", said
    data = run.primary.read()
    assert len(data["x"]) == NUM
    sample = Sample()
    for i in range(NUM):
        place = (data["x"][i], data["y"][i], 0.02)
        assert data["counts"][i] == sample.counts(*place, noise=False)
        assert np.array_equal(data["spectrum"][i], sample.spectrum(*place, noise=False))
    assert data["x"][:12] == pytest.approx(
        [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0]
    )
    assert len(run["extra_pvs"].read()["SIM_TEMP1"]) == 4
    if at != "BEFORE":
        # What was there before the process that died, not what that one had set. One
        # that died before the first checkpoint is done anew, as if it had not been.
        assert "NOISE {} 1" in said
    # Who hears of points hears of those that were taken before, too.
    (after,) = re.findall(r"AFTER (\[.*\])", said)
    assert after == str(list(range(1, NUM + 1)))
    (file,) = tmp_path.glob("**/*.h5")
    with h5py.File(file) as stored:
        assert stored["entry/primary/data/counts"].shape == (NUM,)
