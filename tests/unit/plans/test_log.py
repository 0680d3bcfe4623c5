"""Logarithmic scans."""

import numpy as np
import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanArgumentError
from lapwing.plans import log_scan, rel_log_scan
from lapwing.plans import stubs as bps
from lapwing.plans.log import Powers


@pytest.mark.parametrize(("start", "stop", "num"), [(0, 1, 3), (-2, 3, 11), (2, -1, 7)])
def test_positions_are_those_of_logspace(start, stop, num):
    assert list(Powers(start, stop, num)) == list(np.logspace(start, stop, num))
    assert Powers(start, stop, num)[1:3] == list(np.logspace(start, stop, num))[1:3]


def test_a_log_scan_says_what_it_does():
    x = Motor("x")
    start = run(log_scan([Detector()], x, 0, 2, 3)).start
    assert x.moves == [1, 10, 100]
    assert start["plan_pattern"] == "logspace"
    assert start["plan_pattern_module"] == "numpy"
    assert start["plan_pattern_args"] == {"start": 0, "stop": 2, "num": 3}
    assert start["plan_args"]["motor"] == repr(x)
    assert start["num_points"] == 3


def test_a_relative_log_scan_starts_from_here_and_returns():
    x = Motor("x")
    x.at = 5.0
    run(rel_log_scan([Detector()], x, 0, 1, 2))
    assert x.moves == [6, 15, 5]


def test_a_log_scan_takes_either_form_of_step():
    def one_motor(detectors, motor, step):
        yield from bps.one_1d_step(detectors, motor, step)

    for step in (one_motor, bps.one_1d_step, bps.one_nd_step):
        x = Motor("x")
        assert run(log_scan([Detector()], x, 0, 1, 2, per_step=step)).error is None
        assert x.moves == [1, 10]


@pytest.mark.parametrize("ends", [("a", 1), (0, None), (0, float("inf"))])
def test_exponents_are_finite_numbers(ends):
    outcome = run(log_scan([Detector()], Motor("x"), *ends, 3))
    assert isinstance(outcome.error, PlanArgumentError)
    assert outcome.said == []
