"""What tests of run files do again and again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unit.data.streams import Named

from lapwing.data.run_file import RunFile


def write(path: Path, documents: Sequence[Named]) -> Path:
    """Write a run from its documents, all at once."""
    file = RunFile(path, documents[0][1])
    for name, doc in documents[1:]:
        file.take(name, doc)
    finish(file)
    return path


def write_slowly(path: Path, documents: Sequence[Named], every: int = 1) -> Path:
    """Write a run with a flush after each so many documents."""
    file = RunFile(path, documents[0][1])
    now = 0.0
    for number, (name, doc) in enumerate(documents[1:]):
        file.take(name, doc)
        if number % every == 0 and name != "stop":
            now = pass_time(file, now)
    finish(file)
    return path


def pass_time(file: RunFile, now: float) -> float:
    """Turn the clock until what came is on the disk; return the new time."""
    for _ in range(100):
        if not file.num_pending:
            return now
        now += 1.0
        file.work(now)
    raise AssertionError("documents are still pending")


def finish(file: RunFile, now: float = 1e6) -> None:
    """Do all the work of a run that was stopped."""
    for _ in range(100_000):
        if file.over:
            return
        file.work(now)
    raise AssertionError("the file is not finished")


def text(value: Any) -> str:
    """Return what a dataset of text holds."""
    return value[()].decode("utf-8") if isinstance(value[()], bytes) else value[()]
