"""What the log of the journal costs, beside a bare loop that writes the same bytes.

The records are those of the points of a scan. They are written 256 a frame and one by
one: by the log (packing, checksum, frame, write); by a loop that packs and writes; by
one that only writes the same bytes. Then how long a single write takes at most.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import Series

from lapwing import Msg
from lapwing.journal.codec import Encoder, Kind, status_record
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.segment import Segment

A_FRAME = 256
PACE = 0.002  # seconds between two writes of an engine that is busy
BUSY = """
import os, sys
data = os.urandom(1 << 20) * 64
while True:
    with open(sys.argv[1], "wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
"""


class Device:
    def __init__(self, name: str):
        self.name = name


DET, MOTOR = Device("det"), Device("motor")


def point(i: int) -> list[Any]:
    """Return the records of one point of a scan, as a transcript has them."""
    data = {"det": float(i), "motor": i / 7, "motor_setpoint": i / 7}
    times = dict.fromkeys(data, 1.7e9 + i)
    uid = f"01234567-89ab-cdef-0123-{i:012x}"
    doc = {"uid": uid, "time": 1.7e9 + i, "data": data, "timestamps": times}
    doc |= {"seq_num": i + 1, "filled": {}, "descriptor": uid}
    return [
        Msg("checkpoint"),
        Msg("set", MOTOR, i / 7, group="set-123456"),
        status_record(False, False),
        Msg("wait", None, group="set-123456"),
        [int(Kind.SENT), True],
        Msg("trigger", DET, group="trigger-123456"),
        status_record(True, True),
        Msg("wait", None, group="trigger-123456"),
        [int(Kind.SENT), True],
        Msg("create", None, name="primary"),
        Msg("read", DET),
        Msg("read", MOTOR),
        Msg("save"),
        [int(Kind.DOCUMENT), "event", doc],
    ]


def split(records: list[Any], size: int) -> list[list[Any]]:
    return [records[i : i + size] for i in range(0, len(records), size)]


def through_log(directory: Path, frames: list[list[Any]]) -> float:
    with Log(directory) as log:
        start = time.perf_counter()
        for records in frames:
            log.write(records)
        return time.perf_counter() - start


def bare(path: Path, frames: list[Any], pack: Callable[[Any], bytes]) -> float:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    start = time.perf_counter()
    for one in frames:
        os.write(fd, pack(one))
    seconds = time.perf_counter() - start
    os.close(fd)
    return seconds


def reading(directory: Path) -> float:
    start = time.perf_counter()
    with Reader(directory) as reader:
        for _ in reader.records():
            pass
    return time.perf_counter() - start


def written_frames(directory: Path) -> list[bytes]:
    path = directory / "00000001.log"
    data = path.read_bytes()
    with Segment(path) as segment:
        return [data[frame.offset : frame.end] for frame in segment.frames()]


def as_it_is(data: bytes) -> bytes:
    return data


@contextmanager
def busy_disk(directory: Path) -> Iterator[None]:
    """Have another process write and sync 64 MB again and again."""
    command = [sys.executable, "-c", BUSY, str(directory / "other")]
    with subprocess.Popen(command) as other:
        try:
            yield
        finally:
            other.kill()


def stalls(name: str, writes: int, write: Callable[[Any], Any]) -> Series:
    """Time single writes at the pace of an engine that is busy."""
    series = Series(name, "µs")
    frames = split([r for i in range(1000) for r in point(i)], A_FRAME)
    for i in range(writes):
        start = time.perf_counter()
        write(frames[i % len(frames)])
        series.add((time.perf_counter() - start) * 1e6)
        time.sleep(PACE)
    return series


def spread_of_writes(root: Path, writes: int, where: str) -> list[Series]:
    """Return how long writes took; packing alone shows what the machine adds."""
    found = [stalls(f"packing {A_FRAME}, {where}", writes, Encoder().pack)]
    for kind in ("process", "power"):
        with Log(root / f"{kind}, {where}", durability=kind) as log:
            name = f"writing {A_FRAME}, {kind}, {where}"
            found.append(stalls(name, writes, log.write))
    return found


def records_a_second(points: int, blocks: int) -> tuple[list[Series], dict[str, float]]:
    """Write and read records in interleaved blocks."""
    records = [record for i in range(points) for record in point(i)]
    frames = {A_FRAME: split(records, A_FRAME), 1: split(records, 1)}
    names = {A_FRAME: f"{A_FRAME} a frame", 1: "one by one"}
    whos = ("log", "pack and os.write", "os.write alone", "reading")
    series = {
        (size, who): Series(f"{names[size]}: {who}", "records/s")
        for size in frames
        for who in whos
    }
    for block in range(blocks + 1):
        with tempfile.TemporaryDirectory() as name:
            for size, batches in frames.items():
                for who, taken in _seconds(Path(name), size, batches).items():
                    if block:  # the first block warms up
                        series[size, who].add(len(records) / taken)
    ratios = {
        f"{names[size]}: log / {who}": series[size, "log"].median
        / series[size, who].median
        for size in frames
        for who in whos[1:3]
    }
    return list(series.values()), ratios


def _seconds(root: Path, size: int, batches: list[Any]) -> dict[str, float]:
    directory, other = root / f"journal{size}", root / "bare"
    return {
        "log": through_log(directory, batches),
        "pack and os.write": bare(other, batches, Encoder().pack),
        "reading": reading(directory),
        "os.write alone": bare(other, written_frames(directory), as_it_is),
    }


def single_writes(writes: int) -> list[Series]:
    """Time single writes, while the disk is quiet and while it is busy."""
    with tempfile.TemporaryDirectory() as name:
        spread = spread_of_writes(Path(name), writes, "disk quiet")
        with busy_disk(Path(name)):
            return spread + spread_of_writes(Path(name), writes, "disk busy")
