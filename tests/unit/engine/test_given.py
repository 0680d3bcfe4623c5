"""What can be told of a plan by what it was given."""

import numpy as np
import pytest

from lapwing.devices import SoftDetector, SoftMotor
from lapwing.engine.given import as_typed, devices_in, obstacle_in
from lapwing.plans import count, grid_scan, list_scan, scan
from lapwing.plans.plan import Plan
from lapwing.preprocessors import baseline_wrapper, stage_wrapper

x, y, det = SoftMotor("x"), SoftMotor("y"), SoftDetector("det")


@pytest.fixture(autouse=True)
def closed_plans(monkeypatch):
    """Plans that are only looked at are not meant to be run."""
    monkeypatch.delattr(Plan, "__del__")


def names(plan):
    return {device.name for device in devices_in(plan)}


def test_devices_are_found_in_lists_and_behind_preprocessors():
    assert names(scan([det], x, 0, 1, 3)) == {"det", "x"}
    assert names(stage_wrapper(count([det]), [y])) == {"det", "y"}
    assert names(baseline_wrapper(iter(scan([det], x, 0, 1, 3)), [y])) == {
        "det",
        "x",
        "y",
    }
    assert names([]) == set()


def test_long_lists_of_numbers_are_not_looked_through_for_ever():
    assert names(list_scan([det], x, list(range(10**5)))) >= {"det", "x"}


def test_two_devices_of_one_name_and_one_without_are_told():
    assert obstacle_in(grid_scan([det], x, 0, 1, 3, y, 0, 1, 3)) is None
    twin = SoftMotor("x")
    said = obstacle_in(grid_scan([det], x, 0, 1, 3, twin, 0, 1, 3))
    assert said == "two of its devices are named 'x'"
    said = obstacle_in(count([SoftDetector("")]))
    assert said == "the device SoftDetector has no name"
    assert obstacle_in(scan([det], x, 0, 1, x)) is None  # the same one twice


@pytest.mark.parametrize(
    ("plan", "typed"),
    [
        (scan([det], x, -1.5, 2, num=21), "scan([det], x, -1.5, 2, num=21)"),
        (count([det, x], 3, delay=0.5), "count([det, x], 3, delay=0.5)"),
        (count([det], md={"a": (1,)}), "count([det], md={'a': (1,)})"),
        (list_scan([det], x, list(range(99))), "list_scan([det], x, [0, 1, ..., 98])"),
        (count([det], per_shot=names), "count([det], per_shot=names)"),
        (iter(count([det])), None),
    ],
)
def test_a_plan_is_written_as_one_would_type_it(plan, typed):
    assert as_typed(plan) == typed


def test_an_array_does_not_fill_the_screen():
    typed = as_typed(list_scan([det], x, np.linspace(0, 1, 10**4)))
    assert typed is not None
    assert len(typed) < 200
