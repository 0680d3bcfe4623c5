"""Scans along lines and over any path."""

import importlib

import numpy as np
import pytest
from cycler import cycler
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import LimitError, PlanArgumentError, PlanSignatureError
from lapwing.plans import grid_scan, list_scan, rel_list_scan, scan, scan_nd
from lapwing.plans.patterns import InnerProduct, Line, OuterProduct


class Hintless(Motor):
    def __init__(self, name="bare"):
        super().__init__(name)
        del self.hints


class Limited(Motor):
    def check_value(self, value):
        if abs(value) > 10:
            raise LimitError(f"{self.name}: {value} is above 10", device=self.name)


# ---------------------------------------------------------------- scan


def test_a_scan_goes_along_a_line_with_both_ends():
    det, x = Detector(), Motor("x")
    outcome = run(scan([det], x, -1, 1, 5))
    assert outcome.sent_to(x) == [-1, -0.5, 0, 0.5, 1]
    assert len(outcome.docs.named("event")) == 5
    assert outcome.result.plan_result == outcome.start["uid"]


def test_a_scan_of_several_motors_takes_them_along_together():
    x, y = Motor("x"), Motor("y")
    outcome = run(scan([Detector()], x, 0, 1, y, 10, 0, num=3))
    assert list(outcome.docs.points().values()) == [
        {"det": 1, "x": 0, "y": 10},
        {"det": 2, "x": 0.5, "y": 5},
        {"det": 3, "x": 1, "y": 0},
    ]


def test_a_scan_describes_itself():
    det, x, y = Detector(), Motor("x"), Motor("y")
    start = run(scan([det], x, 0, 1, y, 5, 6, 3)).start
    described = [repr(x), 0, 1, repr(y), 5, 6]
    assert start["motors"] == ("x", "y")
    assert (start["num_points"], start["num_intervals"]) == (3, 2)
    assert start["plan_args"] == {
        "detectors": [repr(det)],
        "num": 3,
        "args": described,
        "per_step": "None",
    }
    assert start["plan_pattern"] == "inner_product"
    assert start["plan_pattern_args"] == {"num": 3, "args": described}
    assert start["hints"] == {"dimensions": [(["x", "y"], "primary")]}
    assert start["plan_name"] == "scan"


@pytest.mark.parametrize("num", [3, 3.0, np.int64(3), np.float64(3)])
def test_a_whole_number_of_points_may_be_of_any_type(num):
    start = run(scan([Detector()], Motor("x"), 0, 1, num)).start
    assert start["num_points"] == 3
    assert type(start["num_points"]) is int
    assert start["plan_args"]["num"] == 3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((Motor("x"), 0, 1), "must be provided as the last positional"),
        ((Motor("x"), 0), "must be provided as the last positional"),
        ((5,), "followed by its start and stop"),
        ((Motor("x"), 0, 1, 0), "at least 1, but it is 0"),
        ((Motor("x"), 0, 1, -2), "at least 1, but it is -2"),
        ((Motor("x"), 0, 1, 2.5), "whole number, at least 1, but it is 2.5"),
        ((Motor("x"), 0, 1, True), "but it is True"),
        ((Motor("x"), 0, 1, "3"), "but it is '3'"),
        ((Motor("x"), "a", 1, 3), "'x' must be followed by two numbers"),
        ((Motor("x"), 0, None, 3), "followed by 0 and None"),
        ((Motor("x"), 0, float("nan"), 3), "followed by 0 and nan"),
        ((Motor("x"), float("inf"), 0, 3), "followed by inf and 0"),
    ],
)
def test_arguments_that_are_no_line_are_refused(args, words):
    outcome = run(scan([Detector()], *args))
    assert isinstance(outcome.error, PlanArgumentError)
    assert isinstance(outcome.error, ValueError)
    assert words in str(outcome.error)
    assert outcome.said == []


def test_arguments_beside_a_number_given_by_name_are_counted():
    outcome = run(scan([Detector()], Motor("x"), 0, 1, 3, num=3))
    assert "4 arguments are no motors with two numbers each" in str(outcome.error)


@pytest.mark.parametrize(
    "args", [(0, Motor("x"), 1, 3), (Motor(""), 0, 1, 3), (None, 0, 1, 3)]
)
def test_what_has_no_name_is_no_motor(args):
    outcome = run(scan([Detector()], *args))
    assert isinstance(outcome.error, PlanSignatureError)
    assert outcome.said == []


def test_a_motor_given_twice_is_refused():
    x = Motor("x")
    outcome = run(scan([Detector()], x, 0, 1, x, 0, 2, 3))
    assert isinstance(outcome.error, PlanArgumentError)
    assert outcome.said == []


@pytest.mark.parametrize("detectors", [Detector(), "det", [object()]])
def test_what_are_no_detectors_is_refused(detectors):
    for plan in (
        scan(detectors, Motor("x"), 0, 1, 3),
        grid_scan(detectors, Motor("x"), 0, 1, 3),
        scan_nd(detectors, cycler(Motor("x"), [1])),
    ):
        outcome = run(plan)
        assert isinstance(outcome.error, TypeError)
        assert outcome.said == []


