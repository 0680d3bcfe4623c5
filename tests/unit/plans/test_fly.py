"""Flying, and ramps."""

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanSignatureError, RampFail, UnsupportedDeviceError
from lapwing.plans import fly, ramp_plan
from lapwing.plans import stubs as bps
from lapwing.status import Status


class Flyer:
    parent = None

    def __init__(self, name):
        self.name = name
        self.done = []

    def kickoff(self):
        self.done.append("kickoff")
        return Status.finished()

    def complete(self):
        self.done.append("complete")
        return Status.finished()

    def describe_collect(self):
        key = {"source": "test", "dtype": "number", "shape": []}
        return {self.name: {self.name: key}}

    def collect(self):
        self.done.append("collect")
        for value in range(3):
            data = {self.name: value}
            yield {"time": 1.0, "data": data, "timestamps": {self.name: 1.0}}


class Watched(Detector):
    def subscribe(self, function):
        self.calls.append("subscribe")
        function(self.read())

    def clear_sub(self, function):
        self.calls.append("clear_sub")


def test_flyers_take_off_together_and_land_together():
    a, b = Flyer("a"), Flyer("b")
    outcome = run(fly([a, b], md={"sample": "gold"}))
    assert outcome.error is None
    assert a.done == b.done == ["kickoff", "complete", "collect"]
    assert outcome.start["sample"] == "gold"
    assert outcome.start["plan_name"] == "fly"
    assert outcome.stop["num_events"] == {"a": 3, "b": 3}
    assert outcome.result.plan_result == outcome.start["uid"]


def test_what_has_no_name_does_not_fly():
    outcome = run(fly([object()]))
    assert isinstance(outcome.error, PlanSignatureError)
    assert outcome.said == []


def ramping(status, det, **options):
    def go():
        yield from bps.null()
        return status

    def take():
        return bps.trigger_and_read([det])

    return ramp_plan(go(), Watched("signal"), take, **options)


def test_data_are_taken_until_the_ramp_is_over():
    status = Status("oven", "heat")
    det = Detector(value=lambda: det.reads)

    def interfere(engine, msg, number):
        if msg.command == "save" and det.reads == 4:
            status.set_finished()

    outcome = run(ramping(status, det, period=0.001), interfere)
    assert outcome.error is None
    assert outcome.start["plan_name"] == "ramp_plan"
    # One before, those during, and one after the end.
    assert len(outcome.docs.points()) == 5
    assert len(outcome.docs.points("signal_monitor")) == 1
    assert outcome.commands[-2:] == ["unmonitor", "close_run"]


def test_a_ramp_that_is_over_at_once_is_recorded_before_and_after():
    assert len(run(ramping(Status.finished(), Detector())).docs.points()) == 2
    plan = ramping(Status.finished(), Detector(), take_pre_data=False)
    assert len(run(plan).docs.points()) == 1


def test_a_ramp_that_takes_too_long_fails():
    outcome = run(ramping(Status("oven", "heat"), Detector(), timeout=0.0))
    assert isinstance(outcome.error, RampFail)
    assert isinstance(outcome.error, TimeoutError)
    assert isinstance(outcome.error, RuntimeError)
    assert "0.0 s" in str(outcome.error)
    assert outcome.stop["exit_status"] == "fail"
    assert "unmonitor" in outcome.commands


def test_a_ramp_that_cannot_be_watched_says_so():
    det = Detector()
    outcome = run(ramp_plan([], det, lambda: bps.trigger_and_read([det])))
    assert isinstance(outcome.error, UnsupportedDeviceError)
    assert "Subscribable" in str(outcome.error)


@pytest.mark.parametrize("motor", [Motor("m")])
def test_the_ramp_may_be_a_move(motor):
    def go():
        return (yield from bps.abs_set(motor, 5))

    plan = ramp_plan(go(), Watched("signal"), lambda: bps.trigger_and_read([motor]))
    assert run(plan).error is None
    assert motor.moves == [5]
