import asyncio
import heapq
import math

import numpy as np
import pytest

from lapwing import protocols
from lapwing.devices.soft import SoftDetector, SoftMotor, SoftSignal
from lapwing.errors import LimitError, MotionError, PlanArgumentError


class Clock:
    """A clock that the test turns."""

    def __init__(self):
        self.now = 100.0
        self._calls = []

    def time(self):
        return self.now

    def call_later(self, delay, callback):
        heapq.heappush(self._calls, (self.now + delay, len(self._calls), callback))

    def turn(self, seconds):
        self.now += seconds
        while self._calls and self._calls[0][0] <= self.now:
            heapq.heappop(self._calls)[2]()


@pytest.fixture
def clock():
    return Clock()


def test_soft_devices_have_the_shapes_that_plans_ask_for():
    motor, signal, detector = SoftMotor("x"), SoftSignal("s"), SoftDetector("d")
    for device in (motor, signal, detector):
        assert isinstance(device, protocols.Readable)
        assert isinstance(device, protocols.HasHints)
        assert device.parent is None
        assert repr(device).startswith("<Soft")
    for device in (motor, signal):
        assert isinstance(device, protocols.Locatable)
        assert isinstance(device, protocols.Checkable)
    assert isinstance(motor, protocols.Stoppable)
    assert isinstance(signal, protocols.Subscribable)
    assert isinstance(detector, protocols.Triggerable)


def test_a_motor_without_velocity_is_there_at_once():
    motor = SoftMotor("x", 1.0)
    status = motor.set(3)
    assert status.success
    assert motor.position == 3.0
    assert motor.locate() == {"setpoint": 3.0, "readback": 3.0}
    assert {k: v["value"] for k, v in motor.read().items()} == {
        "x": 3.0,
        "x_user_setpoint": 3.0,
    }
    assert list(motor.describe()) == ["x", "x_user_setpoint"]
    assert motor.describe()["x"]["units"] == "mm"
    assert motor.hints == {"fields": ["x"]}


def test_a_motor_refuses_what_lies_beyond_its_limits_and_stays():
    motor = SoftMotor("x", limits=(-1, 1))
    with pytest.raises(LimitError, match=r"motor x: 1\.5 mm is above the high limit 1"):
        motor.set(1.5)
    with pytest.raises(LimitError):
        motor.check_value(-1.5)
    with pytest.raises(PlanArgumentError):
        motor.set(math.nan)
    assert motor.position == 0


def test_a_motor_with_velocity_moves_with_the_clock(clock):
    motor = SoftMotor("x", velocity=2.0, clock=clock)
    status = motor.set(4)
    told = []
    status.watch(lambda **progress: told.append(progress))
    clock.turn(0.5)
    assert not status.done
    assert motor.position == 1.0
    assert motor.locate() == {"setpoint": 4.0, "readback": 1.0}
    clock.turn(1.5)
    assert status.success
    assert motor.position == 4.0
    assert told[-1]["fraction"] == 0.0
    assert told[-1]["current"] == 4.0


@pytest.mark.parametrize("success", [True, False])
def test_a_stopped_motor_stays_where_it_is(clock, success):
    motor = SoftMotor("x", velocity=2.0, clock=clock)
    status = motor.set(4)
    clock.turn(0.5)
    motor.stop(success)
    assert status.done
    assert status.success is success
    clock.turn(10)
    assert motor.position == 1.0
    assert motor.locate()["setpoint"] == 1.0
    if not success:
        with pytest.raises(MotionError, match="motor x stands at 1 mm: it was stopped"):
            status.wait()


def test_a_second_set_takes_the_place_of_the_first(clock):
    motor = SoftMotor("x", velocity=2.0, clock=clock)
    first = motor.set(4)
    clock.turn(0.5)
    second = motor.set(0)
    assert isinstance(first.exception(), MotionError)
    clock.turn(0.5)
    assert second.success
    assert motor.position == 0


