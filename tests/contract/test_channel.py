"""What every EPICS backend must do, run against the simulated beamline.

Now there is one backend, Channel Access on aioca; another is added to BACKENDS.
"""

import asyncio
import time

import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    run_fixture,
    until,
)

from lapwing.epics import ca
from lapwing.errors import (
    DeviceError,
    DeviceTimeoutError,
    DisconnectedError,
    PlanArgumentError,
)

BACKENDS = [ca.client]
PVS = ("SIM:X", "SIM:X:RBV", "SIM:X:DMOV", "SIM:X:EGU", "SIM:DET:SPECTRUM")


@pytest.fixture(params=BACKENDS, ids=["ca"])
def client(request, beamline, run):
    async def make():
        return request.param()

    return run(make())


@pytest.fixture
def connected(client, run):
    """Return a function that gives connected channels of PVs."""

    def connect(*pvs):
        channels = [client.channel(pv, "x") for pv in pvs]
        run(client.connect(channels, 5))
        return channels if len(pvs) > 1 else channels[0]

    return connect


def test_connecting_tells_what_the_values_are(connected):
    controls = [channel.control for channel in connected(*PVS)]
    assert [control.dtype for control in controls] == [
        "number",
        "number",
        "integer",
        "string",
        "array",
    ]
    assert controls[0].units == "mm"
    assert controls[0].precision == 4
    assert ("display", -10.0, 10.0) in controls[0].limits
    assert controls[4].shape == (2048,)
    assert controls[4].dtype_numpy == "<f8"


def test_an_enumeration_tells_its_choices_and_takes_them(connected, client, run):
    noise = connected("SIM:DET:NOISE")
    assert noise.control.choices == ("off", "on")
    run(noise.put("off"))
    assert run(client.get_many([noise]))[0].value == 0
    run(noise.put(1))
    assert run(client.get_many([noise]))[0].value == 1
    with pytest.raises(PlanArgumentError, match="SIM:DET:NOISE takes one of off, on"):
        run(noise.put("perhaps"))


def test_all_pvs_that_do_not_answer_are_named_at_once_and_in_time(client, run):
    pvs = ["SIM:NONE", "SIM:X", "SIM:NOTHING"]
    channels = [client.channel(pv, "x") for pv in pvs]
    began = time.monotonic()
    with pytest.raises(DisconnectedError) as caught:
        run(client.connect(channels, 0.5))
    assert time.monotonic() - began < 1.5
    assert caught.value.pvs == ["SIM:NONE", "SIM:NOTHING"]
    assert "2 PVs do not answer within 0.5 s: x: SIM:NONE, SIM:NOTHING" in str(
        caught.value
    )
    assert channels[1].connected


def test_a_channel_that_was_never_connected_says_so(client):
    with pytest.raises(DisconnectedError, match="SIM:X is not connected"):
        _ = client.channel("SIM:X", "x").control


def test_many_are_read_at_once_with_time_and_severity(connected, client, run):
    channels = connected(*PVS)
    values = run(client.get_many(channels))
    assert [type(v.value) for v in values] == [float, float, int, str, np.ndarray]
    assert values[4].value.shape == (2048,)
    assert values[3].value == "mm"
    assert all(value.severity == 0 for value in values)
    assert all(abs(value.timestamp - time.time()) < 60 for value in values)


def test_a_put_returns_when_what_it_set_off_is_over(connected, client, run):
    setpoint, readback, velocity = connected("SIM:X", "SIM:X:RBV", "SIM:X:VELO")
    start = run(client.get_many([readback]))[0].value
    target = start + 2 if start < 0 else start - 2
    run(velocity.put(10))
    began = time.monotonic()
    run(setpoint.put(target))
    assert time.monotonic() - began > 0.19
    assert run(client.get_many([readback]))[0].value == target
    run(velocity.put(50))


def test_a_put_without_wait_returns_at_once(connected, client, run):
    setpoint, done = connected("SIM:Y", "SIM:Y:DMOV")
    run(setpoint.put(3.0, wait=False))

    async def arrived():
        return (await client.get_many([done]))[0].value == 1

    run(until(arrived))


