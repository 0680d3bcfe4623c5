"""Connection: what channels of every backend share, and whether a server still lives.

Owns the state of a connection, who hears of it, and the look at a server while a put
takes long.
Must not know a client library, nor devices.
Test: tests/contract/test_channel.py, over every backend.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from lapwing.epics.channel import Client, Control
from lapwing.epics.sentences import by_device, late, lost, silent, title, unreachable
from lapwing.epics.waiting import first_done
from lapwing.errors import DeviceError, DisconnectedError

PATIENCE = 0.5
"""Seconds that a request waits for a lost server to come back."""
HEARTBEAT = 1.0
"""Seconds of a put after which, and at which, its server is looked at."""


class Connection(ABC):
    """The connected half of a channel; see `lapwing.epics.channel.Channel`.

    Args:
        client: The client that makes it.
        scheme: How names of its protocol begin in full, such as ``"ca"``.
        pv: Name of the PV, with or without the scheme.
        device: Name of the device that uses it.

    Attributes:
        trouble: Why it cannot be used although its server answers, or None.
    """

    def __init__(self, client: Client, scheme: str, pv: str, device: str):
        self.client = client
        self.pv = pv.removeprefix(f"{scheme}://")
        self.device = device
        self.source = f"{scheme}://{self.pv}"
        self.trouble: DeviceError | None = None
        self._up = asyncio.Event()
        self._control: Control | None = None
        self._listeners: list[Callable[[bool], None]] = []
        self._signs: set[asyncio.Future[bool]] = set()
        self._puts: dict[asyncio.Future[Any], str] = {}

    @abstractmethod
    def watch(self) -> None:
        """Begin to look for the PV, and to hear of its losses and returns."""

    @abstractmethod
    def beat(self) -> "asyncio.Future[bool]":
        """Ask for something small; the future says whether it was answered well.

        It must be cancelled by who does not wait for it any more.
        """

    @abstractmethod
    def error(self, answer: Any, action: str, timeout: float | None) -> DeviceError:
        """Return our error for an answer of the library that is no value.

        Args:
            answer: What the library gave.
            action: What was going on, such as ``"was read"``.
            timeout: Seconds that were waited, or None.
        """

    @property
    def connected(self) -> bool:
        """Whether the server answers, as far as is known."""
        return self._up.is_set()

    @property
    def control(self) -> Control:
        """What the values are; the last known while not connected."""
        if self._control is None:
            raise DisconnectedError(
                f"{title(self)} is not connected",
                pv=self.pv,
                pvs=[self.pv],
                device=self.device or None,
                hint="await connect() first",
            )
        return self._control

    def on_connection(self, callback: Callable[[bool], None]) -> Callable[[], None]:
        """Call ``callback(connected)`` on each loss and return; get what ends it."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    async def wait_connected(self) -> None:
        """Wait, for ever if need be, until the server answers."""
        self.watch()
        await self._up.wait()

    async def require(self, patience: float) -> None:
        """Wait a while for the connection.

        Args:
            patience: Seconds; 0 does not wait.

        Raises:
            DisconnectedError: There is none after that time.
        """
        if not self._up.is_set():
            await connect([self], patience)

    def fell_silent(self) -> None:
        """Count as lost, until the server answers again."""
        self.set_connected(False)
        sign = self.beat()
        self._signs.add(sign)
        sign.add_done_callback(self._on_sign)

    def _on_sign(self, sign: "asyncio.Future[bool]") -> None:
        # One that came before a loss says nothing of the time after it.
        if sign in self._signs:
            self._signs.discard(sign)
            if not sign.cancelled() and sign.result():
                self.set_connected(True)

    def set_connected(self, connected: bool) -> None:
        """Take note of the connection's state, and tell it if it is another.

        Args:
            connected: Whether the server answers.
        """
        if connected == self._up.is_set():
            return
        if connected:
            self.trouble = None
            self._up.set()
        else:
            self._up.clear()
        for listener in tuple(self._listeners):
            listener(connected)

    def lose(self) -> None:
        """Count as lost; fail what is under way, after whoever listens has heard."""
        signs, self._signs = self._signs, set()
        for sign in signs:
            sign.cancel()
        try:
            self.set_connected(False)
        finally:
            # Also if who listens fails: nobody is to wait for ever.
            for future, action in self._puts.items():
                _fail(future, lost(self, action))

    def forget(self) -> None:
        """End what hangs on the connection; an orderly end is no loss: none is told."""
        self._listeners.clear()
        self.lose()

    def refused(self, action: str, reason: object) -> DeviceError:
        """Return the error that says that the server refused something.

        Args:
            action: What was going on, such as ``"was set to 3"``.
            reason: The server's own words.
        """
        return DeviceError(
            f"{title(self)} {action}, which its server refused: {reason}",
            pv=self.pv,
            device=self.device or None,
        )

    async def outcome(
        self, future: "asyncio.Future[Any]", action: str, timeout: float | None
    ) -> Any:
        """Return what a put comes to; see meanwhile that its server lives.

        A quick one costs a timer; one that takes longer than `HEARTBEAT` a small
        request in each such time.

        Args:
            future: Done when the put is over.
            action: What is going on, such as ``"was set to 3"``.
            timeout: Seconds that it may take; None waits for ever.

        Raises:
            DeviceTimeoutError: It was not over in that time.
            DisconnectedError: The server went away, or did not answer for the
                client's ``answer_timeout``.
        """
        loop = asyncio.get_running_loop()
        end = math.inf if timeout is None else loop.time() + timeout
        guard: list[asyncio.Task[None]] = []

        def begin() -> None:
            guard.append(loop.create_task(self._look_after(future, action, end)))

        period = self._period if timeout is None else min(self._period, timeout)
        timer = loop.call_later(period, begin)
        self._puts[future] = action
        try:
            return await future
        except _TooLateError:
            raise late(self, action, timeout) from None
        finally:
            del self._puts[future]
            timer.cancel()
            for task in guard:
                task.cancel()

    async def wait_for_turn(
        self, before: "asyncio.Future[Any]", value: Any, timeout: float | None
    ) -> float | None:
        """Wait for the end of the put before; return the seconds that are left.

        Args:
            before: Done when that put is over.
            value: What is to be written after it.
            timeout: Seconds for both; None waits for ever.

        Raises:
            DeviceTimeoutError: It was not over in that time.
            DisconnectedError: The server went away.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        waiting = f"was to be set to {value}, but its last put had not ended"
        turn: asyncio.Future[None] = loop.create_future()
        # Not a shield, which would not bear that it ends by its time or a loss.
        before.add_done_callback(lambda _: turn.done() or turn.set_result(None))
        await self.outcome(turn, waiting, timeout)
        return None if timeout is None else max(0.0, timeout - (loop.time() - began))

    @property
    def _period(self) -> float:
        return min(HEARTBEAT, self.client.answer_timeout / 3)

    async def _look_after(
        self, future: "asyncio.Future[Any]", action: str, end: float
    ) -> None:
        loop = asyncio.get_running_loop()
        limit = self.client.answer_timeout
        while (left := end - loop.time()) > 0:
            beat = self.beat()
            try:
                # What was answered before this beat is a sign too: one period less.
                await first_done([beat], min(limit - self._period, left))
                if not beat.done() and loop.time() < end:
                    self.fell_silent()
                    _fail(future, silent(self, action, limit))
                    return
            finally:
                beat.cancel()
            await asyncio.sleep(min(self._period, max(end - loop.time(), 0.0)))
        _fail(future, _TooLateError())


class _TooLateError(Exception):
    """A put took more than its time."""


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


async def connect(channels: Iterable[Connection], timeout: float) -> None:
    """Connect channels, all at once.

    Args:
        channels: Channels of any backends.
        timeout: Seconds for all of them together.

    Raises:
        DisconnectedError: Some did not answer; it names every one.
        DeviceError: One answered what is of no use.
    """
    wanted = list(channels)
    for channel in wanted:
        channel.watch()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            # One may be lost again while another is waited for.
            while away := [channel for channel in wanted if not channel.connected]:
                for channel in away:
                    await channel.wait_connected()
    if missing := [channel for channel in wanted if not channel.connected]:
        for trouble in filter(None, [channel.trouble for channel in missing]):
            raise trouble
        raise unreachable(by_device(missing), timeout)
