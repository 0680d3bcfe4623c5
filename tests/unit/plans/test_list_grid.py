"""Grids whose positions are listed."""

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanArgumentError
from lapwing.plans import list_grid_scan, rel_list_grid_scan


def test_a_listed_grid_says_what_it_does():
    x, y = Motor("x"), Motor("y")
    outcome = run(list_grid_scan([Detector()], x, [1, 0], y, (5, 9, 7), snake_axes=[y]))
    points = [(p["x"], p["y"]) for p in outcome.docs.points().values()]
    assert points == [(1, 5), (1, 9), (1, 7), (0, 7), (0, 9), (0, 5)]
    start = outcome.start
    assert start["shape"] == (2, 3)
    assert start["extents"] == ([0, 1], [5, 9])
    assert start["snake_axes"] == repr([y])
    assert start["motors"] == ("x", "y")
    assert start["plan_pattern"] == "outer_list_product"
    assert start["hints"] == {"dimensions": [(["x"], "primary"), (["y"], "primary")]}


def test_an_iterator_of_snakes_is_used_once():
    x, y = Motor("x"), Motor("y")
    outcome = run(
        list_grid_scan([Detector()], x, [0, 1], y, [2, 3], snake_axes=iter([y]))
    )
    assert outcome.error is None
    assert y.moves == [2, 3, 2]


def test_a_relative_grid_starts_from_here_and_returns():
    x, y = Motor("x"), Motor("y")
    x.at, y.at = 10.0, 20.0
    run(rel_list_grid_scan([Detector()], x, [0, 1], y, [-1, 1]))
    assert x.moves == [10, 11, 10]
    assert y.moves == [19, 21, 19, 21, 20]


@pytest.mark.parametrize(
    ("args", "options", "named"),
    [
        (lambda x, y: (x, [1], y), {}, "list of points for each defined motor"),
        (lambda x, y: (x, [1], y, []), {}, "['y'] are empty"),
        (lambda x, y: (x, [1], x, [2]), {}, "multiple times"),
        (lambda x, y: (x, 1, y, [2]), {}, "'x' must be followed by a list"),
        (lambda x, y: (x, [1], y, [2]), {"snake_axes": "y"}, "snake_axes"),
        (lambda x, y: (x, [1], y, [2]), {"snake_axes": [Motor("z")]}, "['z']"),
    ],
)
@pytest.mark.parametrize("plan", [list_grid_scan, rel_list_grid_scan])
def test_what_is_no_grid_is_refused_before_anything_is_said(plan, args, options, named):
    outcome = run(plan([Detector()], *args(Motor("x"), Motor("y")), **options))
    assert isinstance(outcome.error, PlanArgumentError)
    assert named in str(outcome.error)
    assert outcome.said == []


def test_positions_without_an_order_have_no_extent():
    x = Motor("x")
    outcome = run(list_grid_scan([Detector()], x, ["in", "out"]))
    assert outcome.start["extents"] == (["in", "out"],)
    outcome = run(list_grid_scan([Detector()], Motor("x"), [None, 1]))
    assert outcome.start["extents"] == (None,)
