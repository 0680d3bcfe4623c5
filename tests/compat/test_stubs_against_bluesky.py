"""Stubs and preprocessors say what Bluesky's do, whatever they are answered.

No engine is needed: each is driven by hand, given the same answers, and the same
error at each of its messages in turn.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs
import bluesky.preprocessors
import bluesky.utils
import pytest
from compat.both import Bench, Names, as_message, corresponds, plain

import lapwing.errors
import lapwing.plan_stubs
import lapwing.preprocessors
from lapwing import Msg
from lapwing.status import Status

THEIRS = SimpleNamespace(
    **{**vars(bluesky.plan_stubs), **vars(bluesky.preprocessors), "side": "theirs"}
)
OURS = SimpleNamespace(
    **{**vars(lapwing.plan_stubs), **vars(lapwing.preprocessors), "side": "ours"}
)
Case = Callable[[Any, Any], Any]


def drive(
    plan: Any, answer: Callable[[Any], Any], fail_at: int | None, error: type[Exception]
) -> tuple[list[Any], Any]:
    """Drive a plan to its end; returns its messages and what came of it."""
    said: list[Any] = []
    names = Names()
    iterator = iter(plan)
    try:
        msg = next(iterator)
        while True:
            said.append(as_message(msg, names))
            assert len(said) < 100, "the plan does not end"
            if len(said) - 1 == fail_at:
                msg = iterator.throw(error("told"))
            else:
                msg = iterator.send(answer(msg))
    except StopIteration as stop:
        return said, plain(stop.value)
    except Exception as exc:  # noqa: BLE001 - an outcome as any other
        return said, exc


def nothing(msg: Any) -> None:
    """What a plan hears that is iterated without an engine."""


def something(msg: Any) -> Any:
    """What an engine might answer."""
    match msg.command:
        case "open_run" | "close_run":
            return "uid"
        case "read":
            return {msg.obj.name: {"value": 5.0, "timestamp": 1.0}}
        case "locate":
            return {"setpoint": 7.0, "readback": 7.5}
        case "set" | "trigger":
            return Status.finished()
        case "stage" | "unstage":
            return Status.finished() if msg.obj.name == "adet" else [msg.obj]
        case "subscribe":
            return 11
        case "rewindable":
            return True if msg.args == (None,) else msg.args[0]
        case "wait":
            return True
    return None


def hear(name: str, doc: Any) -> None:
    """Be subscribed."""


def some(*verbs: str, returns: Any = "result") -> Any:
    for verb in verbs:
        yield Msg(verb)
    return returns


def moving(d: Any) -> Any:
    yield Msg("set", d.x, 1, group="a")
    yield Msg("set", d.two, 2, group="a")
    yield Msg("wait", group="a")
    yield Msg("set", d.x, 3, group="b")
    yield Msg("set", d.pos, 4, group="b")
    return "moved"


def with_head(msg: Any) -> tuple[Any, Any]:
    def head():
        yield Msg("before")
        return (yield msg)

    return (head(), None) if msg.command == "b" else (None, None)


def with_tail(msg: Any) -> tuple[Any, Any]:
    return (None, some("after", "later")) if msg.command == "b" else (None, None)


def with_both(msg: Any) -> tuple[Any, Any]:
    if msg.command in ("before", "b"):
        return some(f"{msg.command}-1", f"{msg.command}-2"), some(f"{msg.command}-3")
    return None, None


def replaced(msg: Any) -> tuple[Any, Any]:
    return (some(), None) if msg.command == "b" else (None, None)


STUBS: dict[str, Case] = {
    "open_run": lambda s, d: s.open_run({"sample": "gold"}),
    "open_run without metadata": lambda s, d: s.open_run(),
    "close_run": lambda s, d: s.close_run(exit_status="fail", reason="why"),
    "create": lambda s, d: s.create("other"),
    "create primary": lambda s, d: s.create(),
    "save": lambda s, d: s.save(),
    "drop": lambda s, d: s.drop(),
    "read": lambda s, d: s.read(d.det),
    "subscribe": lambda s, d: s.subscribe("start", hear),
    "unsubscribe": lambda s, d: s.unsubscribe(3),
    "abs_set": lambda s, d: s.abs_set(d.x, 1),
    "abs_set in a group": lambda s, d: s.abs_set(d.x, 1, group="g", speed=2),
    "abs_set and wait": lambda s, d: s.abs_set(d.x, 1, wait=True),
    "abs_set in a group and wait": lambda s, d: s.abs_set(d.x, 1, group="g", wait=True),
    "mv": lambda s, d: s.mv(d.x, 1, d.y, 2),
    "mv in a group": lambda s, d: s.mv(d.x, 1, group="g", timeout=3, speed=2),
    "mov": lambda s, d: s.mov(d.x, 1),
    "trigger": lambda s, d: s.trigger(d.det),
    "trigger and wait": lambda s, d: s.trigger(d.det, wait=True),
    "trigger in a group": lambda s, d: s.trigger(d.det, group="g"),
    "trigger in a group and wait": lambda s, d: s.trigger(d.det, group="g", wait=True),
    **{
        f"{verb} {name} {options}": lambda s, d, v=verb, n=name, o=options: getattr(
            s, v
        )(getattr(d, n), **o)
        for verb in ("stage", "unstage")
        for name in ("det", "adet")
        for options in (
            {},
            {"group": "g"},
            {"wait": True},
            {"wait": False},
            {"group": "g", "wait": True},
            {"group": "g", "wait": False},
        )
    },
    "stop": lambda s, d: s.stop(d.full),
    "locate": lambda s, d: s.locate(d.two),
    "locate several": lambda s, d: s.locate(d.two, d.full, squeeze=False),
    "null": lambda s, d: s.null(),
    "sleep": lambda s, d: s.sleep(2),
    "wait": lambda s, d: s.wait("g"),
    "wait for None": lambda s, d: s.wait(),
    "wait with everything": lambda s, d: s.wait(
        "g", timeout=1, error_on_timeout=False, watch=("h",)
    ),
    "checkpoint": lambda s, d: s.checkpoint(),
    "clear_checkpoint": lambda s, d: s.clear_checkpoint(),
    "pause": lambda s, d: s.pause(),
    "deferred_pause": lambda s, d: s.deferred_pause(),
    "trigger_and_read": lambda s, d: s.trigger_and_read([d.det, d.plain, d.x]),
    "trigger_and_read elsewhere": lambda s, d: s.trigger_and_read([d.det], name="o"),
    "trigger_and_read nothing": lambda s, d: s.trigger_and_read([]),
    "trigger_and_read without trigger": lambda s, d: s.trigger_and_read([d.plain]),
    "trigger_and_read twice": lambda s, d: s.trigger_and_read([d.det, d.det]),
    "trigger_and_read parts": lambda s, d: s.trigger_and_read([d.slit.top, d.slit]),
    "trigger_and_read once": lambda s, d: s.trigger_and_read([d.det, d.once]),
    "one_shot": lambda s, d: s.one_shot([d.det]),
    "one_1d_step": lambda s, d: s.one_1d_step([d.det], d.x, 3),
    "one_nd_step": lambda s, d: s.one_nd_step(
        [d.det], {d.x: 1, d.y: 2}, {d.x: 1, d.y: None}
    ),
    "move_per_step": lambda s, d: s.move_per_step({d.x: 1}, {d.x: 1}),
    "repeat": lambda s, d: s.repeat(lambda: some("a"), 3),
    "repeat not at all": lambda s, d: s.repeat(lambda: some("a"), 0),
    "repeat with delays": lambda s, d: s.repeat(lambda: some("a"), 2, 9),
    "repeat with unsized delays": lambda s, d: s.repeat(
        lambda: some("a"), 3, iter([9, 9])
    ),
    "repeat with too few unsized delays": lambda s, d: s.repeat(
        lambda: some("a"), 3, iter([9])
    ),
    "repeat with too few delays": lambda s, d: s.repeat(lambda: some("a"), 3, [9]),
    "repeat until delays run out": lambda s, d: s.repeat(
        lambda: some("a"), None, iter([9, None])
    ),
}

PREPROCESSORS: dict[str, Case] = {
    "a head": lambda s, d: s.plan_mutator(some("a", "b", "c"), with_head),
    "a tail": lambda s, d: s.plan_mutator(some("a", "b", "c"), with_tail),
    "heads in heads": lambda s, d: s.plan_mutator(
        s.plan_mutator(some("a", "b", "c"), with_head), with_both
    ),
    "tails after tails": lambda s, d: s.plan_mutator(
        s.plan_mutator(some("a", "b", "c"), with_both), with_tail
    ),
    "a head of nothing": lambda s, d: s.plan_mutator(some("a", "b", "c"), replaced),
    "the same message twice": lambda s, d: s.plan_mutator(
        iter_of([Msg("a"), *[Msg("b")] * 2]), with_both
    ),
    "messages left out": lambda s, d: s.msg_mutator(
        some("a", "b", "c"), lambda msg: None if msg.command == "b" else msg
    ),
    "messages changed": lambda s, d: s.msg_mutator(
        some("a", "b"), lambda msg: msg._replace(kwargs={"x": 1})
    ),
    "run": lambda s, d: s.run_wrapper(some("a", "b"), md={"sample": 1}),
    "stage": lambda s, d: s.stage_wrapper(some("a"), [d.det, d.adet, d.slit.top]),
    "stage old devices": lambda s, d: s.stage_wrapper(some("a"), [d.det, d.bare]),
    "stage nothing": lambda s, d: s.stage_wrapper(some("a"), []),
    "stage the parts": lambda s, d: s.stage_wrapper(
        some("a"), [d.slit.top, d.slit.bottom]
    ),
    "run and stage": lambda s, d: s.stage_wrapper(
        s.run_wrapper(some("a", "b")), [d.det, d.adet]
    ),
    "finalize": lambda s, d: s.finalize_wrapper(some("a", "b"), some("end")),
    "finalize by a function": lambda s, d: s.finalize_wrapper(
        some("a", "b"), lambda: some("end", "end")
    ),
    "contingency": lambda s, d: s.contingency_wrapper(
        some("a", "b"),
        except_plan=lambda exc: some("except", type(exc).__name__ * 0 + "exc"),
        else_plan=lambda: some("else"),
        final_plan=lambda: some("final"),
    ),
    "contingency that handles": lambda s, d: s.contingency_wrapper(
        some("a", "b"),
        except_plan=lambda exc: some("except", returns="handled"),
        auto_raise=False,
    ),
    "contingency of nothing": lambda s, d: s.contingency_wrapper(some("a", "b")),
    "subs": lambda s, d: s.subs_wrapper(some("a"), hear),
    "subs by name": lambda s, d: s.subs_wrapper(some("a"), {"start": hear}),
    "subs in lists": lambda s, d: s.subs_wrapper(some("a"), {"stop": [hear]}),
    "not rewindable": lambda s, d: s.rewindable_wrapper(some("a", "b"), False),
    "rewindable": lambda s, d: s.rewindable_wrapper(some("a", "b"), True),
    "not rewindable in the same": lambda s, d: s.rewindable_wrapper(
        s.rewindable_wrapper(some("a"), False), False
    ),
    "relative": lambda s, d: s.relative_set_wrapper(moving(d)),
    "relative for some": lambda s, d: s.relative_set_wrapper(moving(d), [d.x]),
    "reset": lambda s, d: s.reset_positions_wrapper(moving(d)),
    "reset for some": lambda s, d: s.reset_positions_wrapper(moving(d), [d.two, d.y]),
    "reset and relative": lambda s, d: s.reset_positions_wrapper(
        s.relative_set_wrapper(moving(d), [d.x, d.two]), [d.x, d.two]
    ),
}


def iter_of(messages: list[Any]) -> Any:
    yield from messages


# What differs, and why.
NEEDS_NO_ANSWER = {name for name in STUBS if "'wait': False" in name}
"""A stub that is iterated without an engine is not to fail for want of an answer."""
RETURNS_READINGS = {"one_shot", "one_nd_step"}
"""Of the steps of a scan, theirs returns its readings in one_1d_step alone."""


def without_reasons(messages: list[Any]) -> list[Any]:
    """Forget the reason of a run's end, which theirs leaves out on abort and stop."""
    return [
        (*msg[:3], {**msg[3], "reason": None}, msg[4]) if msg[0] == "close_run" else msg
        for msg in messages
    ]


