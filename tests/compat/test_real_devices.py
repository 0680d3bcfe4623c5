"""Devices of other packages, each kind in a process of its own.

The scripts are pytest modules, but not collected: ophyd and ophyd-async read their
environment when they are imported, and ``import bluesky`` means Lapwing's stand-in in
some of them. A script starts what it needs and ends it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

SCRIPTS = Path(__file__).parent / "scripts"
ROOT = SCRIPTS.parents[2]
MODULES = {
    "classic_epics": "ophyd's EPICS devices, over pyepics",
    "async_devices": "ophyd-async's simulated devices, flying and stepping",
    "async_epics": "ophyd-async's EPICS devices, over aioca",
}


def run_in_own_process(*command: str, timeout: float) -> str:
    """Run a command of this Python's; its output, which is shown if it fails."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "agg"},
        timeout=timeout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.mark.parametrize("module", MODULES)
def test_devices_of_other_packages_work(module):
    script = str(SCRIPTS / f"{module}.py")
    quiet = ["-q", "-p", "no:cacheprovider", "--timeout=60"]
    told = run_in_own_process("-m", "pytest", script, *quiet, timeout=110)
    assert " passed" in told
    assert "skipped" not in told


def test_a_script_for_bluesky_runs_as_it_is(tmp_path):
    script, data = str(SCRIPTS / "startup.py"), tmp_path / "data"
    told = run_in_own_process(
        *("-c", "from lapwing.cli.main import main; main()"),
        *("run", "--compat", "--data-dir", str(data), script, str(tmp_path)),
        timeout=110,
    )
    assert "at the end idle 4" in told
    names = [json.loads(path.read_text().split("\n")[0]) for path in files(tmp_path)]
    assert len(names) == 4
    assert {doc["name"] for doc in names} == {"start"}
    frames = [path for path in tmp_path.glob("*.h5") if has_frames(path)]
    assert len(frames) == 1


def files(folder: Path) -> list[Path]:
    return list(folder.glob("*.jsonl"))


def has_frames(path: Path) -> bool:
    with h5py.File(path) as file:
        return any(len(one) == 4 for one in file["entry/data"].values())
