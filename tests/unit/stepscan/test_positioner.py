"""A positioner before it is connected: its options, and where it may stand."""

import math
import re

import pytest
from kit import Motor

from lapwing.errors import LimitError, PlanArgumentError
from lapwing.stepscan import Positioner
from lapwing.stepscan.axis import PVAxis
from lapwing.stepscan.axis_kinds import allowed_distance

PLAIN = PVAxis("IOC:a", "a")
ENCODED = PVAxis("IOC:a", "a", readback="IOC:a:encoder")


@pytest.mark.parametrize(
    ("axis", "tolerance", "distance"),
    [
        (PLAIN, None, pytest.approx(2e-6, rel=1e-2)),
        (ENCODED, None, math.inf),
        (Motor(), None, math.inf),
        (PLAIN, math.inf, math.inf),
        (PLAIN, 0.0, 0.0),
        (ENCODED, 0.1, 0.1),
    ],
)
def test_how_far_it_may_stand_from_where_it_was_sent(axis, tolerance, distance):
    assert allowed_distance(axis, tolerance, 2.0) == distance


def test_it_says_where_it_stands_if_that_is_too_far():
    x = Positioner("IOC:a", [2], label="theta", tolerance=0.5)
    assert x.strayed(2.0, 2.5) == ""
    assert x.strayed(2.0, 2.6) == "positioner theta was sent to 2 and stands at 2.6"
    assert x.strayed("open", "closed") == ""


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Positioner("IOC:a", tolerance=-1.0), "-1.0 is no tolerance"),
        (lambda: Positioner("IOC:a", tolerance=math.nan), "nan is no tolerance"),
        (lambda: Positioner("IOC:a", limits=(1, 0)), "(1, 0) are no limits"),
        (
            lambda: Positioner(Motor("m"), tolerance=0.1, readback="IOC:e"),
            "tolerance, readback cannot be given with a device",
        ),
        (lambda: Positioner(Motor("m"), name="other"), "name cannot be given"),
    ],
)
def test_options_that_cannot_be_are_refused(make, sentence):
    with pytest.raises(PlanArgumentError, match=re.escape(sentence)):
        make()


def test_a_device_keeps_its_name_and_takes_limits():
    x = Positioner(Motor("m"), [0, 3], name="m", limits=(0, 2))
    x.check_value(2)
    with pytest.raises(LimitError, match="positioner m: 3 is above the high limit 2"):
        x.check_value(3)
    with pytest.raises(LimitError, match="3 is above"):
        x.set(3)
