"""Devices of other packages, each kind in a process of its own.

The scripts are pytest modules, but not collected: ophyd and ophyd-async read their
environment when they are imported, and ``import bluesky`` means Lapwing's stand-in in
some of them. A script starts what it needs and ends it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"
ROOT = SCRIPTS.parents[2]
MODULES = {
    "classic_epics": "ophyd's EPICS devices, over pyepics",
}


def run_in_own_process(*command: str, timeout: float) -> str:
    """Run a command of this Python's; its output, which is shown if it fails."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        timeout=timeout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.timeout(100)
def test_devices_of_other_packages_work(module):
    script = str(SCRIPTS / f"{module}.py")
    quiet = ["-q", "-p", "no:cacheprovider", "--timeout=20"]
    told = run_in_own_process("-m", "pytest", script, *quiet, timeout=90)
    assert " passed" in told
    assert "skipped" not in told
