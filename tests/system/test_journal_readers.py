"""What reads the journals, while processes write them, die, and go on."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from lapwing.data.catalogue import Catalogue
from lapwing.data.feed import Feeds
from lapwing.data.hdf5_sink import Hdf5Sink
from lapwing.data.lags import lags
from lapwing.data.live import documents_of
from lapwing.data.paths import place_of_run
from lapwing.data.sinks import FunctionSink
from lapwing.journal.hold import alive
from lapwing.journal.index import index_path

WAIT = 40.0
TESTS = Path(__file__).parents[1]

BEAMLINE = """
    import json, os, sys, threading, time
    from itertools import count
    from pathlib import Path
    from kit import Detector, Motor
    from lapwing import RunEngine
    from lapwing.data.feed import Feeds
    from lapwing.data.hdf5_sink import Hdf5Sink
    from lapwing.data.sinks import FunctionSink
    from lapwing.journal.directories import new_directory
    from lapwing.journal.log import Log
    from lapwing.journal.transcript import Transcript
    from lapwing.plans import scan

    data_dir = Path(sys.argv[1])
    log = Log(new_directory(data_dir))
    transcript = Transcript(log)
    log.before_sync = transcript.flush
    feeds = Feeds(data_dir, log.directory, durable=lambda: log.durable)
    transcript.on_durable(feeds.wake)
    files = Hdf5Sink(data_dir)
    files.join(feeds)
    ids = count(int(sys.argv[2]))
    RE = RunEngine({}, recorder=transcript, scan_id_source=lambda md: next(ids))
    RE.subscribe(files, "start")

    def say(*words):
        print(*words, flush=True)

    def close():
        feeds.close(30)
        transcript.flush()
        log.close()
"""


@contextmanager
def beamline(
    data_dir: Path, code: str, first_id: int = 1
) -> Iterator[subprocess.Popen]:
    """Run a process with an engine, a journal and an HDF5 sink."""
    paths = os.pathsep.join(p for p in (str(TESTS), *sys.path) if p)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(BEAMLINE) + textwrap.dedent(code),
            str(data_dir),
            str(first_id),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(WAIT)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def hear(process: subprocess.Popen) -> str:
    line = process.stdout.readline()
    assert line, "the other process has ended"
    return line.strip()


def let_go_on(process: subprocess.Popen) -> None:
    process.stdin.write("go on\n")
    process.stdin.flush()


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(WAIT)


KILLED = """
    def value():
        det.reads % 100 == 50 and say(det.reads)
        time.sleep(0.0005)
        return det.reads

    det = Detector("det", value=value)
    RE(scan([Detector("done")], Motor("x"), 0, 1, 30))
    RE(scan([det], Motor("x"), 0, 1, 100_000))
