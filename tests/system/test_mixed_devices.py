"""Devices over PV Access, over both protocols at once, and over a frozen server."""

import pytest
from beamline_fixtures import run_fixture, start_beamline, until  # noqa: F401
from kit import Stopwatch

from lapwing.epics import (
    SIM_FIELDS,
    EpicsCounter,
    EpicsMotor,
    EpicsSignal,
    clients,
    connect_all,
)
from lapwing.errors import DisconnectedError, LimitError


@pytest.fixture(scope="module", name="beamline")
def beamline_with_pva():
    with start_beamline(pva=True) as beamline:
        yield beamline


def motor_over(scheme):
    return EpicsMotor(f"{scheme}SIM:X", "x", fields=SIM_FIELDS)


def test_a_motor_moves_over_pv_access_as_over_channel_access(beamline, run):
    motor = motor_over("pva://")

    async def story():
        await motor.connect()
        await motor.set(2.5)
        return await motor.read(), await motor.describe()

    readings, keys = run(story())
    assert readings["x"]["value"] == readings["x_user_setpoint"]["value"] == 2.5
    assert keys["x"]["source"] == "pva://SIM:X:RBV"
    assert (keys["x"]["units"], keys["x"]["precision"]) == ("mm", 4)
    with pytest.raises(LimitError, match="x: 99 mm"):
        motor.set(99)


def test_one_device_may_speak_both_protocols(beamline, run):
    signal = EpicsSignal("pva://SIM:X:VELO", "speed", readback="SIM:X:VELO")
    motor, counter = motor_over(""), EpicsCounter("pva://SIM:DET:", "det")

    async def story():
        await connect_all(signal, motor, counter)
        await signal.set(40.0)
        await motor.set(0.0)
        await counter.trigger()
        await signal.set(50.0)
        return await signal.locate(), await counter.read()

    location, counts = run(story())
    assert location == {"setpoint": 50.0, "readback": 50.0}
    assert counts["det_counts"]["value"] > 0


def test_what_does_not_answer_is_named_over_both_protocols(beamline, run):
    signal = EpicsSignal("pva://SIM:NOTHING", "s", readback="SIM:NONE")
    with pytest.raises(DisconnectedError, match="2 PVs do not answer") as caught:
        run(signal.connect(timeout=0.5))
    assert set(caught.value.pvs) == {"SIM:NOTHING", "SIM:NONE"}


@pytest.mark.parametrize("scheme", ["ca://", "pva://"])
def test_a_move_on_a_frozen_server_is_given_up_soon_and_can_go_on(
    beamline, run, scheme
):
    motor, heard = motor_over(scheme), []

    async def story():
        clients.client().answer_timeout = 1.0
        await motor.connect()
        await motor.set(0.0)
        motor.on_disconnect(heard.append)
        velocity = EpicsSignal(f"{scheme}SIM:X:VELO", "speed")
        await velocity.connect()
        await velocity.set(0.5)
        await until(lambda: motor.latest("velocity") == 0.5)
        move = motor.set(9.0)
        await until(lambda: motor.moving)
        beamline.freeze()
        watch = Stopwatch()
        with pytest.raises(DisconnectedError, match="SIM:X does not answer for 1 s"):
            await move
        assert watch.seconds < 1.5
        assert len(heard) == 1
        assert not motor.connected
        beamline.thaw()
        await motor.connect()
        await motor.stop()
        await velocity.set(50.0)
        await until(lambda: not motor.moving)
        await motor.set(1.0)

    run(story())
    assert motor.position == 1.0
