"""PV objects as channels: the channel protocol on objects such as pyepics' PVs.

Owns the way between their threads and the event loop.
Must not import pyepics: it talks to the objects that it is given.
Test: tests/contract/test_channel.py over pyepics; tests/unit/epics/test_pyepics.py over
objects without a network.

pyepics calls a put complete when the server died: so each completion is proven, by a
value read afresh. It blocks its callers: so each call has a thread of this client's.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import contextlib
import inspect
import sys
import time
import weakref
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

import numpy as np

from lapwing.epics import connection
from lapwing.epics.channel import (
    ANSWER_TIMEOUT,
    Control,
    Subscription,
    Value,
    late,
    lost,
    title,
)
from lapwing.epics.connection import Connection
from lapwing.epics.convert import limits_of, to_put
from lapwing.epics.pv_objects import PvObject
from lapwing.errors import DeviceError

THREADS = 8

_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, PyepicsClient]"
_clients = weakref.WeakKeyDictionary()


def client(answer_timeout: float = ANSWER_TIMEOUT) -> "PyepicsClient":
    """Return the client of the running event loop, made at its first use.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost; of a client that is made now.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = PyepicsClient(answer_timeout)
    return _clients[loop]


async def close() -> None:
    """Close the running loop's client; to be called before that loop ends."""
    if (found := _clients.pop(asyncio.get_running_loop(), None)) is not None:
        await found.close()


