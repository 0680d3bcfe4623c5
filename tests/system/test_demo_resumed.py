"""The demo, killed in the middle of its grid and resumed, as a person would do it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import lapwing

LAPWING = str(Path(sys.executable).with_name("lapwing"))
SIDE = 7


def environment():
    mine = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
    # A machine that does much else may stand still for seconds; that is no fault.
    return mine | {"LAPWING_CONNECT_TIMEOUT": "30", "LAPWING_EPICS_TIMEOUT": "20"}


def start(cwd, *words):
    return subprocess.Popen(
        [LAPWING, *words],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lapwing_says(cwd, *words):
    process = start(cwd, *words)
    out, _ = process.communicate(timeout=110)
    return process.returncode, out


def kill_in_mid_grid(cwd):
    """Start the demo, and kill it when the grid has some points."""
    process = start(cwd, "demo", "--points", "21", "--side", str(SIDE))
    said = []
    for line in process.stdout:
        said.append(line)
        grid = any("RE(grid_scan" in one for one in said)
        if grid and re.match(r" +10  ", line):
            process.send_signal(signal.SIGKILL)
            break
    rest, _ = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL, "".join([*said, rest])


@pytest.mark.timeout(240)
def test_a_demo_that_was_killed_in_its_grid_goes_on_and_has_each_point_once(tmp_path):
    kill_in_mid_grid(tmp_path)

    # Nobody is here to be asked: nothing is moved, all stays as it is.
    status, said = lapwing_says(tmp_path, "resume")
    assert status == 1, said
    assert "Nobody is here to be asked" in said
    assert "the call stays open" in said

    status, said = lapwing_says(tmp_path, "resume", "--yes")

    assert status == 0, said
    assert ">>> lapwing demo --points 21 --side 7" in said
    taken = int(
        re.search(r"scan 2 \(grid_scan\) goes on after point (\d+) of 49", said)[1]
    )
    assert 9 <= taken < 49
    assert re.search(r"^  move y from 0 to -", said, re.MULTILINE)
    assert f"1 to {taken} were taken before" in said
    rows = [int(n) for n in re.findall(r"^ +(\d+) +\d\d:\d\d:\d\d", said, re.MULTILINE)]
    assert rows == list(range(taken + 1, 50))
    assert "RuntimeWarning" not in said
    assert "is not closed" not in said
    line, grid = lapwing.catalogue(tmp_path / "lapwing-data")
    assert [run.status for run in (line, grid)] == ["success", "success"]
    with h5py.File(grid.file) as file:
        primary = file["entry/primary"]
        assert list(primary["seq_num"]) == list(range(1, SIDE**2 + 1))
        places = zip(
            primary["data/x_user_setpoint"],
            primary["data/y_user_setpoint"],
            strict=True,
        )
        assert len(set(places)) == SIDE**2
        assert np.isfinite(file["entry/data/det_counts"][()]).all()
