"""Journals as engines write them, for tests of what reads them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from unit.data.streams import Named

from lapwing.journal.codec import Kind
from lapwing.journal.directories import new_directory
from lapwing.journal.log import Log


class Journal:
    """The journal of a process in a data directory, written by hand."""

    def __init__(self, data_dir: Path, directory: Path | None = None):
        self.data_dir = data_dir
        self.directory = directory or new_directory(data_dir)
        self.log = Log(self.directory, sync_interval=0, reserve_bytes=0)

    def put(self, documents: Iterable[Named]) -> None:
        """Write documents, each with a message before it, two to a frame."""
        records: list[Any] = []
        for name, doc in documents:
            records += [["null", None, [], {}, None], [int(Kind.DOCUMENT), name, doc]]
            if len(records) == 4:
                self.log.write(records)
                records = []
        if records:
            self.log.write(records)

    def begin(self, call: str = "call-1", **info: Any) -> None:
        told = {"call": call, "plan_name": "scan", "time": 1.0, "identity": {}, **info}
        self.log.write([[int(Kind.BEGIN), told]])

    def end(self, exit_status: str = "success", **info: Any) -> None:
        told = {"exit_status": exit_status, "reason": "", "run_uids": [], **info}
        self.log.write([[int(Kind.END), {"time": 2.0, "error": None, **told}]])

    def close(self) -> None:
        self.log.close()


class Notebook:
    """A sink that notes documents, and raises or is slow when told to."""

    def __init__(self, name: str = "notes"):
        self.name = name
        self.period = 0.05
        self.taken: list[Named] = []
        self.settled = 0
        self.left: list[str] = []
        self.busy = False
        self.unfinished: set[str] = set()
        self.whole_runs = False
        self.refuse: Exception | None = None
        self.refuse_to_settle: Exception | None = None
        self.closed = False

    def take(self, name, doc):
        if self.refuse is not None:
            raise self.refuse
        self.taken.append((name, doc))
        if self.whole_runs and name == "start":
            self.unfinished.add(doc["uid"])
        if name == "stop":
            self.unfinished.discard(doc["run_start"])

    def settle(self):
        if self.refuse_to_settle is not None:
            raise self.refuse_to_settle
        self.settled = len(self.taken)

    def leave(self, runs):
        self.left += sorted(runs)
        self.unfinished -= set(runs)

    def close(self):
        self.closed = True
