"""Scans over grids."""

import tracemalloc
from itertools import islice
from time import perf_counter

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import LimitError, PlanArgumentError, PlanSignatureError
from lapwing.plans import grid_scan

x, y, z = Motor("x"), Motor("y"), Motor("z")
TWO = (x, 0, 1, 2, y, 0, 2, 3)


def steps(*args, **kwargs):
    outcome = run(grid_scan([Detector()], *args, **kwargs))
    assert outcome.error is None
    points = outcome.docs.points().values()
    return [tuple(v for k, v in p.items() if k != "det") for p in points]


def test_the_first_motor_is_slowest():
    assert steps(*TWO) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


@pytest.mark.parametrize(
    "snaking", [{"snake_axes": True}, {"snake_axes": [y]}, {"snake_axes": iter((y,))}]
)
def test_a_motor_that_snakes_turns_back(snaking):
    assert steps(*TWO, **snaking) == [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]


@pytest.mark.parametrize("snaking", [{}, {"snake_axes": False}, {"snake_axes": []}])
def test_a_motor_that_does_not_snake_starts_over(snaking):
    assert steps(*TWO, **snaking) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_of_three_motors_any_but_the_slowest_may_snake():
    three = (x, 0, 1, 2, y, 0, 1, 2, z, 0, 1, 2)
    flat = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    assert steps(*three) == flat
    fast = [(i, j, 1 - k if (i * 2 + j) % 2 else k) for i, j, k in flat]
    assert steps(*three, snake_axes=[z]) == fast
    middle = [(i, 1 - j if i else j, k) for i, j, k in flat]
    assert steps(*three, snake_axes=[y]) == middle


def test_the_old_form_has_a_flag_behind_each_but_the_first_motor():
    old = (x, 0, 1, 2, y, 0, 2, 3, True)
    assert steps(*old) == steps(*TWO, snake_axes=True)
    assert steps(*old[:-1], False) == steps(*TWO)
    three = (x, 0, 1, 2, y, 0, 1, 2, True, z, 0, 1, 2, False)
    assert steps(*three) == steps(x, 0, 1, 2, y, 0, 1, 2, z, 0, 1, 2, snake_axes=[y])


def test_one_motor_is_a_grid_too():
    assert steps(x, 0, 1, 3) == [(0,), (0.5,), (1,)]
    assert steps(x, 0, 1, 3, snake_axes=True) == [(0,), (0.5,), (1,)]


def test_a_grid_scan_describes_itself():
    det = Detector()
    start = run(grid_scan([det], x, 0, 1, 2.0, y, 5, -5, 3, snake_axes=True)).start
    described = [repr(x), 0, 1, 2, repr(y), 5, -5, 3, True]
    assert start["shape"] == (2, 3)
    assert start["extents"] == ([0, 1], [5, -5])
    assert start["snaking"] == (False, True)
    assert start["motors"] == ("x", "y")
    assert (start["num_points"], start["num_intervals"]) == (6, 5)
    assert start["plan_args"] == {
        "detectors": [repr(det)],
        "args": described,
        "per_step": "None",
    }
    assert start["plan_pattern"] == "outer_product"
    assert start["plan_pattern_args"] == {"args": described}
    assert start["plan_name"] == "grid_scan"
    assert start["hints"] == {
        "gridding": "rectilinear",
        "dimensions": [(["x"], "primary"), (["y"], "primary")],
    }


def test_hints_of_the_caller_are_merged_on_top():
    md = {"hints": {"gridding": "mine"}, "shape": (9, 9)}
    start = run(grid_scan([], x, 0, 1, 2, md=md)).start
    assert start["hints"] == {
        "gridding": "mine",
        "dimensions": [(["x"], "primary")],
    }
    assert start["shape"] == (9, 9)


def test_a_motor_without_hints_scans_and_there_are_no_dimensions():
    bare = Motor("bare")
    del bare.hints
    start = run(grid_scan([], x, 0, 1, 2, bare, 0, 1, 2)).start
    assert start["hints"] == {"gridding": "rectilinear"}


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((), {}, "motor, start, stop and number of points for each axis"),
        ((x, 0, 1), {}, "stand at places [0] of 3 arguments"),
        ((0, x, 1, 2), {}, "stand at places [1]"),
        ((*TWO, True, True), {}, "of 10 arguments"),
        ((x, 0, 1, 2, 3, y, 0, 1, 2), {}, "stand at places [0, 5]"),
        ((x, 0, 1, 2, x, 0, 1, 2), {}, "listed multiple times"),
        ((*TWO, True), {"snake_axes": True}, "said both by flags"),
        ((*TWO, True), {"snake_axes": False}, "said both by flags"),
        (TWO, {"snake_axes": [x]}, "contains the slowest motor: ['x']"),
        (TWO, {"snake_axes": [y, y]}, "contains repeated elements: ['y', 'y']"),
        (TWO, {"snake_axes": [z]}, "not controlled during the scan: ['z']"),
        (TWO, {"snake_axes": ["y"]}, "not controlled during the scan: ['y']"),
        (TWO, {"snake_axes": "y"}, "is not iterable, boolean or None"),
        (TWO, {"snake_axes": 1}, "is not iterable, boolean or None"),
        ((x, 0, 1, 0), {}, "of motor 'x' must be a whole number"),
        ((x, 0, 1, 2, y, 0, 1, 1.5), {}, "of motor 'y' must be a whole number"),
        ((x, 0, 1, 2, y, 0, "1", 2), {}, "'y' must be followed by two numbers"),
    ],
)
def test_arguments_that_are_no_grid_are_refused(args, kwargs, words):
    outcome = run(grid_scan([Detector()], *args, **kwargs))
    assert isinstance(outcome.error, PlanArgumentError)
    assert isinstance(outcome.error, ValueError)
    assert words in str(outcome.error)
    assert outcome.said == []


def test_a_motor_without_a_name_is_refused():
    outcome = run(grid_scan([Detector()], Motor(""), 0, 1, 2))
    assert isinstance(outcome.error, PlanSignatureError)
    assert outcome.said == []


def test_a_corner_beyond_a_limit_is_refused_before_anything_moves():
    class Limited(Motor):
        def check_value(self, value):
            if value > 10:
                raise LimitError("too far", device=self.name)

    far, near = Limited("far"), Motor("near")
    outcome = run(grid_scan([Detector()], near, 0, 1, 2, far, 0, 20, 5))
    assert isinstance(outcome.error, LimitError)
    assert near.moves == far.moves == []


def million_points():
    return grid_scan([Detector()], x, 0, 1, 1000, y, 0, 1, 1000, snake_axes=True)


def test_a_million_points_begin_at_once():
    took = []
    for _ in range(20):  # others may run on the machine
        plan = million_points()
        begun = perf_counter()
        messages = iter(plan)
        next(messages)
        took.append(perf_counter() - begun)
        messages.close()
    assert min(took) < 0.001


def test_a_million_points_take_no_more_room_as_they_go_on():
    messages = iter(million_points())
    tracemalloc.start()
    try:
        assert len(list(islice(messages, 5_000))) == 5_000
        tracemalloc.clear_traces()
        for _ in islice(messages, 20_000):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        messages.close()
    assert most < 50_000
