"""Steps: a call's records, grouped by the messages of its plan.

Owns which answer, looks and documents belong to which message.
Must not know plans: messages are as they were written.
Test: group records made by a transcript; compare with what it was told.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ErrorRef, Kind, ObjectRef, Record

_SENT, _THROWN = int(Kind.SENT), int(Kind.THROWN)
_NOTE, _NOTE_ERROR = int(Kind.NOTE), int(Kind.NOTE_ERROR)
_DOCUMENT, _READING = int(Kind.DOCUMENT), int(Kind.READING)
_DONE, _RESUMED = int(Kind.DONE), int(Kind.RESUMED)

NONE: Any = object()
"""No answer was written: None, if another message follows."""


class Step:
    """A message of the plan, and what came of it until the next.

    Attributes:
        index: Number of the message among those of the plan; -1 for what was before
            the first.
        message: The message as it was written; None for index -1.
        answer: What the plan was sent; `NONE` if nothing was written.
        error: What was thrown into it instead.
        notes: What the plan saw outside itself before its next message: whether it
            saw it, and the value, or the error.
        documents: Name and content of the documents made meanwhile.
        done: Statuses that were done meanwhile: number of the message that was
            answered by each, and whether it succeeded.
    """

    # Plain, for there are ten of them a point.
    __slots__ = ("answer", "documents", "done", "error", "index", "message", "notes")

    def __init__(self, index: int, message: Record | None):
        self.index = index
        self.message = message
        self.answer: Any = NONE
        self.error: ErrorRef | None = None
        self.notes: Sequence[tuple[bool, Any]] = ()
        self.documents: list[tuple[str, Document]] | tuple[()] = ()
        self.done: Sequence[tuple[int, bool]] = ()


def steps(
    records: Iterable[Record], resumed: Sequence[int] = (), stop: int | None = None
) -> Iterator[Step]:
    """Yield the steps of a call, without those that a resume has made void.

    Args:
        records: All records of the call.
        resumed: With which message each life after the first went on; see
            `resume_state.ResumeState`.
        stop: How many messages stand in the last life; None: all.
    """
    grouping = _Grouping()
    lives = iter((*resumed, stop))
    void_from = next(lives)
    void = False
    for record in records:
        kind = record[0]
        if kind.__class__ is str:
            void = void_from is not None and grouping.count >= void_from
            if not void and (ready := grouping.message(record)) is not None:
                yield from ready
        elif kind == _SENT:
            if not void:
                grouping.step.answer, grouping.step.error = record[1], None
        elif kind == _DOCUMENT:
            grouping.document(record[1], record[2])
        elif kind == _RESUMED:
            void, void_from = False, next(lives)
            grouping.step.notes = ()  # it looks again
        elif not void and kind in _TAKES:
            _TAKES[kind](grouping, record)
    yield from grouping.rest()


class _Grouping:
    """Steps that are being made; those with a reading to come are kept back."""

    def __init__(self) -> None:
        self.count = 0
        self.step = Step(-1, None)
        self._waiting: list[Step] = []
        self._open: dict[Hashable, list[Step]] = {}  # reads of each open event
        self._num_reads = 0
        self._saving: Hashable = NONE
        self._object_keys: dict[str, dict[str, list[str]]] = {}

    def message(self, record: Record) -> list[Step] | None:
        """Take a message of the plan; return what is complete now."""
        self._finish()
        self.step = Step(self.count, record)
        self.count += 1
        command = record[0]
        if command == "create":
            self._open[_key(record[4])] = []
        elif self._open:
            run = _key(record[4])
            if command == "save" and run in self._open:
                self._saving = run
            elif command in ("drop", "close_run"):
                self._close(run)
        if self._num_reads:
            return None
        ready, self._waiting = self._waiting, []
        return ready

    def rest(self) -> list[Step]:
        """Return what is left."""
        self._finish()
        return self._waiting

    def _finish(self) -> None:
        """Put the step that is over behind the others."""
        step = self.step
        self._waiting.append(step)
        if not self._open:
            return
        if self._saving is not NONE:
            self._close(self._saving)  # it was no event that came of them
            self._saving = NONE
        message = step.message
        if message is None or message[0] != "read" or step.answer is not NONE:
            return
        reads = self._open.get(_key(message[4]))
        if reads is not None and step.error is None:
            reads.append(step)
            self._num_reads += 1

    def _close(self, run: Hashable) -> None:
        self._num_reads -= len(self._open.pop(run, ()))

    def document(self, name: str, doc: Document) -> None:
        """Take a document; an event answers what was read into it."""
        if not self.step.documents:
            self.step.documents = []
        self.step.documents.append((name, doc))
        if name == "descriptor":
            self._object_keys[doc["uid"]] = doc["object_keys"]
        elif name == "event" and self._saving is not NONE:
            keys = self._object_keys.get(doc["descriptor"], {})
            for step in self._open[self._saving]:
                step.answer = _reading(step, doc, keys)
            self._close(self._saving)
            self._saving = NONE

    def thrown(self, record: Record) -> None:
        self.step.error = record[1]

    def note(self, record: Record) -> None:
        self.step.notes = (*self.step.notes, (True, record[1]))

    def note_error(self, record: Record) -> None:
        self.step.notes = (*self.step.notes, (False, record[1]))

    def done(self, record: Record) -> None:
        self.step.done = (*self.step.done, (record[1], record[2]))

    def reading(self, record: Record) -> None:
        """Answer a read of an event that was not made, or not yet."""
        if self.step.index == record[1]:
            self.step.answer = record[2]
            return
        for run, reads in self._open.items():
            for step in reads:
                if step.index == record[1]:
                    step.answer = record[2]
                    self._open[run] = [one for one in reads if one is not step]
                    self._num_reads -= 1
                    return


_TAKES = {
    _THROWN: _Grouping.thrown,
    _NOTE: _Grouping.note,
    _NOTE_ERROR: _Grouping.note_error,
    _DONE: _Grouping.done,
    _READING: _Grouping.reading,
}


def _key(run: Any) -> Hashable:
    return tuple(map(_key, run)) if isinstance(run, list) else run


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
