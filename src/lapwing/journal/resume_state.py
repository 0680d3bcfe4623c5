"""The resume state: where a call that a crash cut off can go on, and with what.

Owns the resume point, and what the documents of the call's open runs say.
Must not know plans, devices or a disk: it is a fold over records.
Test: fold the records of a call, cut off after each of them.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ErrorRef, Kind, Record

_ENGINE, _SENT, _THROWN = int(Kind.ENGINE), int(Kind.SENT), int(Kind.THROWN)
_NOTE, _NOTE_ERROR = int(Kind.NOTE), int(Kind.NOTE_ERROR)
_DOCUMENT, _RESUMED = int(Kind.DOCUMENT), int(Kind.RESUMED)
_BEGIN, _END = int(Kind.BEGIN), int(Kind.END)

_MADE_BY = {
    "open_run": ("start",),
    "close_run": ("stop",),
    "declare_stream": ("descriptor",),
    "monitor": ("descriptor",),
    "save": ("event",),
}
"""The documents after which each verb's message counts as done."""

_MADE_IF_ANSWERED = {
    "configure": ("descriptor",),
    "collect": ("descriptor", "event_page", "stream_datum"),
}
"""The same for verbs that may make several, or answer more than can be derived."""

_SETTLED = frozenset({"checkpoint", *_MADE_IF_ANSWERED})
_RESTORABLE = frozenset(
    {
        "RE_class",
        "checkpoint",
        "configure",
        "create",
        "drop",
        "input",
        "install_suspender",
        "locate",
        "null",
        "read",
        "remove_suspender",
        "set",
        "sleep",
        "stage",
        "subscribe",
        "unstage",
        "unsubscribe",
        "wait",
    }
)
"""Verbs whose messages can be taken for done: their effect is restored, or nothing;
and what they answered is in the records, save that of a read into an event."""

_LOOKS = frozenset({"locate", "read"})
"""Verbs by which a plan finds out where a device is."""

_ORDERS = {
    "RequestAbort": "it was being aborted",
    "RequestStop": "it was being stopped",
    "PlanHalt": "it was being halted",
    "FailedPause": "it was being aborted, for it could not be paused",
}

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
        last: Data of its last event; None if it has none.
        last_record: Number of the record that holds it, from 0.
    """

    name: str
    descriptor: Document
    seq_num: int = 0
    resources: dict[str, str] = field(default_factory=dict)
    last: Document | None = None
    last_record: int = -1


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
        scan_id: The last that was drawn; None if there was none.
        obstacle: Why it cannot go on, in words that follow "because"; None if, as
            far as the records tell, it can.
        disturbed: Names of devices that were set, stopped or kicked off after the
            resume point: where they are is no wonder.
        set_by_engine: Names of devices that only the engine itself has set, for
            example when the plan was suspended.
    """

    index: int
    why: str
    response: Any
    begun: Document
    runs: dict[str, RunAt]
    run_uids: tuple[str, ...]
    ended: bool
    resumed: tuple[int, ...] = ()
    scan_id: int | None = None
    obstacle: str | None = None
    disturbed: frozenset[str] = frozenset()
    set_by_engine: frozenset[str] = frozenset()


