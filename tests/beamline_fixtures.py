"""Fixtures for tests that talk to the simulated beamline over EPICS.

Owns the ports for the whole test process: libca reads its environment only once.
Must not be imported by tests that need no network.
Use: ``from beamline_fixtures import beamline_fixture, run_fixture  # noqa: F401``
and take ``beamline`` (one for a module) and ``run`` (runs a coroutine).
"""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest
from kit import Stopwatch

from lapwing.engine import device_loop
from lapwing.epics import clients
from lapwing.sim.beamline import Beamline
from lapwing.sim.ports import BLOCK, client_environment, free_port, pva_port_of

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@functools.cache
def _ports() -> tuple[int, int]:
    first = free_port()
    second = next(port for port in iter(free_port, None) if abs(port - first) > BLOCK)
    pva = [pva_port_of(port) for port in (first, second)]
    clients.configure(client_environment(first, second, pva=pva))
    return first, second


def test_port() -> int:
    """Return the port of every beamline of this test process; PVA is two above."""
    return _ports()[0]


test_port.__test__ = False  # type: ignore[attr-defined]


def second_port() -> int:
    """Return the port of another IOC that this process' EPICS clients find."""
    return _ports()[1]


def start_beamline(**options: Any) -> Beamline:
    """Start a beamline on the port that this process' EPICS client knows."""
    # A channel that another module left finds a server late that was away for long.
    device_loop.call(clients.close(), timeout=10)
    return Beamline.start(port=test_port(), **options)


@contextlib.contextmanager
def event_loop() -> Iterator[Run]:
    """Run coroutines in one event loop; close its EPICS client at the end."""
    with asyncio.Runner() as runner:
        try:
            yield runner.run
        finally:
            runner.run(clients.close())


@pytest.fixture(scope="module", name="beamline")
def beamline_fixture() -> Iterator[Beamline]:
    """A beamline for all tests of a module."""
    with start_beamline() as beamline:
        yield beamline


@pytest.fixture(name="run")
def run_fixture() -> Iterator[Run]:
    """Run a coroutine: ``run(coroutine)``; all of a test share one event loop."""
    with event_loop() as run:
        yield run


async def until(
    condition: Callable[[], Any] | Callable[[], Awaitable[Any]],
    timeout: float = 15.0,  # noqa: ASYNC109 - a test's bound
) -> None:
    """Wait until a condition (plain or async) holds; fail after ``timeout`` s."""
    watch = Stopwatch()
    while True:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        if watch.seconds > timeout:
            raise TimeoutError
        await asyncio.sleep(0.005)
