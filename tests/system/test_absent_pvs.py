"""PVs that are not there when they are asked for first, on a server over EPICS."""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import subprocess
import sys

import pytest
from beamline_fixtures import run_fixture, start_beamline, test_port, until  # noqa: F401
from kit import Stopwatch

from lapwing.epics import clients
from lapwing.errors import DisconnectedError
from lapwing.sim.beamline import Beamline


def test_a_pv_that_was_asked_for_in_vain_is_found_as_soon_as_it_is_there(run):
    with start_beamline():
        run(ask("LATER:X", "SIM:X", times=2, timeout=0.5))
        # Meanwhile libca would look more and more seldom.
        run(ask("LATER:X", "SIM:X", times=1, timeout=6.0))
    port = test_port()
    with Beamline.launch(port, ["--prefix=LATER:"], 20.0, pva=False):
        watch = Stopwatch()
        run(found("LATER:Y"))  # which nobody asked for: so the server is known again
        run(found("LATER:X"))
        assert watch.seconds < 5.0


async def ask(absent, there, *, times, timeout):
    client = clients.client()
    first = client.channel(there)
    await client.connect([first], 30)
    for _ in range(times):
        channels = [client.channel(absent), client.channel(there)]
        with pytest.raises(DisconnectedError, match=absent):
            await client.connect(channels, timeout)
        assert channels[1].connected
        for channel in channels:
            channel.close()
    first.close()


async def found(pv):
    client = clients.client()

    async def answers():
        channel = client.channel(pv)
        try:
            await client.connect([channel], 0.5)
        except DisconnectedError:
            return False
        finally:
            channel.close()
        return True

    await until(answers, timeout=100)


def test_one_that_somebody_else_waits_for_is_looked_for_all_the_same(run):
    async def main():
        client = clients.client()
        waits, gives_up = client.channel("SIM:Y"), client.channel("SIM:Y")
        waits.watch()
        gives_up.watch()
        gives_up.close()
        beamline = start()
        try:
            await client.connect([waits], 30)
            assert waits.connected
        finally:
            beamline.stop()

    def start():
        return Beamline.start(port=test_port())

    run(main())


SCRIPT = """
from lapwing.engine import device_loop
from lapwing.epics import EpicsSignal, clients
from lapwing.errors import DisconnectedError

clients.configure(clients.NOWHERE)
signal = EpicsSignal("NO:PV", "absent")
try:
    device_loop.call(signal.connect(timeout=0.2))
except DisconnectedError as exc:
    print(exc)
"""


def test_a_process_that_still_looks_for_a_pv_ends_without_a_word_of_it():
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert "NO:PV" in ended.stdout
    assert ended.stderr == ""
    assert ended.returncode == 0
