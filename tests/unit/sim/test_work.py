import asyncio

import pytest

from lapwing.sim.work import Work


class Job:
    """Work that waits, and notes how long each time."""

    def __init__(self, seconds=60.0):
        self.seconds = seconds
        self.waited = []
        self.begun = asyncio.Event()
        self.work = Work(self._do)

    async def _do(self):
        self.begun.set()
        self.waited.append(await self.work.wait(self.seconds))

    async def start(self):
        """Ask for it; return what is done with it, once it is under way."""
        self.begun.clear()
        self.work.ask()
        running = asyncio.ensure_future(self.work.run())
        await self.begun.wait()
        return running


def test_what_was_asked_for_is_done_once():
    async def story():
        job = Job(0.01)
        assert job.work.idle
        job.work.ask()
        assert not job.work.idle
        assert await job.work.run()
        assert await job.work.run()
        return job

    job = asyncio.run(story())
    assert job.waited == [0.01]
    assert job.work.idle


def test_an_end_ends_what_is_under_way():
    async def story():
        job = Job()
        running = await job.start()
        job.work.end()
        assert await running
        return job.waited

    (waited,) = asyncio.run(story())
    assert 0 <= waited < 5


def test_what_is_asked_for_right_after_an_end_is_not_ended_with_it():
    async def story():
        job = Job()
        first = await job.start()
        job.seconds = 0.01
        job.work.end()
        job.work.ask()
        second = await job.work.run()
        return await first, second, job.waited

    first, second, waited = asyncio.run(story())
    # The first one's record must not say that all is over.
    assert (first, second) == (False, True)
    assert waited[0] < 5
    assert waited[1] == 0.01


def test_an_end_also_forgets_what_was_asked_for_and_not_begun():
    async def story():
        job = Job()
        first = await job.start()
        job.work.ask()
        second = asyncio.ensure_future(job.work.run())
        await asyncio.sleep(0)
        job.work.end()
        await asyncio.gather(first, second)
        return job.waited

    assert len(asyncio.run(story())) == 1


def test_a_second_command_waits_for_the_first():
    async def story():
        job = Job(0.02)
        first = await job.start()
        job.work.ask()
        assert await job.work.run()
        assert first.done()
        return job.waited

    assert asyncio.run(story()) == [0.02, 0.02]


@pytest.mark.parametrize("end", [True, False])
def test_a_wait_for_a_change_ends_with_a_nudge_or_an_end(end):
    async def story():
        begun = asyncio.Event()

        async def do():
            begun.set()
            await work.wait_for_change()
            await work.wait_for_change() if end else None

        work = Work(do)
        work.ask()
        running = asyncio.ensure_future(work.run())
        await begun.wait()
        await asyncio.sleep(0)
        if end:
            work.end()
        else:
            work.nudge()
        return await asyncio.wait_for(running, 5)

    assert asyncio.run(story())