class Fold:
    """The fold itself, a record at a time.

    Attributes:
        number: Number of the record, from 0; to be set by who hands it out.
        point: How many messages stand so far, and the verb of the last one; it never
            goes back.
    """

    def __init__(self) -> None:
        self.begun: Document = {}
        self.number = -1  # of the record
        self.count = 0
        self.point = (0, "")
        self.response: Any = None
        self.last: Record | None = None  # the plan's last message
        self.answered = False  # whether the plan was told what came of it
        self.made: set[str] = set()  # documents that count once it is
        self.created: dict[Hashable, str] = {}
        self.runs: dict[str, RunAt] = {}
        self.streams: dict[str, tuple[RunAt, StreamAt]] = {}  # by descriptor
        self.run_uids: list[str] = []
        self.scan_id: int | None = None
        self.ended = False
        self.lives: list[int] = []
        self.obstacle: str | None = None
        self.cleared = False
        self.rewindable = self.rewindable_then = True  # now, and at the point
        self.once: str | None = None  # what was said that must not be said again
        self.disturbed: set[str] = set()
        self.set_by_plan: set[str] = set()
        self.set_by_engine: set[str] = set()
        # Beyond the point: whether all can be taken for done, up to the last look.
        self.restorable = True
        self.looked = False
        self.reading = False  # whether a read has not been answered, or by an event
        self.beyond: tuple[int, str] | None = None
        self.lost_sight: str | None = None  # of what was looked at and then moved

    # ------------------------------------------------------------ messages

    def message(self, record: Record) -> None:
        """Take a message of the plan."""
        if self.last is not None and self.last[0] in _SETTLED:
            self._settle(thrown=False)
        self.count += 1
        self.last = record
        self.answered = False
        command = record[0]
        if command == "create":
            name = record[3].get("name") or (record[2][0] if record[2] else "")
            self.created[_key(record[4])] = name
        elif command == "clear_checkpoint":
            self.cleared = True
        elif command == "rewindable":
            if record[2] and record[2][0] is not None:
                self.rewindable = bool(record[2][0])
        elif not self.rewindable and self.once is None:
            self.once = command
        if self.reading:
            self.restorable = self.reading = False  # an event has the answer
        if self.looked and command == "set":
            self._extend(record)
        if self.restorable:
            self.restorable = command in _RESTORABLE
            self.reading = command == "read"
        if command in _MOVES and record[1] is not None:
            self.disturbed.add(record[1].name)
            self.set_by_plan.add(record[1].name)

    def _extend(self, record: Record) -> None:
        """Go on behind a look, if all since the point can be restored.

        What a plan saw before a device moved, it must not look for afterwards: where
        a relative scan has its origin, for example. Where that cannot be, only what
        was set before the look will be where it was.
        """
        name = "" if record[1] is None else record[1].name
        if self.restorable:
            self.beyond = (self.count, "set")
            self.looked = False
        elif name not in self.set_by_plan:
            self.lost_sight = self.lost_sight or name

    def _settle(self, *, thrown: bool, response: Any = None) -> None:
        """Decide about the last message, now that more is known."""
        if self.last is None or self.answered:
            return
        self.answered = True
        command = self.last[0]
        if command == "checkpoint" and not thrown:
            self.cleared = False
            self._advance(None)
        elif command in _MADE_IF_ANSWERED and self.made:
            self._advance(response)
        if thrown:
            self.restorable = False
        self.made.clear()

    def _advance(self, response: Any) -> None:
        """Let the point be behind the last message."""
        command = "" if self.last is None else self.last[0]
        self.point = (self.count, command)
        self.response = response
        self.once = None
        self.rewindable_then = self.rewindable
        self.disturbed.clear()
        self.restorable, self.looked, self.beyond = True, False, None
        self.reading, self.lost_sight = False, None

    def other(self, kind: int, record: Record) -> None:
        """Take a record that is no message, no response and no document."""
        if kind == _ENGINE:
            self._engine(record[1])
        elif kind == _THROWN:
            self._thrown(record[1])
        elif kind in (_NOTE, _NOTE_ERROR):
            self._settle(thrown=False)  # else the plan would not look
            self.looked = True
        elif kind == _RESUMED:
            self._resumed(record[1])
        elif kind == _BEGIN:
            self.begun = record[1]
        elif kind == _END:
            self.ended = True

    def _engine(self, message: Record) -> None:
        if message[0] == "set" and message[1] is not None:
            self.set_by_engine.add(message[1].name)

    def sent(self, value: Any) -> None:
        """Take a response."""
        command = "" if self.last is None else self.last[0]
        if command in _SETTLED:
            self._settle(thrown=False, response=UNKNOWN)
        self.answered, self.reading = True, False
        if command in _LOOKS:
            self.looked = True
        elif value is False and command == "wait":
            self.restorable = False

    def _thrown(self, error: Any) -> None:
        self._settle(thrown=True)
        self.restorable = False
        if isinstance(error, ErrorRef) and error.module == "lapwing.errors":
            self.obstacle = self.obstacle or _ORDERS.get(error.name)

    def _resumed(self, index: int) -> None:
        self.lives.append(index)
        self.count = index
        self.last = None
        self.made.clear()
        self.rewindable = self.rewindable_then
        beyond = self.beyond is not None and index == self.beyond[0]
        response = self.response if index == self.point[0] else None
        self._advance(UNKNOWN if beyond else response)
        self.point = (index, "")

    # ------------------------------------------------------------ documents

    def document(self, name: str, doc: Document) -> None:
        """Take a document."""
        last = self.last
        command = "" if last is None else last[0]
        before = self._seq_num(name, doc)
        stream = self._take(name, doc)
        if name == "stop" and command != "close_run":
            self.obstacle = self.obstacle or "it was at its end"
        if last is None or self.answered:
            return
        if name in _MADE_IF_ANSWERED.get(command, ()):
            self.made.add(name)
        if name not in _MADE_BY.get(command, ()):
            return
        if command == "save" and (
            stream != self.created.get(_key(last[4])) or doc["seq_num"] <= before
        ):
            return  # it came of a monitor, or is one that a rewind takes again
        response: Any = None
        if command in ("open_run", "close_run"):
            response = doc["uid"] if name == "start" else doc["run_start"]
        elif command == "declare_stream":
            response = [doc, None, list(last[2])]
        self._advance(response)

    def _seq_num(self, name: str, doc: Document) -> int:
        found = self.streams.get(doc["descriptor"]) if name == "event" else None
        return 0 if found is None else found[1].seq_num

    def _take(self, name: str, doc: Document) -> str | None:
        """Note what a document says of its run; return its stream."""
        if name == "start":
            key = None if self.last is None else _key(self.last[4])
            self.runs[doc["uid"]] = RunAt(key, doc)
            self.run_uids.append(doc["uid"])
            self.scan_id = doc.get("scan_id", self.scan_id)
        elif name == "stop":
            self.runs.pop(doc["run_start"], None)
        elif name == "descriptor":
            self._describe(doc)
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
            number = doc["seq_num"]
            stream.last, stream.last_record = doc["data"], self.number
        elif name == "event_page":
            number = max(doc["seq_num"], default=0)
        elif self.last is not None and self.last[0] == "save":
            return stream.name  # its event counts, if that comes
        else:
            number = doc["seq_nums"]["stop"] - 1
        if number > stream.seq_num:
            stream.seq_num = number
        return stream.name

    # ------------------------------------------------------------ the end

    def state(self) -> ResumeState:
        """Return what all of this comes to."""
        if self.last is not None and self.last[0] == "checkpoint":
            self._settle(thrown=False)
        index, command = self.point if self.beyond is None else self.beyond
        return ResumeState(
            index=index,
            why=_why(index, command),
            response=self.response if self.beyond is None else UNKNOWN,
            begun=self.begun,
            runs=self.runs,
            run_uids=tuple(self.run_uids),
            ended=self.ended,
            resumed=tuple(self.lives),
            scan_id=self.scan_id,
            obstacle=self._obstacle(),
            disturbed=frozenset(self.disturbed),
            set_by_engine=frozenset(self.set_by_engine - self.set_by_plan),
        )

    def _obstacle(self) -> str | None:
        if self.ended:
            return "it has ended; there is nothing to resume"
        if self.obstacle is not None:
            return self.obstacle
        if self.cleared:
            return "the plan said that it cannot be rewound (clear_checkpoint)"
        if not self.rewindable or self.once is not None:
            what = f", and then {self.once!r}" if self.once is not None else ""
            return (
                "the plan said that what follows must not be repeated "
                f"(rewindable False{what})"
            )
        if self.lost_sight is not None:
            return (
                f"the plan had looked where something is, and then set "
                f"{self.lost_sight}, so that it would see something else now"
            )
        if "event_page" in self.made or "stream_datum" in self.made:
            return (
                "it was cut off within 'collect', of which not all documents may have "
                "been made"
            )
        return None


_MOVES = frozenset({"kickoff", "set", "stop"})


def _why(index: int, command: str) -> str:
    if command:
        return f"{command}, message {index}"
    return f"message {index}" if index else "its beginning"


def _key(run: Any) -> Hashable:
    return tuple(map(_key, run)) if isinstance(run, list) else run


def resume_state(records: Iterable[Record]) -> ResumeState:
    """Fold the records of one call.

    It can go on after the later of its last checkpoint and the message that made
    its last document: so no event is taken again, and none is missing. If the plan
    has looked outside itself since, and has said nothing but what can be restored,
    it goes on behind that: it would not see the same again.

    Args:
        records: From its BEGIN on; iterated over once.
    """
    fold = Fold()
    for fold.number, record in enumerate(records):
        kind = record[0]
        if kind.__class__ is str:
            fold.message(record)
        elif kind == _SENT:
            fold.sent(record[1])
        elif kind == _DOCUMENT:
            fold.document(record[1], record[2])
        else:
            fold.other(kind, record)
    return fold.state()
