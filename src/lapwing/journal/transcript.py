"""The transcript: takes down what a call says, hears and makes, as records.

Owns which record tells what, and when records that wait are written.
Must not know engines, nor where records are kept; a store does.
Test: tell it things by hand, with a store in memory; look at the records.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Protocol

from lapwing.documents import Document
from lapwing.errors import DataError
from lapwing.journal.codec import Kind, status_record
from lapwing.messages import Msg

MOST_WAITING = 1024
"""Records that may wait to be written together; looked at with each document."""

_END_OF_READINGS = frozenset(
    {
        "checkpoint",
        "close_run",
        "collect",
        "configure",
        "declare_stream",
        "drop",
        "monitor",
        "open_run",
        "save",
    }
)
"""Verbs at which a replay may begin, or readings are discarded: what was read into
an open event is to be written before them, unless the event itself comes now."""

_MANY = frozenset({"event", "event_page", "datum", "stream_datum"})
_SENT, _ENGINE, _DOCUMENT = int(Kind.SENT), int(Kind.ENGINE), int(Kind.DOCUMENT)
_TRUE = [_SENT, True]  # the answer to every wait
_SUCCEEDED = status_record(True, True)  # the answer to most that is set or triggered

Readings = list[tuple[int, Any]]  # index of the message, and its response


class Store(Protocol):
    """Where records are kept."""

    @property
    def next_number(self) -> int:
        """Number of the record that is written next."""
        ...

    def write(self, records: Sequence[Any]) -> int:
        """Write records, all or none; return the number of the last.

        Raises:
            DataError: They cannot be written now.
        """
        ...

    @property
    def durable(self) -> int:
        """Number of the last record that cannot be lost any more."""
        ...

    def on_durable(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(durable)``, in any thread, when it has grown."""
        ...

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to a record."""
        ...

    def release_reserve(self) -> None:
        """Give up room that is kept for the last records of a call."""
        ...

    def restore_reserve(self) -> Any:
        """Keep such room again, if there is any."""
        ...

    def rotate_if_large(self) -> Any:
        """Begin a new piece, between two calls, if the last has become large."""
        ...


class Transcript:
    """Takes down the calls of one engine; meets the engine's ``Recorder``.

    Records wait for `flush`: the engine calls that before it awaits and every other
    millisecond, and the store's own thread may call it too. If the store cannot
    write, they go on waiting; nothing is lost.

    Args:
        store: Where records are kept.
        identify: Returns what the next call is to be known by after a crash, for its
            BEGIN record.
        on_trouble: Told of an error of the store, once, and of None when it is over.

    Attributes:
        troubled: Whether the store could not write when last asked.
    """

    def __init__(
        self,
        store: Store,
        *,
        identify: Callable[[], Document] | None = None,
        on_trouble: Callable[[DataError | None], Any] | None = None,
    ):
        self.store = store
        self.identify = identify
        self.on_trouble = on_trouble
        # Only the loop's thread appends; whoever writes cuts its front off. The lock
        # keeps the number of what was cut off and the rest together.
        self._waiting: list[Any] = []
        self._written = store.next_number
        self._lock = threading.Lock()
        self._late: deque[list[Any]] = deque()
        self.troubled = False
        self._begin()

    def _begin(self) -> None:
        self._index = -1  # of the plan's last message
        self._last: Msg | None = None
        self._open: dict[Hashable, Readings] = {}
        self._saving: Hashable = _NOTHING

    # ------------------------------------------------------------ being told

    def begin(self, info: Document) -> None:
        """A call starts: uid, plan, metadata."""
        self._begin()
        info = dict(info)
        identity = dict(self.identify()) if self.identify is not None else {}
        if (plan := info.pop("plan", None)) is not None:
            identity["plan"] = plan  # it is asked for after a crash, as a whole
        self._put([int(Kind.BEGIN), {**info, "identity": identity}])
        self.flush()

    def message(self, msg: Msg, from_plan: bool) -> None:
        """A message was said, by the plan or by the engine itself."""
        if self._late:
            self._take_late()
        if self._saving is not _NOTHING:
            self._keep_readings()  # it was no event that came of them
        if not from_plan:
            # After a rewind the event has other readings than the plan was told.
            for readings in self._open.values():
                self._put_readings(readings)
                readings.clear()
            self._waiting.append([_ENGINE, msg])
            return
        self._index += 1
        self._last = msg
        command = msg[0]
        if command == "create":
            self._open[msg[4]] = []
        elif self._open and command in _END_OF_READINGS:
            self._close_readings(msg)
        self._waiting.append(msg)

    def sent(self, value: Any) -> None:
        """The plan is sent something else than None."""
        if value is True:
            self._waiting.append(_TRUE)
            return
        msg = self._last
        if msg is not None and msg[0] == "read" and msg[4] in self._open:
            self._open[msg[4]].append((self._index, value))
        elif hasattr(value, "add_callback"):
            if value.done and value.success:
                self._waiting.append(_SUCCEEDED)
            else:
                self._put_status(value)
        else:
            self._put([_SENT, value])

    def thrown(self, error: BaseException) -> None:
        """An error is thrown into the plan."""
        if self._saving is not _NOTHING:
            self._keep_readings()
        self._put([int(Kind.THROWN), error])

    def note(self, value: Any, error: Exception | None) -> None:
        """The plan looked at something outside itself: it saw a value, or failed."""
        if error is None:
            self._put([int(Kind.NOTE), value])
        else:
            self._put([int(Kind.NOTE_ERROR), error])

    def document(self, name: str, doc: Document) -> int:
        """A document was made; returns the number of its record."""
        if self._saving is not _NOTHING and name == "event":
            del self._open[self._saving]  # the readings are in it
            self._saving = _NOTHING
        waiting = self._waiting
        with self._lock:
            number = self._written + len(waiting)
            waiting.append([_DOCUMENT, name, doc])
        if len(waiting) >= MOST_WAITING or name not in _MANY:
            self.flush()  # whoever hears of a run next may make something of it
        return number

    def paused(self, reason: str) -> None:
        """The call is paused."""
        self._put([int(Kind.PAUSED), reason])
        self.flush()

    def taken_up(self) -> None:
        """The paused call goes on."""
        self._put([int(Kind.TAKEN_UP)])

    def resumed(self, index: int) -> None:
        """The call goes on after a crash, with the plan's message ``index``."""
        self._begin()
        self._index = index - 1
        self._put([int(Kind.RESUMED), index])
        self.flush()

    def end(self, info: Document) -> None:
        """The call is over."""
        self._take_late()
        self._put([int(Kind.END), info])
        self._begin()
        self.flush()
        if self._waiting:
            self.store.release_reserve()
            self.flush()
        else:
            self.store.rotate_if_large()
            self.store.restore_reserve()

    def leave(self) -> None:
        """The process leaves in order; nothing is told any more."""
        self._put([int(Kind.LEFT)])
        self.flush()

    # ------------------------------------------------------------ readings

    def _close_readings(self, msg: Msg) -> None:
        """Write what was read into open events; a ``save`` first sees its event."""
        own = msg[4] if msg[0] == "save" else _NOTHING
        if len(self._open) == 1 and own in self._open:
            self._saving = own
            return
        for run, readings in self._open.items():
            if run != own:
                self._put_readings(readings)
                readings.clear()
        if msg[0] == "save" and own in self._open:
            self._saving = own
        elif msg[0] in ("drop", "close_run"):
            self._open.pop(msg[4], None)

    def _keep_readings(self) -> None:
        """Write what was read into an event that was not made."""
        self._put_readings(self._open.pop(self._saving, []))
        self._saving = _NOTHING

    def _put_readings(self, readings: Readings) -> None:
        for index, reading in readings:
            self._put([int(Kind.READING), index, reading])

    def _put_status(self, status: Any) -> None:
        done = bool(status.done)
        self._put(status_record(done, done and bool(status.success)))
        if not done:
            status.add_callback(_Done(self, self._index, status))

    def done(self, index: int, success: bool) -> None:
        """A status that the plan was sent is done; from any thread."""
        self._late.append([int(Kind.DONE), index, success])

    def _take_late(self) -> None:
        while self._late:
            self._waiting.append(self._late.popleft())

    # ------------------------------------------------------------ writing

    def _put(self, record: Any) -> None:
        self._waiting.append(record)

    def flush(self) -> None:
        """Write what waits; from any thread. What cannot be written goes on waiting."""
        if not self._waiting:
            return
        with self._lock:
            trouble = self._write()
        if trouble is not None or self.troubled:
            self._tell_trouble(trouble)

    def _write(self) -> DataError | None:
        records = self._waiting[:]
        try:
            if records:
                self.store.write(records)
        except DataError as exc:
            return exc
        del self._waiting[: len(records)]
        self._written += len(records)
        return None

    def _tell_trouble(self, trouble: DataError | None) -> None:
        if (trouble is not None) == self.troubled:
            return
        self.troubled = trouble is not None
        if self.on_trouble is not None:
            self.on_trouble(trouble)

    # ------------------------------------------------------------ being asked

    @property
    def durable(self) -> int:
        """Number of the last record that cannot be lost any more; -1 for none."""
        return self.store.durable

    def on_durable(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(durable)``, in any thread, when it has grown."""
        self.store.on_durable(callback)

    def documents(self, last: int) -> Iterable[tuple[str, Document]]:
        """Return the documents up to record number ``last``, in order."""
        return self.store.documents(last)


_NOTHING: Any = object()


class _Done:
    """Says that a status is done; holds on to nothing else."""

    __slots__ = ("index", "owner", "status")

    def __init__(self, owner: Transcript, index: int, status: Any):
        self.owner, self.index, self.status = owner, index, status

    def __call__(self, *_: Any) -> None:
        self.owner.done(self.index, bool(self.status.success))
