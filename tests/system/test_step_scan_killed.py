"""A step scan whose process is killed goes on, with each point once in every column."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import lapwing
from lapwing.sim.beamline import Beamline
from lapwing.sim.sample import Sample

SCRIPT = Path(__file__).parent / "killed" / "steps.py"
LAPWING = str(Path(sys.executable).with_name("lapwing"))
NUM = 18


@pytest.fixture(scope="module")
def beamline():
    with Beamline.start(velocity=50.0, dwell=0.02) as beamline:
        yield beamline


def live(beamline, data_dir, *words, kill_at=None, chance=None):
    """Run a command; kill it a moment after a line, if one is given."""
    process = subprocess.Popen(
        [LAPWING, *map(str, words), "--data-dir", str(data_dir)],
        env={**os.environ, **beamline.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if kill_at is not None and line.startswith(kill_at):
                # A moment at random is what is tested: nothing could be waited for.
                time.sleep(chance.uniform(0.0, 0.04))
                process.send_signal(signal.SIGKILL)
                break
        rest, _ = process.communicate(timeout=40)
    finally:
        process.kill()
        process.wait()
    said = "".join(lines) + rest
    assert process.returncode == (0 if kill_at is None else -signal.SIGKILL), said
    return said


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
