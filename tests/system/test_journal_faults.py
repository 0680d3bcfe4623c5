"""Faults, in real processes: what is lost (nothing) and what is said."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import h5py
import pytest

import lapwing

SCRIPT = Path(__file__).parent / "killed" / "faults.py"
LAPWING = str(Path(sys.executable).with_name("lapwing"))


def start(data_dir, *words, **variables):
    return subprocess.Popen(
        [LAPWING, *map(str, words), "--data-dir", str(data_dir)],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def says(data_dir, *words, expect=0, **variables):
    process = start(data_dir, *words, **variables)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == expect, said
    return said


def until(process, pattern):
    """Read lines up to one that is like this; return all."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if re.search(pattern, line):
            return "".join(lines)
    raise AssertionError("".join(lines))


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL


def kill_a_scan(data_dir, kind="scan", after=8, **variables):
    process = start(data_dir, "run", SCRIPT, kind, **variables)
    until(process, f"^HEARD {after}$")
    kill(process)


def only_run(data_dir):
    (run,) = lapwing.catalogue(data_dir)
    return run


def check_whole(run, wanted=41):
    """Each point is there once, in the run and in its file."""
    assert run.status == "success"
    numbers = [doc["seq_num"] for name, doc in run.documents() if name == "event"]
    assert numbers == list(range(1, wanted + 1))
    with h5py.File(run.file) as file:
        assert list(file["entry/primary/seq_num"]) == numbers
        expected = [25.0 * n for n in range(wanted)]
        assert list(file["entry/primary/data/det"]) == pytest.approx(expected)


def test_killed_again_while_it_is_replayed(tmp_path):
    kill_a_scan(tmp_path, after=20)
    for point in (3, 12):
        process = start(tmp_path, "resume", "--yes")
        until(process, f"^HEARD {point}$")
        kill(process)
    says(tmp_path, "resume", "--yes")
    check_whole(only_run(tmp_path))


def test_a_second_process_that_resumes_the_same_is_refused_with_the_firsts_pid(
    tmp_path,
):
    kill_a_scan(tmp_path, "slow")
    first = start(tmp_path, "resume", "--yes")
    until(first, "^HEARD 10$")
    first.send_signal(signal.SIGSTOP)  # so that it is not done before it is asked for
    refused = says(tmp_path, "resume", "1", "--yes", expect=1)
    assert re.search(rf"scan 1, .* goes on in process {first.pid} on ", refused)
    closing = says(tmp_path, "resume", "1", "--close", expect=1)
    assert f"in process {first.pid} on" in closing
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=100)
    assert first.returncode == 0
    check_whole(only_run(tmp_path))


def test_two_sessions_side_by_side_share_no_number_and_mix_no_runs(tmp_path):
    both = [start(tmp_path, "run", SCRIPT, "counts") for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said

    runs = list(lapwing.catalogue(tmp_path))

    assert sorted(run.scan_id for run in runs) == [1, 2, 3, 4, 5, 6]
    made = {(run.start["by"], run.start["number"]) for run in runs}
    assert made == {(p.pid, number) for p in both for number in range(3)}
    for run in runs:
        assert Counter(name for name, _ in run.documents())["event"] == 30
        own = {doc["uid"] for name, doc in run.documents() if name == "descriptor"}
        assert {
            doc["descriptor"] for name, doc in run.documents() if name == "event"
        } == own
        with h5py.File(run.file) as file:
            assert file["entry/metadata/start/by"][()] == run.start["by"]
            assert list(file["entry/primary/seq_num"]) == list(range(1, 31))


CLOCK = """
import time
real = time.time
time.time = lambda: real() - 86400
"""


def test_the_clock_may_have_gone_back_between_two_lives(tmp_path):
    (tmp_path / "yesterday").mkdir()
    (tmp_path / "yesterday" / "sitecustomize.py").write_text(CLOCK)
    yesterday = {"PYTHONPATH": str(tmp_path / "yesterday")}
    data_dir = tmp_path / "data"
    kill_a_scan(data_dir)

    says(data_dir, "resume", "--yes", **yesterday)

    run = only_run(data_dir)
    check_whole(run)
    assert run.stop["time"] < run.start["time"]
    says(data_dir, "run", SCRIPT, "sink", **yesterday)
    first, second = lapwing.catalogue(data_dir)
    assert (first.scan_id, second.scan_id) == (2, 1)  # they are listed by their times


def test_a_sink_that_always_raises_holds_nothing_up_and_is_shown(tmp_path):
    said = says(tmp_path, "run", SCRIPT, "sink")
    assert "success, 50 points" in said
    assert only_run(tmp_path).status == "success"
    shown = says(tmp_path, "sinks")
    assert re.search(r"^broken +\S+ +[1-9]", shown, re.MULTILINE)
    assert "RuntimeError: no start is welcome" in shown
    assert re.search(r"^hdf5 +(\S+ +0|1 read to the end)", shown, re.MULTILINE)


def test_a_plan_that_is_left_to_chance_is_closed_with_both_sides(tmp_path):
    kill_a_scan(tmp_path, "wandering")

    said = says(tmp_path, "resume", "--yes", expect=1)

    assert "ReplayMismatchError" in said
    run = only_run(tmp_path)
    assert run.status == "abort"
    told = r"message \d+ of the plan was set\(x, 0\.\d+.* is now set\(x, 0\.\d+"
    assert re.search(told, run.stop["reason"])
    with h5py.File(run.file) as file:
        assert file["entry/exit_status"].asstr()[()] == "abort"
        assert re.search(told, file["entry/metadata/stop/reason"].asstr()[()])
        count = len(file["entry/primary/seq_num"])
        assert count == run.stop["num_events"]["primary"] >= 7
    assert "Nothing was left unfinished, in" in says(tmp_path, "resume")


def test_an_answer_of_no_at_a_terminal_leaves_all_as_it_was(tmp_path):
    kill_a_scan(tmp_path)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [LAPWING, "resume", "--data-dir", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        said += read_until(ours, b"Go on? [y/N]")
        os.write(ours, b"n\n")
        said += read_until(ours, b"stays open")
        assert process.wait(timeout=20) == 1
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"move x from 0 to" in said
    assert only_run(tmp_path).status == "interrupted"
    says(tmp_path, "resume", "--yes")
    check_whole(only_run(tmp_path))


def read_until(fd, wanted, limit=20.0):
    text, deadline = b"", time.monotonic() + limit
    while wanted not in text:
        left = deadline - time.monotonic()
        assert left > 0, text
        if select.select([fd], [], [], left)[0]:
            text += os.read(fd, 4096)
    return text
