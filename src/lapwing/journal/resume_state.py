"""The resume state: where a call that a crash cut off can go on, and with what.

Owns the resume point, and what the documents of the call's open runs say.
Must not know plans, devices or a disk: it is a fold over records.
Test: fold the records of a call, cut off after each of them.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import Kind, Record

_KIND = {kind: int(kind) for kind in Kind}
_ENGINE, _THROWN = _KIND[Kind.ENGINE], _KIND[Kind.THROWN]
_DOCUMENT, _RESUMED = _KIND[Kind.DOCUMENT], _KIND[Kind.RESUMED]
_BEGIN, _END = _KIND[Kind.BEGIN], _KIND[Kind.END]

_MADE_BY = {
    "open_run": ("start",),
    "close_run": ("stop",),
    "declare_stream": ("descriptor",),
    "monitor": ("descriptor",),
    "configure": ("descriptor",),
    "save": ("event",),
    "collect": ("event", "event_page", "stream_datum"),
}
"""The documents after which each verb's message counts as done."""

UNKNOWN: Any = object()
"""The response of a message that made a document, and did not come to an answer."""


@dataclass
class StreamAt:
    """A stream of an open run, as its documents tell.

    Attributes:
        name: Its name.
        descriptor: The last one.
        seq_num: The highest number of its events.
        resources: Data key of each stream_resource, by the resource's uid.
    """

    name: str
    descriptor: Document
    seq_num: int = 0
    resources: dict[str, str] = field(default_factory=dict)


@dataclass
class RunAt:
    """A run that is open where the call was cut off.

    Attributes:
        key: Its run key.
        start: Its start document.
        streams: Its streams, by name.
    """

    key: Hashable
    start: Document
    streams: dict[str, StreamAt] = field(default_factory=dict)


@dataclass(frozen=True)
class ResumeState:
    """What is known of a call that was cut off.

    Attributes:
        index: Number of messages of the plan that stand; the next one is said anew.
        why: Which message the call goes on after.
        response: What the message before answered, where its document alone tells;
            `UNKNOWN` where nothing does.
        begun: What its BEGIN says.
        runs: Its open runs, by uid, in order.
        run_uids: Uids of all its runs.
        ended: Whether it ended after all.
        resumed: With which message each life after the first went on.
    """

    index: int
    why: str
    response: Any
    begun: Document
    runs: dict[str, RunAt]
    run_uids: tuple[str, ...]
    ended: bool
    resumed: tuple[int, ...] = ()


class _Fold:
    def __init__(self) -> None:
        self.begun: Document = {}
        self.count = 0
        self.checkpoint = (0, "its beginning")
        self.before_checkpoint = self.checkpoint
        self.made = (0, "its beginning")
        self.response: Any = None
        self.last: Record | None = None  # the plan's message, if it spoke last
        self.created: dict[Hashable, str] = {}
        self.runs: dict[str, RunAt] = {}
        self.streams: dict[str, tuple[RunAt, StreamAt]] = {}  # by descriptor
        self.run_uids: list[str] = []
        self.ended = False
        self.lives: list[int] = []

    def message(self, record: Record) -> None:
        self.count += 1
        self.last = record
        command = record[0]
        if command == "checkpoint":
            self.before_checkpoint = self.checkpoint
            self.checkpoint = (self.count, f"checkpoint, message {self.count}")
        elif command == "create":
            name = record[3].get("name") or (record[2][0] if record[2] else "")
            self.created[record[4]] = name

    def thrown(self) -> None:
        if self.last is not None and self.last[0] == "checkpoint":
            self.checkpoint = self.before_checkpoint  # it was refused

    def resumed(self, index: int) -> None:
        self.lives.append(index)
        self.count = index
        self.last = None
        self.checkpoint = self.before_checkpoint = max(
            (n, why) for n, why in (self.checkpoint, self.made) if n <= index
        )
        if self.checkpoint[0] < index:
            self.checkpoint = (index, f"message {index}")

    def document(self, name: str, doc: Document) -> None:
        stream = self._take(name, doc)
        last = self.last
        if last is None or name not in _MADE_BY.get(last[0], ()):
            return
        if last[0] == "save" and stream != self.created.get(last[4]):
            return  # it came of a monitor
        self.made = (self.count, f"{last[0]}, message {self.count}")
        self.response = UNKNOWN
        if last[0] in ("open_run", "close_run"):
            self.response = doc["uid"] if name == "start" else doc["run_start"]
        elif last[0] in ("save", "monitor"):
            self.response = None

    def _take(self, name: str, doc: Document) -> str | None:
        """Note what a document says of its run; return its stream."""
        if name == "start":
            key = None if self.last is None else self.last[4]
            self.runs[doc["uid"]] = RunAt(key, doc)
            self.run_uids.append(doc["uid"])
        elif name == "stop":
            self.runs.pop(doc["run_start"], None)
        elif name == "descriptor":
            self._describe(doc)
            return doc["name"]
        elif name in ("event", "event_page", "stream_datum"):
            return self._count(name, doc)
        elif name == "stream_resource":
            run = self.runs.get(doc.get("run_start", ""))
            for stream in run.streams.values() if run is not None else ():
                if doc["data_key"] in stream.descriptor["data_keys"]:
                    stream.resources[doc["uid"]] = doc["data_key"]
        return None

    def _describe(self, doc: Document) -> None:
        run = self.runs.get(doc["run_start"])
        if run is None:
            return
        stream = run.streams.setdefault(doc["name"], StreamAt(doc["name"], doc))
        stream.descriptor = doc
        self.streams[doc["uid"]] = (run, stream)

    def _count(self, name: str, doc: Document) -> str | None:
        found = self.streams.get(doc["descriptor"])
        if found is None:
            return None
        stream = found[1]
        if name == "event":
            last = doc["seq_num"]
        elif name == "event_page":
            last = max(doc["seq_num"], default=0)
        else:
            last = doc["seq_nums"]["stop"] - 1
        stream.seq_num = max(stream.seq_num, last)
        return stream.name


def resume_state(records: Iterable[Record]) -> ResumeState:
    """Fold the records of one call.

    It can go on after the later of its last checkpoint and the message that made
    its last document: so no event is taken again, and none is missing.

    Args:
        records: From its BEGIN on; iterated over once.
    """
    fold = _Fold()
    for record in records:
        kind = record[0]
        if kind.__class__ is str:
            fold.message(record)
        elif kind == _DOCUMENT:
            fold.document(record[1], record[2])
        elif kind == _ENGINE:
            fold.last = None
        elif kind == _THROWN:
            fold.thrown()
        elif kind == _RESUMED:
            fold.resumed(record[1])
        elif kind == _BEGIN:
            fold.begun = record[1]
        elif kind == _END:
            fold.ended = True
    index, why = max(fold.checkpoint, fold.made, key=lambda one: one[0])
    return ResumeState(
        index=index,
        why=why,
        response=fold.response if index == fold.made[0] else None,
        begun=fold.begun,
        runs=fold.runs,
        run_uids=tuple(fold.run_uids),
        ended=fold.ended,
        resumed=tuple(fold.lives),
    )
