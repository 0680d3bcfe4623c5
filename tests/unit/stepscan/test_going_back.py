"""What a scan puts back at its end: positioners all at once, whatever fails."""

import asyncio
import logging

import pytest
from unit.stepscan.rigs import until

from lapwing.engine.engine import Engine
from lapwing.errors import DeviceError, FailedStatus, MotionError
from lapwing.status import Status
from lapwing.stepscan import Detector, Positioner, StepScan


class Axis:
    """An axis that is where it was sent, unless it was told to take its time."""

    parent = None

    def __init__(self, name, place):
        self.name, self.place = name, place
        self.sent = []
        self.stops = 0
        self.slow = False
        self.status = None

    def set(self, value):
        self.sent.append(value)
        self.status = Status(self.name, "move")
        if not self.slow:
            self.place = value
            self.status.set_finished()
        return self.status

    def stop(self, success=True):
        self.stops += 1
        if self.status is not None and not self.status.done:
            self.status.set_exception(MotionError(f"{self.name} was stopped"))

    @property
    def position(self):
        return self.place

    def describe(self):
        return {self.name: {"source": "test", "dtype": "number", "shape": []}}

    def read(self):
        return {self.name: {"value": float(self.place), "timestamp": 0.0}}


def make(*axes, **options):
    """Return a scan after whose points the axes take their time."""

    def slow_down():
        for axis in axes:
            axis.slow = True

    positioners = [Positioner(axis, [1.0, 2.0]) for axis in axes]
    return StepScan(positioners, restore=True, post_scan=slow_down, **options)


@pytest.fixture
def axes():
    return [Axis("x", 5.0), Axis("y", 6.0), Axis("z", 7.0)]


def on_their_way(axes):
    return lambda: all(axis.slow and not axis.status.done for axis in axes)


def run(axes, meanwhile, **options):
    async def main():
        engine = Engine()
        running = asyncio.create_task(engine.run(make(*axes, **options).plan()))
        await until(on_their_way(axes))
        await meanwhile(engine)
        return await running

    return asyncio.run(main())


def test_all_set_out_before_any_is_waited_for(axes):
    async def meanwhile(_engine):
        for axis in axes:
            axis.status.set_finished()

    assert run(axes, meanwhile).exit_status == "success"
    assert [axis.sent[-1] for axis in axes] == [5.0, 6.0, 7.0]


def test_one_that_fails_keeps_no_other_from_being_waited_for(axes, caplog):
    x, y, z = axes

    async def meanwhile(engine):
        z.status.set_exception(MotionError("z is stuck"))
        x.status.set_exception(MotionError("x is stuck"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert engine.state == "running"  # it waits for y
        y.status.set_finished()

    with caplog.at_level(logging.ERROR), pytest.raises(FailedStatus, match="z is st"):
        run(axes, meanwhile)
    assert "x is stuck" in caplog.text  # no error hides another


def test_who_aborts_while_they_go_back_wants_no_moves(axes):
    async def meanwhile(engine):
        engine.request_abort("stay there")

    result = run(axes, meanwhile)
    assert (result.exit_status, result.reason) == ("abort", "stay there")
    assert all(axis.stops for axis in axes)
    assert [axis.sent[-1] for axis in axes] == [5.0, 6.0, 7.0]


class Stubborn(Detector):
    """A detector that does not let its settings be put back."""

    async def disarm(self):
        raise DeviceError(f"{self.label} could not be put back")


def test_every_detector_that_could_not_be_put_back_is_told():
    async def main():
        one, other = (Stubborn(label=label) for label in ("mca", "camera"))
        await StepScan(detectors=[one, other], npts=1).unstage()

    with pytest.raises(DeviceError, match=r"camera could not .*; mca could not "):
        asyncio.run(main())
