"""The command ``lapwing``, as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import h5py
import pytest
from nexusformat.nexus import nxload

LAPWING = [str(Path(sys.executable).with_name("lapwing"))]


def environment(**variables):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
    return {**kept, **variables}


def lapwing(*args, cwd, expect=0, env=None):
    done = subprocess.run(
        [*LAPWING, *map(str, args)],
        cwd=cwd,
        env=env or environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("demo")
    out, _ = lapwing("demo", "--points", 41, "--side", 5, cwd=cwd)
    return cwd, out


def test_the_demo_finds_the_centre_within_one_percent(demo):
    _, out = demo
    centre = float(re.search(r"centre of the peak +x = ([-\d.]+) mm", out)[1])
    assert abs(centre - 0.73) < 0.1


def test_the_demo_leaves_two_files_whose_default_plot_opens_and_two_pictures(demo):
    cwd, out = demo
    files = sorted(cwd.glob("lapwing-data/*/*/*/*.h5"))
    assert [f.name[:11] for f in files] == ["000001_scan", "000002_grid"]
    shapes = []
    for file in files:
        assert str(file.relative_to(cwd)) in out
        assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        plot = nxload(str(file)).get_default()
        shapes.append(plot.nxsignal.shape)
        assert all(axis.units == "mm" for axis in plot.nxaxes)
    assert shapes == [(41,), (5, 5)]


def test_the_demo_shows_table_and_peak(demo):
    _, out = demo
    assert re.search(r"seq_num +time +x +det_counts", out)
    assert "FWHM" in out


SCRIPT = """
    import sys
    from lapwing import Msg
    from lapwing.devices.soft import SoftDetector, SoftMotor
    from lapwing.plans import count, scan

    x = SoftMotor("x", limits=(-1, 1))
    det = SoftDetector("det", lambda x: x, [x])
"""


def script(tmp_path, text):
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(SCRIPT) + textwrap.dedent(text))
    return file


def test_run_gives_a_script_an_engine_and_its_arguments(tmp_path):
    file = script(tmp_path, "RE(scan([det], x, -1, 1, int(sys.argv[1])))")
    out, _ = lapwing("run", file, 7, cwd=tmp_path)
    assert "scan 1: success, 7 points" in out
    assert len(list(tmp_path.glob("lapwing-data/*/*/*/000001_scan_*.h5"))) == 1


def test_run_tells_an_error_in_one_line_with_the_place_in_the_script(tmp_path):
    file = script(tmp_path, "RE(scan([det], x, -1, 5, 7))")
    _, err = lapwing("run", file, cwd=tmp_path, expect=1)
    assert re.search(r"script\.py, line \d+: LimitError: .*5 mm is above", err)
    assert "Traceback" not in err


@pytest.mark.parametrize("text", ["def f():\n    1 / 0\nf()", "x = (\n"])
def test_run_shows_another_error_as_python_would(text, tmp_path):
    file = script(tmp_path, text)
    _, err = lapwing("run", file, cwd=tmp_path, expect=1)
    plain = subprocess.run(
        [sys.executable, str(file)], cwd=tmp_path, capture_output=True, text=True
    )
    assert err == plain.stderr


def test_a_pause_with_nobody_to_ask_aborts_and_the_file_is_whole(tmp_path):
    file = script(
        tmp_path,
        """
        def plan():
            yield Msg("open_run", plan_name="mine")
            yield Msg("checkpoint")
            yield Msg("pause")
            yield Msg("close_run")

        RE(plan())
        """,
    )
    out, err = lapwing("run", file, cwd=tmp_path, expect=1)
    assert "Nobody is here to be asked" in out
    assert "ended: abort" in err
    (path,) = tmp_path.glob("lapwing-data/*/*/*/000001_mine_*.h5")
    with h5py.File(path) as data:
        assert data["entry/exit_status"][()].decode() == "abort"


def test_sim_says_how_to_reach_it_and_ends_with_ctrl_c(tmp_path):
    with subprocess.Popen(
        [*LAPWING, "sim"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        # As at a terminal: what a shell runs in the background ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            lines = iter(process.stdout.readline, "")
            variables = {}
            for line in lines:
                if match := re.match(r"  export (\w+)=(\S+)", line):
                    variables[match[1]] = match[2].strip('"')
                elif "lapwing run" in line:
                    break
            assert variables["EPICS_CA_NAME_SERVERS"].startswith("127.0.0.1:")
            example = Path(__file__).parents[2] / "examples" / "peak.py"
            out, _ = lapwing("run", example, cwd=tmp_path, env=environment(**variables))
            assert "the centre is at 0.7" in out
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_an_unknown_command_is_refused(tmp_path):
    _, err = lapwing("dance", cwd=tmp_path, expect=2)
    assert "No such command 'dance'" in err


def test_a_process_that_is_told_to_end_stops_what_moves_and_closes_the_file(tmp_path):
    file = script(
        tmp_path,
        """
        slow = SoftMotor("slow", velocity=0.1)
        stop = slow.stop
        slow.stop = lambda success=True: (print("stopped"), stop(success))
        print("moving", flush=True)
        RE(scan([det], slow, 1, 2, 2))
        """,
    )
    with subprocess.Popen(
        [*LAPWING, "run", str(file)],
        cwd=tmp_path,
        env=environment(PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            told = ""
            while "moving" not in told:
                told += process.stdout.readline()
            while not list(tmp_path.glob("lapwing-data/*/*/*/*.h5")):
                assert process.poll() is None
            process.terminate()
            told += process.communicate(timeout=20)[0]
        finally:
            process.kill()
    assert "stopped" in told
    (path,) = tmp_path.glob("lapwing-data/*/*/*/*.h5")
    with h5py.File(path) as data:
        assert data["entry/exit_status"][()].decode() == "abort"
