"""What devices do when the simulated beamline dies, and when it returns."""

import asyncio
import time

import pytest
from beamline_fixtures import beamline_fixture, run_fixture, until  # noqa: F401
from kit import Stopwatch

from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor, connect_all
from lapwing.errors import DisconnectedError


def test_a_server_that_dies_is_told_within_a_second_and_found_again(beamline, run):
    motor = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
    counter = EpicsCounter("SIM:DET:", "det")
    story = []

    async def lose():
        await connect_all(motor, counter)
        await counter.dwell.set(30)
        motor.on_disconnect(lambda reason: story.append(("x", reason)))
        end = counter.on_disconnect(lambda reason: story.append(("det", reason)))
        move, count = motor.set(9.99), counter.trigger()
        for name, status in (("move", move), ("count", count)):
            status.add_callback(lambda s, name=name: story.append((name, s)))
        await asyncio.sleep(0.05)
        beamline.kill()
        watch = Stopwatch()
        for status in (move, count):
            with pytest.raises(DisconnectedError):
                await status
        assert watch.seconds < 1
        await until(lambda: not (motor.connected or counter.connected), 1)
        end()
        return move, count

    move, count = run(lose())
    names = [name for name, _ in story]
    # Each device tells its loss before its status fails, and only once; the
    # counter's dwell signal is a device too.
    assert names.index("x") < names.index("move")
    assert names.index("det") < names.index("count")
    assert names.count("x") == 1
    reason = dict(story)["x"]
    assert isinstance(reason, DisconnectedError)
    assert str(reason).startswith("motor x lost its server: SIM:X")
    assert reason.device == "x"
    assert "SIM:X:STOP" in reason.pvs
    assert "x: SIM:X disconnected while it was set to 9.99" in str(move.exception())
    assert "det: SIM:DET:TRIG disconnected" in str(count.exception())

    with pytest.raises(DisconnectedError, match="SIM:X"):
        run(motor.stop())
    watch = Stopwatch()
    with pytest.raises(DisconnectedError, match=r"PVs do not answer within 0\.3 s"):
        run(motor.connect(timeout=0.3))
    assert watch.seconds < 1

    beamline.restart()
    run(connect_all(motor, counter, timeout=30))

    async def again():
        await motor.set(1.5)
        await counter.trigger()
        return await motor.read(), await counter.read()

    readings, counts = run(again())
    assert readings["x"]["value"] == 1.5
    assert counts["det_counts"]["value"] > 0

    # A second loss is told again: the first one is over.
    before = len([name for name, _ in story if name == "x"])
    beamline.kill()
    run(until(lambda: len([n for n, _ in story if n == "x"]) == before + 1, 1))


def test_a_request_waits_a_while_for_a_server_that_is_away(beamline, run, monkeypatch):
    monkeypatch.setattr("lapwing.epics.connection.PATIENCE", 0.3)
    beamline.restart()
    motor = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
    run(motor.connect())
    beamline.kill()
    run(until(lambda: not motor.connected, 1))
    began = time.monotonic()
    watch = Stopwatch()

    async def move():
        await motor.set(1)

    with pytest.raises(DisconnectedError, match=r"within 0\.3 s: x: SIM:X"):
        run(move())
    assert time.monotonic() - began > 0.25
    assert watch.seconds < 1.5
