"""Batch: requests to Channel Access servers that go out and come back together.

Owns the requests to libca for values, and when they go out.
Must not know channels, clients or devices; is loaded with libca, never before.
Test: tests/contract/test_channel.py, against the simulated beamline.

libca answers each request in a thread of its own. A task and a wake-up for each PV
cost more than the network; so the requests of a batch leave in one flush, and the last
answer wakes the event loop, once.
"""

import asyncio
import contextlib
import ctypes
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from epicscorelibs.ca import cadef, dbr

from lapwing.epics.channel import Value
from lapwing.epics.wire import TIMED, decode, is_byte

NORMAL: int = cadef.ECA_NORMAL
DISCONNECTED: int = cadef.ECA_DISCONN
UNANSWERED: int = cadef.ECA_TIMEOUT
_CELLS = {
    1: ctypes.c_int16,
    2: ctypes.c_float,
    3: ctypes.c_uint16,
    4: ctypes.c_uint8,
    5: ctypes.c_int32,
    6: ctypes.c_double,
}
_REALS = (2, 6)
# What libca will call back with must outlive who waits for it.
_awaited: "set[_Request]" = set()
# Loops whose requests are about to go out.
_flushing: "weakref.WeakSet[asyncio.AbstractEventLoop]" = weakref.WeakSet()
# By aioca's channel: the last put to it whose end is not known.
_held_puts: "dict[Any, Batch]" = {}


@dataclass(frozen=True, slots=True)
class Target:
    """A PV as libca knows it.

    Attributes:
        channel: aioca's channel, which has a name and libca's handle.
        handle: libca's handle.
        kind: Code of its type.
        count: Number of elements.
        text: Whether its bytes are a text.
    """

    channel: Any
    handle: Any
    kind: int
    count: int
    text: bool


def target_of(channel: Any) -> Target:
    """Return what a connected channel is.

    Args:
        channel: aioca's.
    """
    handle = ctypes.c_void_p.from_param(channel)  # what it is to C
    kind, count = cadef.ca_field_type(handle), cadef.ca_element_count(handle)
    text = channel.name.endswith("$") and is_byte(kind)
    return Target(channel, handle, kind, count, text)


def flush_soon() -> None:
    """Let all requests that are made in this turn of the event loop go at its end."""
    loop = asyncio.get_running_loop()
    if loop not in _flushing:
        # One for all: each is a system call.
        _flushing.add(loop)
        loop.call_soon(_flush, loop)


def _flush(loop: asyncio.AbstractEventLoop) -> None:
    _flushing.discard(loop)
    cadef.ca_flush_io()


def put_before(target: Target) -> "Batch | None":
    """Return the put to a PV that has not ended yet, if there is one.

    A server (EPICS base's rsrv) that gets a second put with completion on one channel
    before the first has ended serves nothing else on that connection meanwhile.

    Args:
        target: The PV.
    """
    return _held_puts.get(target.channel)


