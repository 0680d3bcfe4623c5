"""Posting link: PVs that are written to without ever waiting long for a server.

Owns their channels, what their servers refused, and whether anybody is there.
Must not know scans, nor what the values mean.
Test: tests/system/test_step_posting.py, against the simulated beamline.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from lapwing.epics.channel import Channel, Control
from lapwing.epics.clients import client
from lapwing.errors import (
    DeviceError,
    DeviceTimeoutError,
    DisconnectedError,
    PlanArgumentError,
)

logger = logging.getLogger("lapwing.stepscan")

SEARCH = 5.0
"""Seconds after which PVs that did not answer are told of; they may still come."""
ANSWER = 2.0
"""Seconds that a server may take to answer."""
SETTLE = 0.5
"""Seconds without news after which no more PVs are expected to come."""
_STRING_SIZE = 39
_BYTES = ("|u1", "|i1")


class LostError(Exception):
    """The server does not answer."""


class Link:
    """The PVs of a template.

    Args:
        pvs: Names of PVs, by field.
        watched: Fields whose changes are heard of.
        on_news: Called in the event loop when a PV came or went.
        on_change: Called in the event loop when one that is watched changed.

    Attributes:
        lost: Whether the server is waited for.
        denied: Whether these are not PVs to be posted to.
    """

    def __init__(
        self,
        pvs: Mapping[str, str],
        watched: Iterable[str],
        on_news: Callable[[], None],
        on_change: Callable[[], None],
    ):
        source = client()
        self._channels = {
            field: source.channel(pv, "posting") for field, pv in pvs.items()
        }
        self._watched = set(watched)
        self._subscriptions: dict[str, Any] = {}
        self._on_news = on_news
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._refused: set[str] = set()
        self._news_at = self._loop.time()
        self.lost = self.denied = self._broke = False
        self._search = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        for field, channel in self._channels.items():
            channel.on_connection(
                lambda up, field=field: self._on_connection(field, up)
            )
        try:
            await client().connect(self._channels.values(), SEARCH)
        except DisconnectedError as exc:
            missing = ", ".join(exc.pvs)
            if self.up:
                logger.warning("posting leaves out what does not answer: %s", missing)
            else:
                logger.warning("posting waits for a server: %s do not answer", missing)

    def _on_connection(self, field: str, up: bool) -> None:
        self._broke = self._broke or not up
        self._news_at = self._loop.time()
        channel = self._channels[field]
        if field in self._watched and field not in self._subscriptions:
            self._subscriptions[field] = channel.monitor(lambda _: self._on_change())
        self._on_news()

    @property
    def up(self) -> bool:
        """Whether any of the PVs answers, as far as is known."""
        return any(channel.connected for channel in self._channels.values())

    def take_break(self) -> bool:
        """Return whether a connection was lost since this was last asked.

        Who has nothing to say finds out by nothing else, and a server that was
        started anew has forgotten all.
        """
        broke, self._broke = self._broke, False
        return broke

    @property
    def settled(self) -> bool:
        """Whether no more PVs are expected to come."""
        quiet = self._loop.time() - self._news_at > SETTLE
        return self._search.done() or (self.up and quiet)

    @property
    def hopeless(self) -> bool:
        """Whether there is nobody to wait for."""
        return self.lost or (self._search.done() and not self.up)

    def takes(self, field: str) -> bool:
        """Return whether a field can be written to now."""
        channel = self._channels.get(field)
        return channel is not None and channel.connected and field not in self._refused

    async def send(self, values: Mapping[str, Any]) -> None:
        """Write values in order, and wait until the last one has arrived.

        A server takes what comes over one connection in order, so what was sent
        before the last has arrived with it. Fields that refuse are left out then.

        Args:
            values: By field; `takes` has said yes to each.

        Raises:
            LostError: The server does not answer.
        """
        fields = list(values)
        try:
            while fields and not await self._put(fields[-1], values, fields[:-1]):
                fields.pop()
        except (DisconnectedError, DeviceTimeoutError) as exc:
            raise LostError(str(exc)) from exc

    async def _put(
        self, last: str, values: Mapping[str, Any], before: Iterable[str]
    ) -> bool:
        for field in before:
            await self._one(field, values[field], wait=False)
        return await self._one(last, values[last], wait=True)

    async def _one(self, field: str, value: Any, *, wait: bool) -> bool:
        channel = self._channels[field]
        if field in self._refused:
            return False
        try:
            fitted = fit(value, channel.control)
            await channel.put(fitted, wait=wait, timeout=ANSWER if wait else None)
        except (DisconnectedError, DeviceTimeoutError):
            raise
        except (DeviceError, PlanArgumentError) as exc:
            self._refused.add(field)
            logger.warning("posting leaves out %s: %s", channel.pv, exc)
            return False
        return True

    async def read(self, fields: Iterable[str]) -> dict[str, Any]:
        """Return what some fields hold, read afresh; those without an answer not.

        Args:
            fields: Names of fields.

        Raises:
            LostError: The server does not answer.
        """
        there = [field for field in fields if self.takes(field)]
        try:
            found = await client().get_many(
                [self._channels[field] for field in there], ANSWER
            )
        except DeviceError as exc:
            raise LostError(str(exc)) from exc
        return {field: one.value for field, one in zip(there, found, strict=True)}

    async def back(self) -> None:
        """Wait until the server answers again; it is asked more and more seldom."""
        self.lost, delay = True, 0.25
        while True:
            await asyncio.sleep(delay)
            delay = min(2 * delay, 5.0)
            if (channel := self._alive()) is None:
                continue
            try:
                await client().get_many([channel], ANSWER)
            except DeviceError:
                continue
            self.lost = False
            return

    def _alive(self) -> Channel | None:
        channels = self._channels.values()
        return next((channel for channel in channels if channel.connected), None)

    async def close(self) -> None:
        """Give all connections up."""
        self._search.cancel()
        with contextlib.ExitStack() as each:  # whatever becomes of the others
            for one in (*self._channels.values(), *self._subscriptions.values()):
                each.callback(one.close)
            await asyncio.gather(self._search, return_exceptions=True)


def fit(value: Any, control: Control) -> Any:
    """Return a value as a PV can hold it: texts and arrays are cut.

    Args:
        value: A number, a text or an array.
        control: What the PV holds.
    """
    if isinstance(value, str):
        if control.shape and control.dtype_numpy in _BYTES:
            return _cut(value, control.shape[0] - 1)
        return _cut(value, _STRING_SIZE) if control.dtype == "string" else value
    if isinstance(value, np.ndarray):
        # Of a longer scan the last points: it is what people look at.
        return value[-control.shape[0] :] if control.shape else value
    if np.dtype(control.dtype_numpy).kind in "iu" and float(value).is_integer():
        return int(value)
    return value


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