class PyepicsChannel(Connection):
    """One PV object; see `lapwing.epics.channel.Channel`.

    Args:
        client: The client that makes it.
        pv: The object.
        device: Name of the device that uses it.
    """

    def __init__(self, client: "PyepicsClient", pv: PvObject, device: str):
        super().__init__(client, "ca", pv.pvname, device)
        self._object: Any = pv
        self._run = client.run
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._monitors: list[PyepicsMonitor] = []
        self._watching = False
        self._down: asyncio.Future[None] = self._loop.create_future()

    def watch(self) -> None:
        """Begin to hear of the object's losses and returns."""
        listeners = getattr(self._object, "connection_callbacks", None)
        if not self._watching and listeners is not None:
            listeners.append(self._heard)
        self._watching = True
        if not self.connected and self._object.connected:
            self._begin(self._look())

    def _heard(self, *args: Any, conn: bool = True, **kwargs: Any) -> None:
        _call(self._loop, self._on_object, conn)

    def _on_object(self, up: bool) -> None:
        if up:
            self._begin(self._look())
        else:
            self.lose()

    async def _look(self) -> None:
        """Ask what the values are; the channel is connected when that is known."""
        if self._down.done():
            self._down = self._loop.create_future()
        await self._run(_forget_gets, self._object)
        while self._object.connected and not self.connected:
            value = await self.fresh(self.client.answer_timeout)
            if value is not None:
                details = await self._run(self._details)
                self._control = _control_of(value.value, details)
                self.set_connected(True)

    def _details(self) -> dict[str, Any]:
        ask = getattr(self._object, "get_ctrlvars", None)
        return (ask() if ask is not None else None) or {}

    async def fresh(self, timeout: float) -> Value | None:
        """Return a value that the server told now; None if it did not answer.

        Args:
            timeout: Seconds to wait.
        """
        reading = self._begin(self._run(_read, self._object, timeout))
        # pyepics may take longer, and does not always notice a loss.
        waiting = [reading, self._down]
        await asyncio.wait(
            waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        return reading.result() if reading.done() else None

    def lose(self) -> None:
        """Count as lost; fail what is under way, after whoever listens has heard."""
        super().lose()
        if not self._down.done():
            self._down.set_result(None)

    async def put(
        self, value: Any, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """Write a value; with ``wait`` return when all that it set off is over."""
        if not (self.connected and self._object.connected):
            self.set_connected(False)
            await self.require(connection.PATIENCE if wait else 0.0)
        ready, action = to_put(value, self.control, title(self)), f"was set to {value}"
        if not wait:
            await self._run(self._object.put, ready)
        else:
            over = self._loop.create_future()
            self._begin(self._start(over, ready))
            await self.outcome(over, action, timeout)
        await self._prove(action)

    async def _start(self, over: "asyncio.Future[None]", ready: Any) -> None:
        def finish() -> None:
            if not over.done():
                over.set_result(None)

        if _takes(self._object.put, "callback"):
            tell = partial(_call, self._loop, finish)
            await self._run(
                partial(self._object.put, ready, callback=lambda *_, **__: tell())
            )
        else:
            await self._run(partial(self._object.put, ready, wait=True))
            finish()

    async def _prove(self, action: str) -> None:
        """Raise if the server is gone: pyepics calls its puts complete then."""
        alive = self._object.connected
        if not alive or await self.fresh(self.client.answer_timeout) is None:
            self.lose()
            raise lost(self, action)

    def beat(self) -> "asyncio.Future[bool]":
        """Ask for something small; the future says whether it was answered well."""

        async def answered() -> bool:
            return await self.fresh(self.client.answer_timeout) is not None

        return self._begin(answered())

    def monitor(
        self, callback: Callable[[Value], None], *, every: bool = False
    ) -> Subscription:
        """Call ``callback(value)`` now and on each change, in the event loop."""
        if not hasattr(self._object, "add_callback"):
            raise DeviceError(
                f"{title(self)} cannot be monitored: its PV object has no add_callback",
                pv=self.pv,
                device=self.device or None,
            )
        monitor = PyepicsMonitor(self._object, callback, every)
        # Closed ones would keep alive whoever listened.
        self._monitors = [one for one in self._monitors if one.is_open]
        self._monitors.append(monitor)
        self._begin(self._run(monitor.begin))
        return monitor

    def close(self) -> None:
        """Give the connection up; the PV object stays its owner's."""
        self.forget()
        listeners = getattr(self._object, "connection_callbacks", [])
        if self._heard in listeners:
            listeners.remove(self._heard)
        self._watching = False
        for monitor in self._monitors:
            monitor.close()
        self._monitors = []
        for task in self._tasks:
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class PyepicsMonitor:
    """A subscription to a PV object.

    Args:
        pv: The object.
        callback: Called in the event loop with each value.
        every: Tell every change; else only the last of those that came while the
            loop was busy.

    Attributes:
        is_open: Whether it still tells.
    """

    def __init__(self, pv: Any, callback: Callable[[Value], None], every: bool):
        self._object = pv
        self._callback = callback
        self._every = every
        self._loop = asyncio.get_running_loop()
        self._news: list[Value] = []
        self._index: Any = None
        self.is_open = True

    def begin(self) -> None:
        """Subscribe; to be called in a thread that may block."""
        if getattr(self._object, "auto_monitor", True) in (None, False):
            self._object.auto_monitor = True  # off by default for long arrays
        self._index = self._object.add_callback(self._heard)
        value = _read(self._object, ANSWER_TIMEOUT)
        if value is not None:
            self._tell(value)

    def close(self) -> None:
        """Call it no more."""
        if self.is_open and self._index is not None:
            self._object.remove_callback(self._index)
        self.is_open = False

    def _heard(self, *args: Any, **news: Any) -> None:
        self._tell(_value_of(news))

    def _tell(self, value: Value) -> None:
        self._news.append(value)
        _call(self._loop, self._take)

    def _take(self) -> None:
        news, self._news = self._news, []
        for value in news if self._every else news[-1:]:
            if self.is_open:
                self._callback(value)


class PyepicsClient:
    """PV objects, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.

    Attributes:
        answer_timeout: As given; may be changed.
    """

    def __init__(self, answer_timeout: float = ANSWER_TIMEOUT):
        self.answer_timeout = answer_timeout
        self._threads = ThreadPoolExecutor(THREADS, "pv-object", _attach)
        self._channels: weakref.WeakSet[PyepicsChannel] = weakref.WeakSet()

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what a function returns that may block its thread.

        Args:
            function: What to call.
            *args: Its arguments.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args))

    def channel(self, pv: PvObject, device: str = "") -> PyepicsChannel:
        """Return a channel that is not connected yet.

        Args:
            pv: The object.
            device: Name of the device that will use it, for messages.
        """
        channel = PyepicsChannel(self, pv, device)
        self._channels.add(channel)
        return channel

    async def connect(self, channels: Iterable[Any], timeout: float) -> None:
        """Connect channels, all at once."""
        await connection.connect(channels, timeout)

    async def get_many(
        self, channels: Sequence[Any], timeout: float | None = None
    ) -> list[Value]:
        """Read channels afresh, all at once; return values in the same order."""
        limit = self.answer_timeout if timeout is None else timeout
        if not all(channel.connected for channel in channels):
            await connection.connect(channels, min(limit, connection.PATIENCE))
        values = await asyncio.gather(*(channel.fresh(limit) for channel in channels))
        pairs = list(zip(channels, values, strict=True))
        if bad := [channel for channel, value in pairs if value is None]:
            raise connection.first_of([_unread(c, limit) for c in bad], limit)
        return [value for value in values if value is not None]

    async def close(self) -> None:
        """Close every channel and subscription of this client."""
        for channel in list(self._channels):
            channel.close()
        self._channels.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)
        # The channels' tasks were cancelled; let them end before the loop does.
        await asyncio.sleep(0)


