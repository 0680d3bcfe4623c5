"""Files of runs as other processes see them: growing, killed, on a full disk."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from unit.data.streams import line_scan

from lapwing.data.hdf5 import Hdf5Writer
from lapwing.data.live import documents_of
from lapwing.data.paths import run_path

WAIT = 30.0
TESTS = Path(__file__).parents[1]


def python(code: str, *args: str) -> "subprocess.Popen[str]":
    """Start a process that runs some code; it reads and writes lines."""
    paths = os.pathsep.join(p for p in (str(TESTS), *sys.path) if p)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


class Peer:
    """Another process that is told, and answers, line by line."""

    def __init__(self, code: str, *args: str):
        self.process = python(code, *args)

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the other process has ended"
        return line.strip()

    def ask(self, text: str) -> str:
        self.tell(text)
        return self.hear()

    def close(self) -> int:
        if self.process.poll() is None:
            self.process.communicate("", timeout=WAIT)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return self.process.wait(WAIT)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT)
        self.close()


READER = """
    import json, sys, h5py
    file = h5py.File(sys.argv[1], "r", swmr=True)
    stream = file["entry/primary"]
    signal = file["entry/data"].attrs["signal"]
    for line in sys.stdin:
        for name in ("seq_num", "data/x", "data/det"):
            stream[name].refresh()
        count = int(stream["seq_num"].shape[0])
        values = stream["data/det"][:count].tolist()
        print(json.dumps([signal, values]), flush=True)
"""

WRITER = """
    import sys
    from functools import partial
    from lapwing.data.hdf5 import Hdf5Writer
    from lapwing.data.paths import run_path
    from unit.data.streams import line_scan
    writer = Hdf5Writer(partial(run_path, sys.argv[1]), period=3600)
    documents = line_scan(1000)
    print(documents[0][1]["uid"], flush=True)
    for line in sys.stdin:
        count = int(line)
        for name, doc in documents[:count]:
            writer(name, doc)
        documents = documents[count:]
        assert writer.flush(30)
        print("written", flush=True)
"""


@pytest.fixture
def killed(tmp_path) -> tuple[Path, int]:
    """Return the file of a writer that was killed, and its number of documents."""
    writer = Peer(WRITER, str(tmp_path))
    writer.hear()
    for count in (12, 1, 40):
        assert writer.ask(str(count)) == "written"
    for document in range(20):  # on their way at the moment of the kill
        writer.tell(str(document % 3))
    writer.kill()
    (path,) = tmp_path.rglob("*.h5")
    return path, 53


def test_another_process_sees_the_points_grow(tmp_path):
    documents = line_scan(30)
    writer = Hdf5Writer(partial(run_path, tmp_path))
    for name, doc in documents[:5]:
        writer(name, doc)
    assert writer.flush(WAIT)
    path = writer.path_of(documents[0][1]["uid"])
    reader = Peer(READER, str(path))
    try:
        done = 3
        for count in (3, 4, 17, 30):
            for name, doc in documents[2 + done : 2 + count]:
                writer(name, doc)
            done = count
            assert writer.flush(WAIT)
            expected = ["det", [i * i for i in range(count)]]
            assert json.loads(reader.ask("look")) == expected
    finally:
        assert reader.close() == 0
        assert writer.close(WAIT)
    with h5py.File(path) as file:
        assert file["entry/primary/data/det"].shape == (30,)


def test_what_a_killed_process_wrote_can_be_read(killed):
    path, count = killed
    with h5py.File(path, "r", swmr=True) as file:
        stream = file["entry/primary"]
        rows = stream["seq_num"].shape[0]
        assert rows >= count - 2
        np.testing.assert_array_equal(stream["data/det"][:rows], np.arange(rows) ** 2)
        signal = file["entry/data"].attrs["signal"]
        assert file["entry/data"][signal].shape == (rows,)


def test_documents_of_a_killed_process_can_be_read(killed):
    path, count = killed
    found = list(documents_of(path))
    assert len(found) >= count
    assert [name for name, _ in found[:2]] == ["start", "descriptor"]
    assert [doc["seq_num"] for _, doc in found[2:]] == list(range(1, len(found) - 1))


def test_script_that_does_not_close_its_writer_leaves_a_final_file(tmp_path):
    peer = Peer(
        """
        import sys
        from functools import partial
        from lapwing.data.hdf5 import Hdf5Writer
        from lapwing.data.paths import run_path
        from unit.data.streams import line_scan
        writer = Hdf5Writer(partial(run_path, sys.argv[1]))
        for name, doc in line_scan(5)[:-1]:
            writer(name, doc)
        """,
        str(tmp_path),
    )
    assert peer.close() == 0
    (path,) = tmp_path.rglob("*.*")
    with h5py.File(path) as file:
        assert file["entry/primary/data/det"].shape == (5,)
        assert file["entry/exit_status"].asstr()[()] == "unknown"


def test_full_disk_in_mid_run_loses_nothing_and_crashes_nothing(tmp_path):
    """HDF5 itself loses data and crashes at exit if it meets a full disk."""
    peer = Peer(
        """
        import os, resource, sys
        from functools import partial
        from lapwing.data.hdf5 import Hdf5Writer
        from lapwing.data.paths import run_path
        from unit.data.streams import line_scan

        def limit(size):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        told = []
        directory = sys.argv[1]
        writer = Hdf5Writer(partial(run_path, directory), on_trouble=told.append)
        documents = line_scan(20_000)
        for name, doc in documents[:5000]:
            writer(name, doc)
        assert writer.flush(30)
        uid = documents[0][1]["uid"]
        limit(os.path.getsize(writer.path_of(uid)) + 400_000)
        for name, doc in documents[5000:]:
            writer(name, doc)
        assert not writer.wait_closed(uid, 3)
        print(len(told), told[0], flush=True)
        limit(resource.RLIM_INFINITY)
        assert writer.wait_closed(uid, 30)
        print(told[-1], writer.path_of(uid), flush=True)
        assert writer.close(30)
        """,
        str(tmp_path),
    )
    try:
        trouble = peer.hear()
        assert trouble.startswith("1 ")
        assert "no room for" in trouble
        none, _, path = peer.hear().partition(" ")
        assert none == "None"
    finally:
        assert peer.close() == 0
    with h5py.File(path) as file:
        found = file["entry/primary/data/det"][:]
    np.testing.assert_array_equal(found, np.arange(20_000) ** 2)
    assert sum(1 for _ in documents_of(Path(path))) == 20_003
    assert [p.name for p in Path(path).parent.iterdir()] == [Path(path).name]


def test_a_long_run_leaves_memory_flat(tmp_path):
    peer = Peer(
        """
        import sys
        from pathlib import Path
        from lapwing.data.run_file import RunFile
        from unit.data.streams import Run, key

        def megabytes():
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

        run = Run()
        descriptor = run.descriptor({"x": key(), "det": key()})
        file = RunFile(Path(sys.argv[1]) / "run.h5", run.start)
        file.take("descriptor", descriptor)
        now, first = 0.0, 0.0
        for number in range(200_000):
            file.take(*run.event(descriptor, x=float(number), det=0.5))
            if number % 1000 == 0:
                now += 1
                file.work(now)
            first = megabytes() if number == 20_000 else first
        file.take(*run.stop())
        most = megabytes()
        while not file.over:
            file.work(now)
            most = max(most, megabytes())
        print(most - first)
        """,
        str(tmp_path),
    )
    grown = float(peer.hear())
    assert peer.close() == 0
    assert grown < 8
