"""A scan whose disk becomes truly full: it waits, says so, and goes on."""

import re
import subprocess
import sys
import textwrap

import pytest

# On a file system of its own, of 100 MB, of which the journal reserves 16. It needs a
# name space, which a process that has threads does not get: numpy starts some. Where
# there is none, a limit on the size of files stands in for it.
MOUNT = """
    import ctypes, os, resource, sys
    from pathlib import Path

    root = Path(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    try:
        if sys.argv[2] == "limit" or libc.unshare(0x10000000 | 0x00020000):
            raise OSError  # no user and mount name space
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
        if libc.mount(b"tmpfs", bytes(root), b"tmpfs", 0, b"size=100m"):
            raise OSError
        truly = True
    except OSError:
        truly = False

    def fill():
        if not truly:
            (path,) = root.glob("journal/*/00000001.log")
            limit = path.stat().st_size + 5000
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, -1))
            return
        with open(root / "others", "ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def make_room():
        if truly:
            (root / "others").unlink(missing_ok=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))

    import threading

    import lapwing
    from lapwing import plan_stubs as bps
    from lapwing.devices import SoftDetector

    session = lapwing.session(root, environ={}, progress=False)
    RE, engine = session.RE, session.RE.engine
    det = SoftDetector("det", lambda: 7.0)

    def counting(points, full_at):
        yield from bps.open_run()
        for number in range(points):
            yield from bps.checkpoint()
            if number == full_at:
                fill()
            yield from bps.trigger_and_read([det])
            yield from bps.sleep(0.005)
        yield from bps.close_run()

    suspended = threading.Event()
    engine.state_hook = lambda new, old: new == "suspending" and suspended.set()
"""
GOES_ON = """
    def rescue():
        suspended.wait(20)
        make_room()

    threading.Thread(target=rescue, daemon=True).start()
    # A record takes 100 bytes, and a page that is begun takes 4096.
    (uid,) = RE(counting(400, full_at=50))
    print("GONE ON", suspended.is_set(), engine.state)
    session.close()
    (run,) = lapwing.catalogue(root)
    numbers = [doc["seq_num"] for name, doc in run.documents() if name == "event"]
    print("EVENTS", numbers == list(range(1, 401)), run.status, run.file.exists())
"""
ABORTED = """
    from lapwing.errors import RunEngineInterrupted

    def give_up():
        suspended.wait(20)
        RE.request_pause()

    threading.Thread(target=give_up, daemon=True).start()
    try:
        RE(counting(400, full_at=50))
    except RunEngineInterrupted:
        print("PAUSED", engine.state)
    if not truly:
        make_room()  # what is reserved does not help where files may not grow
    RE.abort("the disk is full")
    # Somebody else reads what is on the disk, while it is full.
    from lapwing.journal.reader import Reader

    directory = session.journal.directory
    with Reader(directory) as reader:
        documents = list(reader.documents())
        ends = [record for _, record in reader.records() if record[0] == 12]
    name, stop = documents[-1]
    print("STOP", name, stop["exit_status"], stop["reason"], len(ends))
    make_room()
    session.feeds.catch_up(20)
    session.close()
    (run,) = lapwing.catalogue(root)
    print("FILE", run.status, run.file.exists())
"""


def run_on_a_small_disk(tmp_path, program, way):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MOUNT + program), str(tmp_path), way],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("way", ["disk", "limit"])
def test_a_scan_waits_for_room_and_goes_on_by_itself(tmp_path, way):
    said = run_on_a_small_disk(tmp_path, GOES_ON, way)
    assert re.search("No space left on device|File too large", said)
    assert "The journal can be written again." in said
    assert "GONE ON True idle" in said
    assert "EVENTS True success True" in said


@pytest.mark.parametrize("way", ["disk", "limit"])
def test_an_abort_on_a_full_disk_still_gets_its_stop_document(tmp_path, way):
    said = run_on_a_small_disk(tmp_path, ABORTED, way)
    assert "PAUSED paused" in said
    assert "STOP stop abort the disk is full 1" in said
    assert "FILE abort True" in said
