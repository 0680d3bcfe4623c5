"""Asking for PVs that need not be there, which come and go in memory."""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio

import pytest

from lapwing.epics.channel import Value
from lapwing.stepscan.detectors import ReadyDetector, asking, ready


class World:
    """Stands in for the client of EPICS: PVs, and who looks for them."""

    def __init__(self, **pvs):
        self.pvs = pvs
        self.asked, self.open = [], []

    def channel(self, pv, device=""):
        self.asked.append(pv)
        return OnePv(self, pv)

    async def connect(self, channels, timeout):
        channels = list(channels)
        for channel in channels:
            channel.look()
        if not all(channel.connected for channel in channels):
            await asyncio.sleep(timeout)

    async def get_many(self, channels):
        return [Value(self.pvs[channel.pv], 0.0) for channel in channels]


class OnePv:
    def __init__(self, world, pv):
        self.world, self.pv, self.connected, self.tell = world, pv, False, None
        world.open.append(self)

    def on_connection(self, callback):
        self.tell = callback

    def look(self):
        if self.pv in self.world.pvs:
            self.connected = True
            self.tell(True)

    def close(self):
        self.world.open.remove(self)


@pytest.fixture
def world(monkeypatch):
    world = World(I0=1, It=2)
    monkeypatch.setattr(asking, "client", lambda: world)
    return world


def ask(*pvs, **options):
    """Return what answered, and how many seconds that took."""

    async def main():
        loop = asyncio.get_running_loop()
        began = loop.time()
        found = await asking.answers_of(pvs, **options)
        return sorted(found), loop.time() - began

    return asyncio.run(main())


def test_what_is_there_is_not_waited_for(world):
    found, seconds = ask("I0", "It")
    assert found == ["I0", "It"]
    assert seconds < asking.BRIEF
    assert not world.open


def test_all_that_were_missing_last_time_are_asked_again_in_a_moment(world):
    many = [f"NM{i}" for i in range(100)]
    found, seconds = ask("I0", *many, doubtful=set(many))
    assert found == ["I0"]
    assert seconds < 2 * asking.BRIEF
    assert set(many) < set(world.asked)
    assert not world.open


def test_one_that_was_there_last_time_is_waited_for_longer(world):
    found, seconds = ask("I0", "gone", "missing", doubtful={"missing"})
    assert found == ["I0"]
    assert seconds >= asking.PATIENCE


class Named(ReadyDetector):
    """Counts what has a name."""

    async def learn(self, timeout):
        self.names = sorted(await self.maybe("I0", "It", "If"))


def test_a_detector_asks_again_before_each_scan_for_what_was_not_there(world):
    asked = []

    async def answers_of(pvs, doubtful=()):
        asked.append((pvs, set(doubtful)))
        return await asking.answers_of(pvs, doubtful=doubtful)

    detector = Named("SIM:NAMED:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ready, "answers_of", answers_of)
        asyncio.run(detector.prepare())
        world.pvs["If"] = 3
        del world.pvs["It"]
        asyncio.run(detector.prepare())
        assert detector.names == ["I0", "If"]
        asyncio.run(detector.prepare())
    doubtful = [one for _, one in asked]
    assert doubtful == [set(), {"If"}, {"It"}]
