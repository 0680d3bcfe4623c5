"""Pseudo axes: sent to their device together, and put back together."""

from collections import namedtuple

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanArgumentError
from lapwing.plans import rel_scan, scan
from lapwing.plans import stubs as bps
from lapwing.plans.move_stubs import mvr
from lapwing.plans.pseudo import Folding, pseudo_parent, shifted
from lapwing.status import Status

Angles = namedtuple("Angles", "h k")


class Axis(Motor):
    """A pseudo axis, whose moves go through its device."""

    def set(self, value):
        self.parent.set(self.parent.position._replace(**{self.short: value}))
        return Status.finished()


class Diffractometer(Motor):
    """Two pseudo axes made of two real ones."""

    def __init__(self, name="dif"):
        super().__init__(name)
        self.h, self.k = Axis("h"), Axis("k")
        self.real = [Motor("theta"), Motor("chi")]
        for axis in (self.h, self.k, *self.real):
            axis.parent = self
            axis.short = axis.name
        self.pseudo_positioners = Angles(self.h, self.k)
        self.real_positioners = tuple(self.real)
        self.position = Angles(1.0, 2.0)

    def set(self, value):
        if isinstance(value, dict):
            value = self.position._replace(**value)
        self.position = Angles(*value)
        return super().set(self.position)

    def read(self):
        return {self.name: {"value": list(self.position), "timestamp": 1.0}}


@pytest.fixture
def dif():
    return Diffractometer()


def test_a_pseudo_axis_knows_its_device(dif):
    assert pseudo_parent(dif.h) is dif
    assert pseudo_parent(dif.real[0]) is None
    assert pseudo_parent(Motor("x")) is None


def test_one_axis_stays_an_axis(dif):
    folding = Folding([dif.h])
    assert not folding
    assert folding.motors == (dif.h,)
    assert folding({dif.h: 3}) == {dif.h: 3}


def test_several_axes_are_sent_to_their_device(dif):
    x = Motor("x")
    folding = Folding([dif.k, x, dif.h])
    assert folding
    assert folding.motors == (x, dif)
    assert folding({dif.k: 1, x: 2, dif.h: 3}) == {x: 2, dif: {"k": 1, "h": 3}}


def test_axes_that_move_each_other_are_refused(dif):
    with pytest.raises(PlanArgumentError, match="its axis 'h'"):
        Folding([dif, dif.h])
    with pytest.raises(PlanArgumentError, match="'theta', a real axis of 'dif'"):
        Folding([dif.real[0], dif.h])
    assert not Folding(dif.real)


def test_positions_are_moved_axis_by_axis():
    assert shifted(1, 2) == 3
    assert shifted((1, 2), Angles(10, 20)) == Angles(11, 22)
    assert shifted({"k": 1}, Angles(10, 20)) == Angles(10, 21)
    assert shifted([1, 2], (10, 20)) == (11, 22)


def test_a_scan_of_two_axes_moves_the_device_once_a_point(dif):
    outcome = run(scan([Detector()], dif.h, 0, 1, dif.k, 5, 6, 2))
    assert outcome.error is None
    assert dif.moves == [(0, 5), (1, 6)]
    assert outcome.start["motors"] == ("h", "k")
    assert [msg.obj for msg in outcome.said if msg.command == "set"] == [dif, dif]


def test_a_relative_scan_puts_all_axes_back(dif):
    outcome = run(rel_scan([Detector()], dif.h, 0, 1, dif.k, 0, 0, 2))
    assert outcome.error is None
    assert dif.moves == [(1, 2), (2, 2), (1, 2)]
    dif.h.position = 1.0
    dif.moves.clear()
    run(rel_scan([Detector()], dif.h, 1, 2, 2))
    assert dif.moves == [(2, 2), (3, 2), (1, 2)]


def test_mv_and_mvr_move_the_device_once(dif):
    run(bps.mv(dif.h, 7, dif.k, 8))
    run(mvr(dif.h, 1, dif.k, 1))
    assert dif.moves == [(7, 8), (8, 9)]


def test_mv_sends_no_device_to_two_places(dif):
    outcome = run(bps.mv(dif.h, 7, dif.h, 8))
    assert isinstance(outcome.error, PlanArgumentError)
    assert "two places" in str(outcome.error)
    assert dif.moves == []


def test_a_part_that_is_no_axis_moves_beside_its_device(dif):
    shutter = Motor("shutter")
    shutter.parent = dif
    step = {dif: (1.0, 2.0), shutter: 1.0}
    assert Folding([dif, shutter])(step) == step
