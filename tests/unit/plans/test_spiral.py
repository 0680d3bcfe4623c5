"""Scans in spirals: where they go, what they say of themselves."""

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.plans import (
    patterns,
    rel_spiral,
    rel_spiral_fermat,
    rel_spiral_square,
    relative_spiral,
    spiral,
    spiral_fermat,
    spiral_square,
)

ROUND = {
    "spiral": (spiral, rel_spiral),
    "spiral_fermat": (spiral_fermat, rel_spiral_fermat),
}


@pytest.mark.parametrize("name", ROUND)
def test_a_round_spiral_says_what_it_does(name):
    x, y = Motor("x"), Motor("y")
    outcome = run(ROUND[name][0]([Detector()], x, y, 1, 2, 3, 4, 0.5, 2, tilt=0.1))
    start = outcome.start
    assert start["plan_name"] == start["plan_pattern"] == name
    assert start["motors"] == ["x", "y"]
    assert start["extents"] == ([-2, 4], [-2, 6])
    arguments = start["plan_pattern_args"]
    path = list(getattr(patterns, name)(**arguments))
    assert start["num_points"] == len(path) == len(outcome.docs.named("event"))
    last = outcome.docs.points()[len(path)]
    assert (last["x"], last["y"]) == tuple(path[-1].values())


@pytest.mark.parametrize("name", ROUND)
def test_a_relative_spiral_goes_round_here_and_returns(name):
    absolute, relative = ROUND[name]
    x, y = Motor("x"), Motor("y")
    x.at, y.at = 10.0, 20.0
    outcome = run(relative([Detector()], x, y, 2, 2, 0.5, 3))
    same = [Motor("x"), Motor("y")]
    there = run(absolute([Detector()], *same, 10, 20, 2, 2, 0.5, 3)).docs.points()
    here = outcome.docs.points()
    for axis in "xy":
        expected = [point[axis] for point in there.values()]
        assert [point[axis] for point in here.values()] == pytest.approx(expected)
    assert (x.at, y.at) == (10, 20)
    assert outcome.start["plan_name"] == f"rel_{name}"
    assert outcome.start["plan_args"]["x_start"] == 0


def test_hints_of_the_caller_take_the_place_of_a_round_spiral_s_own():
    x, y = Motor("x"), Motor("y")
    plan = spiral([Detector()], x, y, 0, 0, 1, 1, 0.5, 3, md={"hints": {"mine": 1}})
    assert run(plan).start["hints"]["mine"] == 1


def test_a_square_spiral_says_what_it_does():
    x, y = Motor("x"), Motor("y")
    outcome = run(spiral_square([Detector()], x, y, 1, 2, 2, 4, 3, 2))
    start = outcome.start
    assert start["shape"] == (2, 3)
    assert start["extents"] == ((0, 4), (0, 2))
    assert start["hints"] == {
        "gridding": "rectilinear_nonsequential",
        "dimensions": [(["y"], "primary"), (["x"], "primary")],
    }
    assert "plan_pattern_args" not in start
    points = [(p["x"], p["y"]) for p in outcome.docs.points().values()]
    assert points == [(1, 4), (2, 4), (2, 0), (1, 0), (0, 0), (0, 4)]


def test_a_relative_square_spiral_goes_round_here_and_returns():
    x, y = Motor("x"), Motor("y")
    x.at, y.at = 10.0, 20.0
    run(rel_spiral_square([Detector()], x, y, 1, 1, 2, 2))
    assert x.moves == [9.5, 10.5, 9.5, 10]
    assert y.moves == [20.5, 19.5, 20]


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (lambda d, x, y: spiral([d], x, y, 0, 0, 1, 1, 0, 3), PlanArgumentError),
        (lambda d, x, y: rel_spiral([d], x, y, 1, 1, 9, 3), PlanArgumentError),
        (lambda d, x, y: spiral([d], x, x, 0, 0, 1, 1, 0.5, 3), PlanArgumentError),
        (lambda d, x, y: spiral(d, x, y, 0, 0, 1, 1, 0.5, 3), PlanSignatureError),
        (lambda d, x, y: rel_spiral_square([d], x, y, 1, 1, 0, 2), PlanArgumentError),
    ],
)
def test_what_is_no_spiral_is_refused_before_anything_is_said(plan, error):
    outcome = run(plan(Detector(), Motor("x"), Motor("y")))
    assert isinstance(outcome.error, error)
    assert outcome.said == []


def test_the_long_name_is_the_same_plan():
    assert relative_spiral is rel_spiral
