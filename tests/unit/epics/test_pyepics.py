"""PV objects without a network: what is asked of them, and what is believed."""

import asyncio
import threading
import time

import numpy as np
import pytest
from kit import until

from lapwing.epics import EpicsSignal, clients
from lapwing.errors import DeviceError, DeviceTimeoutError, DisconnectedError


class StandIn:
    """A PV in memory, which behaves as a test says."""

    def __init__(self, pvname="SIM:X", value=1.0):
        self.pvname, self.value, self.connected = pvname, value, True
        self.connection_callbacks = []
        self.puts, self.callbacks = [], {}
        self.dies = self.hangs = False

    def get(self, use_monitor=True, timeout=None):
        assert not use_monitor
        return self.value if self.connected else None

    def put(self, value, wait=False, callback=None):
        self.puts.append(value)
        if self.hangs:
            return
        self.connected = not self.dies
        if not self.dies:
            self.value = value
        # A server that dies completes its puts, as pyepics sees it.
        threading.Timer(0.01, callback or str, [self.pvname]).start()

    def add_callback(self, callback):
        self.callbacks[len(self.callbacks)] = callback
        return len(self.callbacks) - 1

    def remove_callback(self, index):
        del self.callbacks[index]


class Simple:
    """No more than what every PV object has."""

    pvname, connected, value = "SIM:Y", True, 2

    def get(self):
        return self.value

    def put(self, value, wait=False):
        assert wait
        self.value = value


def with_channel(work, pv):
    async def main():
        client = clients.client()
        client.answer_timeout = 0.2
        try:
            channel = client.channel(pv, "x")
            await client.connect([channel], 1)
            return await work(client, channel)
        finally:
            await clients.close()

    return asyncio.run(main())


def test_a_put_ends_with_its_callback_and_a_fresh_value():
    pv = StandIn()

    async def work(client, channel):
        await channel.put(3.5)
        return (await client.get_many([channel]))[0].value

    assert with_channel(work, pv) == 3.5
    assert pv.puts == [3.5]


def test_a_completion_of_a_dead_server_is_not_believed():
    pv = StandIn()
    pv.dies = True

    async def work(client, channel):
        with pytest.raises(DisconnectedError, match="SIM:X disconnected while it was"):
            await channel.put(3.5)
        assert not channel.connected
        pv.connected = True
        await client.connect([channel], 1)
        return channel.connected

    assert with_channel(work, pv)


def test_a_put_that_never_ends_fails_in_its_time():
    pv = StandIn()
    pv.hangs = True

    async def work(client, channel):
        with pytest.raises(DeviceTimeoutError, match=r"set to 3\.5 .* within 0\.3 s"):
            await channel.put(3.5, timeout=0.3)

    with_channel(work, pv)


def test_a_lost_connection_is_told_and_ends_what_is_under_way():
    pv = StandIn()
    pv.hangs = True
    story = []

    async def work(client, channel):
        channel.on_connection(story.append)
        put = asyncio.ensure_future(channel.put(3.5))
        await asyncio.sleep(0.01)
        pv.connected = False
        (told,) = pv.connection_callbacks
        await asyncio.to_thread(told, pvname=pv.pvname, conn=False)
        with pytest.raises(DisconnectedError):
            await put
        pv.connected = True
        await asyncio.to_thread(told, pvname=pv.pvname, conn=True)
        await channel.wait_connected()

    with_channel(work, pv)
    assert story[:2] == [False, True]
    assert pv.connection_callbacks == []  # the object is left as it was found


class Hesitant(StandIn):
    """Says that it has no connection when it is asked first, and then that it has."""

    asked = -1

    @property
    def connected(self):
        self.asked += 1
        return self.asked > 3

    @connected.setter
    def connected(self, value):
        pass


def test_a_connection_that_is_told_before_the_object_has_it_is_found():
    pv = Hesitant()

    async def main():
        client = clients.client()
        channel = client.channel(pv, "x")
        connecting = asyncio.ensure_future(client.connect([channel], 5))
        await asyncio.sleep(0)
        (told,) = pv.connection_callbacks
        await asyncio.to_thread(told, pvname=pv.pvname, conn=True)
        try:
            await connecting
        finally:
            await clients.close()

    asyncio.run(main())


def test_an_object_that_only_gets_and_puts_will_do():
    pv = Simple()

    async def work(client, channel):
        assert channel.control.dtype == "integer"
        await channel.put(5)
        with pytest.raises(DeviceError, match="SIM:Y cannot be monitored"):
            channel.monitor(print)
        return (await client.get_many([channel]))[0].value

    assert with_channel(work, pv) == 5


def test_changes_are_heard_in_the_event_loop():
    pv, heard = StandIn(), []

    async def work(client, channel):
        here, news = threading.current_thread(), asyncio.Queue()

        def hear(value):
            heard.append((value.value, value.severity, threading.current_thread()))
            news.put_nowait(value)

        subscription = channel.monitor(hear, every=True)
        await news.get()
        for value in (2.0, 3.0):
            told = {"value": value, "severity": 1, "timestamp": 5.0}
            await asyncio.to_thread(pv.callbacks[0], **told)
            await news.get()
        subscription.close()
        assert heard == [(1.0, 0, here), (2.0, 1, here), (3.0, 1, here)]

    with_channel(work, pv)
    assert pv.callbacks == {}


