"""The transcript: takes down what a call says, hears and makes, as records.

Owns which record tells what, and when records that wait are written.
Must not know engines, nor where records are kept; a store does.
Test: tell it things by hand, with a store in memory; look at the records.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from lapwing.documents import Document
from lapwing.errors import DataError
from lapwing.journal.codec import Kind, keep_doubles, status_record
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

_CHANGEABLE = frozenset({dict, list, np.ndarray})
"""What a plan or a device may use again for something else, a moment later."""

_DOUBLE = np.float64
_MANY = frozenset({"event", "event_page", "datum", "stream_datum"})
_SENT, _ENGINE, _DOCUMENT = int(Kind.SENT), int(Kind.ENGINE), int(Kind.DOCUMENT)
_TRUE = [_SENT, True]  # the answer to every wait
_SUCCEEDED = status_record(True, True)  # the answer to most that is set or triggered

Readings = list[tuple[int, Any]]  # index of the message, and its response
_Late = deque[list[Any]]  # what is done in other threads; of one call


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
    millisecond. A thread of the store's own may `write` them meanwhile. If the store
    cannot write, they go on waiting; nothing is lost.

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
        # The list is the loop's: it alone appends and cuts, so that it can number a
        # record without a lock. Who else writes, notes how far it came.
        self._waiting: list[Any] = []
        self._first = store.next_number  # number of the first of them
        self._num_written = 0  # how many of them are written
        self._lock = threading.Lock()  # held by who writes
        self.troubled = False
        self._begin()

    def _begin(self) -> None:
        self._index = -1  # of the plan's last message
        self._into: Readings | None = None  # where the answer to the last one goes
        self._open: dict[Hashable, Readings] = {}
        self._saving: Hashable = _NOTHING
        # A new one: what is done behind a call's end says nothing of the next call.
        self._late: _Late = deque()

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
        if not from_plan:
            self._from_engine(msg)
            return
        command = msg[0]
        if self._open:
            if command == "read" and self._saving is _NOTHING:
                self._into = self._open.get(msg[4])
            else:
                self._beside_open_event(msg)
        elif command == "create":
            self._open[msg[4]] = []
        self._index += 1
        self._waiting.append(msg)
        if msg[2]:
            for value in msg[2]:
                if value.__class__ in _CHANGEABLE:
                    self.flush()
                    break

    def _from_engine(self, msg: Msg) -> None:
        if self._saving is not _NOTHING:
            self._keep_readings()
        # After a rewind the event has other readings than the plan was told.
        for readings in self._open.values():
            self._put_readings(readings)
            readings.clear()
        self._waiting.append([_ENGINE, msg])

    def _beside_open_event(self, msg: Msg) -> None:
        """See to the readings of open events before a message of the plan."""
        self._into = None
        if self._saving is not _NOTHING:
            self._keep_readings()  # it was no event that came of them
        command, run = msg[0], msg[4]
        if command == "save" and len(self._open) == 1 and run in self._open:
            self._saving = run  # nearly always
        elif command == "create":
            self._open[run] = []
        elif command == "read":
            self._into = self._open.get(run)
        elif command in _END_OF_READINGS:
            self._close_readings(msg)

    def sent(self, value: Any) -> None:
        """The plan is sent something else than None."""
        if value is True:
            self._waiting.append(_TRUE)
            return
        if self._into is not None:
            self._into.append((self._index, value))
            self._into = None
        elif not hasattr(value, "add_callback"):
            changeable = value.__class__ in _CHANGEABLE
            if changeable or value.__class__ is _DOUBLE:
                value = keep_doubles(value)
            self._waiting.append([_SENT, value])
            if changeable:
                self.flush()
        elif value.done and value.success:
            self._waiting.append(_SUCCEEDED)
        else:
            self._put_status(value)

    def thrown(self, error: BaseException) -> None:
        """An error is thrown into the plan."""
        if self._saving is not _NOTHING:
            self._keep_readings()
        self._put([int(Kind.THROWN), error])

    def note(self, value: Any, error: Exception | None) -> None:
        """The plan looked at something outside itself: it saw a value, or failed."""
        if error is None:
            self._put([int(Kind.NOTE), keep_doubles(value)])
        else:
            self._put([int(Kind.NOTE_ERROR), error])

    def document(self, name: str, doc: Document) -> int:
        """A document was made; returns the number of its record."""
        if name == "event":
            if self._saving is not _NOTHING:
                del self._open[self._saving]  # the readings are in it
                self._saving = _NOTHING
            if _DOUBLE in map(type, doc["data"].values()):
                doc = {**doc, "data": keep_doubles(doc["data"])}
        waiting = self._waiting
        number = self._first + len(waiting)
        waiting.append((_DOCUMENT, name, doc))
        # Whoever hears of a run next may make something of it. And what is written is
        # let go of: it may be large.
        if name not in _MANY or self._num_written or len(waiting) >= MOST_WAITING:
            self.flush()
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
            self._put([int(Kind.READING), index, keep_doubles(reading)])

    def _put_status(self, status: Any) -> None:
        done = bool(status.done)
        self._put(status_record(done, done and bool(status.success)))
        if not done:
            status.add_callback(_Done(self._late, self._index, status))

    def _take_late(self) -> None:
        while self._late:
            self._waiting.append(self._late.popleft())

    # ------------------------------------------------------------ writing

    def _put(self, record: Any) -> None:
        self._waiting.append(record)

    def flush(self) -> None:
        """Write what waits, and let go of it; called where the rest is told."""
        if not self._waiting:
            return
        self.write()
        with self._lock:
            num_written, self._num_written = self._num_written, 0
            del self._waiting[:num_written]
            self._first += num_written

    def write(self) -> None:
        """Write what waits; from any thread. What cannot be written goes on waiting."""
        with self._lock:
            trouble = self._write()
        if trouble is not None or self.troubled:
            self._tell_trouble(trouble)

    def _write(self) -> DataError | None:
        records = self._waiting[self._num_written :]
        try:
            if records:
                self.store.write(records)
        except DataError as exc:
            return exc
        self._num_written += len(records)
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
    """Says, from any thread, that a status is done; holds on to nothing else."""

    __slots__ = ("index", "late", "status")

    def __init__(self, late: _Late, index: int, status: Any):
        self.late, self.index, self.status = late, index, status

    def __call__(self, *_: Any) -> None:
        self.late.append([int(Kind.DONE), self.index, bool(self.status.success)])
