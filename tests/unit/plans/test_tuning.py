"""Bringing a motor to where a signal is best, by itself and by hand."""

import pytest
from kit import Detector, Motor
from unit.plans.running import drive, run

from lapwing.errors import PlanArgumentError
from lapwing.plans import tune_centroid, tweak


def peak(x, centre=0.4):
    return Detector("peak", lambda: 1 / (1 + 100 * (x.at - centre) ** 2))


@pytest.mark.parametrize("ends", [(-1, 2), (2, -1)])
@pytest.mark.parametrize("snake", [True, False])
def test_a_tuned_motor_stands_at_the_peak(ends, snake):
    x = Motor("x")
    plan = tune_centroid([peak(x)], "peak", x, *ends, 0.01, 10, snake=snake)
    outcome = run(plan)
    assert x.at == pytest.approx(0.4, abs=0.02)
    assert len(outcome.docs.named("event")) % 10 == 0
    assert len(outcome.docs.named("event")) > 20
    assert outcome.start["plan_args"]["min_step"] == 0.01


def test_a_tuned_motor_stays_in_its_range():
    x = Motor("x")
    run(tune_centroid([peak(x, 5)], "peak", x, -1, 2, 0.05, 6))
    assert all(-1 <= position <= 2.0000001 for position in x.moves)
    assert x.at > 0.5  # the middle


def test_each_scan_is_narrower_than_the_last():
    x = Motor("x")
    run(tune_centroid([peak(x)], "peak", x, -2, 3, 0.1, 11, 2.5))
    first, second = x.moves[:11], x.moves[11:22]
    assert max(second) - min(second) == pytest.approx((max(first) - min(first)) / 2.5)


def test_snaking_scans_go_back_and_forth():
    x = Motor("x")
    run(tune_centroid([peak(x)], "peak", x, -1, 2, 0.1, 6, snake=True))
    assert x.moves[0] < x.moves[5]
    assert x.moves[6] > x.moves[11]


def test_without_a_signal_the_motor_goes_nowhere_further():
    x = Motor("x")
    outcome = run(tune_centroid([Detector("d", lambda: 0)], "d", x, 0, 1, 0.1, 5))
    assert outcome.error is None
    assert x.moves == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    ("min_step", "num", "factor", "named"),
    [
        (0, 5, 3.0, "min_step must be positive"),
        (-1, 5, 3.0, "min_step must be positive"),
        (0.1, 5, 1.0, "step_factor must be greater than 1.0"),
        (0.1, 1, 3.0, "at least 2"),
    ],
)
def test_what_would_never_end_is_refused(min_step, num, factor, named):
    plan = tune_centroid([Detector()], "det", Motor("x"), 0, 1, min_step, num, factor)
    outcome = run(plan)
    assert isinstance(outcome.error, PlanArgumentError)
    assert named in str(outcome.error)
    assert outcome.said == []


def tweaked(*answers, motor=None):
    """Run a tweak by hand; returns where the motor was sent, and the prompts."""
    motor = motor or Motor("x")
    lines = iter(answers)

    def answer(msg):
        match msg.command:
            case "read":
                return msg.obj.read()
            case "set":
                motor.at = msg.args[0]
            case "input":
                return next(lines)
        return None

    said = drive(tweak(Detector(), "det", motor, 0.5), answer)
    prompts = [msg.kwargs["prompt"] for msg in said if msg.command == "input"]
    return [msg.args[0] for msg in said if msg.command == "set"], prompts


def test_enter_takes_another_step():
    moves, prompts = tweaked("", "", "q")
    assert moves == [0.5, 1.0]
    assert prompts == [
        "x, 0.0, 1.0, (0.5) ",
        "x, 0.5, 2.0, (0.5) ",
        "x, 1.0, 3.0, (0.5) ",
    ]


def test_a_number_is_the_next_step():
    moves, prompts = tweaked("2", "", "-1", "quit")
    assert moves == [2, 4, 3]
    assert prompts[-1].endswith("(-1.0) ")


def test_a_tweak_ends_without_an_engine_too():
    assert drive(tweak(Detector(), "det", Motor("x"), 1))[-1].command == "unstage"
