"""Adaptive scans: how they choose their points."""

from itertools import pairwise
from math import exp

import pytest
from kit import Detector, Motor
from unit.plans.running import drive, run

from lapwing.errors import PlanArgumentError
from lapwing.plans import adaptive_scan, rel_adaptive_scan


def peak(x):
    return Detector("peak", lambda: exp(-20 * (x.at - 1) ** 2))


def test_steps_are_small_where_the_signal_changes():
    x = Motor("x")
    outcome = run(adaptive_scan([peak(x)], "peak", x, 0, 2, 0.02, 0.4, 0.1, True))
    assert outcome.error is None
    assert outcome.start["plan_name"] == "adaptive_scan"
    steep = [b - a for a, b in pairwise(sorted(x.moves)) if 0.7 < a < 1.3]
    flat = [b - a for a, b in pairwise(sorted(x.moves)) if a < 0.3 or a > 1.6]
    assert max(steep) < max(flat) / 2
    assert all(0 <= position < 2 for position in x.moves)


@pytest.mark.parametrize("backstep", [True, False])
def test_it_goes_back_only_if_it_may(backstep):
    x = Motor("x")
    run(adaptive_scan([peak(x)], "peak", x, 0, 2, 0.02, 0.4, 0.1, backstep))
    assert any(b < a for a, b in pairwise(x.moves)) == backstep


@pytest.mark.parametrize("backstep", [True, False])
def test_it_goes_downwards_as_well_as_upwards(backstep):
    up, down = Motor("x"), Motor("x")
    det = Detector("peak", lambda: exp(-20 * (-down.at - 1) ** 2))
    run(adaptive_scan([peak(up)], "peak", up, 0, 2, 0.02, 0.4, 0.1, backstep))
    run(adaptive_scan([det], "peak", down, 0, -2, 0.02, 0.4, 0.1, backstep))
    assert [-position for position in down.moves] == pytest.approx(up.moves)


def test_a_relative_one_starts_from_here_and_returns():
    x = Motor("x")
    x.at = 1.0
    run(rel_adaptive_scan([peak(x)], "peak", x, -1, 1, 0.05, 0.5, 0.2, False))
    assert x.moves[0] == 0
    assert x.moves[-1] == 1


@pytest.mark.parametrize("steps", [(0, 1), (-1, 1), (1, 1), (2, 1)])
def test_steps_that_are_none_are_refused(steps):
    for plan in (adaptive_scan, rel_adaptive_scan):
        outcome = run(plan([Detector()], "det", Motor("x"), 0, 1, *steps, 0.1, True))
        assert isinstance(outcome.error, PlanArgumentError)
        assert outcome.said == []


def test_a_signal_that_nobody_gives_is_named():
    outcome = run(
        adaptive_scan([Detector()], "moon", Motor("x"), 0, 1, 0.1, 1, 1, True)
    )
    assert isinstance(outcome.error, PlanArgumentError)
    assert "'moon'" in str(outcome.error)
    assert "['det', 'x']" in str(outcome.error)
    assert outcome.stop["exit_status"] == "fail"


def test_it_ends_without_an_engine_too():
    said = drive(adaptive_scan([Detector()], "det", Motor("x"), 0, 1, 0.1, 1, 1, True))
    assert said[-1].command == "unstage"


def test_what_needs_no_trigger_is_not_triggered():
    x = Motor("x")
    outcome = run(adaptive_scan([x], "x", x, 0, 1, 0.1, 1, 0.5, False))
    assert outcome.error is None
    assert "trigger" not in outcome.commands