def test_a_change_that_comes_while_the_first_value_is_read_is_not_undone_by_it():
    class Changing(StandIn):
        def get(self, use_monitor=True, timeout=None):
            for callback in list(self.callbacks.values()):
                callback(value=2.0)  # on its way in the meantime
            return self.value

    pv, heard = Changing(), []

    async def work(client, channel):
        channel.monitor(lambda value: heard.append(value.value), every=True)
        await until(lambda: heard)
        await asyncio.gather(*channel._tasks)
        await asyncio.sleep(0)
        assert set(heard) == {2.0}

    with_channel(work, pv)


def test_a_monitor_that_is_closed_before_it_began_leaves_nothing_with_the_object():
    class Slow(StandIn):
        def __init__(self):
            super().__init__()
            self.asked, self.go_on = threading.Event(), threading.Event()

        def add_callback(self, callback):
            self.asked.set()
            assert self.go_on.wait(10)
            return super().add_callback(callback)

    pv = Slow()

    async def work(client, channel):
        subscription = channel.monitor(print)
        await asyncio.to_thread(pv.asked.wait, 10)
        subscription.close()
        pv.go_on.set()
        await asyncio.gather(*channel._tasks)

    with_channel(work, pv)
    assert pv.callbacks == {}


def test_what_an_object_raises_when_it_is_set_is_told_to_who_sets_it():
    class Refusing(StandIn):
        def put(self, value, wait=False, callback=None):
            raise ValueError("no such value")

    async def work(client, channel):
        for _ in range(2):
            with pytest.raises(
                DeviceError, match=r"x: SIM:X was set to 3\.5.* no such"
            ):
                await channel.put(3.5)

    with_channel(work, Refusing())


def test_what_an_object_raises_when_it_is_read_is_told_to_who_connects():
    class Broken(StandIn):
        def get(self, use_monitor=True, timeout=None):
            raise ValueError("no such value")

    async def work(client, channel):
        pass

    with pytest.raises(DeviceError, match=r"x: SIM:X was looked for.* no such"):
        with_channel(work, Broken())


def test_a_put_goes_on_though_the_event_loop_was_busy_for_longer_than_a_silence():
    class Watched(StandIn):
        reads, in_the_meantime = 0, None

        def get(self, use_monitor=True, timeout=None):
            self.reads += 1
            if self.in_the_meantime:
                self.in_the_meantime()
                time.sleep(0.05)  # until the loop is busy
            return self.value

    pv = Watched()
    pv.hangs = True

    async def work(client, channel):
        loop = asyncio.get_running_loop()
        # As a plan may do.
        pv.in_the_meantime = lambda: loop.call_soon_threadsafe(time.sleep, 0.4)
        put, before = asyncio.ensure_future(channel.put(3.5, timeout=10)), pv.reads
        await until(lambda: pv.reads == before + 3)
        assert not put.done()
        put.cancel()

    with_channel(work, pv)


def test_a_silent_object_is_back_as_soon_as_it_answers():
    class Silent(StandIn):
        silent = False

        def get(self, use_monitor=True, timeout=None):
            return None if self.silent else self.value

    pv = Silent()

    async def work(client, channel):
        pv.silent = True
        with pytest.raises(DeviceTimeoutError, match="x: SIM:X was read"):
            await client.get_many([channel])
        assert not channel.connected
        await asyncio.sleep(2 * client.answer_timeout)
        assert not channel.connected
        pv.silent = False
        await until(lambda: channel.connected)

    with_channel(work, pv)


def test_news_of_a_connection_after_the_channel_was_closed_begin_nothing():
    pv = StandIn()

    async def work(client, channel):
        (told,) = pv.connection_callbacks
        channel.close()
        told(pvname=pv.pvname, conn=True)
        await asyncio.sleep(0)
        assert not channel._tasks

    with_channel(work, pv)


def test_a_loss_while_the_details_are_asked_for_is_not_forgotten():
    class Slow(StandIn):
        asked, go_on = threading.Event(), threading.Event()

        def get_ctrlvars(self):
            self.asked.set()
            self.go_on.wait(10)
            return {}

    pv = Slow()

    async def main():
        channel = clients.client().channel(pv, "x")
        channel.watch()
        await asyncio.to_thread(pv.asked.wait, 10)
        pv.connected = False
        pv.connection_callbacks[0](pvname=pv.pvname, conn=False)
        await asyncio.sleep(0)
        pv.go_on.set()
        await asyncio.wait([channel._looking], timeout=10)
        assert channel._looking.done()
        assert not channel.connected
        await clients.close()

    asyncio.run(main())


def test_a_channel_that_is_closed_keeps_news_from_nobody_else():
    pv, heard = StandIn(), []

    async def work(client, channel):
        pv.connection_callbacks.append(lambda **news: heard.append(news))
        for told in pv.connection_callbacks:  # as pyepics does, in a thread of its own
            told(pvname=pv.pvname, conn=True)
            channel.close()

    with_channel(work, pv)
    assert heard == [{"pvname": "SIM:X", "conn": True}]


def test_a_device_is_made_of_an_object():
    pv = StandIn(value=np.arange(3.0))

    async def work():
        signal = EpicsSignal(pv, "spectrum")
        await signal.connect()
        await signal.set([4.0, 5.0, 6.0])
        described, read = await signal.describe(), await signal.read()
        await clients.close()
        return described["spectrum"], read["spectrum"]["value"]

    described, value = asyncio.run(work())
    assert described["shape"] == [3]
    assert described["source"] == "ca://SIM:X"
    assert value.tolist() == [4.0, 5.0, 6.0]
