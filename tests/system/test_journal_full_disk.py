"""A journal on a disk that is truly full."""

import subprocess
import sys
import textwrap

import pytest

# On a file system of 2 MB in a name space of its own; without the right to make one,
# a limit on the size of files stands in for it.
PROGRAM = """
    import ctypes, os, resource, sys
    from pathlib import Path

    root = Path(sys.argv[1])

    class SmallDisk:
        error = "No space left on device"
        hint = "or more on that disk"

        def __init__(self):
            libc = ctypes.CDLL(None, use_errno=True)
            uid, gid = os.getuid(), os.getgid()
            if libc.unshare(0x10000000 | 0x00020000):  # user and mount name space
                raise OSError("no name space")
            Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
            if libc.mount(b"tmpfs", bytes(root), b"tmpfs", 0, b"size=2m"):
                raise OSError("no mount")

        def fill(self):
            with open(root / "others", "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass

        def make_room(self):
            (root / "others").unlink()

    class SmallFiles:
        error = "File too large"
        hint = "look after the disk"

        def fill(self):
            size = (root / "j" / "00000001.log").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, -1))

        def make_room(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))

    try:
        disk = SmallDisk()
    except OSError:
        disk = SmallFiles()

    # Only now: a process with threads, which numpy has, gets no name space.
    from lapwing.errors import DataPathError
    from lapwing.journal.log import Log
    from lapwing.journal.reader import Reader

    def fill_up(log, size):
        count = 0
        while True:
            try:
                log.write([[4, "x" * size]])
            except DataPathError as exc:
                assert disk.error in str(exc) and disk.hint in str(exc), exc
                return count
            count += 1

    log = Log(root / "j", reserve_bytes=2**19)
    log.write([[4, "first"]])
    disk.fill()
    written = fill_up(log, 100)
    end = log.next_number
    assert end == 1 + written
    assert fill_up(log, 100) == 0
    if isinstance(disk, SmallDisk):
        log.release_reserve()
        assert log.restore_reserve() and fill_up(log, 5000) == 0
        log.release_reserve()
    else:
        disk.make_room()
    log.write([[12, "stop" * 1000]])
    disk.fill()
    fill_up(log, 300)
    assert isinstance(disk, SmallFiles) or not log.restore_reserve()
    total = log.next_number
    with Reader(root / "j") as reader:
        records = [record for _, record in reader.records()]
    assert len(records) == total
    assert records[0] == [4, "first"] and records[end] == [12, "stop" * 1000]
    log.close()

    # What is there can be opened and, with room, be gone on with.
    log = Log(root / "j", reserve_bytes=2**19)
    assert log.next_number == total
    fill_up(log, 5000)
    disk.make_room()
    assert log.restore_reserve()
    number = log.write([[4, "last"]])
    log.close()
    with Reader(root / "j") as reader:
        records = list(reader.records())
    assert records[-1] == (number, [4, "last"])
    assert [n for n, _ in records] == list(range(number + 1))
    print(type(disk).__name__)
"""


@pytest.mark.parametrize("stand_in", [False, True])
def test_a_full_disk_stops_writing_and_loses_nothing(tmp_path, stand_in):
    program = textwrap.dedent(PROGRAM)
    if stand_in:
        program = program.replace("disk = SmallDisk()", "raise OSError")
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in (
        ("SmallFiles",) if stand_in else ("SmallDisk", "SmallFiles")
    )
