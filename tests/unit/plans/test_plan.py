"""Plan objects, and what is no plan."""

import asyncio
import warnings

import pytest
from kit import Detector, make_engine
from unit.plans.running import run

from lapwing import Msg, RunEngine
from lapwing.errors import NotAPlanError
from lapwing.plans import Plan, count, plan
from lapwing.plans import stubs as bps
from lapwing.plans.plan import bare


@plan
def greet(name, *others, loud=False, **more):
    """Say something."""
    try:
        answer = yield Msg("null", None, name)
    except ValueError:
        answer = "caught"
    yield Msg("null")
    return answer


def test_a_plan_keeps_what_it_was_called_with():
    made = greet("a", "b", loud=True, x=1)
    assert isinstance(made, Plan)
    assert made.func.__name__ == "greet"
    assert made.args == ("a", "b")
    assert made.kwargs == {"loud": True, "x": 1}
    assert made.arguments == {
        "name": "a",
        "others": ("b",),
        "loud": True,
        "more": {"x": 1},
    }
    assert made.__name__ == "greet"
    made.close()


def test_arguments_are_those_given_without_defaults():
    made = count([], num=3)
    assert made.arguments == {"detectors": [], "num": 3}
    made.close()


def test_a_plan_shows_itself_as_it_was_called():
    made = greet("a", 2, loud=True)
    assert repr(made) == "greet('a', 2, loud=True)"
    made.close()


def test_a_plan_function_stays_what_it_was_to_those_who_look():
    assert greet.__name__ == "greet"
    assert greet.__doc__ == "Say something."
    assert greet._is_plan_ is True
    assert bare(greet) is greet.__wrapped__
    assert bare(len) is len


def test_a_plan_is_driven_like_a_generator():
    made = greet("a")
    assert next(made).args == ("a",)
    assert made.send("hello").args == ()
    with pytest.raises(StopIteration) as stop:
        made.send(None)
    assert stop.value.value == "hello"


def test_an_error_can_be_thrown_into_a_plan():
    made = greet("a")
    next(made)
    made.throw(ValueError("no"))
    with pytest.raises(StopIteration) as stop:
        next(made)
    assert stop.value.value == "caught"


def test_a_closed_plan_says_nothing_more():
    made = greet("a")
    next(made)
    made.close()
    assert list(made) == []


def test_iterating_a_plan_hands_out_the_generator_in_it():
    made = greet("a")
    assert iter(made) is iter(made)
    assert not isinstance(iter(made), Plan)
    assert len(list(made)) == 2


def test_a_plan_that_was_never_run_warns_and_says_where_it_was_made():
    with pytest.warns(
        RuntimeWarning, match="the plan greet made in .*test_plan"
    ) as seen:
        greet("a")
    assert "was never iterated" in str(seen[0].message)
    assert "was a 'yield from' or an RE(...) forgotten?" in str(seen[0].message)


@pytest.mark.parametrize("use", [list, next, lambda p: p.close(), iter])
def test_a_plan_that_was_used_does_not_warn(use):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use(greet("a"))


def test_a_forgotten_yield_from_warns_when_the_plan_around_it_runs():
    def forgetful():
        bps.null()
        yield Msg("null")

    with pytest.warns(RuntimeWarning, match="the plan null made in"):
        run(forgetful())


def test_wrong_arguments_are_told_where_the_plan_is_called_and_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="missing 1 required positional"):
            greet()


@pytest.mark.parametrize("wrong", [count, greet, 5, "count", b"x", None, Detector()])
def test_what_is_no_plan_is_refused_by_the_blocking_engine_with_a_hint(wrong):
    with pytest.raises(NotAPlanError, match="is no plan") as error:
        RunEngine({})(wrong)
    assert isinstance(error.value, TypeError)
    assert "RE(count([det])), not RE(count)" in error.value.hint


@pytest.mark.parametrize("wrong", [5, "null", None, ("null", None, (), {})])
def test_a_plan_that_yields_something_else_is_told_at_its_yield(wrong):
    engine, _ = make_engine()

    def strange():
        yield wrong

    with pytest.raises(NotAPlanError, match="which is no message") as error:
        asyncio.run(engine.run(strange()))
    assert "write 'yield from'" in error.value.hint


def test_a_yield_that_should_be_a_yield_from_is_told_so():
    forgotten = bps.null()
    outcome = run(iter([forgotten]))
    forgotten.close()
    assert isinstance(outcome.error, NotAPlanError)
    assert "write 'yield from' before a plan that you call" in str(outcome.error)


def test_a_plan_may_go_on_after_it_yielded_something_else():
    def strange():
        try:
            yield 5
        except NotAPlanError:
            yield Msg("null")

    assert run(strange()).commands == ["null"]


def test_a_run_is_named_after_its_plan():
    start = run(count([Detector()])).start
    assert (start["plan_name"], start["plan_type"]) == ("count", "generator")

    @plan
    def mine():
        yield Msg("open_run")
        yield Msg("close_run")

    start = run(mine()).start
    assert (start["plan_name"], start["plan_type"]) == ("mine", "generator")
