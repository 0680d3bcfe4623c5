"""The recorder: what an engine tells whoever keeps the truth about its calls.

Owns the protocol, and a recorder that keeps everything in memory.
Must not know files or journals; those implement the protocol.
Test: run a plan with a `MemoryRecorder` and look at its records.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from lapwing.documents import Document
from lapwing.messages import Msg


class Recorder(Protocol):
    """Takes down what happens in a call, in order.

    Every method returns the record's number: records are numbered from 0 without
    gaps, and order is by number, never by time. All methods are called on the
    device loop and must not block.
    """

    def begin(self, plan_name: str, metadata: Document) -> int:
        """A call starts."""
        ...

    def message(self, msg: Msg, *, from_plan: bool) -> int:
        """The plan said ``msg``; or, if not ``from_plan``, the engine itself did."""
        ...

    def outcome(self, response: Any, error: BaseException | None) -> int:
        """The last message was answered by a response or an error."""
        ...

    def note(self, value: Any, error: Exception | None) -> int:
        """The plan looked at something outside itself: it saw a value, or failed."""
        ...

    def document(self, name: str, doc: Document) -> int:
        """A document was made."""
        ...

    def end(self, exit_status: str, reason: str) -> int:
        """The call is over."""
        ...

    @property
    def durable(self) -> int:
        """Number of the last record that cannot be lost any more; -1 for none."""
        ...

    def on_durable(self, callback: Callable[[int], None]) -> None:
        """Call ``callback(durable)`` on the device loop when more has become so."""
        ...

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to record number ``last``, in order.

        Called from any thread, with a number that is durable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a `MemoryRecorder`: its number, kind and content."""

    number: int
    kind: str
    content: tuple[Any, ...]


class MemoryRecorder:
    """Keeps every record in a list; for tests, and for looking at a plan.

    What is in memory counts as durable at once.

    Attributes:
        records: All records so far, in order.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._callbacks: list[Callable[[int], None]] = []

    def begin(self, plan_name: str, metadata: Document) -> int:
        """A call starts."""
        return self._add("begin", plan_name, metadata)

    def message(self, msg: Msg, *, from_plan: bool) -> int:
        """A message was said, by the plan or by the engine itself."""
        return self._add("message", msg, from_plan)

    def outcome(self, response: Any, error: BaseException | None) -> int:
        """The last message was answered."""
        return self._add("outcome", response, error)

    def note(self, value: Any, error: Exception | None) -> int:
        """The plan looked at something outside itself."""
        return self._add("note", value, error)

    def document(self, name: str, doc: Document) -> int:
        """A document was made."""
        return self._add("document", name, doc)

    def end(self, exit_status: str, reason: str) -> int:
        """The call is over."""
        return self._add("end", exit_status, reason)

    @property
    def durable(self) -> int:
        """Number of the last record."""
        return len(self.records) - 1

    def on_durable(self, callback: Callable[[int], None]) -> None:
        """Call ``callback(number)`` after each record."""
        self._callbacks.append(callback)

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to record number ``last``, in order."""
        records = self.records[: last + 1]
        return [r.content for r in records if r.kind == "document"]

    def _add(self, kind: str, *content: Any) -> int:
        number = len(self.records)
        self.records.append(Record(number, kind, content))
        for callback in self._callbacks:
            callback(number)
        return number
