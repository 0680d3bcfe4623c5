"""What every EPICS backend must do, run against the simulated beamline."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from beamline_fixtures import run_fixture, second_port, start_beamline, until  # noqa: F401
from channel_backends import (  # noqa: F401
    backend_fixture,
    client_fixture,
    connect_fixture,
    make_fixture,
)
from kit import Stopwatch

from lapwing.errors import (
    DeviceError,
    DeviceTimeoutError,
    DisconnectedError,
    PlanArgumentError,
)

PVS = ("SIM:X", "SIM:X:RBV", "SIM:X:DMOV", "SIM:X:EGU", "SIM:DET:SPECTRUM")


@pytest.fixture(scope="module", name="beamline")
def beamline_with_pva():
    with start_beamline(pva=True) as beamline:
        yield beamline


def test_connecting_tells_what_the_values_are(connect):
    controls = [channel.control for channel in connect(*PVS)]
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


def test_an_enumeration_tells_its_choices_and_takes_them(connect, client, run):
    noise = connect("SIM:DET:NOISE")
    assert noise.control.choices == ("off", "on")
    run(noise.put("off"))
    assert run(client.get_many([noise]))[0].value == 0
    run(noise.put(1))
    assert run(client.get_many([noise]))[0].value == 1
    with pytest.raises(PlanArgumentError, match="SIM:DET:NOISE takes one of off, on"):
        run(noise.put("perhaps"))


def test_all_pvs_that_do_not_answer_are_named_at_once_and_in_time(make, client, run):
    pvs = ["SIM:NONE", "SIM:X", "SIM:NOTHING"]
    channels = make(*pvs)
    watch = Stopwatch()
    with pytest.raises(DisconnectedError) as caught:
        run(client.connect(channels, 0.5))
    assert watch.seconds < 1.5
    assert caught.value.pvs == ["SIM:NONE", "SIM:NOTHING"]
    assert "2 PVs do not answer within 0.5 s: x: SIM:NONE, SIM:NOTHING" in str(
        caught.value
    )
    assert channels[1].connected


def test_channels_of_one_pv_connect_and_read_at_once(connect, client, run):
    channels = connect(*["SIM:X:VELO"] * 12)
    assert len({value.value for value in run(client.get_many(channels))}) == 1
    for channel in channels[1:]:
        channel.close()
    run(client.get_many(channels[:1]))


def test_a_channel_that_was_never_connected_says_so(make):
    with pytest.raises(DisconnectedError, match="SIM:X is not connected"):
        _ = make("SIM:X")[0].control


def test_many_are_read_at_once_with_time_and_severity(connect, client, run):
    channels = connect(*PVS)
    values = run(client.get_many(channels))
    assert [type(v.value) for v in values] == [float, float, int, str, np.ndarray]
    assert values[4].value.shape == (2048,)
    assert values[3].value == "mm"
    assert all(value.severity == 0 for value in values)
    assert all(abs(value.timestamp - time.time()) < 60 for value in values)


def test_a_put_returns_when_what_it_set_off_is_over(connect, client, run):
    setpoint, readback, velocity = connect("SIM:X", "SIM:X:RBV", "SIM:X:VELO")
    start = run(client.get_many([readback]))[0].value
    target = start + 2 if start < 0 else start - 2
    run(velocity.put(10))
    began = time.monotonic()
    run(setpoint.put(target))
    assert time.monotonic() - began > 0.19
    assert run(client.get_many([readback]))[0].value == target
    run(velocity.put(50))


def test_a_put_without_wait_returns_at_once(connect, client, run):
    setpoint, done = connect("SIM:Y", "SIM:Y:DMOV")
    run(setpoint.put(3.0, wait=False))

    async def arrived():
        return (await client.get_many([done]))[0].value == 1

    run(until(arrived))


def test_a_put_that_takes_too_long_fails_in_its_time(connect, run):
    setpoint, stall, stop = connect("SIM:X", "SIM:X:STALL", "SIM:X:STOP")
    run(stall.put(1))
    with pytest.raises(DeviceTimeoutError, match=r"SIM:X was set to .* within 0.2 s"):
        run(setpoint.put(0.5, timeout=0.2))
    run(stall.put(0))
    run(stop.put(1))


@pytest.mark.parametrize("value", ["far", None, [1.0, 2.0], 1j])
def test_a_value_of_the_wrong_kind_is_refused_before_it_is_sent(connect, run, value):
    channel = connect("SIM:X")
    with pytest.raises(PlanArgumentError, match="x: SIM:X takes a number"):
        run(channel.put(value))


def test_a_whole_number_and_a_text_are_asked_for(connect, run):
    stop, unit = connect("SIM:X:STOP", "SIM:X:EGU")
    with pytest.raises(PlanArgumentError, match="takes a whole number"):
        run(stop.put(0.5))
    with pytest.raises(PlanArgumentError, match="takes a text"):
        run(unit.put(3))


# pyepics does not tell: it calls a refused put complete.
@pytest.mark.parametrize("backend", ["ca", "pva"], indirect=True)
def test_a_put_that_the_server_refuses_says_so(connect, run):
    channel = connect("SIM:X:RBV")
    with pytest.raises(DeviceError, match=r"SIM:X:RBV was set to 1\.0, which"):
        run(channel.put(1.0))


def test_a_monitor_hears_the_value_now_and_each_change(connect, run):
    channel = connect("SIM:DET:DWELL")
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


def test_a_monitor_of_every_change_misses_none_and_keeps_the_order(connect, run):
    channel = connect("SIM:DET:DWELL")
    wanted = [0.01 + 0.001 * i for i in range(20)]
    heard = []

    async def follow():
        subscription = channel.monitor(lambda v: heard.append(v.value), every=True)
        await until(lambda: heard)
        for value in wanted:
            await channel.put(value)
        await until(lambda: heard[-1] == wanted[-1])
        subscription.close()

    run(follow())
    assert heard[1:] == wanted[heard[0] == wanted[0] :]
    run(channel.put(0.01))


def test_a_monitor_whose_loop_is_busy_hears_the_last_value(connect, run):
    channel = connect("SIM:DET:DWELL")
    heard, heard_all = [], []

    async def follow():
        channel.monitor(lambda v: heard.append(v.value))
        channel.monitor(lambda v: heard_all.append(v.value), every=True)
        await until(lambda: heard and heard_all)
        for value in (0.02, 0.03, 0.04):
            await channel.put(value)
        await until(lambda: heard[-1] == heard_all[-1] == 0.04)

    run(follow())
    assert len(heard) <= len(heard_all)
    run(channel.put(0.01))


def test_monitored_values_have_time_and_severity(connect, client, run):
    channel = connect("SIM:X:RBV")
    heard = []

    async def follow():
        channel.monitor(heard.append)
        await until(lambda: heard)
        return (await client.get_many([channel]))[0]

    assert run(follow()) == heard[-1]


def test_a_get_after_the_put_is_never_older_than_the_put(connect, client, run):
    trigger, dwell, counts, x = connect(
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


@pytest.fixture(scope="module", name="huge")
def huge_array():
    """An IOC with an array of a million numbers; longer than EPICS' first limit."""
    port = second_port()
    command = [sys.executable, Path(__file__).with_name("huge_array.py"), str(port)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert any(line == b"READY\n" for line in process.stdout)
        yield "HUGE"
        process.stdin.close()


def test_an_array_of_a_million_numbers_is_written_and_read(huge, connect, client, run):
    channel = connect(huge)
    numbers = np.arange(1_000_000, dtype=float)
    assert channel.control.shape == numbers.shape
    run(channel.put(numbers, timeout=10))
    (value,) = run(client.get_many([channel]))
    np.testing.assert_array_equal(value.value, numbers)


def test_two_servers_are_read_at_once(huge, connect, client, run):
    values = run(client.get_many(connect(huge, "SIM:X:EGU")))
    assert values[0].value.shape == (1_000_000,)
    assert values[1].value == "mm"


def test_one_request_reads_every_backend_in_order(client, run):
    names = ["SIM:X:EGU", "pva://SIM:X:DMOV", "ca://SIM:Y:EGU", "pva://SIM:Y:EGU"]

    async def read():
        channels = [client.channel(name, "x") for name in names]
        await client.connect(channels, 5)
        return await client.get_many(channels)

    assert [value.value for value in run(read())] == ["mm", 1, "mm", "mm"]