"""


@pytest.fixture
def killed(tmp_path):
    """Return a data directory in which a process was killed in mid-scan."""
    with beamline(tmp_path, KILLED) as process:
        for _ in range(6):
            hear(process)
        kill(process)
    return tmp_path


def test_killed_run_can_be_read_and_its_file_is_rebuilt(killed, tmp_path):
    with Catalogue(killed) as cat:
        run = cat[-1]
        assert (run.status, run.scan_id) == ("interrupted", 2)
        points = run.primary.read()
        count = len(points["det"])
        assert count >= 550 - 20
        np.testing.assert_array_equal(points["seq_num"], np.arange(1, count + 1))
        np.testing.assert_array_equal(points["det"], np.arange(1, count + 1))
        assert run.num_points == count
        built = run.write_hdf5(tmp_path / "rebuilt.h5")
        documents = list(run.documents())
        assert cat[1].status == "success"
    assert list(documents_of(built)) == [
        (name, json.loads(json.dumps(doc))) for name, doc in documents
    ]
    with h5py.File(built) as file:
        np.testing.assert_array_equal(file["entry/primary/data/det"], points["det"])


def test_file_of_a_killed_run_is_written_anew_by_the_next_process(killed):
    with Catalogue(killed) as cat:
        run = cat[-1]
        path = place_of_run(killed, run.start)
        expected = run.primary.read()["det"]
        finished = cat[1].file
    before = finished.stat().st_mtime_ns
    feeds = Feeds(killed)
    sink = Hdf5Sink(killed)
    sink.join(feeds)
    assert feeds.catch_up(WAIT)
    assert feeds.close(WAIT)
    with h5py.File(path) as file:  # closed in order, so that anybody can open it
        np.testing.assert_array_equal(file["entry/primary/data/det"], expected)
    assert finished.stat().st_mtime_ns == before
    assert sink.errors == []


def test_index_is_the_same_whether_read_on_or_made_anew(killed):
    with Catalogue(killed) as cat:
        before = [(run.entry, run.num_events) for run in cat]
    for path in killed.glob("journal/index.sqlite*"):
        path.unlink()
    with Catalogue(killed) as cat:
        assert [(run.entry, run.num_events) for run in cat] == before
    assert index_path(killed).exists()


def test_sink_that_raises_on_every_document_stops_no_scan(tmp_path):
    with beamline(
        tmp_path,
        """
        def refuse(name, doc):
            raise ConnectionError("nobody answers")

        feeds.add(FunctionSink("broken", refuse))
        for _ in range(3):
            (uid,) = RE(scan([Detector()], Motor("x"), 0, 1, 100))
            say(files.wait_closed(uid, 20))
        close()
        say("closed")
        """,
    ) as process:
        assert [hear(process) for _ in range(4)] == [*["True"] * 3, "closed"]
        assert process.wait(WAIT) == 0
    behind = {lag.sink: lag for lag in lags(tmp_path)}
    assert behind["hdf5"].num_records == 0
    assert behind["broken"].num_records > 300
    assert behind["broken"].last_error == "ConnectionError: nobody answers"

    heard = []
    feeds = Feeds(tmp_path)
    feeds.add(FunctionSink("broken", lambda name, doc: heard.append((name, doc))))
    assert feeds.catch_up(WAIT)
    assert feeds.close(WAIT)
    with Catalogue(tmp_path) as cat:
        assert heard == [document for run in cat for document in run.documents()]


def test_slow_sink_is_killed_and_goes_on_where_it_was(tmp_path):
    """What it had settled does not come again, and nothing is left out."""
    code = """
        notes = open(data_dir / "notes.txt", "a")

        def write(name, doc):
            if name == "event":
                time.sleep(0.002)
                notes.write(f"{doc['data']['det']}\\n")
                notes.flush()

        feed = feeds.add(FunctionSink("slow", write))
    """
    first = """
        started = time.monotonic()
        (uid,) = RE(scan([Detector()], Motor("x"), 0, 1, 1000))
        say(time.monotonic() - started)
        time.sleep(60)
    """
    with beamline(tmp_path, code + first) as process:
        assert float(hear(process)) < 1.9  # the sink alone needs two seconds
        while len((tmp_path / "notes.txt").read_text().splitlines()) < 300:
            assert process.poll() is None
        kill(process)
    done = len((tmp_path / "notes.txt").read_text().splitlines())
    assert done < 1000
    with beamline(
        tmp_path,
        code
        + """
        feeds.look_soon()
        while feed.catch_up(30) and sum(1 for _ in open(notes.name)) < 1000:
            pass
        close()
        say("closed")
        """,
    ) as process:
        assert hear(process) == "closed"
    numbers = [int(line) for line in (tmp_path / "notes.txt").read_text().split()]
    again = numbers[done]
    # Only what came since its last settling comes again.
    assert 1 <= again <= done + 1
    assert numbers == [*range(1, done + 1), *range(again, 1001)]


def test_two_processes_share_a_data_directory(tmp_path):
    code = """
        for number in range(4):
            (uid,) = RE(scan([Detector()], Motor("x"), 0, 1, 50))
            assert files.wait_closed(uid, 20), files.errors
            say(uid)
        sys.stdin.readline()
        close()
    """
    uids: dict[int, list[str]] = {}
    with (
        beamline(tmp_path, code, 1) as one,
        beamline(tmp_path, code, 101) as other,
        Catalogue(tmp_path) as cat,
    ):
        for first, process in ((1, one), (101, other)):
            uids[first] = [hear(process) for _ in range(4)]
        assert len(cat) == 8
        for first, some in uids.items():
            for number, uid in enumerate(some):
                assert cat[first + number].uid == uid
        for process in (one, other):
            let_go_on(process)
            assert process.wait(WAIT) == 0
    with Catalogue(tmp_path) as cat:
        assert {run.status for run in cat} == {"success"}
        for run in cat:
            assert run.file is not None
            with h5py.File(run.file) as file:
                np.testing.assert_array_equal(
                    file["entry/primary/data/det"], np.arange(1, 51)
                )
    assert len(list(tmp_path.glob("2*/**/*.*"))) == 8


def test_run_of_another_process_is_read_as_it_grows(tmp_path):
    code = """
        def value():
            if det.reads % 10 == 0:
                transcript.flush()
                say(det.reads)
                sys.stdin.readline()
            return det.reads

        det = Detector("det", value=value)
        RE(scan([det], Motor("x"), 0, 1, 30))
        close()
        say("closed")
    """
    with beamline(tmp_path, code) as process, Catalogue(tmp_path) as cat:
        for _ in range(3):
            taken = int(hear(process))
            run = cat[-1]
            assert run.status == "running"
            assert alive(run.directory).pid == process.pid
            points = run.primary.read()["det"]
            assert len(points) == taken - 1 == run.num_points
            let_go_on(process)
        assert hear(process) == "closed"
        assert (run.status, run.num_points) == ("success", 30)
