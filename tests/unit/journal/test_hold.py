import os
import socket
import subprocess
import sys

import pytest

from lapwing.errors import DataError, DataPathError, StateError
from lapwing.journal.hold import Hold, alive, read_about, write_about

HOLDER = """
import sys
from pathlib import Path
from lapwing.journal.hold import Hold
hold = Hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

FORKING = """
import os, sys
from pathlib import Path
from lapwing.journal.hold import Hold, alive
hold = Hold(Path(sys.argv[1]))
to_child, to_parent = os.pipe(), os.pipe()
if not os.fork():
    os.close(to_child[1])
    os.write(to_parent[1], b"here")
    os.read(to_child[0], 1)  # until the parent is done
    os._exit(0)
os.read(to_parent[0], 4)
hold.release()
print(alive(sys.argv[1]))
os.close(to_child[1])
os.wait()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_who_is_the_first(tmp_path, holder):
    assert alive(tmp_path) == (holder.pid, socket.gethostname())
    with pytest.raises(StateError, match=f"process {holder.pid} on ") as caught:
        Hold(tmp_path)
    assert caught.value.context["pid"] == holder.pid
    assert caught.value.context["host"] == socket.gethostname()


def test_a_directory_is_free_when_its_process_was_killed(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert alive(tmp_path) is None
    hold = Hold(tmp_path)
    assert alive(tmp_path) == (os.getpid(), socket.gethostname())
    hold.release()
    hold.release()
    assert alive(tmp_path) is None


def test_another_part_of_this_process_is_refused_too(tmp_path):
    hold = Hold(tmp_path)
    with pytest.raises(StateError, match=f"process {os.getpid()} "):
        Hold(tmp_path)
    hold.release()


def test_who_asks_is_no_holder(tmp_path):
    assert alive(tmp_path / "none") is None
    Hold(tmp_path).release()
    for _ in range(100):
        assert alive(tmp_path) is None
        Hold(tmp_path).release()


def test_a_child_does_not_hold_what_its_parent_held(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(tmp_path)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_a_holder_whose_name_cannot_be_read_is_one_all_the_same(tmp_path):
    hold = Hold(tmp_path)
    (tmp_path / "lock").write_text("{")
    assert alive(tmp_path) == (0, "a machine that cannot be told")
    hold.release()


def test_a_directory_that_is_not_there_cannot_be_held(tmp_path):
    with pytest.raises(DataPathError, match="No such file"):
        Hold(tmp_path / "none")


def test_what_is_known_of_a_journal_is_written_whole_or_not_at_all(
    tmp_path, monkeypatch
):
    assert read_about(tmp_path) == {}
    write_about(tmp_path, lambda: 12.5)
    about = read_about(tmp_path)
    assert about["started"] == 12.5
    assert set(about) == {"format", "pid", "host", "started", "lapwing"}

    def fail(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_about(tmp_path, lambda: 13.5)
    assert [path.name for path in tmp_path.iterdir()] == ["journal.json"]
    assert read_about(tmp_path) == about
    (tmp_path / "journal.json").write_text("{")
    with pytest.raises(DataError, match="JSON is expected"):
        read_about(tmp_path)
