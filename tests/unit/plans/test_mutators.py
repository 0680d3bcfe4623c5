"""Mutators: heads, tails, messages left out, errors."""

import gc

import pytest
from unit.plans.running import commands, drive

from lapwing import Msg
from lapwing.errors import NotAPlanError
from lapwing.plans import stubs as bps
from lapwing.preprocessors import (
    ensure_generator,
    make_decorator,
    msg_mutator,
    plan_mutator,
)


def some(*verbs, returns=None):
    for verb in verbs:
        yield Msg(verb)
    return returns


def listening(heard, *verbs):
    """A plan that writes down what it is answered."""
    for verb in verbs:
        try:
            heard.append((verb, (yield Msg(verb))))
        except (ValueError, RuntimeError, NotAPlanError) as exc:
            heard.append((verb, exc))


def at(verb, head=None, tail=None):
    """A mutator of one verb."""

    def mutate(msg):
        if msg.command != verb:
            return None, None
        return head(msg) if head else None, tail(msg) if tail else None

    return mutate


def echo(msg):
    return f"re {msg.command}"


# ---------------------------------------------------------------- plan_mutator


def test_a_head_takes_the_place_of_a_message_and_its_last_answer_counts():
    heard = []
    head = at("b", head=lambda msg: some("b1", "b2"))
    said = drive(plan_mutator(listening(heard, "a", "b", "c"), head), echo)
    assert commands(said) == ["a", "b1", "b2", "c"]
    assert heard == [("a", "re a"), ("b", "re b2"), ("c", "re c")]


def test_a_head_may_say_the_message_itself_which_is_not_looked_at_again():
    heard = []
    head = at("b", head=lambda msg: iter([Msg("first"), msg]))
    said = drive(plan_mutator(listening(heard, "a", "b"), head), echo)
    assert commands(said) == ["a", "first", "b"]
    assert heard[-1] == ("b", "re b")


def test_a_tail_follows_and_its_answers_are_not_heard():
    heard = []
    tail = at("b", tail=lambda msg: some("t1", "t2"))
    said = drive(plan_mutator(listening(heard, "a", "b", "c"), tail), echo)
    assert commands(said) == ["a", "b", "t1", "t2", "c"]
    assert heard == [("a", "re a"), ("b", "re b"), ("c", "re c")]


def test_a_head_and_a_tail_go_together():
    heard = []
    both = at("b", head=lambda m: some("h1", "h2"), tail=lambda m: some("t"))
    said = drive(plan_mutator(listening(heard, "b", "c"), both), echo)
    assert commands(said) == ["h1", "h2", "t", "c"]
    assert heard == [("b", "re h2"), ("c", "re c")]


def test_an_empty_head_leaves_the_message_out_and_the_plan_hears_none():
    heard = []
    said = drive(
        plan_mutator(listening(heard, "a", "b"), at("b", head=lambda m: [])), echo
    )
    assert commands(said) == ["a"]
    assert heard == [("a", "re a"), ("b", None)]


def test_messages_of_heads_and_tails_are_looked_at_as_well():
    def mutate(msg):
        match msg.command:
            case "a":
                return some("b"), some("c")
            case "b" | "c":
                return some(f"{msg.command}{msg.command}"), None
        return None, None

    assert commands(drive(plan_mutator(some("a"), mutate))) == ["bb", "cc"]


@pytest.mark.parametrize(
    "form", [lambda: Msg("null"), lambda: [Msg("null")], lambda: some("null"), bps.null]
)
def test_a_head_comes_in_any_form_that_a_plan_may_have(form):
    said = drive(plan_mutator(some("a"), at("a", head=lambda msg: form())))
    assert commands(said) == ["null"]


def test_one_message_object_said_twice_is_changed_once():
    msg = Msg("a")
    said = drive(plan_mutator([msg, msg], at("a", head=lambda m: [Msg("new"), m])))
    assert commands(said) == ["new", "a", "a"]


def test_messages_that_are_left_alone_are_not_kept():
    def endless():
        for _ in range(1000):
            yield Msg("a")

    mutated = plan_mutator(endless(), lambda msg: (None, None))
    next(mutated)
    before = sum(isinstance(obj, Msg) for obj in gc.get_objects())
    for _ in mutated:
        pass
    assert sum(isinstance(obj, Msg) for obj in gc.get_objects()) <= before


def test_a_mutated_plan_returns_what_the_plan_returned():
    assert ended(plan_mutator(some("a", returns=5), at("a"))) == 5
    assert ended(msg_mutator(some("a", returns=5), lambda msg: msg)) == 5


def ended(plan):
    iterator = iter(plan)
    while True:
        try:
            next(iterator)
        except StopIteration as stop:
            return stop.value


def test_an_error_goes_through_the_head_to_the_plan():
    heard, in_head = [], []

    def head(msg):
        try:
            yield Msg("h")
        except ValueError as exc:
            in_head.append(exc)
            raise

    boom = ValueError("boom")
    mutated = plan_mutator(listening(heard, "a", "b"), at("a", head=head))
    drive(mutated, lambda msg: boom if msg.command == "h" else None)
    assert in_head == [boom]
    assert heard == [("a", boom), ("b", None)]


