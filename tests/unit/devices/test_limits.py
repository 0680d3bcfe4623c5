import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.devices.limits import Limits, check_position
from lapwing.errors import LimitError, PlanArgumentError

LIMITS = Limits(-5, 10, "SIM:X:LLM", "SIM:X:HLM")


@given(st.floats(-5, 10))
def test_a_position_inside_the_limits_is_returned_as_it_is(position):
    assert check_position(position, LIMITS, name="x") == position


def test_a_position_above_the_limit_is_refused_with_every_fact():
    with pytest.raises(LimitError) as caught:
        check_position(12.5, LIMITS, name="x", unit="mm")
    assert str(caught.value).startswith(
        "motor x: 12.5 mm is above the high limit 10 mm (SIM:X:HLM)"
    )
    assert (caught.value.device, caught.value.pv) == ("x", "SIM:X:HLM")
    assert caught.value.context["limit"] == 10


def test_a_position_below_the_limit_is_refused_without_what_is_not_known():
    with pytest.raises(LimitError) as caught:
        check_position(-6, Limits(-5, 10), name="s", kind="slit")
    assert caught.value.args[0] == "slit s: -6 is below the low limit -5"
    assert caught.value.pv is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(PlanArgumentError, match=f"motor x: {value} mm is no position"):
        check_position(value, LIMITS, name="x", unit="mm")


@pytest.mark.parametrize("value", ["3", None, [1, 2], 1j, b"1", object])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(PlanArgumentError, match="a finite number is needed"):
        check_position(value, LIMITS, name="x")


def test_equal_limits_are_no_limits():
    assert check_position(1e9, Limits(), name="x") == 1e9
