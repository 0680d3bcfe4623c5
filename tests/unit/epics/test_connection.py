"""Connections without a network: what they believe, and whom they keep waiting."""

import asyncio
import time
from weakref import WeakKeyDictionary

import pytest

from lapwing.epics import connection
from lapwing.epics.backend import Backend, of_loop
from lapwing.epics.channel import Value
from lapwing.epics.connection import Connection
from lapwing.epics.waiting import first_done
from lapwing.errors import DeviceError, DisconnectedError


class Line(Connection):
    """A connection that is up or down as a test says."""

    def __init__(self, pv="SIM:X"):
        super().__init__(Answers(), "ca", pv, "x")
        self.beats = []

    def watch(self):
        pass

    def beat(self):
        self.beats.append(asyncio.get_running_loop().create_future())
        return self.beats[-1]

    def error(self, answer, action, timeout):
        return self.refused(action, answer)


class Answers(Backend):
    """A client whose answers a test gives."""

    failure = Exception

    def __init__(self, *answers):
        super().__init__(1.0)
        self.answers = list(answers)

    def make_channel(self, pv, device):
        return Line(pv)

    async def ask(self, channels, limit):
        return self.answers

    async def end(self):
        self.has_ended = True


async def turns(number=3):
    for _ in range(number):
        await asyncio.sleep(0)


def test_a_channel_that_cannot_be_closed_leaves_nothing_else_open():
    class Stuck(Line):
        def close(self):
            self.is_closed = True
            raise ZeroDivisionError

    class Stucks(Answers):
        def make_channel(self, pv, device):
            return Stuck(pv)

    async def main():
        client = Stucks()
        channels = [client.channel(pv) for pv in ("SIM:X", "SIM:Y")]
        with pytest.raises(ZeroDivisionError):
            await client.close()
        return client.has_ended, [one.is_closed for one in channels]

    assert asyncio.run(main()) == (True, [True, True])


def test_an_answer_before_a_loss_says_nothing_of_the_time_after_it():
    async def main():
        line = Line()
        line.set_connected(True)
        line.fell_silent()
        line.beats[0].set_result(True)
        line.lose()  # before what hangs on the answer had its turn
        await turns()
        return line.connected

    assert not asyncio.run(main())


def test_an_answer_after_the_silence_connects_again():
    async def main():
        line = Line()
        line.set_connected(True)
        line.fell_silent()
        assert not line.connected
        line.beats[0].set_result(True)
        await turns()
        return line.connected

    assert asyncio.run(main())


def test_one_that_is_lost_while_another_is_waited_for_is_waited_for_again():
    async def main():
        first, second = lines = Line("A"), Line("B")
        connecting = asyncio.ensure_future(connection.connect(lines, 5))
        await turns()
        first.set_connected(True)
        await turns()
        first.set_connected(False)
        second.set_connected(True)
        await turns()
        assert not connecting.done()
        first.set_connected(True)
        await asyncio.wait_for(connecting, 1)

    asyncio.run(main())


def test_a_listener_that_fails_keeps_no_put_waiting():
    async def main():
        line = Line()
        line.set_connected(True)
        line.on_connection(lambda up: 1 / 0)
        put = asyncio.ensure_future(
            line.outcome(asyncio.get_running_loop().create_future(), "was set", None)
        )
        await turns()
        with pytest.raises(ZeroDivisionError):
            line.lose()
        with pytest.raises(DisconnectedError, match="x: SIM:X disconnected"):
            await asyncio.wait_for(put, 1)

    asyncio.run(main())


def test_who_listens_may_end_it_after_the_connection_was_given_up():
    async def main():
        line = Line()
        end = line.on_connection(print)
        line.forget()
        end()

    asyncio.run(main())


class Late:
    """An answer that comes while the others are looked at."""

    def __init__(self, answers):
        self.answers = answers

    @property
    def __class__(self):
        self.answers[0] = Value(1.0, 2.0)  # as another thread would
        return ValueError


def test_an_answer_that_comes_while_it_is_missed_changes_nothing():
    async def main():
        client = Answers()
        client.answers.append(Late(client.answers))
        line = Line()
        line.set_connected(True)
        with pytest.raises(DeviceError, match="x: SIM:X was read, which its server"):
            await client.get_many([line])

    asyncio.run(main())


def test_an_answer_that_came_while_the_loop_was_busy_is_not_missed():
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        def through_the_loop(steps):
            if steps:
                loop.call_soon(through_the_loop, steps - 1)
            else:
                answer.set_result(None)

        loop.call_soon(time.sleep, 0.3)
        loop.call_soon(through_the_loop, 5)
        await first_done([answer], 0.1)
        return answer.done()

    assert asyncio.run(main())


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_its_time():
    async def main():
        loop = asyncio.get_running_loop()
        began = loop.time()
        await first_done([loop.create_future()], 0.05)
        return loop.time() - began

    assert asyncio.run(main()) >= 0.05


def test_what_belongs_to_closed_loops_is_dropped():
    found = WeakKeyDictionary()

    class Own:
        def __init__(self):
            self.loop = asyncio.get_running_loop()  # would keep itself

    async def take():
        assert of_loop(found, Own) is of_loop(found, Own)

    for _ in range(3):
        asyncio.run(take())
    assert len(found) == 1
