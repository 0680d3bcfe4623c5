"""The recorder: what an engine tells whoever keeps the truth about its calls.

Owns the protocol, and a recorder that keeps everything in memory.
Must not know files; a journal implements the protocol.
Test: run a plan with a `MemoryRecorder` and look at its records.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from lapwing.documents import Document
from lapwing.journal.codec import Decoder, Encoder, Kind, Record
from lapwing.journal.transcript import Transcript
from lapwing.messages import Msg


class Recorder(Protocol):
    """Takes down what happens in a call, in order.

    All methods are called on the device loop and must neither block nor raise: a
    recorder that cannot write keeps what it is told, and asks for a pause.
    """

    def begin(self, info: Document) -> None:
        """A call starts: ``call`` (a uid), ``plan_name``, ``plan_type``, ..."""
        ...

    def message(self, msg: Msg, from_plan: bool) -> None:
        """The plan said ``msg``; or, if not ``from_plan``, the engine itself did."""
        ...

    def sent(self, value: Any) -> None:
        """The plan is sent a response, which is not None."""
        ...

    def thrown(self, error: BaseException) -> None:
        """An error, or an order, is thrown into the plan."""
        ...

    def note(self, value: Any, error: Exception | None) -> None:
        """The plan looked at something outside itself: it saw a value, or failed."""
        ...

    def document(self, name: str, doc: Document) -> int:
        """A document was made; returns the number of its record.

        Records are numbered from 0 without gaps; order is by number, never by time.
        """
        ...

    def paused(self, reason: str) -> None:
        """The call is paused."""
        ...

    def taken_up(self) -> None:
        """The paused call goes on."""
        ...

    def resumed(self, index: int) -> None:
        """A call of a process that died goes on with its plan's message ``index``."""
        ...

    def end(self, info: Document) -> None:
        """The call is over: ``exit_status``, ``run_uids``, ``error``, ``value``, ..."""
        ...

    def flush(self) -> None:
        """Let nothing wait: the engine is about to wait for something itself."""
        ...

    @property
    def durable(self) -> int:
        """Number of the last record that cannot be lost any more; -1 for none."""
        ...

    def on_durable(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(durable)``, in any thread, when more has become so."""
        ...

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to record number ``last``, in order.

        Called from any thread, with a number that is durable.
        """
        ...


class MemoryStore:
    """Keeps records in a list, as they would come back from a disk.

    Attributes:
        records: All records so far, in order.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._callbacks: list[Callable[[int], Any]] = []
        self._encoder, self._decoder = Encoder(), Decoder(exact=True)

    @property
    def next_number(self) -> int:
        """Number of the record that is written next."""
        return len(self.records)

    def write(self, records: Sequence[Any]) -> int:
        """Keep records; return the number of the last."""
        self.records += self._decoder.unpack(self._encoder.pack(records))
        for callback in self._callbacks:
            callback(self.durable)
        return self.durable

    @property
    def durable(self) -> int:
        """Number of the last record: what is in memory counts as safe."""
        return len(self.records) - 1

    def on_durable(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(number)`` after each write."""
        self._callbacks.append(callback)

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to a record, in order."""
        records = self.records[: last + 1]
        return [(one[1], one[2]) for one in records if one[0] == Kind.DOCUMENT]

    def release_reserve(self) -> None:
        """Do nothing: memory keeps no room."""

    def restore_reserve(self) -> None:
        """Do nothing."""

    def rotate_if_large(self) -> None:
        """Do nothing: there is but one piece."""


class MemoryRecorder(Transcript):
    """Keeps every record in a list; for tests, and for looking at a plan."""

    store: MemoryStore

    def __init__(self) -> None:
        super().__init__(MemoryStore())

    @property
    def records(self) -> list[Record]:
        """All records so far, in order; see `lapwing.journal.codec`."""
        self.flush()
        return self.store.records
