"""A motor that goes on moving when the process that moved it is dead."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import lapwing
from lapwing.sim.beamline import Beamline

KILLED = Path(__file__).parent / "killed"
LAPWING = str(Path(sys.executable).with_name("lapwing"))
MOVE = """
from lapwing.epics import SIM_FIELDS, EpicsMotor, EpicsSignal
from lapwing.plan_stubs import mv, stop

x = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
stall = EpicsSignal("SIM:X:STALL", "stall")
session.connect(x, stall)
RE(stop(x))
RE(mv(stall, 0))
RE(mv(x, 0.5))
"""


@pytest.fixture(scope="module")
def beamline():
    with Beamline.start(velocity=1.0, noise=False) as one:
        yield one


def start(beamline, data_dir, *words, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
    return subprocess.Popen(
        [LAPWING, *map(str, words), "--data-dir", str(data_dir)],
        env={**kept, **beamline.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def says(beamline, data_dir, *words):
    process = start(beamline, data_dir, *words)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said
    return said


def kill_on_the_way(beamline, data_dir):
    process = start(beamline, data_dir, "run", KILLED / "far.py", HOLD="1")
    for line in process.stdout:
        if line.startswith("MOVING"):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.timeout(120)
def test_a_motor_that_still_moves_is_seen_first_and_stopped(beamline, tmp_path):
    kill_on_the_way(beamline, tmp_path)

    said = says(beamline, tmp_path, "resume", "--yes")

    preview = said[said.index("goes on after point 1 of 2") :].splitlines()
    assert preview[1] == "  stop, for it moves now: x"
    assert re.match(r"  move x from [1-7]\.\d+ to 0 mm", preview[2])
    (run,) = lapwing.catalogue(tmp_path)
    assert run.status == "success"
    assert [float(v) for v in run.primary.read()["x"]] == [0.0, 8.0]


@pytest.mark.timeout(120)
def test_a_motor_that_somebody_moved_is_shown_and_moved_back(beamline, tmp_path):
    data_dir, others = tmp_path / "data", tmp_path / "others"
    kill_on_the_way(beamline, data_dir)
    (tmp_path / "move.py").write_text(MOVE)
    says(beamline, others, "run", tmp_path / "move.py")

    said = says(beamline, data_dir, "resume", "--yes")

    assert "moves now" not in said
    assert "  move x from 0.5 to 0 mm\n" in said
    (run,) = lapwing.catalogue(data_dir)
    assert [float(v) for v in run.primary.read()["x"]] == [0.0, 8.0]
