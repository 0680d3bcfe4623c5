"""Scans along lines: the kin of scan."""

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.plans import (
    inner_product_scan,
    rel_scan,
    relative_inner_product_scan,
    relative_scan,
    x2x_scan,
)
from lapwing.plans import stubs as bps

RELATIVE = {
    "rel_scan": lambda det, x: rel_scan([det], x, -1, 1, 3),
    "relative_inner_product_scan": lambda det, x: relative_inner_product_scan(
        [det], 3, x, -1, 1
    ),
}


@pytest.mark.parametrize("name", RELATIVE)
def test_a_relative_scan_starts_from_here_and_returns(name):
    x = Motor("x")
    x.at = 10.0
    outcome = run(RELATIVE[name](Detector(), x))
    assert x.moves == [9, 10, 11, 10]
    assert outcome.start["plan_name"] == name
    assert outcome.start["plan_args"]["args"] == [repr(x), -1, 1]
    assert outcome.start["plan_pattern"] == "inner_product"


def test_motors_are_listed_and_moved_in_the_order_of_the_arguments():
    motors = [Motor(name) for name in "zyxwvu"]
    args = [part for motor in motors for part in (motor, 0, 1)]
    outcome = run(inner_product_scan([Detector()], 2, *args))
    assert outcome.start["motors"] == ("z", "y", "x", "w", "v", "u")
    moved = [msg.obj.name for msg in outcome.said if msg.command == "set"]
    assert moved == list("zyxwvu" * 2)
    assert [msg.obj for msg in outcome.said if msg.command == "stage"][1:] == motors


def test_inner_product_scan_honours_per_step():
    steps = []

    def per_step(detectors, step, pos_cache):
        steps.append(step)
        yield from bps.one_nd_step(detectors, step, pos_cache)

    x = Motor("x")
    assert (
        run(inner_product_scan([Detector()], 2, x, 0, 1, per_step=per_step)).error
        is None
    )
    assert steps == [{x: 0}, {x: 1}]


def test_x2x_scan_moves_the_second_motor_by_half():
    tth, th = Motor("tth"), Motor("th")
    tth.at, th.at = 20.0, 10.0
    outcome = run(x2x_scan([Detector()], tth, th, -2, 2, 3))
    assert tth.moves == [18, 20, 22, 20]
    assert th.moves == [9, 10, 11, 10]
    assert outcome.start["plan_name"] == "x2x_scan"
    assert outcome.start["plan_args"]["motor1"] == "tth"


def test_x2x_scan_refuses_what_it_cannot_halve():
    outcome = run(x2x_scan([Detector()], Motor("a"), Motor("b"), "far", 2, 3))
    assert isinstance(outcome.error, PlanArgumentError)
    assert outcome.said == []
    x = Motor("x")
    outcome = run(x2x_scan([Detector()], x, x, 0, 2, 3))
    assert isinstance(outcome.error, PlanArgumentError)


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (lambda det, x: rel_scan([det], x, 0, 1), PlanArgumentError),
        (lambda det, x: rel_scan([det], x, 0, 1, 0), PlanArgumentError),
        (lambda det, x: inner_product_scan([det], 2.5, x, 0, 1), PlanArgumentError),
        (lambda det, x: rel_scan(det, x, 0, 1, 2), PlanSignatureError),
        (lambda det, x: rel_scan([det], x, 0, 1, 2, per_step=max), PlanSignatureError),
    ],
)
def test_what_is_no_line_is_refused_before_anything_is_said(plan, error):
    outcome = run(plan(Detector(), Motor("x")))
    assert isinstance(outcome.error, error)
    assert outcome.said == []


def test_the_long_name_is_the_same_plan():
    assert relative_scan is rel_scan
