"""Scans whose process is killed with signal 9, again and again, and resumed."""

import itertools
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lapwing
from lapwing.data.live import documents_of
from lapwing.journal.directories import directories
from lapwing.journal.past import past_calls

SCRIPT = Path(__file__).parent / "killed" / "scans.py"
KINDS = [
    "scan",
    "rel_scan",
    "count",
    "grid",
    "interleaved",
    "monitored",
    "paused",
    "suspended",
]
LIMIT = 40.0


def start(*args):
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("lapwing")), *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def live_once(data_dir, kill_after, *kinds):
    """Live, for a time after the scan has begun; return whether it was killed."""
    began = any(past_calls(one) for one in directories(data_dir))
    verb = ["resume", "--yes"] if began else ["run", SCRIPT, *kinds]
    process = start(*verb, "--data-dir", data_dir)
    words = []
    try:
        for line in process.stdout:
            words.append(line)
            if line.startswith("READY"):
                break
        if kill_after is not None:
            # A moment at random is what is tested: nothing could be waited for.
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
        process.wait()
    if process.returncode == -signal.SIGKILL:
        return True
    assert process.returncode == 0, "".join(words) + rest
    return False


def points(documents, of_stream="primary"):
    """Return seq_num and data of each event of a stream; the last of a number."""
    wanted, found = set(), {}
    for name, doc in documents:
        if name == "descriptor" and doc["name"] == of_stream:
            wanted.add(doc["uid"])
        if name == "event" and doc["descriptor"] in wanted:
            found[doc["seq_num"]] = doc["data"]
    return found


def check(run, reference):
    """A run that was killed has all that one has which was not, and only once."""
    names = [name for name, _ in run]
    assert names.count("start") == names.count("stop") == 1
    assert names[0] == "start"
    assert names[-1] == "stop"
    stop = run[-1][1]
    assert stop["exit_status"] == "success"
    mine, other = points(run), points(reference)
    assert mine == other
    assert list(mine) == list(range(1, len(mine) + 1))
    assert stop["num_events"]["primary"] == len(mine)
    descriptors = [doc["name"] for name, doc in run if name == "descriptor"]
    assert len(descriptors) == len(set(descriptors))


def runs_of(data_dir):
    return [list(run.documents()) for run in lapwing.catalogue(data_dir)]


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    """The runs of each kind when nobody kills it; one process makes all."""
    data_dir = tmp_path_factory.mktemp("whole")
    live_once(data_dir, None, *KINDS)
    runs = runs_of(data_dir)
    return {kind: [run for run in runs if run[0][1]["kind"] == kind] for kind in KINDS}


def kill_and_compare(root, kind, kills, chance, reference):
    """Kill scans until there were so many kills, and compare what came of each."""
    killed = 0
    for number in itertools.count():
        data_dir = root / str(number)
        data_dir.mkdir()
        while killed < kills and live_once(data_dir, chance.uniform(0.0, 0.8), kind):
            killed += 1
        live_once(data_dir, None, kind)
        compare(data_dir, reference)
        if killed == kills:
            return


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_scan_is_resumed_with_each_point_once(kind, tmp_path, references):
    kill_and_compare(tmp_path, kind, 4, random.Random(kind), references[kind])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_scans_killed_three_hundred_times(kind, tmp_path, references):
    chance = random.Random(f"soak {kind}")
    kill_and_compare(tmp_path, kind, 38, chance, references[kind])


def compare(data_dir, reference):
    runs = runs_of(data_dir)
    assert len(runs) == len(reference)
    for run, whole in zip(runs, reference, strict=True):
        check(run, whole)
    files = sorted(data_dir.rglob("*.h5"))
    assert len(files) == len(runs)
    for path in files:
        in_file = list(documents_of(path))
        (same,) = [run for run in runs if run[0][1]["uid"] == in_file[0][1]["uid"]]
        assert points(in_file) == points(json.loads(json.dumps(same)))