def test_a_head_may_handle_an_error():
    heard = []

    def head(msg):
        try:
            yield Msg("h")
        except ValueError:
            yield Msg("instead")

    def answer(msg):
        return ValueError("boom") if msg.command == "h" else echo(msg)

    drive(plan_mutator(listening(heard, "a"), at("a", head=head)), answer)
    assert heard == [("a", "re instead")]


def test_after_an_error_in_a_head_its_tail_is_not_said():
    heard, tail = [], bps.null()  # a plan object would warn if it were forgotten
    mutated = plan_mutator(
        listening(heard, "a", "b"),
        at("a", head=lambda m: some("h"), tail=lambda m: tail),
    )
    boom = ValueError("boom")
    said = drive(mutated, lambda msg: boom if msg.command == "h" else None)
    assert commands(said) == ["h", "b"]
    assert heard[0] == ("a", boom)


def test_an_error_in_a_tail_reaches_the_plan():
    heard, boom = [], ValueError("boom")
    mutated = plan_mutator(listening(heard, "a"), at("a", tail=lambda m: some("t")))
    drive(mutated, lambda msg: boom if msg.command == "t" else None)
    assert heard == [("a", boom)]


def test_an_error_that_the_plan_does_not_handle_leaves_it():
    mutated = plan_mutator(some("a"), at("a", head=lambda msg: some("h")))
    with pytest.raises(ValueError, match="boom"):
        drive(mutated, lambda msg: ValueError("boom"))


@pytest.mark.parametrize("mutator", [plan_mutator, msg_mutator])
def test_what_the_function_raises_is_thrown_into_the_plan(mutator):
    heard = []
    boom = RuntimeError("beyond the limit")

    def refuse(msg):
        if msg.command == "a":
            raise boom
        return msg if mutator is msg_mutator else (None, None)

    said = drive(mutator(listening(heard, "a", "b"), refuse))
    assert commands(said) == ["b"]
    assert heard == [("a", boom), ("b", None)]


def test_a_head_that_is_no_plan_is_told_to_the_plan():
    heard = []
    drive(plan_mutator(listening(heard, "a"), at("a", head=lambda msg: 5)))
    assert isinstance(heard[0][1], NotAPlanError)


@pytest.mark.parametrize("closing", [GeneratorExit, None])
def test_closing_closes_all_that_is_inside(closing):
    ends = []

    def inner(name, *verbs):
        try:
            yield from some(*verbs)
        finally:
            ends.append(name)

    tail = bps.null()
    mutated = plan_mutator(
        inner("plan", "a"),
        at("a", head=lambda m: inner("head", "h"), tail=lambda m: tail),
    )
    next(mutated)
    if closing is None:
        mutated.close()
    else:
        with pytest.raises(GeneratorExit):
            mutated.throw(GeneratorExit("halt"))
    assert ends == ["head", "plan"]


def test_closing_a_message_mutator_closes_the_plan():
    ends = []

    def inner():
        try:
            yield Msg("a")
        finally:
            ends.append("plan")

    mutated = msg_mutator(inner(), lambda msg: msg)
    next(mutated)
    mutated.close()
    assert ends == ["plan"]


# ---------------------------------------------------------------- msg_mutator


def test_messages_are_changed_or_left_out():
    heard = []

    def change(msg):
        return None if msg.command == "b" else msg._replace(command=msg.command * 2)

    said = drive(msg_mutator(listening(heard, "a", "b", "c"), change), echo)
    assert commands(said) == ["aa", "cc"]
    assert heard == [("a", "re aa"), ("b", None), ("c", "re cc")]


def test_an_error_at_a_changed_message_reaches_the_plan():
    heard, boom = [], ValueError("boom")
    drive(msg_mutator(listening(heard, "a", "b"), lambda m: m), lambda m: boom)
    assert heard == [("a", boom), ("b", boom)]
    with pytest.raises(ValueError, match="boom"):
        drive(msg_mutator(some("a"), lambda m: m), lambda m: boom)


# ---------------------------------------------------------------- the rest


def test_anything_that_stands_for_a_plan_becomes_a_generator():
    generator = some("a")
    assert ensure_generator(generator) is generator
    for plan in (Msg("a"), [Msg("a")], iter([Msg("a")]), (Msg("a"),)):
        made = ensure_generator(plan)
        assert made.send(None) == Msg("a")
        with pytest.raises(StopIteration):
            made.send("an answer, which a list could not be sent")
    generator.close()


@pytest.mark.parametrize("wrong", [5, None, "text", b"x", some, object()])
def test_what_is_no_plan_is_refused(wrong):
    with pytest.raises(NotAPlanError, match="is no plan"):
        ensure_generator(wrong)


def test_a_wrapper_becomes_a_decorator():
    def wrapper(plan, first, *, last):
        yield Msg(first)
        result = yield from plan
        yield Msg(last)
        return result

    @make_decorator(wrapper)("begin", last="end")
    def mine(verb, *, more):
        """Say something of mine."""
        yield Msg(verb, more=more)
        return verb

    for _ in range(2):  # as often as one likes
        said = drive(mine("a", more=1))
        assert said == [Msg("begin"), Msg("a", more=1), Msg("end")]
    assert mine.__name__ == "mine"
    assert mine.__doc__ == "Say something of mine."