class Batch:
    """Some requests that are sent and waited for together.

    Attributes:
        answers: One for each request, in order: a `Value`; or libca's status, which is
            `UNANSWERED` as long as there is none.
        done: Done when the last request was answered, or nobody waits any more.
        over: Done when the last request was answered, however late.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.answers: list[Any] = []
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._held: list[Any] = []  # whose puts are awaited
        self._came: list[None] = []  # libca's threads append, which is atomic
        self._sent = False

    def get(self, target: Target, *, whole: bool = True) -> None:
        """Ask for a value with its time.

        Args:
            target: The PV.
            whole: Ask for all elements of an array; else for the first.
        """
        request = self._new(target)
        kind, count = target.kind + TIMED, target.count if whole else 1
        with self._refusal(request):
            cadef.ca_array_get_callback(
                kind, count, target.handle, _on_answer, ctypes.py_object(request)
            )

    def put(self, target: Target, value: Any) -> None:
        """Write a value; answered when all that it set off is over.

        Args:
            target: The PV.
            value: A number, a text or an array, as the PV takes it.
        """
        request = self._new(target)
        with self._refusal(request):
            kind, count, memory, _kept = _memory(target, value)
            cadef.ca_array_put_callback(
                kind,
                count,
                target.handle,
                memory,
                _on_answer,
                ctypes.py_object(request),
            )
            # Only now: one that never went out has no end to wait for.
            _held_puts[target.channel] = self
            self._held.append(target.channel)

    def send(self) -> "asyncio.Future[None]":
        """Let the requests go; return what is done when all are answered."""
        self._sent = True
        flush_soon()
        if len(self._came) == len(self.answers):
            self.finish()
        return self.done

    def finish(self) -> None:
        """Wait for no more answers."""
        for future in (self.done, self.over):
            if not future.done():
                future.set_result(None)
        for channel in self._held:
            if _held_puts.get(channel) is self:
                del _held_puts[channel]

    def take(self, index: int, answer: Any) -> None:
        """Take an answer; to be called in a thread of libca's.

        Args:
            index: Number of the request.
            answer: What it came to; see `answers`.
        """
        self.answers[index] = answer
        self._came.append(None)
        if self._sent and len(self._came) == len(self.answers):
            # A loop that was closed meanwhile waits for nothing.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.finish)

    def _new(self, target: Target) -> "_Request":
        request = _Request(self, len(self.answers), target)
        self.answers.append(UNANSWERED)
        _awaited.add(request)
        return request

    @contextlib.contextmanager
    def _refusal(self, request: "_Request") -> Iterator[None]:
        try:
            yield
        except (cadef.CAException, cadef.Disconnected) as exc:
            _awaited.discard(request)
            self.answers[request.index] = _status_of(exc)
            self._came.append(None)


class _Request:
    """What libca hands back with an answer."""

    __slots__ = ("batch", "index", "target")

    def __init__(self, batch: Batch, index: int, target: Target):
        self.batch = batch
        self.index = index
        self.target = target


@cadef.event_handler
def _on_answer(args: Any) -> None:
    request: _Request = args.usr
    _awaited.discard(request)
    answer = args.status
    if answer == NORMAL and args.raw_dbr:
        answer = value_in(request.target, args)
    request.batch.take(request.index, answer)


def value_in(target: Target, news: Any) -> Value:
    """Return the value of which libca tells.

    Args:
        target: The PV.
        news: What libca hands over; of no use when its call has ended.
    """
    array = target.count > 1 and not target.text
    return decode(news.raw_dbr, news.type - TIMED, news.count, array=array)


def put_now(target: Target, value: Any) -> int:
    """Write a value and wait for nothing; return libca's status.

    Args:
        target: The PV.
        value: A number, a text or an array, as the PV takes it.
    """
    try:
        kind, count, memory, _kept = _memory(target, value)
        cadef.ca_array_put(kind, count, target.handle, memory)
        cadef.ca_flush_io()
    except (cadef.CAException, cadef.Disconnected) as exc:
        return _status_of(exc)
    return NORMAL


def is_up(target: Target) -> bool:
    """Return whether libca has a connection now; the event loop may hear of it later.

    Args:
        target: The PV.
    """
    return cadef.ca_state(target.handle) == cadef.cs_conn


def _status_of(error: cadef.CAException | cadef.Disconnected) -> int:
    return error.status if isinstance(error, cadef.CAException) else DISCONNECTED


def forget_requests() -> None:
    """Wait for no answer any more; libca must have forgotten every PV."""
    _awaited.clear()
    _held_puts.clear()


def words(status: int) -> str:
    """Return what libca calls a status.

    Args:
        status: One that says no.
    """
    return cadef.ca_message(status)


def _memory(target: Target, value: Any) -> tuple[Any, ...]:
    """Return type, count, address and owner of a value as C knows it."""
    if isinstance(value, int | float) and (cell_of := _CELLS.get(target.kind)):
        # A whole number may come as a float; `to_put` has seen that it is whole.
        whole = target.kind not in _REALS
        cell = cell_of(int(value) if whole else value)
        return target.kind, 1, ctypes.addressof(cell), cell
    return dbr.value_to_dbr(target.channel, None, value)
