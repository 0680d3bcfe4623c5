"""Devices and helpers for tests: everything happens at once, or when told to."""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lapwing import Engine
from lapwing.documents import Document
from lapwing.status import Status

LOADED = 4 * (3 if sys.gettrace() else 1)
"""How much slower than alone a machine may be while it runs all tests.

Where coverage looks at each line, Python is two to three times slower.
"""


@contextmanager
def soon(seconds: float) -> Iterator[None]:
    """Fail if a block takes more of the processor than so many seconds, times `LOADED`.

    The collector rests meanwhile: it would look at all that thousands of tests hold.
    """
    gc.disable()
    began = time.thread_time()
    try:
        yield
    finally:
        took = time.thread_time() - began
        gc.enable()
    assert took < seconds * LOADED


class Stopwatch:
    """Counts seconds, but for those in which the machine was too busy for its tasks."""

    def __init__(self) -> None:
        self._began = time.monotonic() - _seconds_waited()

    @property
    def seconds(self) -> float:
        """Seconds since it was made in which nothing had to wait for a processor."""
        return time.monotonic() - _seconds_waited() - self._began


def _seconds_waited() -> float:
    """Return how long there was a task that waited, if the kernel counts that."""
    try:
        some = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6


class Detector:
    """A readable that counts its readings; stages, triggers and notes all calls."""

    parent = None

    def __init__(self, name: str = "det", value: Callable[[], Any] | None = None):
        self.name = name
        self.hints = {"fields": [name]}
        self.calls: list[str] = []
        self.reads = 0
        self._value = value or (lambda: self.reads)

    def trigger(self) -> Status:
        self.calls.append("trigger")
        return Status.finished()

    def read(self) -> dict[str, Any]:
        self.reads += 1
        return {self.name: {"value": self._value(), "timestamp": 1.0}}

    def describe(self) -> dict[str, Any]:
        self.calls.append("describe")
        return {self.name: {"source": "test", "dtype": "number", "shape": []}}

    def read_configuration(self) -> dict[str, Any]:
        return {f"{self.name}_gain": {"value": 2, "timestamp": 1.0}}

    def describe_configuration(self) -> dict[str, Any]:
        return {
            f"{self.name}_gain": {"source": "test", "dtype": "integer", "shape": []}
        }

    def stage(self) -> list[Any]:
        self.calls.append("stage")
        return [self]

    def unstage(self) -> list[Any]:
        self.calls.append("unstage")
        return [self]


class Motor:
    """A movable that arrives at once, or when its status is finished by the test."""

    parent = None

    def __init__(self, name: str = "m", *, by_hand: bool = False):
        self.name = name
        self.hints = {"fields": [name]}
        self.at: Any = 0.0
        self.by_hand = by_hand
        self.moves: list[Any] = []
        self.pending: list[Status] = []
        self.stops = 0

    def set(self, value: Any) -> Status:
        self.moves.append(value)
        self.at = value
        if not self.by_hand:
            return Status.finished()
        status = Status(self.name, f"move to {value}")
        self.pending.append(status)
        return status

    def stop(self, success: bool = True) -> None:
        self.stops += 1
        for status in self.pending:
            if not status.done:
                status.set_finished()

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": self.at, "timestamp": 1.0}}

    def describe(self) -> dict[str, Any]:
        return {self.name: {"source": "test", "dtype": "number", "shape": []}}


class AsyncDetector(Detector):
    """A detector whose reading takes a turn of the event loop."""

    async def read(self) -> dict[str, Any]:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().read()

    async def describe(self) -> dict[str, Any]:  # type: ignore[override]
        return super().describe()


class Documents:
    """A subscriber that keeps everything."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Document]] = []

    def __call__(self, name: str, doc: Document) -> None:
        self.all.append((name, doc))

    def named(self, name: str) -> list[Document]:
        return [doc for found, doc in self.all if found == name]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.all]

    def points(self, stream: str = "primary") -> dict[int, Document]:
        """Data by seq_num; of a point taken twice, the last."""
        uids = {d["uid"] for d in self.named("descriptor") if d["name"] == stream}
        return {
            e["seq_num"]: e["data"]
            for e in self.named("event")
            if e["descriptor"] in uids
        }


def make_engine(**kwargs: Any) -> tuple[Engine, Documents]:
    """An engine on which no time passes in ``sleep``, and its documents."""

    async def no_time(seconds: float) -> None:
        await asyncio.sleep(0)

    kwargs.setdefault("sleep", no_time)
    engine, documents = Engine({}, **kwargs), Documents()
    engine.subscribe(documents)
    return engine, documents


async def until(condition: Callable[[], Any]) -> None:
    """Let others on the loop run until something is the case."""
    while not condition():  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0)
