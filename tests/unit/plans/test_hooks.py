"""The caller's own shots and steps: which signatures are accepted."""

from functools import partial

import pytest
from kit import Detector, Motor
from unit.plans.running import run

from lapwing import Msg
from lapwing.errors import NotAPlanError, PlanSignatureError
from lapwing.plans import count, grid_scan, list_scan, plan, rel_list_scan, scan
from lapwing.plans import stubs as bps

PER_STEP = (
    "<Signature (detectors, step, pos_cache)> or <Signature (detectors, motor, step)>"
)


def nd(detectors, step, pos_cache):
    yield from bps.one_nd_step(detectors, step, pos_cache)


def one_motor(detectors, motor, step):
    yield from bps.one_1d_step(detectors, motor, step)


class Called:
    """A callable object."""

    def __call__(self, detectors, step, pos_cache, *, extra="x", **more):
        yield from bps.one_nd_step(detectors, step, pos_cache)

    def method(self, detectors, motor, step, extra=1, *rest):
        yield from bps.one_1d_step(detectors, motor, step)


@plan
def decorated(detectors, step, pos_cache):
    yield from bps.one_nd_step(detectors, step, pos_cache)


def as_list(detectors, step, pos_cache):
    (motor,) = step
    return [
        Msg("checkpoint"),
        Msg("set", motor, step[motor], group="g"),
        Msg("wait", group="g"),
        Msg("create", name="primary"),
        Msg("read", motor),
        Msg("save"),
    ]


ACCEPTED = [
    nd,
    one_motor,
    Called(),
    Called().method,
    decorated,
    as_list,
    bps.one_nd_step,
    bps.one_1d_step,
    partial(bps.one_nd_step, take_reading=bps.trigger_and_read),
    partial(bps.one_1d_step, take_reading=bps.trigger_and_read),
    partial(
        lambda factor, detectors, motor, step: nd(
            detectors, {motor: step}, {motor: None}
        ),
        2,
    ),
]


def form_of(step):
    """Return a name that is the same in every process."""
    return getattr(step, "__name__", type(step).__name__)


@pytest.mark.parametrize("step", ACCEPTED, ids=form_of)
@pytest.mark.parametrize(
    "plan_of",
    [
        lambda x, step: scan([Detector()], x, 1, 2, 2, per_step=step),
        lambda x, step: list_scan([Detector()], x, [1, 2], per_step=step),
        lambda x, step: rel_list_scan([Detector()], x, [1, 2], per_step=step),
        lambda x, step: grid_scan([Detector()], x, 1, 2, 2, per_step=step),
    ],
)
def test_a_step_of_an_accepted_form_takes_the_points(step, plan_of):
    x = Motor("x")
    outcome = run(plan_of(x, step))
    assert outcome.error is None
    assert [p["x"] for p in outcome.docs.points().values()] == [1, 2]
    assert outcome.start["plan_args"]["per_step"] == repr(step)


def test_a_step_is_told_where_the_motors_were_last():
    x, y, seen = Motor("x"), Motor("y"), []

    def step(detectors, step, pos_cache):
        seen.append((dict(step), pos_cache[x]))
        yield from bps.move_per_step(step, pos_cache)

    run(list_scan([], x, [1, 1, 2], y, [3, 4, 5], per_step=step))
    assert seen == [({x: 1, y: 3}, None), ({x: 1, y: 4}, 1), ({x: 2, y: 5}, 1)]


@pytest.mark.parametrize("answer", [None, 5, "text"])
def test_a_step_or_shot_that_returns_no_plan_is_told_so(answer):
    def step(detectors, step, pos_cache):
        return answer

    outcome = run(list_scan([], Motor("x"), [1], per_step=step))
    assert isinstance(outcome.error, NotAPlanError)
    assert f"{answer!r} is no plan" in str(outcome.error)
    assert outcome.stop["exit_status"] == "fail"
    outcome = run(count([], per_shot=lambda detectors: answer))
    assert isinstance(outcome.error, NotAPlanError)


def wrong_order(motor, detectors, step): ...
def too_few(detectors, step): ...
def too_many(detectors, step, pos_cache, more): ...
def other_names(dets, motor, pos): ...
def by_keyword(detectors, step, *, pos_cache): ...
def needs_a_keyword(detectors, step, pos_cache, *, more): ...
def anything(*args, **kwargs): ...


REFUSED = [
    wrong_order,
    too_few,
    too_many,
    other_names,
    by_keyword,
    needs_a_keyword,
    anything,
    lambda: None,
    partial(nd, None),
    partial(nd, pos_cache=None),
    max,
    int,
    5,
    "one_nd_step",
    nd([], {}, {}),
]


@pytest.mark.parametrize("step", REFUSED, ids=form_of)
@pytest.mark.parametrize(
    "plan_of",
    [
        lambda x, step: scan([Detector()], x, 1, 2, 2, per_step=step),
        lambda x, step: list_scan([Detector()], x, [1, 2], per_step=step),
        lambda x, step: rel_list_scan([Detector()], x, [1, 2], per_step=step),
        lambda x, step: grid_scan([Detector()], x, 1, 2, 2, per_step=step),
    ],
)
def test_a_step_of_another_form_is_refused_before_anything_is_said(step, plan_of):
    outcome = run(plan_of(Motor("x"), step))
    assert isinstance(outcome.error, PlanSignatureError)
    assert isinstance(outcome.error, TypeError)
    assert PER_STEP in str(outcome.error)
    assert outcome.said == []
    assert outcome.docs.all == []


def test_a_step_of_one_motor_is_refused_for_two():
    outcome = run(
        list_scan([Detector()], Motor("x"), [1], Motor("y"), [1], per_step=one_motor)
    )
    assert isinstance(outcome.error, TypeError)
    assert "Signature of per_step assumes 1D trajectory" in str(outcome.error)
    assert outcome.said == []


@pytest.mark.parametrize(
    "shot",
    [
        lambda detectors: bps.one_shot(detectors),
        lambda detectors, extra=1: bps.one_shot(detectors),
        lambda detectors, **more: bps.one_shot(detectors),
        bps.one_shot,
        partial(bps.one_shot, take_reading=bps.trigger_and_read),
    ],
)
def test_a_shot_of_the_accepted_form_takes_the_readings(shot):
    outcome = run(count([Detector()], 2, per_shot=shot))
    assert len(outcome.docs.named("event")) == 2


@pytest.mark.parametrize(
    "shot",
    [
        lambda: None,
        lambda detectors, more: None,
        lambda dets: None,
        lambda *detectors: None,
        lambda *, detectors: None,
        max,
        5,
        (msg for msg in ()),
    ],
)
def test_a_shot_of_another_form_is_refused_before_anything_is_said(shot):
    outcome = run(count([Detector()], 2, per_shot=shot))
    assert isinstance(outcome.error, PlanSignatureError)
    assert (
        "per_shot must be a callable with the signature \n <Signature (detectors)>"
        in str(outcome.error)
    )
    assert outcome.said == []
