"""Channel Access: the channel protocol on aioca.

Owns the only use of aioca and libca in the package.
Must not know devices; must not load libca before the first channel is made.
Test: tests/contract/test_channel.py, against the simulated beamline.

libca reads ``EPICS_CA_*`` once, when its first channel is made: set them before,
best by `configure`. It does not find a server that went away before about 10 s
have passed, and after longer absences it looks for it more and more seldom.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import contextlib
import ctypes
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from lapwing.epics.channel import (
    Control,
    Subscription,
    Value,
    by_device,
    late,
    lost,
    title,
    unreachable,
)
from lapwing.epics.convert import control_of, to_put, value_of
from lapwing.errors import (
    DeviceError,
    DisconnectedError,
    MissingExtraError,
    StateError,
)

PROPERTY_CHANGES = 8  # DBE_PROPERTY
PATIENCE = 0.5
"""Seconds that a request waits for a lost server to come back."""

_library: ModuleType | None = None
_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, CaClient]"
_clients = weakref.WeakKeyDictionary()


def configure(environment: Mapping[str, str]) -> None:
    """Set the ``EPICS_CA_*`` variables of this process, before libca reads them.

    Args:
        environment: Names and values, such as ``Beamline.environment``.

    Raises:
        StateError: libca runs already, with other values.
    """
    other = {k: v for k, v in environment.items() if os.environ.get(k) != v}
    if other and _library is not None:
        raise StateError(
            f"{', '.join(sorted(other))} cannot change any more: this process talks "
            "to EPICS already",
            hint="start the beamline before the first device is connected",
        )
    os.environ.update(other)


def client() -> "CaClient":
    """Return the client of the running event loop, made at its first use.

    Raises:
        MissingExtraError: The extra ``epics`` is not installed.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = CaClient(_load())
    return _clients[loop]


async def close() -> None:
    """Close the running loop's client; to be called before that loop ends."""
    if (found := _clients.pop(asyncio.get_running_loop(), None)) is not None:
        await found.close()


def _load() -> ModuleType:
    global _library
    if _library is None:
        try:
            import aioca
            from epicscorelibs.path import get_lib
        except ImportError as exc:
            raise MissingExtraError(
                "EPICS devices need aioca, which is not installed", extra="epics"
            ) from exc
        # libca tells about lost servers on stderr, in blocks of six lines and once
        # a second; our own errors say the same in a sentence.
        ctypes.CDLL(get_lib("Com")).eltc(0)
        _library = aioca
    return _library


