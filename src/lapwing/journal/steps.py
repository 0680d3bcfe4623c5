"""Steps: a call's records, grouped by the messages of its plan.

Owns which answer, looks and documents belong to which message.
Must not know plans: messages are as they were written.
Test: group records made by a transcript; compare with what it was told.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ErrorRef, Kind, ObjectRef, Record

_SENT, _THROWN = int(Kind.SENT), int(Kind.THROWN)
_NOTE, _NOTE_ERROR = int(Kind.NOTE), int(Kind.NOTE_ERROR)
_DOCUMENT, _READING = int(Kind.DOCUMENT), int(Kind.READING)
_DONE, _RESUMED = int(Kind.DONE), int(Kind.RESUMED)

NONE: Any = object()
"""No answer was written: None, if another message follows."""


@dataclass(slots=True)
class Step:
    """A message of the plan, and what came of it until the next.

    Attributes:
        index: Number of the message among those of the plan; -1 for what was before
            the first.
        message: The message as it was written; None for index -1.
        answer: What the plan was sent; `NONE` if nothing was written.
        error: What was thrown into it instead.
        notes: What the plan saw outside itself before its next message: values,
            or errors.
        documents: Name and content of the documents made meanwhile.
        done: Statuses that were done meanwhile: number of the message that was
            answered by each, and whether it succeeded.
    """

    index: int
    message: Record | None
    answer: Any = NONE
    error: ErrorRef | None = None
    notes: list[tuple[bool, Any]] = field(default_factory=list)
    documents: list[tuple[str, Document]] = field(default_factory=list)
    done: list[tuple[int, bool]] = field(default_factory=list)


def steps(records: Iterable[Record], resumed: Sequence[int] = ()) -> Iterator[Step]:
    """Yield the steps of a call, without those that a resume has made void.

    Args:
        records: All records of the call.
        resumed: With which message each life after the first went on; see
            `resume_state.ResumeState`.
    """
    grouping = _Grouping()
    lives = iter((*resumed, None))
    void_from = next(lives)
    void = False
    for record in records:
        kind = record[0]
        if kind.__class__ is str:
            void = void_from is not None and grouping.count >= void_from
            if not void:
                yield from grouping.message(record)
        elif kind == _RESUMED:
            void, void_from = False, next(lives)
            grouping.step.notes.clear()  # it looks again
        elif kind == _DOCUMENT:
            grouping.document(record[1], record[2])
        elif not void and kind in _TAKES:
            _TAKES[kind](grouping, record)
    yield from grouping.rest()


class _Grouping:
    """Steps that are being made; those with a reading to come are kept back."""

    def __init__(self) -> None:
        self.count = 0
        self.step = Step(-1, None)
        self._waiting: deque[Step] = deque()
        self._open: dict[Hashable, list[Step]] = {}  # reads of each open event
        self._num_reads = 0
        self._saving: Hashable = NONE
        self._object_keys: dict[str, dict[str, list[str]]] = {}

    def message(self, record: Record) -> Iterator[Step]:
        """Take a message of the plan; yield what is complete now."""
        self._finish()
        self.step = Step(self.count, record)
        self.count += 1
        command, run = record[0], record[4]
        if command == "create":
            self._open[run] = []
        elif command == "save" and run in self._open:
            self._saving = run
        elif command in ("drop", "close_run"):
            self._close(run)
        if not self._num_reads:
            yield from self._waiting
            self._waiting.clear()

    def rest(self) -> Iterator[Step]:
        """Yield what is left."""
        self._finish()
        yield from self._waiting

    def _finish(self) -> None:
        """Put the step that is over behind the others."""
        step, message = self.step, self.step.message
        if self._saving is not NONE:
            self._close(self._saving)  # it was no event that came of them
            self._saving = NONE
        unanswered = step.answer is NONE and step.error is None
        if message is None or message[0] != "read" or not unanswered:
            pass
        elif (reads := self._open.get(message[4])) is not None:
            reads.append(step)
            self._num_reads += 1
        self._waiting.append(step)

    def _close(self, run: Hashable) -> None:
        self._num_reads -= len(self._open.pop(run, ()))

    def document(self, name: str, doc: Document) -> None:
        """Take a document; an event answers what was read into it."""
        self.step.documents.append((name, doc))
        if name == "descriptor":
            self._object_keys[doc["uid"]] = doc["object_keys"]
        elif name == "event" and self._saving is not NONE:
            keys = self._object_keys.get(doc["descriptor"], {})
            for step in self._open[self._saving]:
                step.answer = _reading(step, doc, keys)
            self._close(self._saving)
            self._saving = NONE

    def sent(self, record: Record) -> None:
        self.step.answer, self.step.error = record[1], None

    def thrown(self, record: Record) -> None:
        self.step.error = record[1]

    def note(self, record: Record) -> None:
        self.step.notes.append((True, record[1]))

    def note_error(self, record: Record) -> None:
        self.step.notes.append((False, record[1]))

    def done(self, record: Record) -> None:
        self.step.done.append((record[1], record[2]))

    def reading(self, record: Record) -> None:
        """Answer a read of an event that was not made, or not yet."""
        for run, reads in self._open.items():
            for step in reads:
                if step.index == record[1]:
                    step.answer = record[2]
                    self._open[run] = [one for one in reads if one is not step]
                    self._num_reads -= 1
                    return


_TAKES = {
    _SENT: _Grouping.sent,
    _THROWN: _Grouping.thrown,
    _NOTE: _Grouping.note,
    _NOTE_ERROR: _Grouping.note_error,
    _DONE: _Grouping.done,
    _READING: _Grouping.reading,
}


def _reading(step: Step, event: Document, keys: dict[str, list[str]]) -> Document:
    """Return what a device was read as, out of the event that it went into."""
    message = step.message
    obj = None if message is None else message[1]
    own = keys.get(obj.name, ()) if isinstance(obj, ObjectRef) else ()
    data, timestamps = event["data"], event["timestamps"]
    return {
        key: {"value": data[key], "timestamp": timestamps[key]}
        for key in own
        if key in data
    }