def test_stopping_a_motor_that_stands_changes_nothing():
    motor = SoftMotor("x", 2.0)
    motor.stop()
    assert motor.position == 2.0


def test_without_a_clock_the_event_loop_tells_the_time():
    async def move():
        motor = SoftMotor("x", velocity=100.0)
        await motor.set(1.0)
        return motor.position

    assert asyncio.run(move()) == 1.0


def test_a_signal_tells_its_subscribers_now_and_on_change():
    signal, heard = SoftSignal("gain", 1.0, units="V"), []

    def hear(readings):
        heard.append(readings["gain"]["value"])

    signal.subscribe(hear)
    assert signal.set(2.5).success
    signal.clear_sub(hear)
    signal.set(3.5)
    assert heard == [1.0, 2.5]
    assert signal.locate() == {"setpoint": 3.5, "readback": 3.5}
    assert signal.describe()["gain"]["units"] == "V"


@pytest.mark.parametrize(
    ("first", "wrong"), [(1.0, "a"), ("a", 1.0), (1.0, [1.0]), (1, 1.5), (True, 2.0)]
)
def test_a_signal_refuses_values_of_another_kind(first, wrong):
    signal = SoftSignal("s", first)
    with pytest.raises(PlanArgumentError, match="signal s takes values like"):
        signal.set(wrong)
    assert signal.value == first


def test_a_text_signal_takes_longer_texts():
    signal = SoftSignal("sample", "a")
    signal.set("a longer one")
    assert signal.read()["sample"]["value"] == "a longer one"
    assert signal.describe()["sample"]["dtype"] == "string"


def test_a_detector_measures_where_the_motors_are_when_it_is_triggered():
    x, y = SoftMotor("x"), SoftMotor("y")
    det = SoftDetector("det", lambda x, y: 10 * x + y, [x, y])
    x.set(1)
    y.set(2)
    assert det.read()["det"]["value"] == 0
    assert det.trigger().success
    assert det.read()["det"]["value"] == 12
    x.set(5)
    assert det.read()["det"]["value"] == 12


def test_a_detector_may_give_arrays():
    det = SoftDetector("cam", lambda: np.zeros((3, 4), dtype=np.uint16), precision=0)
    key = det.describe()["cam"]
    assert (key["dtype"], key["shape"], key["dtype_numpy"]) == ("array", [3, 4], "<u2")
    assert "precision" not in key


@pytest.mark.parametrize(
    "limits", [(1, 0), (1, 1), (), (0, math.nan), (0, 1, 2), "05", 5, (False, True)]
)
def test_limits_that_would_be_none_are_refused(limits):
    with pytest.raises(PlanArgumentError, match=r"motor x: .* are no limits"):
        SoftMotor("x", limits=limits)


@pytest.mark.parametrize("velocity", [0, 0.0, -1, math.nan, math.inf, "fast", True])
def test_a_velocity_that_is_none_is_refused_before_anything_moves(velocity, clock):
    with pytest.raises(PlanArgumentError, match=r"motor x: .* is no velocity"):
        SoftMotor("x", velocity=velocity)
    motor = SoftMotor("x", velocity=2.0, clock=clock)
    with pytest.raises(PlanArgumentError, match="number above 0, in mm per second"):
        motor.velocity = velocity
    assert motor.velocity == 2.0


def test_a_motor_may_be_made_slower_and_quick_again(clock):
    motor = SoftMotor("x", clock=clock)
    motor.velocity = np.float64(2.0)
    status = motor.set(4.0)
    clock.turn(1.0)
    assert motor.position == 2.0
    clock.turn(1.0)
    assert status.success
    motor.velocity = None
    assert motor.set(0.0).success


@pytest.mark.parametrize("position", [math.nan, "left", None])
def test_a_motor_that_stands_nowhere_is_refused(position):
    with pytest.raises(PlanArgumentError, match="is no position"):
        SoftMotor("x", position)
