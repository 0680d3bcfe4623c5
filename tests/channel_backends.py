"""The backends that the contract suites of channels run over.

Use: ``from channel_backends import backend_fixture, connect_fixture  # noqa: F401``
and take ``backend`` (its name) and ``connect`` (gives connected channels of PVs).
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import pytest

from lapwing.epics import clients

BACKENDS = ["ca", "pva", "pyepics"]


# A thread has one context of Channel Access; the tests' own belongs to aioca.
_thread = ThreadPoolExecutor(1, "pyepics")


def made_in_thread(make):
    """Return what a function makes of pyepics."""

    def made():
        import epics  # only now: it reads the environment once

        # It would end the context of the main thread, which is aioca's.
        epics.ca.AUTO_CLEANUP = False
        return make(epics)

    return _thread.submit(made).result()


def plain_pv(pv):
    """Return a PV as pyepics makes them."""
    return made_in_thread(lambda epics: epics.PV(pv))


@functools.cache
def own_pv(pv):
    """Return a PV of pyepics that must be asked itself."""
    return made_in_thread(lambda epics: type("OwnPV", (epics.PV,), {})(pv))


def source_of(backend, pv):
    """Return what makes a channel of a backend."""
    if backend == "pyepics":
        return own_pv(pv)
    return f"pva://{pv}" if backend == "pva" else pv


@pytest.fixture(params=BACKENDS, name="backend")
def backend_fixture(request):
    return request.param


@pytest.fixture(name="client")
def client_fixture(beamline, run):
    async def make():
        return clients.client()

    return run(make())


@pytest.fixture(name="make")
def make_fixture(backend, client, run):
    """Return a function that gives channels of PVs, not connected yet."""

    def make(*pvs):
        async def channels():
            return [client.channel(source_of(backend, pv), "x") for pv in pvs]

        return run(channels())

    return make


@pytest.fixture(name="connect")
def connect_fixture(make, client, run):
    """Return a function that gives connected channels of PVs."""

    def connect(*pvs):
        channels = make(*pvs)
        # libca looks more and more seldom for what it lost.
        run(client.connect(channels, 30))
        return channels if len(pvs) > 1 else channels[0]

    return connect