def _unread(channel: PyepicsChannel, limit: float) -> DeviceError:
    if not channel.connected:
        return lost(channel, "was read")
    if limit >= channel.client.answer_timeout:
        channel.fell_silent()
    return late(channel, "was read", limit)


def _call(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *args: Any
) -> None:
    # A loop that was closed meanwhile waits for nothing.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def _attach() -> None:
    """Give a thread pyepics' own context; without it libca would make another."""
    if (epics := sys.modules.get("epics")) is not None:
        epics.ca.use_initial_context()


def _forget_gets(pv: Any) -> None:
    """Let pyepics ask anew.

    A get that it could not send stays under way to it, and so would all that follow.
    """
    epics = sys.modules.get("epics")
    if epics is not None and (entry := epics.ca.get_cache(pv.pvname)) is not None:
        entry.get_results.clear()


def _failures() -> tuple[type[Exception], ...]:
    """Return what pyepics raises where a server is gone."""
    epics = sys.modules.get("epics")
    if epics is None:
        return ()
    return (epics.ca.ChannelAccessException, epics.ca.ChannelAccessGetFailure)


def _takes(function: Callable[..., Any], name: str) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)


def _read(pv: Any, timeout: float) -> Value | None:
    """Return a value that the server told now, not one that a monitor left."""
    if not pv.connected:
        return None
    ask = getattr(pv, "get_with_metadata", None)
    wanted = {"use_monitor": False, "timeout": timeout}
    try:
        if ask is not None:
            news = ask(**wanted)
        else:
            given = {name: v for name, v in wanted.items() if _takes(pv.get, name)}
            news = {"value": pv.get(**given)}
    except _failures():
        return None
    if news is None or news.get("value") is None:
        return None
    return _value_of(news)


def _value_of(news: dict[str, Any]) -> Value:
    value: Any = news["value"]
    if isinstance(value, np.ndarray | list | tuple):
        value = np.array(value)
    elif isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, bool):
        value = int(value)
    stamp = news.get("timestamp") or time.time()
    return Value(value, float(stamp), int(news.get("severity") or 0))


def _control_of(value: Any, details: dict[str, Any]) -> Control:
    kind: Literal["number", "integer", "string", "array"]
    dtype, shape = "<f8", ()
    if isinstance(value, np.ndarray):
        kind, shape, dtype = "array", value.shape, value.dtype.str
    elif isinstance(value, str):
        kind, dtype = "string", "|S40"
    elif isinstance(value, float):
        kind = "number"
    else:
        kind, dtype = "integer", "<i4"
    choices = details.get("enum_strs") or ()
    texts = [c.decode() if isinstance(c, bytes) else str(c) for c in choices]
    return Control(
        dtype=kind,
        dtype_numpy=dtype,
        shape=shape,
        units=str(details.get("units") or ""),
        precision=details.get("precision"),
        limits=limits_of(details.get),
        choices=tuple(texts),
    )