class CaChannel:
    """One PV over Channel Access; see `lapwing.epics.channel.Channel`.

    Args:
        library: aioca.
        pv: Name of the PV.
        device: Name of the device that uses it.
    """

    def __init__(self, library: ModuleType, pv: str, device: str):
        self._library = library
        self.pv = pv
        self.device = device
        self.source = f"ca://{pv}"
        self._up = asyncio.Event()
        self._control: Control | None = None
        self._watch: Subscription | None = None
        self._monitors: list[Any] = []
        self._listeners: list[Callable[[bool], None]] = []

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

    def watch(self) -> None:
        """Begin to look for the PV, and to hear of its losses and returns."""
        if self._watch is None:
            # Property events only: control data now and on change, and the news of
            # a lost circuit, without the traffic of the values.
            self._watch = self._library.camonitor(
                self.pv,
                self._on_watch,
                events=PROPERTY_CHANGES,
                format=self._library.FORMAT_CTRL,
                count=1,
                notify_disconnect=True,
            )

    async def wait_connected(self) -> None:
        """Wait, for ever if need be, until the server answers."""
        self.watch()
        await self._up.wait()

    async def put(
        self, value: Any, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """Write a value; with ``wait`` return when all that it set off is over."""
        await self.require(PATIENCE if wait else 0.0)
        action = f"was set to {value}"
        ready = to_put(value, self.control, title(self))
        result = await self._library.caput(
            self.pv, ready, wait=wait, timeout=timeout, throw=False
        )
        if not result.ok:
            raise self.error(result, action, timeout)
        if not self.connected:
            raise lost(self, action)

    def monitor(
        self, callback: Callable[[Value], None], *, every: bool = False
    ) -> Subscription:
        """Call ``callback(value)`` now and on each change, in the event loop."""
        # Closed ones would keep alive whoever listened.
        self._monitors = [one for one in self._monitors if one.state != one.CLOSED]
        subscription = self._library.camonitor(
            self.pv,
            lambda value: callback(value_of(value)),
            format=self._library.FORMAT_TIME,
            count=-1,
            all_updates=every,
        )
        self._monitors.append(subscription)
        return subscription

    def on_connection(self, callback: Callable[[bool], None]) -> Callable[[], None]:
        """Call ``callback(connected)`` on each loss and return; get what ends it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def close(self) -> None:
        """Give the connection up."""
        # An orderly end is no loss: nobody is told.
        self._listeners.clear()
        self._set_connected(False)
        for subscription in (self._watch, *self._monitors):
            if subscription is not None:
                subscription.close()
        self._watch = None
        self._monitors = []

    async def require(self, patience: float) -> None:
        """Wait a while for the connection.

        Args:
            patience: Seconds; 0 does not wait.

        Raises:
            DisconnectedError: There is none after that time.
        """
        if self.connected:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.wait_connected()
        if not self.connected:
            raise unreachable(by_device([self]), patience)

    def error(self, result: Any, action: str, timeout: float | None) -> DeviceError:
        """Return our error for one of aioca's.

        Args:
            result: A ``CANothing`` that says no.
            action: What was going on, such as ``"was read"``.
            timeout: Seconds that were waited, or None.
        """
        from epicscorelibs.ca import cadef

        if result.errorcode == cadef.ECA_DISCONN:
            # Whoever listens hears of the loss before the request fails.
            self._set_connected(False)
        if not self.connected:
            return lost(self, action)
        if result.errorcode == cadef.ECA_TIMEOUT:
            return late(self, action, timeout)
        reason = cadef.ca_message(result.errorcode)
        return DeviceError(
            f"{title(self)} {action}, which its server refused: {reason}",
            pv=self.pv,
            device=self.device or None,
        )

    def _on_watch(self, value: Any) -> None:
        if value.ok:
            self._control = control_of(value)
        self._set_connected(bool(value.ok))

    def _set_connected(self, connected: bool) -> None:
        if connected == self.connected:
            return
        if connected:
            self._up.set()
        else:
            self._up.clear()
        for listener in tuple(self._listeners):
            listener(connected)


class CaClient:
    """Channel Access, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        library: aioca.
    """

    def __init__(self, library: ModuleType):
        self._library = library
        self._channels: weakref.WeakSet[CaChannel] = weakref.WeakSet()

    def channel(self, pv: str, device: str = "") -> CaChannel:
        """Return a channel that is not connected yet."""
        channel = CaChannel(self._library, pv.removeprefix("ca://"), device)
        self._channels.add(channel)
        return channel

    async def connect(self, channels: Iterable[CaChannel], timeout: float) -> None:
        """Connect channels, all at once."""
        wanted = list(channels)
        for channel in wanted:
            channel.watch()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for channel in wanted:
                    await channel.wait_connected()
        if missing := [channel for channel in wanted if not channel.connected]:
            raise unreachable(by_device(missing), timeout)

    async def get_many(
        self, channels: Sequence[CaChannel], timeout: float = PATIENCE
    ) -> list[Value]:
        """Read channels afresh, all at once; return values in the same order."""
        # The full length of an array, always: a descriptor promises one shape.
        values = await self._library.caget(
            [channel.pv for channel in channels],
            format=self._library.FORMAT_TIME,
            count=-1,
            timeout=timeout,
            throw=False,
        )
        pairs = list(zip(channels, values, strict=True))
        bad = [(channel, value) for channel, value in pairs if not value.ok]
        if bad:
            # Every error first: it is what tells which channels are lost.
            errors = [c.error(v, "was read", timeout) for c, v in bad]
            missing = [channel for channel, _ in bad if not channel.connected]
            if len(missing) > 1:
                raise unreachable(by_device(missing), timeout)
            raise errors[0]
        return [value_of(value) for value in values]

    async def close(self) -> None:
        """Close every channel and subscription of this client."""
        for channel in list(self._channels):
            channel.close()
        self._channels.clear()
        # aioca has no purge of one loop only; the process has one device loop.
        self._library.purge_channel_caches()
        # The subscriptions' tasks were cancelled; let them end before the loop does.
        await asyncio.sleep(0)
