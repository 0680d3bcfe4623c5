"""What is no number, or no finite one, is refused before anything moves."""

import math

import numpy as np
import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing import plans
from lapwing.errors import PlanArgumentError
from lapwing.plans import stubs as bps
from lapwing.plans.move_stubs import mvr, rel_set
from lapwing.plans.points import check_offset
from lapwing.plans.preprocessors import relative_set_wrapper

BAD = ["a", "1", math.nan, math.inf, None, b"1"]

OFFSETS = {
    "rel_scan": lambda x, y, bad: plans.rel_scan([Detector()], x, 0, 1, y, bad, 1, 3),
    "rel_grid_scan": lambda x, y, bad: plans.rel_grid_scan(
        [Detector()], x, 0, 1, 2, y, 0, bad, 2
    ),
    "rel_list_scan": lambda x, y, bad: plans.rel_list_scan(
        [Detector()], x, [1, 2, 3], y, [1, 2, bad]
    ),
    "rel_list_grid_scan": lambda x, y, bad: plans.rel_list_grid_scan(
        [Detector()], x, [1, 2, 3], y, (1, bad)
    ),
    "rel_log_scan": lambda x, y, bad: plans.rel_log_scan([Detector()], y, 0, bad, 3),
    "rel_adaptive_scan": lambda x, y, bad: plans.rel_adaptive_scan(
        [Detector()], "det", y, 0, bad, 0.1, 1, 1, True
    ),
    "rel_spiral": lambda x, y, bad: plans.rel_spiral([Detector()], x, y, 1, bad, 1, 4),
    "rel_spiral_fermat": lambda x, y, bad: plans.rel_spiral_fermat(
        [Detector()], x, y, 1, 1, bad, 1
    ),
    "rel_spiral_square": lambda x, y, bad: plans.rel_spiral_square(
        [Detector()], x, y, 1, bad, 3, 3
    ),
    "x2x_scan": lambda x, y, bad: plans.x2x_scan([Detector()], x, y, 0, bad, 3),
    "mvr": lambda x, y, bad: mvr(x, 1, y, bad),
    "rel_set": lambda x, y, bad: rel_set(y, bad, wait=True),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", OFFSETS)
def test_an_offset_that_is_no_number_is_refused_before_anything_is_said(name, bad):
    outcome = run(OFFSETS[name](Motor("x"), Motor("y"), bad))
    assert isinstance(outcome.error, PlanArgumentError)
    assert repr(bad) in str(outcome.error)
    assert "number" in str(outcome.error)
    assert outcome.said == []


def test_an_offset_within_any_plan_says_whose_it_is():
    motor = Motor("x")
    outcome = run(relative_set_wrapper(bps.mv(motor, "far")))
    assert isinstance(outcome.error, PlanArgumentError)
    assert "'x' was to be moved by 'far'" in str(outcome.error)
    assert motor.moves == []


@pytest.mark.parametrize(
    "offset",
    [1, 2.5, np.float32(1), np.array(3), np.zeros((2, 2)), [1, 2], (1, 2), {"h": 1.0}],
)
def test_what_can_be_added_to_a_position_is_an_offset(offset):
    assert check_offset(offset, Motor("x")) is None


@pytest.mark.parametrize("offset", [[1, "b"], {"h": math.nan}, np.array([1, np.inf])])
def test_an_offset_of_several_axes_is_looked_through(offset):
    with pytest.raises(PlanArgumentError, match="'x' was to be moved by"):
        check_offset(offset, Motor("x"))


@pytest.mark.parametrize("key", ["start", "min_step", "target_delta", "threshold"])
def test_an_adaptive_scan_says_which_number_is_none(key):
    given = {"start": 0, "stop": 1, "min_step": 0.1, "max_step": 1, "target_delta": 1}
    arguments = {**given, "threshold": 0.8, key: "x"}
    motor = Motor("m")
    outcome = run(
        plans.adaptive_scan([Detector()], "det", motor, backstep=True, **arguments)
    )
    assert str(outcome.error) == f"{key} must be a finite number, but it is 'x'"
    assert outcome.said == []
