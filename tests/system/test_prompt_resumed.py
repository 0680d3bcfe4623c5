"""A prompt whose process was killed: what a next one tells of it, and goes on with."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

import lapwing
from lapwing.devices import SoftDetector, SoftMotor
from lapwing.errors import (
    ReplayMismatchError,
    ResumeError,
    RunEngineInterrupted,
    StateError,
)
from lapwing.plan_stubs import null, pause
from lapwing.plans import count, scan
from lapwing.preprocessors import plan_mutator

PROMPT = Path(__file__).parent / "killed" / "prompt.py"
LAPWING = str(Path(sys.executable).with_name("lapwing"))


def kill_a_prompt(data_dir, after=8):
    """Start a scan of 21 points, and kill it behind one of them."""
    process = subprocess.Popen(
        [sys.executable, str(PROMPT), str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in process.stdout:
        if re.match(rf" +{after} +\d\d:", line):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL


def devices():
    x = SoftMotor("x", velocity=100.0)
    return x, SoftDetector("det", lambda: 100 * x.position)


@pytest.fixture
def data_dir(tmp_path):
    kill_a_prompt(tmp_path)
    return tmp_path


def null_of(*devices):
    yield from null()


def begin(data_dir, **environ):
    variables = {f"LAPWING_{key.upper()}": value for key, value in environ.items()}
    return lapwing.session(data_dir, environ=variables, progress=False)


def in_file(path):
    with h5py.File(path) as file:
        primary = file["entry/primary"]
        return list(primary["seq_num"]), list(primary["data/det"])


def whole(path):
    assert in_file(path) == (list(range(1, 22)), [50.0 * n for n in range(21)])


def test_a_scan_of_a_prompt_goes_on_in_its_own_run_and_file(data_dir, capsys):
    x, det = devices()
    with begin(data_dir) as session:
        said = capsys.readouterr().out
        told = r"unfinished: scan \(scan 1, (\d+) of 21 points\); go on: (.*)"
        taken, typed = re.search(told, said).groups()
        assert typed == "RE.resume_from(1, scan([det], x, 0, 10, 21))"

        (uid,) = session.RE.resume_from(1, scan([det], x, 0, 10, 21), yes=True)

        said = capsys.readouterr().out
        assert f"scan 1 (scan) goes on after point {taken} of 21" in said
        assert f"1 to {taken} were taken before" in said
        whole(session.file_of(uid))
        assert session.unfinished() == []
        (other,) = session.RE(count([det], 2))

    first, second = lapwing.catalogue(data_dir)
    assert [run.uid for run in (first, second)] == [uid, other]
    assert first.status == "success"
    assert first.start["sample"] == "gold"
    assert second.scan_id == 2
    assert first.directory != second.directory
    files = sorted(path.name[:12] for path in data_dir.rglob("*.h5"))
    assert files == ["000001_scan_", "000002_count"]


def test_a_call_that_goes_on_may_be_paused_and_gone_on_with(data_dir):
    x, det = devices()

    def pausing(msg):
        if msg.command == "set" and msg.args[0] == 9.0:
            return None, pause()
        return None, None

    with begin(data_dir) as session:
        RE = session.RE
        RE.preprocessors.append(lambda plan: plan_mutator(plan, pausing))
        with pytest.raises(RunEngineInterrupted):
            RE.resume_from("1", scan([det], x, 0, 10, 21), yes=True)
        assert RE.engine.recorder is not session.journal.transcript
        (uid,) = RE.resume()
        assert RE.engine.recorder is session.journal.transcript
        whole(session.file_of(uid))


def test_a_no_leaves_it_as_it_was(data_dir, monkeypatch, capsys):
    x, det = devices()
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    with begin(data_dir) as session:
        with pytest.raises(ResumeError, match="not agreed"):
            session.RE.resume_from(1, scan([det], x, 0, 10, 21))
        assert "Go on? [y/N]" in capsys.readouterr().out
        assert x.position == 0.0
        (left,) = session.unfinished()
        assert left.is_open
        session.RE(count([det]))  # goes into the session's own journal
        session.RE.resume_from(1, scan([det], x, 0, 10, 21), yes=True)
    assert [run.status for run in lapwing.catalogue(data_dir)] == ["success"] * 2


def test_another_plan_closes_the_run_with_both_sides_in_its_reason(data_dir):
    x, det = devices()
    with begin(data_dir) as session:
        with pytest.raises(ResumeError, match=r"0, 10, 21\), and this is .*0, 12, 21"):
            session.RE.resume_from(1, scan([det], x, 0, 12, 21), yes=True)
        assert len(session.unfinished()) == 1
        with pytest.raises(ReplayMismatchError):
            session.RE.resume_from(1, iter(scan([det], x, 0, 12, 21)), yes=True)
        assert session.unfinished() == []
    (run,) = lapwing.catalogue(data_dir)
    assert run.status == "abort"
    assert re.search(r"was open_run.*0, 10\].* is now .*0, 12\]", run.stop["reason"])
    with h5py.File(run.file) as file:
        assert file["entry/exit_status"].asstr()[()] == "abort"


def test_what_is_not_there_or_is_not_at_an_end_is_refused(data_dir):
    with begin(data_dir) as session:
        with pytest.raises(StateError, match="nothing that is unfinished goes by '7'"):
            session.RE.resume_from(7, count([]))
        with begin(data_dir) as other:
            x, det = devices()
            taken = other.RE.take_up(1, None, True)
            with pytest.raises(StateError, match=rf"in process {os.getpid()} on "):
                session.RE.resume_from(1, scan([det], x, 0, 10, 21))
            taken.give_back()
        assert session.RE.engine.recorder is session.journal.transcript


def test_it_is_closed_by_hand_or_by_a_setting_and_its_file_finished(data_dir, capsys):
    with begin(data_dir, unfinished="leave") as session:
        assert "unfinished" not in capsys.readouterr().out
        (uid,) = session.close_unfinished(1)
        session.feeds.catch_up(30)
    (run,) = lapwing.catalogue(data_dir)
    assert (run.uid, run.status) == (uid, "abort")
    with h5py.File(run.file) as file:
        assert file["entry/exit_status"].asstr()[()] == "abort"

    kill_a_prompt(data_dir)
    with begin(data_dir, unfinished="close") as session:
        assert re.search(r"closed: scan \(scan 2, .* points\)", capsys.readouterr().out)
        session.feeds.catch_up(30)
    assert [run.status for run in lapwing.catalogue(data_dir)] == ["abort"] * 2


def test_the_command_says_what_to_type_at_a_prompt(data_dir):
    said = subprocess.run(
        [LAPWING, "resume", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    assert "  RE.resume_from(1, scan([det], x, 0, 10, 21))\n" in said


def test_a_call_that_cannot_be_resumed_is_told_at_its_start(tmp_path, capsys):
    with begin(tmp_path) as session:
        session.RE(count([SoftDetector("det")]))
        assert "cannot be resumed" not in capsys.readouterr().out
        x, twin = SoftMotor("x"), SoftMotor("x")
        session.RE(null_of(x, twin))
        said = "cannot be resumed after a crash: two of its devices are named 'x'"
        assert said in capsys.readouterr().out
