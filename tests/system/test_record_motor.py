"""An EpicsMotor on a motor record: its limits, modes, misses and delays."""

import asyncio
import time

import pytest
from beamline_fixtures import run_fixture, until  # noqa: F401
from kit import Stopwatch
from record_ioc_fixtures import record_ioc_fixture  # noqa: F401

from lapwing.epics import EpicsMotor, EpicsSignal, connect_all
from lapwing.errors import DeviceTimeoutError, LimitError, MotionError


@pytest.fixture(name="motor")
def connected_motor(record_ioc, run):
    motor = EpicsMotor("REC:m1", "x", time_margin=1.0)
    run(motor.connect())
    return motor


@pytest.fixture(name="put")
def put_fixture(motor, run):
    """Return a function that writes a field, which is as before afterwards."""
    signals, before = {}, {}

    async def write(field, value):
        if field not in signals:
            signals[field] = EpicsSignal(f"REC:m1{field}", "field")
            await connect_all(signals[field])
            before[field] = (await signals[field].locate())["setpoint"]
        await signals[field].set(value)

    yield write
    for field, value in reversed(before.items()):
        run(write(field, value))


def go(motor, target):
    async def move():
        await motor.set(target)

    return move()


def test_a_motor_record_goes_where_it_is_sent(motor, run):
    run(go(motor, 2.0))
    run(go(motor, -1.0))
    assert run(motor.locate()) == {"setpoint": -1.0, "readback": -1.0}
    assert motor.unit == "mm"
    assert not motor.blocked()


def test_a_move_is_over_when_the_record_s_delay_is(motor, put, run):
    run(put(".DLY", 0.4))
    run(until(lambda: motor.latest("settle") == 0.4))
    began = time.monotonic()
    run(go(motor, 0.0))
    assert time.monotonic() - began > 0.4


@pytest.mark.parametrize("mode", ["Stop", "Pause", "Move"])
def test_a_motor_that_is_not_in_go_refuses_before_it_moves(motor, put, run, mode):
    run(go(motor, 1.0))
    run(put(".SPMG", mode))
    run(until(motor.blocked))
    with pytest.raises(MotionError, match=f"does not move: its mode is {mode}"):
        run(go(motor, 3.0))
    assert run(motor.locate())["setpoint"] == 1.0


def test_a_motor_that_is_paused_on_its_way_says_so_when_its_time_is_over(
    motor, put, run
):
    run(put(".VELO", 5.0))
    run(until(lambda: motor.latest("velocity") == 5.0))

    async def pause():
        move = motor.set(8.0, timeout=0.8)
        await asyncio.sleep(0.1)
        await put(".SPMG", "Pause")
        with pytest.raises(DeviceTimeoutError, match=r"it stands at .* in mode Pause"):
            await move

    run(pause())


def test_a_motor_that_misses_says_so(motor, put, run):
    run(go(motor, 0.0))
    run(put(".MISS", 1))
    with pytest.raises(MotionError, match=r"stands at 2\.1 mm: it missed 2 mm"):
        run(go(motor, 2.0))
    run(go(motor, 1.0))


def test_soft_limits_are_known_before_and_refused_by_the_record_after(motor, put, run):
    run(put(".HLM", 4.0))
    run(until(lambda: motor.limits.high == 4.0))
    with pytest.raises(LimitError, match=r"x: 4\.5 mm .*REC:m1\.HLM"):
        run(go(motor, 4.5))

    async def race():
        # Between our look and the put somebody narrows the limits.
        motor._latest["high_limit"] = motor._latest["velocity"]
        await motor.set(4.5)

    with pytest.raises(LimitError, match=r"server refused 4\.5 mm .*REC:m1\.LVIO"):
        run(race())


def test_a_stalled_motor_is_given_up_in_its_time(motor, put, run):
    run(go(motor, 0.0))
    run(put(":STALL", 1))
    watch = Stopwatch()
    with pytest.raises(DeviceTimeoutError, match="it was told to stop"):
        run(go(motor, 1.0))
    assert watch.seconds < 3
