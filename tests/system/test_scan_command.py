"""``lapwing scan`` on the simulated beamline, in processes of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from kit import Stopwatch

import lapwing
from lapwing.data.text import read_text
from lapwing.sim.beamline import Beamline

LAPWING = str(Path(sys.executable).with_name("lapwing"))
MESH = """\
name: map
mesh:
  outer: {pv: "SIM:Y", name: y, positions: {start: 0, stop: 1, num: 6}, fields: sim}
  inner: {pv: "SIM:X", name: x, positions: {start: 0, stop: 1, num: 7}, fields: sim}
  snake: true
detectors:
  - trigger: SIM:DET:TRIG
    counters: [{pv: SIM:DET:COUNTS, label: counts}, SIM:DET:SPECTRUM]
    dwell: SIM:DET:DWELL
    label: det
extra_pvs: {centre: SIM:TRUTH:CENTRE}
dwell: 0.05
"""
NUM = 42


@pytest.fixture(scope="module")
def beamline():
    with Beamline.start(velocity=50.0, noise=False) as one:
        yield one


@pytest.fixture
def start(beamline, tmp_path):
    processes = []

    def run(*words):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
        process = subprocess.Popen(
            [LAPWING, *words],
            env={**kept, **beamline.environment},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    (tmp_path / "map.yaml").write_text(MESH)
    yield run
    for process in processes:
        process.kill()
        process.communicate()


def said(process, expect=0):
    out, _ = process.communicate(timeout=100)
    assert process.returncode == expect, out
    return out


def the_only(folder, ending):
    (path,) = folder.glob(f"lapwing-data/2*/*/*/*{ending}")
    return path


def require_each_point_once(folder):
    """HDF5 and text file have all points, and the same numbers."""
    text = read_text(the_only(folder, ".dat"))
    assert text["seq_num"].tolist() == list(range(1, NUM + 1))
    assert text.stop["exit_status"] == "success"
    ends = [block.num_points for block in text.extra_pvs]
    assert ends == [0, 7, 14, 21, 28, 35, 42]
    assert {block.values["centre"] for block in text.extra_pvs} == {0.73}
    with h5py.File(the_only(folder, ".h5")) as file:
        data = file["entry/primary/data"]
        assert file["entry/primary/seq_num"][()].tolist() == list(range(1, NUM + 1))
        for name in ("x", "y", "counts"):
            np.testing.assert_array_equal(data[name][()], text[name])
        spectra = data["SIM_DET_SPECTRUM"][()]
    np.testing.assert_array_equal(text.arrays["SIM_DET_SPECTRUM"].read(), spectra)
    row = np.linspace(0, 1, 7)
    snake = np.concatenate([row, row[::-1]] * 3)
    np.testing.assert_allclose(text["x"], snake, atol=1e-9)
    np.testing.assert_allclose(text["y"], np.repeat(np.linspace(0, 1, 6), 7), atol=1e-9)
    return text


def test_a_scan_is_run_from_its_file_with_table_and_both_files(start, tmp_path):
    out = said(start("scan", "run", "map.yaml"))

    text = require_each_point_once(tmp_path)
    assert re.search(r"map: 42 points, about \d+\.\d s", out)
    assert re.search(r"moves +SIM:X +along the peak +0 to 1 mm, limits -10 to 10", out)
    assert f"data: {the_only(tmp_path, '.h5').relative_to(tmp_path)}" in out
    assert f"text: {the_only(tmp_path, '.dat').relative_to(tmp_path)}" in out
    assert text.columns["x"].pv == "SIM:X:RBV"
    assert text.columns["x"].title == "along the peak"
    assert text.columns["x"].units == "mm"
    (run,) = lapwing.catalogue(tmp_path / "lapwing-data")
    start_doc = run.metadata["start"]
    assert start_doc["shape"] == [6, 7]
    assert start_doc["snaking"] == [False, True]
    dimensions = start_doc["hints"]["dimensions"]
    assert [list(names) for names, _ in dimensions] == [["y"], ["x"]]


@pytest.mark.timeout(120)
def test_a_killed_scan_goes_on_with_each_point_once_in_both_files(start, tmp_path):
    process = start("scan", "run", "map.yaml")
    for line in process.stdout:
        if re.match(r" +17 +\d", line):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL

    out = said(start("resume", "--yes"))

    assert ">>> lapwing scan run map.yaml" in out
    assert re.search(r"scan 1 \(step_scan\) goes on after point \d+ of 42", out)
    require_each_point_once(tmp_path)


@pytest.mark.timeout(120)
def test_a_killed_scan_whose_file_has_changed_is_not_mixed_up(start, tmp_path):
    process = start("scan", "run", "map.yaml")
    for line in process.stdout:
        if re.match(r" +10 +\d", line):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)
    changed = MESH.replace("stop: 1, num: 7", "stop: 2, num: 7")
    (tmp_path / "map.yaml").write_text(changed)

    out = said(start("resume", "--yes"), expect=1)

    assert "map.yaml has changed since" in out
    assert "ReplayMismatchError: " in out
    (run,) = lapwing.catalogue(tmp_path / "lapwing-data")
    assert run.status == "abort"
    text = read_text(the_only(tmp_path, ".dat"))
    assert text["x"].max() <= 1.0
    assert text.stop["exit_status"] == "abort"


@pytest.mark.timeout(120)
def test_the_text_file_of_a_killed_scan_is_ended_when_it_is_closed(start, tmp_path):
    process = start("scan", "run", "map.yaml")
    for line in process.stdout:
        if re.match(r" +5 +\d", line):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)

    said(start("resume", "--close"))

    text = read_text(the_only(tmp_path, ".dat"))
    assert text.stop["exit_status"] == "abort"
    assert text.num_points >= 4  # the fifth was shown at once, and may be lost
    assert said(start("scan", "check", "map.yaml")).endswith("nothing found\n")


def test_a_scan_may_be_repeated(start, tmp_path):
    (tmp_path / "map.yaml").write_text("npts: 2\ncounters: [SIM:X:RBV]\nrepeat: 2\n")
    said(start("scan", "run", "--yes", "map.yaml"))
    assert len(list(tmp_path.glob("lapwing-data/2*/*/*/*.h5"))) == 2
    for path in tmp_path.glob("lapwing-data/2*/*/*/*.dat"):
        assert read_text(path).num_points == 2


def test_what_is_wrong_at_the_beamline_is_found_and_nothing_moves(start, tmp_path):
    text = MESH.replace("stop: 1, num: 6", "stop: 11, num: 6")
    (tmp_path / "map.yaml").write_text(text)
    out = said(start("scan", "check", "map.yaml"), expect=1)
    assert "motor y: 11 mm is above the high limit 10 mm (SIM:Y:HLM)" in out
    out = said(start("scan", "run", "map.yaml"), expect=1)
    assert "LimitError: motor y: 11 mm is above the high limit 10 mm" in out
    assert not list(tmp_path.glob("lapwing-data/2*/*/*/*.dat"))

    (tmp_path / "map.yaml").write_text(
        MESH.replace("SIM:TRUTH:CENTRE", "SIM:NO:SUCH").replace("COUNTS", "NOR:THIS")
    )
    watch = Stopwatch()
    out = said(start("scan", "check", "--timeout", "1", "map.yaml"), expect=1)
    assert "SIM:NO:SUCH" in out
    assert "SIM:DET:NOR:THIS" in out
    assert watch.seconds < 20

    (tmp_path / "map.yaml").write_text(MESH.replace("name: x,", "name: x, units: deg,"))
    out = said(start("scan", "check", "map.yaml"), expect=1)
    assert "its unit is said to be 'deg', and SIM:X says 'mm'" in out


def test_the_estimate_knows_the_velocity_of_motors(start, tmp_path):
    text = MESH.replace("stop: 1, num: 7", "stop: 10, num: 2")
    (tmp_path / "map.yaml").write_text(text)
    seconds = []
    for words in ([], ["--offline"]):
        out = said(start("scan", "estimate", *words, "map.yaml"))
        seconds.append(float(re.search(r"about ([\d.]+) s", out)[1]))
    with_moves, without = seconds
    assert 1.0 < with_moves - without < 2.0  # 6 rows of 10 mm at 50 mm/s, and more
