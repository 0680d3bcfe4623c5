"""A motor's own settings, with PVs that hold what the test says."""

import asyncio

import pytest

from lapwing.epics import EpicsMotor, clients
from lapwing.epics.channel import Control, Value
from lapwing.errors import DeviceError, MotionError


class Channel:
    """A PV that is there, and notes what is put."""

    connected = True
    source = "fake"

    def __init__(self, pv, values, puts):
        self.pv, self._values, self._puts = pv, values, puts
        self.control = Control("number", "<f8", (), "mm", 2)

    def on_connection(self, callback):
        return lambda: None

    def monitor(self, callback):
        callback(self.value)

    @property
    def value(self):
        return Value(self._values.get(self.pv.rpartition(".")[2], 0.0), 0.0)

    async def put(self, value, *, wait=True, timeout=None):  # noqa: ASYNC109
        self._puts.append((self.pv, value, timeout))
        await asyncio.sleep(0)


class Client:
    def __init__(self, values):
        self.values, self.puts = values, []

    def channel(self, pv, device=""):
        return Channel(pv, self.values, self.puts)

    async def connect(self, channels, timeout):  # noqa: ASYNC109
        assert channels

    async def get_many(self, channels):
        return [channel.value for channel in channels]


def with_motor(monkeypatch, work, **values):
    """Do something with a motor whose fields have these values."""
    client = Client({"DMOV": 1, "SPMG": 3, "VAL": 5.0, "RBV": 5.0, **values})
    monkeypatch.setattr(clients, "client", lambda: client)

    async def main():
        motor = EpicsMotor("M", "x")
        await motor.connect()
        await work(motor)

    asyncio.run(main())
    return client.puts


def test_a_motor_without_speed_is_not_sent_anywhere(monkeypatch):
    async def work(motor):
        with pytest.raises(DeviceError, match=r"x cannot be moved.* 0 \(M.VELO\)"):
            motor.set(5.0)
        with pytest.raises(DeviceError) as caught:
            motor.time_limit(0.0, 5.0)
        assert (caught.value.device, caught.value.pv) == ("x", "M.VELO")
        assert "x.set(position, timeout=seconds)" in caught.value.hint

    assert with_motor(monkeypatch, work, VELO=0.0) == []


def test_a_motor_without_speed_is_sent_off_if_a_time_is_given(monkeypatch):
    async def work(motor):
        await motor.set(5.0, timeout=3.0)

    assert with_motor(monkeypatch, work, VELO=0.0) == [("M.VAL", 5.0, 3.0)]


def test_a_move_may_take_as_long_as_the_speed_makes_it(monkeypatch):
    async def work(motor):
        assert motor.time_limit(0.0, 4.0) == pytest.approx(1.5 * (2.0 + 2 * 0.5) + 2.0)
        await motor.set(5.0)

    puts = with_motor(monkeypatch, work, VELO=2.0, ACCL=0.5)
    assert puts == [("M.VAL", 5.0, 2.0 + 1.5)]


def test_a_motor_tells_where_it_is_once_it_is_connected(monkeypatch):
    async def work(motor):
        assert motor.position == 2.5

    assert EpicsMotor("M", "x").position is None
    with_motor(monkeypatch, work, RBV=2.5)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_motor_that_is_not_in_go_is_not_sent_anywhere(monkeypatch, mode):
    async def work(motor):
        sentence = rf"x does not move: its mode is {mode} \(M.SPMG\) \(set M.SPMG to Go"
        with pytest.raises(MotionError, match=sentence):
            motor.set(5.0)
        with pytest.raises(MotionError):
            motor.check_value(5.0)

    assert with_motor(monkeypatch, work, SPMG=mode) == []


def test_moves_wait_for_each_other_in_each_event_loop_anew(monkeypatch):
    motor = EpicsMotor("M", "x")

    async def main():
        client = Client({"DMOV": 1, "SPMG": 3, "RBV": 5.0, "VELO": 1.0})
        client.values["VAL"] = 5.0
        monkeypatch.setattr(clients, "client", lambda: client)
        await motor.connect()
        for status in [motor.set(5.0), motor.set(5.0)]:
            await status

    for _ in range(2):
        asyncio.run(main())