def test_a_put_that_takes_too_long_fails_in_its_time(connected, run):
    setpoint, stall, stop = connected("SIM:X", "SIM:X:STALL", "SIM:X:STOP")
    run(stall.put(1))
    with pytest.raises(DeviceTimeoutError, match=r"SIM:X was set to .* within 0.2 s"):
        run(setpoint.put(0.5, timeout=0.2))
    run(stall.put(0))
    run(stop.put(1))


@pytest.mark.parametrize("value", ["far", None, [1.0, 2.0], 1j])
def test_a_value_of_the_wrong_kind_is_refused_before_it_is_sent(connected, run, value):
    channel = connected("SIM:X")
    with pytest.raises(PlanArgumentError, match="x: SIM:X takes a number"):
        run(channel.put(value))


def test_a_whole_number_and_a_text_are_asked_for(connected, run):
    stop, unit = connected("SIM:X:STOP", "SIM:X:EGU")
    with pytest.raises(PlanArgumentError, match="takes a whole number"):
        run(stop.put(0.5))
    with pytest.raises(PlanArgumentError, match="takes a text"):
        run(unit.put(3))


def test_a_put_that_the_server_refuses_says_so(connected, run):
    channel = connected("SIM:X:RBV")
    with pytest.raises(DeviceError, match=r"SIM:X:RBV was set to 1\.0, which"):
        run(channel.put(1.0))


def test_a_monitor_hears_the_value_now_and_each_change(connected, run):
    channel = connected("SIM:DET:DWELL")
    heard = []

    async def begin():
        return channel.monitor(lambda value: heard.append(value.value))

    subscription = run(begin())
    run(until(lambda: len(heard) == 1))
    run(channel.put(0.02))
    run(until(lambda: heard[-1] == 0.02))
    subscription.close()
    run(channel.put(0.01))
    assert 0.01 not in heard[1:]


def test_a_get_after_the_put_is_never_older_than_the_put(connected, client, run):
    trigger, dwell, counts, x = connected(
        "SIM:DET:TRIG", "SIM:DET:DWELL", "SIM:DET:COUNTS", "SIM:X"
    )

    async def measure():
        await dwell.put(0.001)
        pairs = []
        for i in range(60):
            await x.put(0.7 + 0.02 * (i % 4))
            await trigger.put(1)
            pairs.append((i % 4, (await client.get_many([counts]))[0].value))
        await dwell.put(0.01)
        return set(pairs)

    # Noise is seeded per position: four positions, four results, ever the same.
    assert len(run(measure())) == 4


def test_the_loss_of_the_server_fails_a_put_and_is_told(beamline, client, run):
    setpoint, other = channels = [client.channel(pv, "x") for pv in ("SIM:X", "SIM:Y")]
    run(client.connect(channels, 5))
    story = []
    end = setpoint.on_connection(lambda up: story.append(("connected", up)))

    async def lose():
        stall = client.channel("SIM:X:STALL", "x")
        await client.connect([stall], 5)
        await stall.put(1)
        put = asyncio.ensure_future(setpoint.put(5.0))
        put.add_done_callback(lambda put: story.append(("put", type(put.exception()))))
        await asyncio.sleep(0.1)
        beamline.kill()
        began = time.monotonic()
        with pytest.raises(DisconnectedError) as caught:
            await put
        assert time.monotonic() - began < 1
        return caught.value

    error = run(lose())
    assert error.pv == "SIM:X"
    assert error.device == "x"
    assert "x: SIM:X disconnected while it was set to 5.0" in str(error)
    # The loss is told before the put fails: who listens can act first.
    assert story == [("connected", False), ("put", DisconnectedError)]
    end()
    run(until(lambda: not other.connected, 1))
    with pytest.raises(DisconnectedError, match="SIM:Y"):
        run(other.put(1, wait=False))
    with pytest.raises(DisconnectedError, match=r"2 PVs do not answer within 0\.2 s"):
        run(client.get_many(channels, timeout=0.2))
    with pytest.raises(DisconnectedError, match=r"1 PV does not .* 0\.2 s: x: SIM:Y"):
        run(client.get_many([other], timeout=0.2))
    beamline.restart()
