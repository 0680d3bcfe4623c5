"""What every EPICS backend must do when a server dies, freezes or comes back."""

import asyncio
import time

import pytest
from beamline_fixtures import run_fixture, start_beamline, until  # noqa: F401
from channel_backends import (  # noqa: F401
    backend_fixture,
    client_fixture,
    connect_fixture,
    make_fixture,
)
from kit import Stopwatch

from lapwing.errors import DeviceTimeoutError, DisconnectedError

# pyepics warns of each get that it gave up.
pytestmark = pytest.mark.filterwarnings("ignore:ca.get:UserWarning")

SILENCE = 0.9
"""Seconds after which a frozen server must be noticed here."""


@pytest.fixture(scope="module", name="server")
def beamline_with_pva():
    with start_beamline(pva=True) as beamline:
        yield beamline


@pytest.fixture(name="beamline")
def running_beamline(server):
    """A beamline that runs, whatever the last test did to it."""
    if not server.running:
        server.restart()
    yield server
    if server.running:
        server.thaw()


def elapsed(began):
    return time.monotonic() - began


async def put_for_ever(channel, stall):
    """Begin a put that never ends; return its task."""
    await stall.put(1)
    put = asyncio.ensure_future(channel.put(5.0))
    await asyncio.sleep(0.1)
    assert not put.done()
    return put


def test_a_server_killed_during_a_put_and_a_get_fails_both_at_once(
    beamline, connect, client, run
):
    x, y, stall = connect("SIM:X", "SIM:Y", "SIM:X:STALL")
    story = []
    end = x.on_connection(lambda up: story.append(("connected", up)))

    async def lose():
        put = await put_for_ever(x, stall)
        put.add_done_callback(lambda put: story.append(("put", type(put.exception()))))
        beamline.freeze()
        get = asyncio.ensure_future(client.get_many([x, y]))
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in (put, get))
        beamline.kill()
        watch = Stopwatch()
        errors = await asyncio.gather(put, get, return_exceptions=True)
        assert watch.seconds < 1
        assert [type(error) for error in errors] == [DisconnectedError] * 2
        return errors

    put, get = run(lose())
    assert (put.pv, put.context["device"]) == ("SIM:X", "x")
    assert "x: SIM:X disconnected while it was set to 5.0" in str(put)
    assert set(get.pvs) <= {"SIM:X", "SIM:Y"}
    # The loss is told before the put fails: who listens can act first.
    assert story == [("connected", False), ("put", DisconnectedError)]
    end()
    with pytest.raises(DisconnectedError, match=r"1 PV does not .* x: SIM:X"):
        run(x.put(1, wait=False))
    with pytest.raises(DisconnectedError, match=r"2 PVs do not answer within 0\.2 s"):
        run(client.get_many([x, stall], timeout=0.2))


def test_a_server_that_dies_unasked_is_missed_and_found_again_with_its_new_values(
    beamline, connect, client, run
):
    x, readback = connect("SIM:X", "SIM:X:RBV")
    heard, story = [], []
    x.on_connection(story.append)

    async def begin():
        readback.monitor(lambda value: heard.append(value.value))
        await x.put(4.0)
        await until(lambda: heard[-1:] == [4.0])

    run(begin())
    beamline.kill()
    run(until(lambda: not (x.connected or readback.connected), 1))
    assert story == [False]
    beamline.restart()
    run(client.connect([x, readback], 30))
    values = run(client.get_many([x, readback]))
    assert [value.value for value in values] == [0.0, 0.0]
    assert story == [False, True]
    # The monitor goes on by itself.
    run(until(lambda: heard[-1] == 0.0))
    run(x.put(1.5))
    run(until(lambda: heard[-1] == 1.5))


def test_a_frozen_server_fails_a_long_put_and_is_back_when_it_thaws(
    beamline, connect, client, run
):
    client.answer_timeout = SILENCE
    x, stall, stop = connect("SIM:X", "SIM:X:STALL", "SIM:X:STOP")
    story = []
    x.on_connection(story.append)

    async def freeze_it():
        put = await put_for_ever(x, stall)
        beamline.freeze()
        watch = Stopwatch()
        with pytest.raises(DisconnectedError, match=r"x: SIM:X does not .* for 0\.9 s"):
            await put
        assert watch.seconds < SILENCE + 0.5
        assert story == [False]
        with pytest.raises(DisconnectedError):
            await x.put(2.0, wait=False)
        beamline.thaw()
        await until(lambda: x.connected)
        assert (await client.get_many([x]))[0].value == 5.0
        await stall.put(0)
        await stop.put(1)

    run(freeze_it())
    assert story == [False, True]


def test_a_frozen_server_fails_a_get_in_its_time(beamline, connect, client, run):
    client.answer_timeout = SILENCE
    channels = connect("SIM:X", "SIM:Y")

    async def freeze_it():
        beamline.freeze()
        began = time.monotonic()
        watch = Stopwatch()
        with pytest.raises(DeviceTimeoutError, match=r"SIM:[XY] was read .* 0\.9 s"):
            await client.get_many(channels)
        assert time.monotonic() - began > SILENCE * 0.9
        assert watch.seconds < SILENCE + 0.5
        assert not any(channel.connected for channel in channels)
        beamline.thaw()
        await client.connect(channels, 5)
        return await client.get_many(channels)

    assert len(run(freeze_it())) == 2


def test_a_put_may_take_longer_than_a_server_may_be_silent(
    beamline, connect, client, run
):
    client.answer_timeout = 0.3
    x, velocity = connect("SIM:X", "SIM:X:VELO")

    async def creep():
        await x.put(0.0)
        await velocity.put(1.0)
        began = time.monotonic()
        await x.put(0.8)
        assert elapsed(began) > 0.7
        await velocity.put(50.0)

    run(creep())


def test_a_put_that_is_given_up_leaves_the_channel_usable(beamline, connect, run):
    x, stall, stop = connect("SIM:X", "SIM:X:STALL", "SIM:X:STOP")

    async def give_up():
        put = await put_for_ever(x, stall)
        put.cancel()
        with pytest.raises(asyncio.CancelledError):
            await put
        await stall.put(0)
        await stop.put(1)
        await x.put(1.0)
        return x.connected

    assert run(give_up())


def test_many_puts_at_once_go_one_after_the_other_and_hold_nothing_else_up(
    beamline, connect, client, run
):
    x, stall, stop, dwell = connect(
        "SIM:X", "SIM:X:STALL", "SIM:X:STOP", "SIM:DET:DWELL"
    )

    async def put_many():
        first = await put_for_ever(x, stall)
        later = [asyncio.ensure_future(x.put(float(value))) for value in (1, 2)]
        await stop.put(1)
        await first  # and the second begins
        assert (await client.get_many([dwell]))[0].value == 0.01
        assert x.connected
        await stall.put(0)
        await asyncio.gather(*later)
        return (await client.get_many([x]))[0].value

    assert run(put_many()) in (1.0, 2.0)


def test_a_put_that_waits_for_another_in_vain_fails_in_its_time_and_that_is_all(
    beamline, connect, run
):
    x, stall, stop = connect("SIM:X", "SIM:X:STALL", "SIM:X:STOP")
    errors = []

    async def put_two():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, news: errors.append(news))
        first = await put_for_ever(x, stall)
        with pytest.raises(DeviceTimeoutError, match=r"SIM:X .* within 0\.2 s"):
            await x.put(1.0, timeout=0.2)
        await stall.put(0)
        await stop.put(1)
        await first
        await x.put(2.0)

    run(put_two())
    assert errors == []
