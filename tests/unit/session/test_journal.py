"""What is done about trouble that two threads meet at once."""

import asyncio

import pytest
from kit import until

from lapwing import Msg
from lapwing.engine import device_loop
from lapwing.engine.engine import Engine
from lapwing.errors import DataPathError
from lapwing.session.journal import Journal


@pytest.fixture(autouse=True)
def own_device_loop(monkeypatch):
    monkeypatch.setattr(device_loop, "_loop", None)


class Suspended:
    """Stands for an engine: keeps what it was asked to wait for."""

    def __init__(self):
        self.waits = []

    def request_suspend(self, fut, *, justification):
        self.waits.append(fut)


@pytest.fixture
def engine():
    return Suspended()


@pytest.fixture
def journal(tmp_path, engine):
    journal = Journal(tmp_path / "journal", say=lambda text: None)
    journal.guard(engine)
    yield journal
    journal.close()


def test_all_that_waits_for_room_goes_on_when_there_is_some(journal, engine):
    transcript = journal.transcript

    async def main():
        # As if the loop and the thread that syncs had met it at the same time.
        transcript.troubled = True
        transcript.on_trouble(DataPathError("full"))
        transcript.on_trouble(DataPathError("full"))
        waiting = [asyncio.ensure_future(wait()) for wait in engine.waits]
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        transcript.troubled = False
        transcript.on_trouble(None)
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(main())
    assert len(engine.waits) == 2


def test_a_call_that_begins_while_there_is_no_room_waits_too(journal, monkeypatch):
    engine, said = Engine(recorder=journal.transcript), []
    engine.msg_hook = lambda msg: said.append(msg.command)
    journal.guard(engine)

    def fail(records):
        raise DataPathError("full")

    async def main():
        with monkeypatch.context() as patch:
            patch.setattr(journal._log, "write", fail)
            for _ in range(2):  # the second begins when all was told before
                said.clear()
                await engine.come_to_rest()
                running = asyncio.ensure_future(
                    engine.run([Msg("checkpoint"), Msg("sleep", None, 0), Msg("null")])
                )
                await until(lambda: said[-1:] == ["wait_for"] or said[-1:] == ["null"])
                assert said[-1] == "wait_for"
        await asyncio.wait_for(running, 5)  # the thread that syncs has found room

    asyncio.run(main())
    assert said[-1] == "null"


def test_room_that_is_told_of_late_lets_nothing_go_on(journal, engine):
    transcript = journal.transcript

    async def main():
        transcript.troubled = True
        transcript.on_trouble(DataPathError("full"))
        waiting = asyncio.ensure_future(engine.waits[0]())
        # There was room for a moment, but the disk is full again.
        transcript.on_trouble(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        transcript.troubled = False
        transcript.on_trouble(None)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(main())
