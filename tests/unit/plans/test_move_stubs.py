"""Relative moves, and asking where a device is."""

import pytest
from kit import Detector, Motor
from unit.plans.running import commands, drive, run

from lapwing import Msg
from lapwing.errors import PlanArgumentError
from lapwing.plans.move_stubs import movr, mvr, rd, rel_set


class Located(Motor):
    def locate(self):
        return {"setpoint": self.at, "readback": self.at + 0.25}


def answered(plan):
    """Run a plan; returns what it returned."""
    outcome = run(plan)
    if outcome.error is not None:
        raise outcome.error
    return outcome.result.plan_result


def test_rel_set_counts_from_where_the_device_is():
    x = Motor("x")
    x.at = 10.0
    status = answered(rel_set(x, 2, wait=True))
    assert x.moves == [12]
    assert status.done


def test_mvr_moves_devices_together():
    x, y = Motor("x"), Located("y")
    x.at, y.at = 1.0, 2.0
    assert len(answered(mvr(x, 1, y, -1))) == 2
    assert (x.moves, y.moves) == ([2], [1])
    answered(movr(x, 1))
    assert x.moves == [2, 3]


def test_mvr_needs_pairs():
    outcome = run(mvr(Motor("x"), 1, Motor("y")))
    assert isinstance(outcome.error, PlanArgumentError)
    assert outcome.said == []


def test_rd_takes_the_readback_the_hinted_or_the_only_value():
    located, det = Located("y"), Detector(value=lambda: 7)
    located.at = 3.0
    assert answered(rd(located)) == 3.25
    assert answered(rd(det)) == 7
    det.hints = {}
    assert answered(rd(det)) == 7


def test_rd_has_a_value_without_an_engine():
    said = drive(rd(Detector(), default_value=5))
    assert commands(said) == ["read"]
    plan = iter(rd(Detector(), default_value=5))
    next(plan)
    with pytest.raises(StopIteration) as stop:
        plan.send(None)
    assert stop.value.value == 5


class Pair(Detector):
    def read(self):
        return {name: {"value": 1, "timestamp": 1.0} for name in ("a", "b")}


def test_rd_refuses_to_guess():
    pair = Pair("pair")
    pair.hints = {}
    with pytest.raises(PlanArgumentError, match=r"has the fields \['a', 'b'\]"):
        drive(rd(pair), lambda msg: msg.obj.read())
    pair.hints = {"fields": ["a", "b"]}
    with pytest.raises(ValueError, match="has 2 items hinted"):
        drive(rd(pair))
    pair.hints, pair.read_attrs = {}, ["a", "b"]
    with pytest.raises(PlanArgumentError, match="has 2 read attrs"):
        drive(rd(pair))
    pair.hints = {"fields": ["b"]}
    assert drive(rd(pair), lambda msg: msg.obj.read()) == [Msg("read", pair)]