@pytest.mark.parametrize(("start", "stop"), [(0, 11), (11, 0), (-11, 0), (0, -11)])
def test_ends_beyond_a_limit_are_refused_before_anything_moves(start, stop):
    x = Limited("x")
    outcome = run(scan([Detector()], x, start, stop, 3))
    assert isinstance(outcome.error, LimitError)
    assert x.moves == []
    assert outcome.docs.all == []


# ---------------------------------------------------------------- scan_nd


def test_a_cycler_is_a_path():
    x, y = Motor("x"), Motor("y")
    outcome = run(scan_nd([Detector()], cycler(x, [1, 2]) * cycler(y, [3, 4])))
    steps = [(p["x"], p["y"]) for p in outcome.docs.points().values()]
    assert steps == [(1, 3), (1, 4), (2, 3), (2, 4)]
    start = outcome.start
    assert start["motors"] == ["x", "y"]
    assert (start["num_points"], start["num_intervals"]) == (4, 3)
    assert start["hints"] == {"dimensions": [(["x"], "primary"), (["y"], "primary")]}
    assert start["plan_name"] == "scan_nd"
    assert "plan_pattern" not in start


@pytest.mark.parametrize("order", [("x", "y"), ("y", "x")])
def test_the_motors_of_a_path_are_in_the_order_in_which_they_were_given(order):
    for _ in range(5):
        first, second = Motor(order[0]), Motor(order[1])
        start = run(scan_nd([], cycler(first, [1]) + cycler(second, [1]))).start
        assert start["motors"] == list(order)


def test_a_pattern_is_a_path():
    x, y = Motor("x"), Motor("y")
    path = OuterProduct([(x, [1, 2]), (y, Line(0, 1, 3))], [False, True])
    outcome = run(scan_nd([Detector()], path))
    steps = [(p["x"], p["y"]) for p in outcome.docs.points().values()]
    assert steps == [(1, 0), (1, 0.5), (1, 1), (2, 1), (2, 0.5), (2, 0)]
    assert outcome.start["plan_args"]["cycler"] == "<grid of 2 of x by 3 of y>"


def test_a_list_of_steps_is_a_path():
    x = Motor("x")
    outcome = run(scan_nd([Detector()], [{x: 1}, {x: 5}]))
    assert outcome.sent_to(x) == [1, 5]


def test_a_path_without_steps_still_names_its_motors_if_it_can():
    x = Motor("x")
    assert run(scan_nd([], cycler(x, []))).start["motors"] == ["x"]
    assert run(scan_nd([], InnerProduct([(x, [])]))).start["motors"] == ["x"]
    assert run(scan_nd([], [])).start["motors"] == []
    assert run(scan_nd([], {})).start["motors"] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (5, "a scan's path must have a length"),
        (iter([{}]), "a scan's path must have a length"),
        ([1, 2], "the first one is 1"),
        ("xy", "the first one is 'x'"),
        ({Motor("x"): [1, 2]}, "must give positions by motor"),
    ],
)
def test_what_is_no_path_is_refused(path, words):
    outcome = run(scan_nd([Detector()], path))
    assert isinstance(outcome.error, PlanArgumentError)
    assert words in str(outcome.error)
    assert outcome.said == []


def test_dimensions_are_left_out_unless_every_motor_has_hints():
    start = run(scan_nd([], cycler(Motor("x"), [1]) + cycler(Hintless(), [1]))).start
    assert start["hints"] == {}


def test_metadata_is_merged_on_top_and_hints_key_by_key():
    md = {"sample": "gold", "motors": ["me"], "hints": {"a": 1}}
    start = run(scan_nd([], cycler(Motor("x"), [1]), md=md)).start
    assert (start["sample"], start["motors"]) == ("gold", ["me"])
    assert start["hints"] == {"dimensions": [(["x"], "primary")], "a": 1}
    assert md["hints"] == {"a": 1}


# ---------------------------------------------------------------- patterns

x, y = Motor("x"), Motor("y")


@pytest.mark.parametrize(
    "plan_of",
    [
        lambda: scan([], x, 0, 1, y, 2, 3, 3),
        lambda: list_scan([], x, [1, 2], y, [3, 4]),
        lambda: rel_list_scan([], x, [1, 2], y, [3, 4]),
        lambda: grid_scan([], x, 0, 1, 3, y, 0, 1, 2, snake_axes=True),
        lambda: grid_scan([], x, 0, 1, 3),
    ],
)
def test_the_pattern_that_is_recorded_gives_the_path_back(plan_of):
    plan = plan_of()
    x.at = y.at = 0
    outcome = run(plan)
    start = outcome.start
    module = importlib.import_module(start["plan_pattern_module"])
    pattern = getattr(module, start["plan_pattern"])
    path = pattern(**start["plan_pattern_args"])
    points = [tuple(p.values()) for p in outcome.docs.points().values()]
    assert len(path) == start["num_points"]
    assert [tuple(step.values()) for step in path] == points
    assert start["plan_name"] == plan.__name__
