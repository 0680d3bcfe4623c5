"""Steps: a call's records, grouped by the messages of its plan.

Owns which answer, looks and documents belong to which message, and which stand.
Must not know plans: messages are as they were written.
Test: group records made by a transcript; compare with what it was told.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from lapwing.documents import Document
from lapwing.errors import DataError
from lapwing.journal.codec import ErrorRef, Kind, ObjectRef, Record
from lapwing.journal.resume_state import Fold, ResumeState

_SENT, _THROWN = int(Kind.SENT), int(Kind.THROWN)
_NOTE, _NOTE_ERROR = int(Kind.NOTE), int(Kind.NOTE_ERROR)
_DOCUMENT, _READING = int(Kind.DOCUMENT), int(Kind.READING)
_DONE, _RESUMED = int(Kind.DONE), int(Kind.RESUMED)

NONE: Any = object()
"""No answer was written: None, if another message follows."""


class Beside:
    """What else came of a message; of most, nothing did.

    Attributes:
        notes: What the plan saw outside itself before its next message: whether it
            saw it, and the value, or the error.
        documents: Name and content of the documents made meanwhile.
        done: Statuses that were done meanwhile: number of the message that was
            answered by each, and whether it succeeded.
        of_new_life: Whether it is the first that another process has said.
    """

    __slots__ = ("documents", "done", "notes", "of_new_life")

    def __init__(self) -> None:
        self.notes: list[tuple[bool, Any]] = []
        self.documents: list[tuple[str, Document]] = []
        self.done: list[tuple[int, bool]] = []
        self.of_new_life = False


class Step:
    """A message of the plan, and what came of it until the next.

    Attributes:
        index: Number of the message among those of the plan; -1 for what was before
            the first.
        message: The message as it was written; None for index -1.
        answer: What the plan was sent; `NONE` if nothing was written.
        error: What was thrown into it instead.
        beside: What else came of it; None if nothing did.
    """

    # Plain and small, for there are ten of them a point.
    __slots__ = ("answer", "beside", "error", "index", "message")

    def __init__(self, index: int, message: Record | None):
        self.index = index
        self.message = message
        self.answer: Any = NONE
        self.error: ErrorRef | None = None
        self.beside: Beside | None = None


class Steps:
    """The steps of a call that stand, in order; to be iterated over once.

    A step is yielded once nothing can make it void any more: a call goes on behind
    it, whenever it is cut off. So few are held at a time, of however many.

    Args:
        records: All records of the call.

    Attributes:
        state: Where the call goes on; known before its last step is yielded.

    Raises:
        DataError: The records contradict each other.
    """

    def __init__(self, records: Iterable[Record]):
        self.state: ResumeState | None = None
        self._records = records

    def __iter__(self) -> Iterator[Step]:
        fold, grouping = Fold(), _Grouping()
        for fold.number, record in enumerate(self._records):
            kind = record[0]
            if kind.__class__ is str:
                fold.message(record)
                grouping.message(record)
                if fold.point[0] > grouping.released + 2:
                    yield from grouping.release(fold.point[0] - 1)
            elif kind == _SENT:
                fold.sent(record[1])
                grouping.step.answer, grouping.step.error = record[1], None
            elif kind == _DOCUMENT:
                fold.document(record[1], record[2])
                grouping.document(record[1], record[2])
            else:
                fold.other(kind, record)
                if kind in _TAKES:
                    _TAKES[kind](grouping, record)
        self.state = fold.state()
        grouping.cut_off(self.state.index)
        yield from grouping.rest()


class _Grouping:
    """Steps that are being made; those with a reading to come are kept back."""

    def __init__(self) -> None:
        self.released = -2  # index of the last that was
        self.step = Step(-1, None)
        self._waiting: list[Step] = []
        self._open: dict[Hashable, list[Step]] = {}  # reads of each open event
        self._num_reads = 0
        self._saving: Hashable = NONE
        self._object_keys: dict[str, dict[str, list[str]]] = {}
        self._new_life = False

    @property
    def _beside(self) -> Beside:
        if self.step.beside is None:
            self.step.beside = Beside()
        return self.step.beside

    def message(self, record: Record) -> None:
        """Take a message of the plan."""
        before = self.step
        self._waiting.append(before)
        if self._open:
            self._finish(before)
        self.step = Step(before.index + 1, record)
        if self._new_life:
            self._beside.of_new_life, self._new_life = True, False
        command = record[0]
        if command == "create":
            self._open[_key(record[4])] = []
        elif command in _CLOSING and self._open:
            run = _key(record[4])
            if command != "save":
                self._close(run)
            elif run in self._open:
                self._saving = run

    def release(self, end: int) -> list[Step]:
        """Return the steps before a message, if all of them are complete."""
        if self._num_reads:
            return []
        waiting = self._waiting
        number = end - waiting[0].index if waiting else 0
        ready, self._waiting = waiting[:number], waiting[number:]
        if ready:
            self.released = ready[-1].index
        return ready

    def rest(self) -> list[Step]:
        """Return what is left."""
        self._waiting.append(self.step)
        return self._waiting

    def resumed(self, record: Record) -> None:
        """Another process went on with a message."""
        self.cut_off(record[1])
        self._beside.notes = []  # it looks again
        self._open.clear()  # what was read into them was written
        self._num_reads = 0
        self._saving = NONE
        self._new_life = True

    def cut_off(self, index: int) -> None:
        """Forget the messages from this one on, but not the documents they made."""
        documents: list[tuple[str, Document]] = []
        while self.step.index >= index:
            documents[:0] = self._beside.documents
            if not self._waiting:
                raise DataError(
                    f"the records say that the call went on with message {index}, but "
                    f"message {self.released + 1} stood already"
                )
            self.step = self._waiting.pop()
        if documents:
            self._beside.documents += documents

    def _finish(self, step: Step) -> None:
        """Have a read into an open event answered by that, if by nothing else."""
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
        self._beside.documents.append((name, doc))
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
        self._beside.notes.append((True, record[1]))

    def note_error(self, record: Record) -> None:
        self._beside.notes.append((False, record[1]))

    def done(self, record: Record) -> None:
        self._beside.done.append((record[1], record[2]))

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


_CLOSING = frozenset({"close_run", "drop", "save"})
_TAKES = {
    _RESUMED: _Grouping.resumed,
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
