"""A fixture for tests that put and get PVs by name.

Owns the channels that a test has used.
Must not know which PVs there are, nor which server has them.
Use: ``from pv_fixtures import pv_fixture  # noqa: F401`` beside the fixtures of the
beamline, and take ``pv``; its names are what follows ``SIM:``.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from beamline_fixtures import Run, until

from lapwing.epics import clients
from lapwing.epics.channel import Control, Value


class Pvs:
    """PVs by name; the methods that begin with ``a`` are for use in a coroutine."""

    def __init__(self, run: Run, prefix: str = "SIM:"):
        self.run = run
        self.prefix = prefix
        self.client = run(self._make_client())
        self._channels: dict[str, Any] = {}

    async def _make_client(self):
        return clients.client()

    async def channel(self, name: str):
        if name not in self._channels:
            found = self.client.channel(f"{self.prefix}{name}")
            await self.client.connect([found], 5)
            self._channels[name] = found
        return self._channels[name]

    async def aput(self, name: str, value: Any, wait: bool = True) -> None:
        await (await self.channel(name)).put(value, wait=wait)

    async def areadings(self, *names: str) -> list[Value]:
        return await self.client.get_many([await self.channel(name) for name in names])

    async def aget(self, name: str) -> Any:
        return (await self.areadings(name))[0].value

    async def auntil(self, name: str, wanted: Any) -> None:
        """Wait until a PV has a value."""

        async def same() -> bool:
            return await self.aget(name) == wanted

        await until(same)

    async def held(self, name: str, value: Any) -> "asyncio.Future[None]":
        """Put without waiting; return what is done when the put completes."""
        await self.channel(name)
        put = asyncio.ensure_future(self.aput(name, value))
        await self.auntil(name, value)
        return put

    def put(self, name: str, value: Any, wait: bool = True) -> None:
        self.run(self.aput(name, value, wait))

    def readings(self, *names: str) -> list[Value]:
        return self.run(self.areadings(*names))

    def get(self, *names: str) -> Any:
        """Return a PV's value; of several a list."""
        values = [reading.value for reading in self.readings(*names)]
        return values if len(names) > 1 else values[0]

    def until(self, name: str, wanted: Any) -> None:
        self.run(self.auntil(name, wanted))

    def control(self, name: str) -> Control:
        return self.run(self.channel(name)).control

    def put_text(self, name: str, text: str) -> None:
        """Put a text into an array of characters."""
        self.put(name, list(text.encode() + b"\0"))

    def text(self, name: str) -> str:
        """Return the text in an array of characters."""
        return bytes(self.get(name).astype("u1")).split(b"\0")[0].decode()


@pytest.fixture(name="pv")
def pv_fixture(beamline, run) -> Pvs:
    """Put, get and wait, all by the end of a PV's name."""
    return Pvs(run, beamline.prefix)


def goto(pv: Pvs, x: float, y: float) -> None:
    """Move both motors, and wait until they stand."""
    pv.put("X", x)
    pv.put("Y", y)


def seconds(action: Callable[[], Any]) -> float:
    """Return how long something takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began
