"""Plans with something added to, changed in or left out of their messages."""

import pytest
from kit import Detector, Motor
from unit.plans.running import commands, drive, run

from lapwing import Msg
from lapwing.errors import PlanArgumentError
from lapwing.plans import count
from lapwing.preprocessors import (
    configure_count_time_wrapper,
    contingency_wrapper,
    finalize_wrapper,
    inject_md_wrapper,
    lazily_stage_wrapper,
    pchain,
    set_run_key_wrapper,
    stub_decorator,
    stub_wrapper,
    suspend_wrapper,
)
from lapwing.status import Status


def some(*verbs, returns=None):
    for verb in verbs:
        yield Msg(verb)
    return returns


def result_of(plan, answer=lambda msg: None):
    results = []

    def outer():
        results.append((yield from plan))

    said = drive(outer(), answer)
    return said, results[0]


def failing():
    yield Msg("a")
    raise ValueError("broken")


def said_before_failing(plan):
    said = []
    try:
        said.extend(plan)
    except ValueError:
        return said
    raise AssertionError("the plan did not fail")


def test_plans_follow_each_other():
    said, results = result_of(pchain(some("a", returns=1), [Msg("b")], Msg("c")))
    assert commands(said) == ["a", "b", "c"]
    assert results == (1, None, None)


def test_metadata_are_injected_on_top():
    det = Detector()
    outcome = run(inject_md_wrapper(count([det], md={"a": 1}), {"a": 2, "b": 3}))
    assert (outcome.start["a"], outcome.start["b"]) == (2, 3)
    assert outcome.start["plan_name"] == "count"


def test_a_stub_has_neither_runs_nor_staging():
    said, metadata = result_of(stub_wrapper(count([Detector()], md={"a": 1})))
    assert not set(commands(said)) & {"stage", "unstage", "open_run", "close_run"}
    assert "trigger" in commands(said)
    assert metadata["a"] == 1
    assert metadata["plan_name"] == "count"
    assert commands(drive(stub_decorator()(count)([Detector()]))) == commands(said)


def test_a_run_key_is_given_to_messages_without_one():
    messages = [Msg("a"), Msg("b", run="mine")]
    said = drive(set_run_key_wrapper(messages, "k"))
    assert [msg.run for msg in said] == ["k", "mine"]
    with pytest.raises(PlanArgumentError, match="can not be None"):
        drive(set_run_key_wrapper(messages, None))


def test_suspenders_watch_during_a_plan_even_if_it_fails():
    expected = [
        Msg("install_suspender", None, "s"),
        Msg("a"),
        Msg("remove_suspender", None, "s"),
    ]
    assert drive(suspend_wrapper(some("a"), ["s"])) == expected
    assert said_before_failing(suspend_wrapper(failing(), ["s"])) == expected


def test_devices_are_staged_when_they_are_first_used():
    det, x, whole, unused = Detector(), Motor("x"), Detector("whole"), Detector("u")
    parts = [Motor("a"), Motor("b")]
    for part in parts:
        part.parent = whole

    def plan():
        yield Msg("stop", unused)
        yield Msg("read", det)
        yield Msg("set", x, 1, group="g")
        yield Msg("trigger", det)
        for part in parts:
            yield Msg("read", part)
        return "done"

    answers = {"stage": lambda msg: [msg.obj]}
    said, result = result_of(
        lazily_stage_wrapper(plan()),
        lambda msg: answers.get(msg.command, lambda msg: None)(msg),
    )
    staged = [msg.obj for msg in said if msg.command == "stage"]
    assert staged == [det, x, whole]
    assert [msg.obj for msg in said if msg.command == "unstage"] == staged[::-1]
    assert result == "done"
    assert commands(said)[1:3] == ["stage", "read"]


def test_what_takes_time_to_stage_is_waited_for():
    def answer(msg):
        return Status.finished() if "stage" in msg.command else None

    said, _ = result_of(lazily_stage_wrapper([Msg("read", Detector())]), answer)
    assert commands(said) == ["stage", "wait", "read", "unstage", "wait"]
    assert said[0].kwargs["group"] == said[1].kwargs["group"]


class CountTime(Motor):
    def get(self):
        return self.at


def test_count_times_are_set_and_put_back():
    det, other = Detector(), Detector("other")
    det.count_time = CountTime("time")
    det.count_time.at = 2.0
    outcome = run(configure_count_time_wrapper(count([det, other], 3), 5.0))
    assert outcome.error is None
    assert det.count_time.moves == [5, 2]
    assert outcome.commands[:2] == ["set", "wait"]
    det.count_time.moves.clear()
    run(configure_count_time_wrapper(count([det]), None))
    assert det.count_time.moves == []


def test_a_plan_that_fails_can_pause_for_a_look():
    plan = finalize_wrapper(failing(), some("end"), pause_for_debug=True)
    assert said_before_failing(plan) == [
        Msg("a"),
        Msg("pause", None, defer=False),
        Msg("end"),
    ]
    quiet = finalize_wrapper(some("a"), some("end"), pause_for_debug=True)
    assert commands(drive(quiet)) == ["a", "end"]


def test_a_contingency_can_pause_before_it_is_met():
    plan = contingency_wrapper(
        failing(),
        except_plan=lambda exc: some(str(exc)),
        final_plan=lambda: some("final"),
        pause_for_debug=True,
    )
    assert commands(said_before_failing(plan)) == ["a", "pause", "broken", "final"]
    met = contingency_wrapper(failing(), pause_for_debug=True)
    assert commands(said_before_failing(met)) == ["a", "pause"]
    quiet = contingency_wrapper(some("a"), pause_for_debug=True)
    assert commands(drive(quiet)) == ["a"]
