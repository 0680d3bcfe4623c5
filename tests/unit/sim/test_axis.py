import asyncio

import pytest

from lapwing.sim.axis import Axis


class Rig:
    """An axis, what holds it, and where it was shown."""

    def __init__(self, velocity=50.0, ramp=0.0):
        self.held = False
        self.shown = []
        self.news = asyncio.Event()
        self.drive = (velocity, ramp)
        self.axis = Axis(lambda: self.drive, lambda: self.held, self._show)

    async def _show(self):
        self.shown.append(self.axis.position)
        self.news.set()

    async def shown_past(self, position):
        while not self.shown or self.shown[-1] <= position:
            self.news.clear()
            await self.news.wait()


def test_it_goes_to_its_goal_and_is_shown_on_the_way():
    rig = Rig()
    assert asyncio.run(rig.axis.go(5))
    assert rig.axis.position == 5
    assert rig.shown == sorted(rig.shown)
    assert len(rig.shown) > 3


def test_a_stop_ends_it_where_it_is():
    async def story():
        rig = Rig()
        going = asyncio.ensure_future(rig.axis.go(100))
        await rig.shown_past(1)
        rig.axis.stop()
        assert not rig.axis.turn(200)
        return await going, rig.axis.position

    there, position = asyncio.run(story())
    assert not there
    assert 1 < position < 100


def test_it_can_be_turned_on_its_way():
    async def story():
        rig = Rig()
        going = asyncio.ensure_future(rig.axis.go(100))
        await rig.shown_past(1)
        assert rig.axis.turn(-1)
        there = await going
        assert not rig.axis.turn(3)
        return there, rig.axis.position

    assert asyncio.run(story()) == (True, -1)


def test_held_it_stands_until_it_is_free_even_at_its_goal():
    async def story():
        rig = Rig()
        rig.held = True
        going = asyncio.ensure_future(rig.axis.go(0))
        done, _ = await asyncio.wait([going], timeout=0.01)
        assert not done
        rig.held = False
        rig.axis.nudge()
        return await going

    assert asyncio.run(story())


@pytest.mark.parametrize("drive", [(float("inf"), 0), (float("nan"), 0), (0, -1)])
def test_a_nonsensical_drive_is_brought_within_its_range(drive):
    rig = Rig(*drive)
    assert asyncio.run(rig.axis.go(1e-5))
    assert rig.axis.position == 1e-5
