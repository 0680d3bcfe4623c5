"""Endings: what follows a plan, in all the ways in which it can end."""

import pytest
from unit.plans.running import commands, drive, pause_at, run

from lapwing import Msg
from lapwing.errors import PlanSignatureError, RequestAbort
from lapwing.plans import stubs as bps
from lapwing.preprocessors import (
    contingency_decorator,
    contingency_wrapper,
    finalize_decorator,
    finalize_wrapper,
)


def some(*verbs, returns=None):
    for verb in verbs:
        yield Msg(verb)
    return returns


def failing(verb):
    return lambda msg: ValueError("boom") if msg.command == verb else None


def said_before(error, plan, answer):
    """The verbs that a plan says before it ends with an error."""
    said = []

    def note(msg):
        said.append(msg.command)
        return answer(msg)

    with pytest.raises(error):
        drive(plan, note)
    return said


def ended(plan):
    iterator = iter(plan)
    while True:
        try:
            next(iterator)
        except StopIteration as stop:
            return stop.value


# ---------------------------------------------------------------- finalize


@pytest.mark.parametrize(
    "final",
    [
        lambda: some("end"),
        lambda: [Msg("end")],
        lambda: Msg("end"),
        some("end"),
        [Msg("end")],
        Msg("end"),
    ],
)
def test_the_final_plan_follows(final):
    said = drive(finalize_wrapper(some("a"), final))
    assert commands(said) == ["a", "end"]


def test_the_final_plan_follows_a_failure_which_goes_on_its_way():
    plan = finalize_wrapper(some("a", "b"), some("end", "end"))
    assert said_before(ValueError, plan, failing("a")) == ["a", "end", "end"]


def test_a_failure_of_the_final_plan_tells_of_the_first_one_too():
    def boom(msg):
        return (
            ValueError("in the plan") if msg.command == "a" else OSError("in the end")
        )

    with pytest.raises(OSError, match="in the end") as error:
        drive(finalize_wrapper(some("a"), some("end")), boom)
    assert str(error.value.__context__) == "in the plan"


def test_a_final_plan_is_made_when_its_time_has_come():
    made = []

    def final():
        made.append("made")
        return some("end")

    plan = finalize_wrapper(some("a"), final)
    next(plan)
    assert made == []
    assert [msg.command for msg in plan] == ["end"]
    assert made == ["made"]


def test_a_finalized_plan_returns_what_the_plan_returned():
    assert ended(finalize_wrapper(some("a", returns=5), some("end", returns=6))) == 5


@pytest.mark.parametrize(
    "wrap",
    [
        lambda plan: finalize_wrapper(plan, some("end")),
        lambda plan: contingency_wrapper(
            plan,
            except_plan=lambda exc: some("except"),
            final_plan=lambda: some("end"),
        ),
    ],
)
def test_after_a_halt_nothing_follows(wrap):
    plan = wrap(some("a"))
    next(plan)
    plan.close()
    assert list(plan) == []


@pytest.mark.parametrize("end", ["abort", "stop"])
def test_the_final_plan_follows_an_abort_and_a_stop(end):
    outcome = run(
        finalize_wrapper(some("null"), some("checkpoint")), pause_at("null"), end
    )
    assert outcome.commands[-1] == "checkpoint"


def test_the_final_plan_does_not_follow_a_halt():
    outcome = run(
        finalize_wrapper(some("null"), some("checkpoint")), pause_at("null"), "halt"
    )
    assert "checkpoint" not in outcome.commands


def test_a_final_plan_of_a_decorator_must_be_a_function():
    final = some("end")
    with pytest.raises(PlanSignatureError, match="needs a function that returns"):
        finalize_decorator(final)


def test_a_decorated_function_can_be_called_repeatedly():
    @finalize_decorator(lambda: some("end"))
    def plan(verb):
        yield Msg(verb)

    assert [commands(drive(plan(verb))) for verb in "ab"] == [
        ["a", "end"],
        ["b", "end"],
    ]


# ---------------------------------------------------------------- contingency

PARTS = {
    "except_plan": lambda exc: some("except", type(exc).__name__),
    "else_plan": lambda: some("else"),
    "final_plan": lambda: some("final"),
}


def test_without_a_failure_the_else_plan_and_the_final_plan_follow():
    assert commands(drive(contingency_wrapper(some("a"), **PARTS))) == [
        "a",
        "else",
        "final",
    ]


def test_after_a_failure_the_except_plan_and_the_final_plan_follow():
    plan = contingency_wrapper(some("a", "b"), **PARTS)
    said = said_before(ValueError, plan, failing("a"))
    assert said == ["a", "except", "ValueError", "final"]


def test_an_order_to_end_is_a_failure_too():
    plan = contingency_wrapper(some("a"), **PARTS)
    said = said_before(
        RequestAbort, plan, lambda m: RequestAbort() if m[0] == "a" else None
    )
    assert said == ["a", "except", "RequestAbort", "final"]


def test_a_failure_may_be_handled():
    plan = contingency_wrapper(
        some("a"),
        except_plan=lambda exc: some("except", returns="handled"),
        auto_raise=False,
    )
    result = []

    def around():
        result.append((yield from plan))

    assert commands(drive(around(), failing("a"))) == ["a", "except"]
    assert result == ["handled"]


def test_without_an_except_plan_a_failure_goes_on_its_way():
    plan = contingency_wrapper(some("a"), final_plan=lambda: some("final"))
    assert said_before(ValueError, plan, failing("a")) == ["a", "final"]


def test_a_failure_of_the_else_plan_is_not_the_plans():
    plan = contingency_wrapper(some("a"), **PARTS)
    assert said_before(ValueError, plan, failing("else")) == ["a", "else", "final"]


def test_a_plan_without_contingencies_is_itself():
    assert commands(drive(contingency_wrapper(some("a", "b")))) == ["a", "b"]
    assert ended(contingency_wrapper(some("a", returns=5), **PARTS)) == 5


def test_a_halt_in_the_except_plan_ends_it_without_the_final_plan():
    plan = contingency_wrapper(some("a"), **PARTS)
    next(plan)
    assert plan.throw(ValueError("boom")).command == "except"
    plan.close()
    assert list(plan) == []


def test_contingencies_decorate_functions():
    @contingency_decorator(final_plan=bps.null)
    def plan():
        yield Msg("a")

    assert commands(drive(plan())) == ["a", "null"]
