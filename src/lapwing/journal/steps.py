"""Steps: a call's records, grouped by the messages of its plan.

Owns which answer, looks and documents belong to which message, and which stand.
Must not know plans: messages are as they were written.
Test: group records made by a transcript; compare with what it was told.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lapwing.errors import DataError
from lapwing.journal.codec import Kind, Record
from lapwing.journal.fold import Fold
from lapwing.journal.reads import Reads
from lapwing.journal.resume_state import UNKNOWN, ResumeState
from lapwing.journal.step import NONE, Step, Stretch

_BEGIN, _ENGINE, _END = int(Kind.BEGIN), int(Kind.ENGINE), int(Kind.END)
_SENT, _THROWN, _DONE = int(Kind.SENT), int(Kind.THROWN), int(Kind.DONE)
_NOTE, _NOTE_ERROR = int(Kind.NOTE), int(Kind.NOTE_ERROR)
_DOCUMENT, _READING = int(Kind.DOCUMENT), int(Kind.READING)
_RESUMED = int(Kind.RESUMED)

MANY = 100
"""Steps that are held before those are yielded that stand."""


class Steps:
    """The steps of a call that stand, in order; to be iterated over once.

    They are yielded in stretches, once nothing can make them void any more: a call
    goes on behind them, whenever it is cut off. So few are held at a time, of however
    many.

    Args:
        records: All records of the call.

    Attributes:
        state: Where the call goes on; known before the last step is yielded.

    Raises:
        DataError: The records contradict each other.
    """

    def __init__(self, records: Iterable[Record]):
        self.state: ResumeState | None = None
        self._records = records
        self._held = Stretch(-1, [None], [NONE], {})
        self._fold, self._reads = Fold(), Reads(self._held)
        self._new_life = False

    def __iter__(self) -> Iterator[Stretch]:  # noqa: C901 - ten records a point
        held, fold, reads = self._held, self._fold, self._reads
        messages, answers, takers = held.messages, held.answers, self._takers()
        index = -1
        for number, record in enumerate(self._records):
            kind = record[0]
            if kind.__class__ is str:
                if fold.unsettled is not None:
                    fold.settle()
                if reads.saving is not NONE:
                    reads.end_saving()  # it was no event that came of them
                messages.append(record)
                answers.append(NONE)
                index += 1
                fold.last, fold.answered = record, False
                if (take := takers.get(kind)) is not None:
                    take(index, record)
                if self._new_life:
                    held.of_last().of_new_life, self._new_life = True, False
                if fold.point - held.first > MANY and not reads.num_waiting:
                    yield self._release()
            elif kind == _SENT:
                answers[-1] = record[1]
                fold.answered = True
                if fold.unsettled is not None:
                    fold.settle(response=UNKNOWN)
                if index in held.beside:
                    held.beside[index].error = None
            elif kind == _DOCUMENT:
                _, name, doc = record
                if name == "event":
                    fold.event(doc, number, index)
                    reads.event(doc)
                else:
                    fold.document(name, doc, index)
                    reads.document(name, doc)
                beside = held.of_last()
                beside.documents = (*beside.documents, (name, doc))
            else:
                self._other(kind, record)
                index = held.end - 1
        fold.settle_checkpoint()
        self.state = fold.state(self._since())
        self._cut_off(self.state.index)
        yield held

    def _takers(self) -> dict[str, Callable[[int, Record], None]]:
        """Return what takes a message, for each verb that is of interest."""
        fold, reads = self._fold, self._reads

        def create(index: int, message: Record) -> None:
            fold.created(index, message)
            reads.created(index, message)

        return {**fold.takers(), **reads.takers(), "create": create}

    def _other(self, kind: int, record: Record) -> None:
        """Take a record that is no message, no response and no document."""
        held, fold = self._held, self._fold
        if kind in (_NOTE, _NOTE_ERROR):
            fold.looked()
            beside = held.of_last()
            beside.notes = (*beside.notes, (kind == _NOTE, record[1]))
        elif kind == _THROWN:
            fold.thrown(record[1])
            held.of_last().error = record[1]
        elif kind == _DONE:
            beside = held.of_last()
            beside.done = (*beside.done, (record[1], record[2]))
        elif kind == _READING:
            self._reads.reading(record[1], record[2])
        elif kind == _RESUMED:
            self._resumed(record[1])
        elif kind == _ENGINE:
            fold.engine_message(record[1])
        elif kind == _BEGIN:
            fold.begun = record[1]
        elif kind == _END:
            fold.ended = True

    def _release(self) -> Stretch:
        """Return the steps that stand and are complete."""
        stretch = self._held.split(self._fold.point - 1)
        answered, first = self._reads.answered, self._held.first
        self._reads.answered = {index for index in answered if index >= first}
        return stretch

    def _since(self) -> list[Step]:
        """Return the steps from the message before the point on.

        What a read into an event gave stands in the event, and is not among them.
        """
        return [
            replace(step, answer=NONE) if step.index in self._reads.answered else step
            for step in self._held.steps(self._fold.point - 1)
        ]

    def _resumed(self, index: int) -> None:
        """Another process went on with a message."""
        self._fold.resumed(index, self._since())
        self._cut_off(index)
        self._held.of_last().notes = ()  # it looks again
        self._reads.forget()  # what was read into events was written
        self._new_life = True

    def _cut_off(self, index: int) -> None:
        """Forget the messages from this one on, but not the documents they made."""
        held = self._held
        if index <= held.first:
            raise DataError(
                f"the records say that the call went on with message {index}, but "
                f"message {held.first} stood already"
            )
        void = [key for key in held.beside if key >= index]
        documents = [one for key in void for one in held.beside.pop(key).documents]
        del held.messages[index - held.first :], held.answers[index - held.first :]
        if documents:
            beside = held.of_last()
            beside.documents = (*beside.documents, *documents)


def resume_state(records: Iterable[Record]) -> ResumeState:
    """Fold the records of one call.

    It can go on after the later of its last checkpoint and the message that made
    its last document: so no event is taken again, and none is missing. If the plan
    has looked outside itself since, and has said nothing but what can be restored,
    it goes on behind that: it would not see the same again.

    Args:
        records: From its BEGIN on; iterated over once.

    Raises:
        DataError: The records contradict each other.
    """
    steps = Steps(records)
    for _ in steps:
        pass
    assert steps.state is not None  # noqa: S101 - all of them were taken
    return steps.state
