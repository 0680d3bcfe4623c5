"""SPEC's commands on the simulated beamline: what they do and show, killed and not."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lapwing
from lapwing.data.text import read_text
from lapwing.sim.beamline import Beamline

PROMPT = str(Path(__file__).parent / "killed" / "spec.py")


@pytest.fixture(scope="module")
def beamline():
    with Beamline.start(velocity=2.0, noise=False) as one:
        yield one


def start(beamline, data_dir, what, **options):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
    return subprocess.Popen(
        [sys.executable, PROMPT, str(data_dir), what],
        env={**kept, **beamline.environment, "TERM": "xterm"},
        **options,
    )


def piped(beamline, data_dir, what):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return start(beamline, data_dir, what, **options)


@pytest.mark.timeout(120)
def test_a_relative_scan_that_was_killed_goes_on_about_the_same_place(
    beamline, tmp_path
):
    process = piped(beamline, tmp_path, "scan")
    for line in process.stdout:
        if re.match(r" +12 +\d\d:", line):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL

    process = piped(beamline, tmp_path, "go on")
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said

    typed = r"go on: RE.resume_from\(1, spec.plans.dscan\(x, -2, 2, 40, 0.03\)\)"
    assert re.search(typed, said), said
    (run,) = lapwing.catalogue(tmp_path)
    assert run.status == "success"
    (path,) = tmp_path.glob("2*/*/*/*.dat")
    text = read_text(path)
    assert text["seq_num"].tolist() == list(range(1, 42))
    np.testing.assert_allclose(text["x"], 1 + np.linspace(-2, 2, 41), atol=1e-9)
    # Behind the scan it stands where it stood before.
    assert re.search(r"^x +1\.0000 ", said, re.MULTILINE), said


@pytest.mark.timeout(120)
def test_a_prompt_shows_counts_motors_on_their_way_and_peaks(beamline, tmp_path):
    ours, theirs = pty.openpty()
    process = start(beamline, tmp_path, "all", stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # it has ended
        pass
    finally:
        os.close(ours)
        process.wait(timeout=100)
    text = said.decode()
    assert process.returncode == 0, text
    assert re.search(r"counts  \d+", text)
    on_the_way = [float(found) for found in re.findall(r"\rx (-?[\d.]+) mm", text)]
    assert any(1.0 < position < 3.0 for position in on_the_way), text
    assert "x 3.0000 mm\r\n" in text
    assert re.search(r"(peak|dip) of counts at x = ", text)
    runs = list(lapwing.catalogue(tmp_path))
    assert [run.start["plan_name"] for run in runs] == ["lup", "mesh"]
    assert runs[1].start["shape"] == [2, 3]
