"""Every way in which a move can end, with a motor made of a dictionary."""

import asyncio

import pytest

from lapwing.epics.channel import Control, Value
from lapwing.epics.move import Move
from lapwing.errors import (
    DeviceTimeoutError,
    DisconnectedError,
    LimitError,
    MotionError,
)

PROOF = {"setpoint": 5.0, "readback": 5.0, "done": 1, "violation": 0, "missed": 0}


class FakeChannel:
    def __init__(self, motor, role):
        self.motor = motor
        self.pv = f"M:{role}"
        self.control = Control("number", "<f8", (), "mm", 2)

    async def put(self, value, *, wait=True, timeout=None):  # noqa: ASYNC109
        self.motor.puts.append((self.pv, value, wait, timeout))
        if error := self.motor.errors.get(self.pv):
            raise error


class FakeMotor:
    """A motor whose PVs hold what the test says."""

    name, unit, tolerance = "m", "mm", None
    mode = ""

    def __init__(self, *, severity=0, **values):
        self.values = PROOF | values
        self.severity = severity
        self.errors = {}
        self.puts = []
        self.looks = 0

    def show(self, position):
        return f"{position:g} mm"

    def has(self, role):
        return self.values.get(role) is not None

    def latest(self, role):
        return 0.0

    def blocked(self):
        return self.mode

    def channel(self, role):
        return FakeChannel(self, role)

    def time_limit(self, start, target):
        return 0.5

    async def get(self, *roles):
        self.looks += 1
        return [Value(self._value(role), 0.0, self.severity) for role in roles]

    def _value(self, role):
        value = self.values[role]
        return value(self.looks) if callable(value) else value


def run(motor, *, timeout=None, stopped=None):
    move = Move(motor, 5.0, timeout)
    move.stopped = stopped
    told = []
    move.report = told.append
    asyncio.run(move.run())
    return told


def test_a_move_that_arrives_puts_once_and_reports_start_and_end():
    motor = FakeMotor()
    told = run(motor)
    assert motor.puts == [("M:setpoint", 5.0, True, 0.5)]
    assert [progress.fraction for progress in told] == [1.0, 0.0]
    assert told[0].time_remaining is None
    assert told[1].time_remaining == 0
    assert told[1].precision == 2


def test_a_time_limit_that_is_given_takes_the_place_of_the_motor_s():
    motor = FakeMotor()
    run(motor, timeout=7.0)
    assert motor.puts[0][3] == 7.0


def test_a_record_without_put_callback_is_waited_for():
    motor = FakeMotor(done=lambda looks: looks >= 3)
    run(motor)
    assert motor.looks == 3


def test_a_motor_that_never_says_done_is_given_up_and_stopped():
    motor = FakeMotor(done=0, readback=1.0)
    with pytest.raises(
        DeviceTimeoutError, match=r"did not reach 5 mm within 0\.1 s: it stands at 1 mm"
    ):
        run(motor, timeout=0.1)
    assert motor.puts[-1] == ("M:stop", 1, False, None)


def test_a_motor_that_cannot_be_stopped_is_said_to_be_so():
    motor = FakeMotor()
    motor.errors["M:setpoint"] = DeviceTimeoutError("late")
    motor.errors["M:stop"] = DisconnectedError("gone")
    with pytest.raises(DeviceTimeoutError, match="it could not be told to stop"):
        run(motor)


def test_a_lost_server_is_handed_on_as_it_is():
    motor = FakeMotor()
    motor.errors["M:setpoint"] = DisconnectedError("gone")
    with pytest.raises(DisconnectedError, match="gone"):
        run(motor)
    assert len(motor.puts) == 1


def test_a_motor_without_proofs_is_believed():
    run(FakeMotor(done=None, violation=None, missed=None))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"missed": 1, "readback": 4.0}, "stands at 4 mm: it missed 5 mm"),
        (
            {"setpoint": 2.0, "readback": 2.0},
            "somebody stopped it or sent it elsewhere",
        ),
        ({"severity": 3}, "stands at 5 mm, but its server calls that invalid"),
    ],
)
def test_completion_is_not_success(state, sentence):
    with pytest.raises(MotionError, match=sentence) as caught:
        run(FakeMotor(**state))
    assert caught.value.device == "m"
    assert caught.value.context["target"] == 5.0


def test_a_refusal_of_the_server_is_a_limit_error():
    with pytest.raises(LimitError, match=r"its server refused 5 mm .* \(M:violation\)"):
        run(FakeMotor(violation=1))


def test_a_read_back_outside_the_tolerance_is_a_failure():
    motor = FakeMotor(readback=4.9)
    motor.tolerance = 0.2
    run(motor)
    motor.tolerance = 0.05
    with pytest.raises(
        MotionError, match=r"stands at 4\.9 mm, more than 0\.05 mm away"
    ):
        run(motor)


def test_a_stop_that_was_meant_is_success_and_another_is_not():
    state = {"setpoint": 2.0, "readback": 2.0}
    run(FakeMotor(**state), stopped=True)
    with pytest.raises(MotionError, match="it was stopped on its way to 5 mm"):
        run(FakeMotor(**state), stopped=False)


def test_a_motor_that_a_mode_stopped_says_so():
    motor = FakeMotor(setpoint=3.0, readback=3.0)
    motor.mode = "Stop"
    with pytest.raises(MotionError, match="m stands at 3 mm in mode Stop: somebody st"):
        asyncio.run(Move(motor, 5.0, None).run())
