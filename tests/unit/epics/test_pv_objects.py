import pytest

from lapwing.epics import EpicsMotor, EpicsSignal
from lapwing.epics.pv_objects import prefix_of, pv_name, speaks_for_itself
from lapwing.errors import PlanArgumentError


class StandIn:
    """Behaves as a PV of pyepics."""

    connected = True

    def __init__(self, pvname):
        self.pvname = pvname

    def get(self, **kwargs):
        return 1.0

    def put(self, value, **kwargs):
        return 1


def test_a_name_and_a_pv_object_stand_for_a_pv():
    assert pv_name(" SIM:X ") == "SIM:X"
    assert pv_name("pva://SIM:X") == "pva://SIM:X"
    assert pv_name(StandIn("SIM:X")) == "SIM:X"


@pytest.mark.parametrize("wrong", [3, None, "", "  ", ["SIM:X"], StandIn, StandIn("")])
def test_anything_else_is_refused_with_what_is_needed(wrong):
    with pytest.raises(PlanArgumentError, match="is no PV; a name is needed, or"):
        pv_name(wrong)


def test_a_device_refuses_what_is_no_pv_when_it_is_made():
    with pytest.raises(PlanArgumentError, match="3 is no PV"):
        EpicsSignal(3, "x")


def test_a_plain_pv_of_pyepics_is_only_its_name():
    plain = type("PV", (StandIn,), {"__module__": "epics.pv"})
    assert not speaks_for_itself("SIM:X")
    assert not speaks_for_itself(plain("SIM:X"))
    assert speaks_for_itself(StandIn("SIM:X"))
    assert speaks_for_itself(type("Mine", (plain,), {})("SIM:X"))


def test_a_motor_is_named_by_its_record_or_by_its_val():
    assert prefix_of("IOC:m1.VAL") == "IOC:m1"
    assert prefix_of(StandIn("IOC:m1.VAL")) == "IOC:m1"
    motor = EpicsMotor(StandIn("IOC:m1.VAL"), "x")
    assert motor._pvs["readback"] == "IOC:m1.RBV"
