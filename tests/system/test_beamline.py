"""The simulated beamline as a process, and what its server does by itself."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from beamline_fixtures import (  # noqa: F401
    beamline_fixture,
    run_fixture,
    until,
)
from kit import Stopwatch

from lapwing.epics import clients
from lapwing.errors import ConfigError, RemoteError, StateError
from lapwing.sim.beamline import Beamline, client_environment, free_port
from lapwing.sim.sample import Sample


@pytest.fixture
def pvs(beamline, run):
    """Return a function that gives channels by the end of their PVs."""

    def connect(*names):
        async def make():
            client = clients.client()
            channels = {name: client.channel(f"SIM:{name}") for name in names}
            await client.connect(channels.values(), 5)
            return client, channels

        return run(make())

    return connect


@pytest.fixture
def read_by_pva():
    """Return a function that reads PVs over PVA, in a process of its own."""
    script = (
        "import json, sys\n"
        "from p4p.client.thread import Context\n"
        "with Context('pva', nt=False) as context:\n"
        "    values = context.get(sys.argv[1:], timeout=10)\n"
        "    print(json.dumps([value.value for value in values]))\n"
    )

    def read(beamline, names):
        said = subprocess.run(
            [sys.executable, "-c", script, *names],
            env={**os.environ, **beamline.environment},
            stdout=subprocess.PIPE,
            timeout=30,
            check=True,
        )
        return json.loads(said.stdout)

    return read


def test_a_beamline_serves_on_the_loopback_only(beamline):
    assert beamline.running
    assert beamline.prefix == "SIM:"
    with pytest.raises(OSError, match=r"refused|assign|unreachable|timed out"):
        socket.create_connection(("127.0.0.2", beamline.port), timeout=1)
    socket.create_connection(("127.0.0.1", beamline.port), timeout=1).close()


def test_a_second_beamline_gets_a_port_of_its_own_and_ends_with_its_block(beamline):
    with Beamline.start() as other:
        assert other.port != beamline.port
        pid = other.pid
    assert not other.running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(StateError, match="does not run"):
        _ = other.pid


def test_a_port_in_use_is_refused(beamline):
    with pytest.raises(ConfigError, match=f"port {beamline.port} is in use"):
        Beamline.start(port=beamline.port)


def test_a_beamline_that_cannot_start_says_why():
    with pytest.raises(RemoteError, match=r"did not start: .*invalid float"):
        Beamline.start(velocity="fast")  # type: ignore[arg-type]


def test_the_process_ends_when_its_input_closes():
    process = subprocess.Popen(
        [sys.executable, "-m", "lapwing.sim.beamline", f"--port={free_port()}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        lines = iter(process.stdout.readline, b"")
        assert any(line.startswith(b"READY ca=") for line in lines)
        process.stdin.close()
        assert process.wait(5) == 0


def test_a_client_that_talks_already_cannot_be_sent_elsewhere(beamline, pvs):
    pvs("X")
    same = os.environ["EPICS_CA_NAME_SERVERS"]
    clients.configure({"EPICS_CA_NAME_SERVERS": same})
    with pytest.raises(StateError, match="EPICS_CA_NAME_SERVERS"):
        clients.configure(client_environment(beamline.port + 2))


def test_the_truth_can_be_read(pvs, run):
    client, channels = pvs("TRUTH:CENTRE", "TRUTH:FWHM")
    centre, fwhm = run(client.get_many(list(channels.values())))
    assert (centre.value, fwhm.value) == (Sample().centre, Sample().fwhm)


def test_the_readback_is_told_many_times_during_a_move(pvs, run):
    _, c = pvs("X", "X:RBV", "X:VELO")
    heard = []

    async def move():
        await c["X:VELO"].put(10)
        await c["X"].put(0)
        subscription = c["X:RBV"].monitor(lambda value: heard.append(value.value))
        await c["X"].put(5)
        await until(lambda: heard[-1] == 5)
        subscription.close()
        await c["X:VELO"].put(50)

    run(move())
    assert 10 <= len(heard) <= 60
    assert heard == sorted(heard)


@pytest.mark.parametrize("target", [10.5, -10.001, float("nan"), float("inf")])
def test_the_server_refuses_what_lies_beyond_a_limit_and_shows_it(pvs, run, target):
    client, c = pvs("X", "X:RBV", "X:LVIO", "X:DMOV")
    run(c["X"].put(1.5))
    watch = Stopwatch()
    run(c["X"].put(target))
    assert watch.seconds < 0.5
    setpoint, readback, violation, done = run(client.get_many(list(c.values())))
    assert (setpoint.value, readback.value) == (1.5, 1.5)
    assert (violation.value, done.value) == (1, 1)
    assert (setpoint.severity, violation.severity) == (2, 2)
    run(c["X"].put(1.0))
    setpoint, _, violation, _ = run(client.get_many(list(c.values())))
    assert (setpoint.value, setpoint.severity) == (1.0, 0)
    assert (violation.value, violation.severity) == (0, 0)


def test_limits_can_be_changed(pvs, run):
    client, c = pvs("Y", "Y:HLM", "Y:LVIO", "Y:RBV")
    run(c["Y:HLM"].put(2))
    run(c["Y"].put(3))
    assert run(client.get_many([c["Y:LVIO"]]))[0].value == 1
    run(c["Y:HLM"].put(10))
    run(c["Y"].put(3))
    violation, readback = run(client.get_many([c["Y:LVIO"], c["Y:RBV"]]))
    assert (violation.value, readback.value) == (0, 3)


def test_a_stall_ends_where_it_began_and_the_motion_goes_on(pvs, run):
    client, c = pvs("X", "X:RBV", "X:STALL", "X:DMOV")

    async def story():
        await c["X"].put(0)
        await c["X:STALL"].put("stalled")
        await c["X"].put(4, wait=False)

        async def moving():
            return (await client.get_many([c["X:DMOV"]]))[0].value == 0

        await until(moving)
        position = (await client.get_many([c["X:RBV"]]))[0].value
        await c["X:STALL"].put("free")

        async def there():
            return (await client.get_many([c["X:RBV"]]))[0].value == 4

        await until(there)
        return position

    assert run(story()) == 0


def test_the_counts_are_those_of_the_position_and_come_again(pvs, run):
    client, c = pvs("X", "Y", "DET:TRIG", "DET:COUNTS", "DET:SPECTRUM", "DET:NOISE")
    sample = Sample()

    async def count(x, y):
        await c["X"].put(x)
        await c["Y"].put(y)
        await c["DET:TRIG"].put(1)
        both = await client.get_many([c["DET:COUNTS"], c["DET:SPECTRUM"]])
        return [value.value for value in both]

    counts, spectrum = run(count(0.5, 0.25))
    assert counts == sample.counts(0.5, 0.25, 0.01)
    assert np.array_equal(spectrum, sample.spectrum(0.5, 0.25, 0.01))
    run(count(-3, 1))
    again, same = run(count(0.5, 0.25))
    assert again == counts
    assert np.array_equal(same, spectrum)
    run(c["DET:NOISE"].put("off"))
    assert run(count(0.5, 0.25))[0] == sample.counts(0.5, 0.25, 0.01, noise=False)
    run(c["DET:NOISE"].put("on"))


def test_the_trigger_is_held_for_the_dwell(pvs, run):
    _, c = pvs("DET:TRIG", "DET:DWELL")
    run(c["DET:DWELL"].put(0.2))
    began = time.monotonic()
    watch = Stopwatch()
    run(c["DET:TRIG"].put(1))
    assert time.monotonic() - began > 0.19
    assert watch.seconds < 0.6
    run(c["DET:DWELL"].put(0.01))


def test_a_beamline_serves_pva_on_the_loopback_too(read_by_pva):
    with Beamline.start(pva=True) as served:
        values = read_by_pva(served, ["SIM:TRUTH:CENTRE", "SIM:X:VELO"])
        assert values == [Sample().centre, 50.0]
        with pytest.raises(OSError, match=r"refused|assign|unreachable|timed out"):
            socket.create_connection(("127.0.0.2", served.pva_port), timeout=1)


def test_a_busy_port_of_pva_is_not_silently_another():
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port + 2)),
        pytest.raises(ConfigError, match=f"port {port} is in use"),
    ):
        Beamline.start(port=port, pva=True)


def test_a_frozen_beamline_is_silent_until_it_thaws(beamline, pvs, run):
    client, c = pvs("TRUTH:CENTRE")
    beamline.freeze()

    async def story():
        reading = asyncio.ensure_future(client.get_many(list(c.values())))
        done, _ = await asyncio.wait([reading], timeout=0.3)
        beamline.thaw()
        return done, (await reading)[0].value

    assert run(story()) == (set(), Sample().centre)
    assert beamline.running


def test_a_frozen_beamline_can_be_stopped():
    other = Beamline.start()
    other.freeze()
    watch = Stopwatch()
    other.stop()
    assert watch.seconds < 4