def compare(
    name: str, ours: tuple[list[Any], Any], theirs: tuple[list[Any], Any]
) -> None:
    assert without_reasons(ours[0]) == without_reasons(theirs[0])
    if isinstance(theirs[1], Exception):
        assert corresponds(ours[1], theirs[1])
    elif name in RETURNS_READINGS:
        assert isinstance(ours[1], dict)
    else:
        assert ours[1] == theirs[1]


@pytest.mark.parametrize("answer", [nothing, something])
@pytest.mark.parametrize("name", {**STUBS, **PREPROCESSORS})
def test_it_says_what_bluesky_s_says(name, answer):
    case = {**STUBS, **PREPROCESSORS}[name]
    theirs = drive(case(THEIRS, Bench()), answer, None, ValueError)
    ours = drive(case(OURS, Bench()), answer, None, ValueError)
    if name in NEEDS_NO_ANSWER and answer is nothing:
        assert isinstance(theirs[1], RuntimeError)
        assert ours == (theirs[0], None)
    else:
        compare(name, ours, theirs)


@pytest.mark.parametrize("error", ["ValueError", "RequestAbort", "RequestStop"])
@pytest.mark.parametrize("name", {**STUBS, **PREPROCESSORS})
def test_it_answers_an_error_at_any_message_as_bluesky_s_does(name, error):
    case = {**STUBS, **PREPROCESSORS}[name]
    messages, _ = drive(case(OURS, Bench()), something, None, ValueError)
    their_error = getattr(bluesky.utils, error, ValueError)
    # Ours must also understand their engine.
    for our_error in (getattr(lapwing.errors, error, ValueError), their_error):
        for fail_at in range(len(messages)):
            theirs = drive(case(THEIRS, Bench()), something, fail_at, their_error)
            ours = drive(case(OURS, Bench()), something, fail_at, our_error)
            compare(name, ours, theirs)
