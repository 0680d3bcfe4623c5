"""Steps: messages of a plan, and what came of each until the next.

Owns the form in which all that reads a call's records speaks of messages.
Must not know plans, nor which messages stand.
Test: see `steps`.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import ErrorRef, Record

NONE: Any = object()
"""No answer was written: None, if another message follows."""


class Beside:
    """What else came of a message than an answer; of most, nothing did.

    Attributes:
        error: What was thrown into the plan instead of an answer.
        notes: What the plan saw outside itself before its next message: whether it
            saw it, and the value, or the error.
        documents: Name and content of the documents made meanwhile.
        done: Statuses that were done meanwhile: number of the message that was
            answered by each, and whether it succeeded.
        of_new_life: Whether the message is the first that another process has said.
    """

    __slots__ = ("documents", "done", "error", "notes", "of_new_life")

    def __init__(self) -> None:
        self.error: ErrorRef | None = None
        self.notes: Sequence[tuple[bool, Any]] = ()
        self.documents: Sequence[tuple[str, Document]] = ()
        self.done: Sequence[tuple[int, bool]] = ()
        self.of_new_life = False


@dataclass(frozen=True, slots=True)
class Step:
    """A message of the plan, and what came of it until the next.

    Attributes:
        index: Number of the message among those of the plan; -1 for what was before
            the first.
        message: The message as it was written; None for index -1.
        answer: What the plan was sent; `NONE` if nothing was written.
        beside: What else came of it; None if nothing did.
    """

    index: int
    message: Record | None
    answer: Any
    beside: Beside | None


class Stretch:
    """Steps that follow each other, as columns: there are ten of them a point.

    Attributes:
        first: Number of the first message.
        messages: The messages.
        answers: The answer of each.
        beside: What else came, by number of the message.
    """

    __slots__ = ("answers", "beside", "first", "messages")

    def __init__(
        self,
        first: int,
        messages: list[Record | None],
        answers: list[Any],
        beside: dict[int, Beside],
    ):
        self.first = first
        self.messages = messages
        self.answers = answers
        self.beside = beside

    @property
    def end(self) -> int:
        """Number behind the last message."""
        return self.first + len(self.messages)

    def of_last(self) -> Beside:
        """Return what else came of the last message, to be added to."""
        index = self.first + len(self.messages) - 1
        found = self.beside.get(index)
        if found is None:
            found = self.beside[index] = Beside()
        return found

    def steps(self, first: int) -> Iterator[Step]:
        """Yield the steps from a message on."""
        for index in range(first, self.end):
            at = index - self.first
            yield Step(
                index, self.messages[at], self.answers[at], self.beside.get(index)
            )

    def split(self, index: int) -> "Stretch":
        """Keep what comes from a message on; return what was before it."""
        number = index - self.first
        earlier = [key for key in self.beside if key < index]
        before = Stretch(
            self.first,
            self.messages[:number],
            self.answers[:number],
            {key: self.beside.pop(key) for key in earlier},
        )
        del self.messages[:number], self.answers[:number]
        self.first = index
        return before


def run_key(run: Any) -> Hashable:
    """Return a message's run key as it was before it was written."""
    return tuple(map(run_key, run)) if isinstance(run, list) else run
