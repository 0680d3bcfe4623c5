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
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import NoneType
from typing import Any

from lapwing.epics import connection
from lapwing.epics.backend import Backend, OnePerLoop
from lapwing.epics.channel import ANSWER_TIMEOUT, Subscription, Value
from lapwing.epics.connection import Connection
from lapwing.epics.convert import to_put
from lapwing.epics.pv_objects import PvObject
from lapwing.epics.pyepics_values import (
    PyepicsMonitor,
    attach,
    call,
    control_of,
    forget_gets,
    read,
    write,
)
from lapwing.epics.sentences import late, lost, title
from lapwing.epics.waiting import first_done
from lapwing.errors import DeviceError

THREADS = 8
BREATH = 0.01
"""Seconds between two looks at an object that says it is connected but has no value."""


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
        self._held = client.held
        self._mine: asyncio.Future[None] | None = None  # of the held ones
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._monitors: list[PyepicsMonitor] = []
        self._watching = False
        self._told_up = False
        self._looking: asyncio.Task[None] | None = None
        self._down: asyncio.Future[None] = self._loop.create_future()

    def watch(self) -> None:
        """Begin to hear of the object's losses and returns."""
        listeners = getattr(self._object, "connection_callbacks", None)
        if not self._watching and listeners is not None:
            listeners.append(self._heard)
        self._watching = True
        if not self.connected and self._object.connected:
            self._look_soon()

    def _heard(self, *args: Any, conn: bool = True, **kwargs: Any) -> None:
        if not conn:
            forget_gets(self._object)
        call(self._loop, self._on_object, conn)

    def _on_object(self, up: bool) -> None:
        if not self._watching:
            return  # closed meanwhile
        self._told_up = up
        if up:
            self._look_soon()
        else:
            self.lose()

    def _look_soon(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self._begin(self._look())
            self._looking.add_done_callback(self._on_look)

    def _on_look(self, look: "asyncio.Task[None]") -> None:
        if not look.cancelled() and (reason := look.exception()) is not None:
            self.trouble = self.refused("was looked for", reason)
            self.trouble.__cause__ = reason

    async def _look(self) -> None:
        """Ask what the values are; the channel is connected when that is known."""
        # pyepics tells of a connection before its object says that it has one.
        while (self._told_up or self._object.connected) and not self.connected:
            if self._down.done():
                self._down = self._loop.create_future()
            value = await self.fresh(self.client.answer_timeout)
            if value is None:
                await asyncio.sleep(BREATH)
                continue
            details = await self._run(self._details)
            if self._down.done():
                continue  # it was lost meanwhile
            self._control = control_of(value.value, details)
            self.set_connected(True)

    def _details(self) -> dict[str, Any]:
        ask = getattr(self._object, "get_ctrlvars", None)
        details = (ask() if ask is not None else None) or {}
        return {**details, "nelm": getattr(self._object, "nelm", 0)}

    async def fresh(self, timeout: float) -> Value | None:
        """Return a value that the server told now; None if it did not answer.

        Args:
            timeout: Seconds to wait.
        """
        reading = self._begin(self._run(read, self._object, timeout))
        # pyepics may take longer, and does not always notice a loss.
        try:
            await first_done([reading, self._down], timeout)
            answered = reading.done() and not reading.cancelled()
            return reading.result() if answered else None
        finally:
            # One that waits for a thread would keep others waiting.
            reading.cancel()

    def lose(self) -> None:
        """Count as lost; fail what is under way, after whoever listens has heard."""
        super().lose()
        if not self._down.done():
            self._down.set_result(None)
        if self._mine is not None:
            self._end_put(self._mine)

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
            # A server that gets a second put on one channel before the first has ended
            # serves nothing else on that connection meanwhile.
            while (before := self._held.get(self.pv)) is not None:
                timeout = await self.wait_for_turn(before, value, timeout)
            await self.outcome(self._start(ready, action), action, timeout)
        await self._prove(action)

    def _start(self, ready: Any, action: str) -> "asyncio.Future[None]":
        """Begin a put; return what is done when the object calls it complete."""
        over: asyncio.Future[None] = self._loop.create_future()
        held = self._mine = self._held[self.pv] = self._loop.create_future()

        def finish() -> None:
            self._end_put(held)
            if not over.done():
                over.set_result(None)

        def on_sent(sending: "asyncio.Task[None]") -> None:
            if not sending.cancelled() and (reason := sending.exception()) is not None:
                self._end_put(held)
                if not over.done():
                    over.set_exception(self.refused(action, reason))

        tell = partial(call, self._loop, finish)
        sending = self._begin(self._run(write, self._object, ready, tell))
        sending.add_done_callback(on_sent)
        return over

    def _end_put(self, held: "asyncio.Future[None]") -> None:
        if self._held.get(self.pv) is held:
            del self._held[self.pv]
        if not held.done():
            held.set_result(None)

    async def _prove(self, action: str) -> None:
        """Raise if the server is gone: pyepics calls its puts complete then."""
        limit = self.client.answer_timeout
        if self._object.connected and await self.fresh(limit) is not None:
            return
        if self._object.connected and not self._down.done():
            self.fell_silent()
        else:
            self.lose()
        raise lost(self, action)

    def beat(self) -> "asyncio.Future[bool]":
        """Ask for something small; the future says whether it was answered well."""

        async def answered() -> bool:
            while self._object.connected and not self._down.done():
                if await self.fresh(self.client.answer_timeout) is not None:
                    return True
                await asyncio.sleep(BREATH)
            return False

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
            # A new list: another thread may be going through the old one.
            others = [one for one in listeners if one != self._heard]
            self._object.connection_callbacks = others
        self._watching = False
        for monitor in self._monitors:
            monitor.close()
        self._monitors = []
        for task in self._tasks:
            task.cancel()

    def error(self, answer: None, action: str, timeout: float | None) -> DeviceError:
        """Return our error for no answer at all, which is all that is said."""
        if not self.connected:
            return lost(self, action)
        return late(self, action, timeout)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class PyepicsClient(Backend):
    """PV objects, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.

    Attributes:
        held: By PV, what is done when its last put is over.
    """

    failure = NoneType

    def __init__(self, answer_timeout: float = ANSWER_TIMEOUT):
        super().__init__(answer_timeout)
        self.held: dict[str, asyncio.Future[None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "pv-object", attach)

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what a function returns that may block its thread.

        Args:
            function: What to call.
            *args: Its arguments.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args))

    def make_channel(self, pv: PvObject, device: str) -> PyepicsChannel:
        """Return a channel that is not connected yet."""
        return PyepicsChannel(self, pv, device)

    async def ask(self, channels: Sequence[Any], limit: float) -> list[Any]:
        """Ask all channels at once; return what came in the time, in the same order."""
        return await asyncio.gather(*(channel.fresh(limit) for channel in channels))

    async def end(self) -> None:
        """Let its threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


_clients = OnePerLoop(PyepicsClient)
client, close = _clients.client, _clients.close
