"""Each message is answered as Bluesky's engine answers it, errors included."""

from collections.abc import Callable
from typing import Any

import pytest
from compat.both import (
    Bench,
    collecting,
    corresponds,
    on_bluesky,
    on_lapwing,
    plain,
)

from lapwing import Msg
from lapwing.status import Status

Script = Callable[[Any], list[Any]]


class Sluggish:
    """A movable and triggerable that is done when the test says so, or fails."""

    name = "sluggish"
    parent = None

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.status = Status(self.name, "move")

    def set(self, value: Any) -> Status:
        self.status = Status(self.name, "move")
        if self.error is not None:
            self.status.set_exception(self.error)
        return self.status

    def trigger(self) -> Status:
        return self.set(0)


class Refusing:
    """A device of which every method raises."""

    name = "refusing"
    parent = None

    def refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("no")

    set = trigger = read = describe = stage = unstage = locate = stop = refuse


class Mute:
    """A readable that reads nothing."""

    name = "mute"
    parent = None

    def read(self) -> None:
        return None

    def describe(self) -> dict[str, Any]:
        return {}


class Liar(Mute):
    """A readable that gives a key that it has not described."""

    name = "liar"

    def read(self) -> dict[str, Any]:  # type: ignore[override]
        return {"other": {"value": 1, "timestamp": 1.0}}

    def describe(self) -> dict[str, Any]:
        return {"liar": {"source": "t", "dtype": "number", "shape": []}}


def opened(*messages: Any) -> list[Any]:
    return [Msg("open_run"), *messages, Msg("close_run")]


def event(*objs: Any, name: str = "primary") -> list[Any]:
    return [Msg("create", name=name), *(Msg("read", o) for o in objs), Msg("save")]


ANSWERS: dict[str, Script] = {
    "a run": lambda d: opened(*event(d.det, d.x), *event(d.det, d.x)),
    "objects in another order": lambda d: opened(
        *event(d.det, d.x), *event(d.x, d.det)
    ),
    "two streams": lambda d: opened(*event(d.det), *event(d.x, name="other")),
    "two runs one after the other": lambda d: opened(*event(d.det)) * 2,
    "two runs by key": lambda d: [
        Msg("open_run", run="a", sample="gold"),
        Msg("open_run", run="b"),
        Msg("create", name="primary", run="a"),
        Msg("read", d.det, run="a"),
        Msg("create", name="primary", run="b"),
        Msg("read", d.det, run="b"),
        Msg("save", run="a"),
        Msg("save", run="b"),
        Msg("close_run", run="b"),
        Msg("close_run", run="a"),
    ],
    "a run with its end": lambda d: [
        Msg("open_run"),
        Msg("close_run", exit_status="abort", reason="enough"),
    ],
    "a run that is left open": lambda d: [Msg("open_run"), *event(d.det)],
    "an event of nothing": lambda d: opened(*event()),
    "an event dropped": lambda d: opened(
        Msg("create", name="primary"), Msg("read", d.det), Msg("drop"), *event(d.det)
    ),
    "the name of a stream by place": lambda d: opened(
        Msg("create", None, "other"), Msg("read", d.det), Msg("save")
    ),
    "a reading without a run": lambda d: [Msg("read", d.det), Msg("read", d.adet)],
    "a reading outside an event": lambda d: opened(Msg("read", d.det)),
    "a trigger": lambda d: [Msg("trigger", d.det, group="g"), Msg("wait", group="g")],
    "a move": lambda d: [Msg("set", d.x, 1, group="g"), Msg("wait", None, "g")],
    "a wait for the group None": lambda d: [
        Msg("set", d.x, 1),
        Msg("wait", None, None),
        Msg("set", Sluggish(), 1, group=None),
        Msg("wait", group=None, timeout=0.01, error_on_timeout=False),
    ],
    "a wait for an unknown group": lambda d: [Msg("wait", group="nobody")],
    "a wait that times out quietly": lambda d: [
        Msg("set", Sluggish(), 1, group="g"),
        Msg("wait", group="g", timeout=0.01, error_on_timeout=False),
        Msg("wait", group="g", timeout=0.01, error_on_timeout=False),
    ],
    "staging": lambda d: [
        Msg("stage", d.det),
        Msg("stage", d.adet, group="g"),
        Msg("stage", d.bare),
        Msg("wait", group="g"),
        Msg("unstage", d.bare),
        Msg("unstage", d.adet),
        Msg("unstage", d.det, group="h"),
        Msg("wait", group="h"),
    ],
    "staged and left so": lambda d: [Msg("stage", d.det), Msg("stage", d.adet)],
    "moved and left so": lambda d: [Msg("set", d.full, 1)],
    "locations": lambda d: [
        Msg("locate", d.two),
        Msg("locate", d.two, squeeze=False),
        Msg("locate", d.two, d.full),
    ],
    "a stop": lambda d: [Msg("stop", d.full)],
    "small ones": lambda d: [Msg("null"), Msg("sleep", None, 0.0), Msg("checkpoint")],
    "no rewinding": lambda d: [
        Msg("rewindable", None, None),
        Msg("rewindable", None, False),
        Msg("rewindable", None, None),
        Msg("rewindable", None, True),
        Msg("rewindable", None, None),
    ],
    "no checkpoint": lambda d: [Msg("clear_checkpoint"), Msg("checkpoint")],
    "a deferred pause that is not reached": lambda d: [
        Msg("pause", None, defer=True),
        Msg("null"),
    ],
    "a subscriber that fails at the end": lambda d: [
        Msg("subscribe", None, failing, "stop"),
        *opened(*event(d.det)),
    ],
    "documents for a while": lambda d: [
        Msg("subscribe", None, nobody, "all"),
        *opened(*event(d.det)),
        lambda heard: Msg("unsubscribe", token=heard[0]),
        *opened(),
    ],
}


def nobody(name: str, doc: Any) -> None:
    """Hear documents and do nothing."""


def failing(name: str, doc: Any) -> None:
    raise OSError(f"no room for the {name}")


ERRORS: dict[str, Script] = {
    "an unknown verb": lambda d: [Msg("dance", d.det), Msg("null")],
    "a save without a run": lambda d: [Msg("save")],
    "a save without a create": lambda d: opened(Msg("save")),
    "a drop without a create": lambda d: opened(Msg("drop")),
    "a drop without a run": lambda d: [Msg("drop")],
    "a create without a run": lambda d: [Msg("create", name="primary")],
    "a create in a create": lambda d: opened(
        Msg("create", name="primary"), Msg("create", name="primary"), Msg("save")
    ),
    "a create without a name": lambda d: opened(Msg("create")),
    "a checkpoint in an event": lambda d: opened(
        Msg("create", name="primary"), Msg("checkpoint"), Msg("drop")
    ),
    "a run in a run": lambda d: opened(Msg("open_run")),
    "a close without a run": lambda d: [Msg("close_run")],
    "a close of another run": lambda d: opened(Msg("close_run", run="other")),
    "fewer objects": lambda d: opened(*event(d.det, d.x), *event(d.det)),
    "other objects": lambda d: opened(*event(d.det), *event(d.x), *event(d.det)),
    "more objects": lambda d: opened(*event(d.det), *event(d.det, d.x)),
    "one data key of two objects": lambda d: opened(*event(d.det, Bench().det)),
    "what cannot be read": lambda d: [Msg("read", Sluggish()), Msg("read", "det")],
    "what cannot be moved": lambda d: [Msg("set", d.det, 1)],
    "what cannot be triggered": lambda d: [Msg("trigger", d.plain)],
    "what cannot be stopped": lambda d: [Msg("stop", d.det)],
    "what cannot be located": lambda d: [Msg("locate", d.x), Msg("locate", d.two, d.x)],
    "what refuses": lambda d: [
        *(
            Msg(verb, Refusing())
            for verb in ("read", "trigger", "stage", "unstage", "locate", "stop")
        ),
        Msg("set", Refusing(), 1),
        *opened(*event(Refusing())),
    ],
    "a failure that is waited for": lambda d: [
        Msg("set", Sluggish(ValueError("stuck")), 1, group="g"),
        Msg("wait", group="g"),
        Msg("wait", group="g"),
    ],
    "a failure of a trigger": lambda d: [
        Msg("trigger", Sluggish(ValueError("stuck")), group="g"),
        Msg("wait", group="g"),
    ],
    "a failure that nobody waits for": lambda d: [
        Msg("set", Sluggish(ValueError("stuck")), 1, group="g"),
        Msg("null"),
        Msg("null"),
    ],
    "a wait that times out": lambda d: [
        Msg("set", Sluggish(), 1, group="g"),
        Msg("wait", group="g", timeout=0.01),
        Msg("wait", group="g", timeout=0.01),
    ],
}

SCRIPTS = {**ANSWERS, **ERRORS}


# What is answered otherwise, why, and how by each side.
OTHERWISE: dict[str, tuple[str, Script, tuple[str, ...], list[Any], list[Any]]] = {
    "a wait for no group": (
        "theirs looks up a missing keyword; ours waits for the group None",
        lambda d: [Msg("wait")],
        (),
        ["KeyError"],
        [True],
    ),
    "an unknown subscription": (
        "what is to be gone is gone",
        lambda d: [Msg("unsubscribe", token=77)],
        (),
        ["KeyError"],
        [None],
    ),
    "documents of no known name": (
        "theirs looks up the name in an enumeration; ours refuses the argument",
        lambda d: [Msg("subscribe", None, nobody, "gossip")],
        (),
        ["KeyError"],
        ["PlanArgumentError"],
    ),
    "a reading that was not described": (
        "theirs looks its key up; ours compares all keys, which is a DocumentError",
        lambda d: opened(*event(Liar())),
        (),
        ["a uid", None, Liar().read(), "KeyError", "a uid"],
        ["a uid", None, Liar().read(), "DocumentError", "a uid"],
    ),
    "a pause without a checkpoint": (
        "theirs throws a second exception into a plan that is cleaning up already",
        lambda d: [Msg("clear_checkpoint"), Msg("pause"), Msg("null"), Msg("null")],
        (),
        [None, "FailedPause", "RequestAbort", None],
        [None, "FailedPause", None, None],
    ),
    "what is no message": (
        "theirs leaves the plan without clean-up; ours tells it at its yield",
        lambda d: ["null", Msg("null")],
        (),
        [],
        ["NotAPlanError", None],
    ),
    "a pause while the plan is ending": (
        "theirs throws it into the plan's clean-up; in ours it goes on to its end",
        lambda d: [Msg("pause"), Msg("pause"), Msg("null")],
        ("stop",),
        ["RequestStop", "TransitionError", None],
        ["RequestStop", None, None],
    ),
}


INTERRUPTED: dict[str, tuple[tuple[str, ...], Script]] = {
    f"{what}, then {' and '.join(then)}": (then, script)
    for what, script in {
        "a pause before anything": lambda d: [Msg("pause"), Msg("null")],
        "a pause in a run": lambda d: opened(
            Msg("checkpoint"), Msg("set", d.full, 1), Msg("pause"), *event(d.det)
        ),
        "a pause in an event": lambda d: opened(
            *event(d.det),
            Msg("checkpoint"),
            Msg("create", name="primary"),
            Msg("read", d.det),
            Msg("pause"),
            Msg("save"),
        ),
        "a deferred pause": lambda d: opened(
            Msg("pause", None, defer=True),
            *event(d.det),
            Msg("checkpoint"),
            *event(d.det),
        ),
        "a pause where nothing is repeated": lambda d: opened(
            Msg("rewindable", None, False),
            *event(d.det),
            Msg("pause"),
            *event(d.det),
            Msg("rewindable", None, True),
        ),
        "two pauses": lambda d: [
            Msg("sleep", None, 0),
            Msg("pause"),
            Msg("checkpoint"),
            Msg("pause"),
            Msg("null"),
        ],
    }.items()
    for then in [("resume",), ("stop",), ("abort",), ("resume", "resume"), ("halt",)]
    if what != "two pauses" or "resume" in then
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_message_is_answered_as_by_bluesky(name):
    compare(SCRIPTS[name], ())


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_answered_otherwise_is_known(name):
    _reason, script, then, wanted_of_theirs, wanted_of_ours = OTHERWISE[name]
    theirs = collecting(on_bluesky, script(Bench()), then=then)
    ours = collecting(on_lapwing, script(Bench()), then=then)
    assert [in_short(one) for one in theirs.responses] == wanted_of_theirs
    assert [in_short(one) for one in ours.responses] == wanted_of_ours


def test_a_pause_just_after_an_event_does_not_take_it_again():
    def script(d):
        return opened(Msg("checkpoint"), *event(d.det), Msg("pause"), Msg("checkpoint"))

    theirs = collecting(on_bluesky, script(Bench()), then=("resume",))
    ours = collecting(on_lapwing, script(Bench()), then=("resume",))
    assert [name for name, _ in theirs.documents].count("event") == 2
    assert [name for name, _ in ours.documents].count("event") == 1


def test_a_point_that_is_taken_again_has_the_number_that_it_had():
    def script(d):
        return opened(Msg("checkpoint"), *event(d.det), Msg("pause"), Msg("null"))

    for account_of in (on_bluesky, on_lapwing):
        account = collecting(account_of, script(Bench()), then=("resume",))
        events = [doc for name, doc in account.documents if name == "event"]
        assert [event["seq_num"] for event in events] == [1, 1]


def test_a_run_whose_start_was_refused_by_a_subscriber_counts_as_begun():
    messages = [Msg("subscribe", None, failing, "start"), *opened()]
    theirs, ours = (collecting(on, messages) for on in (on_bluesky, on_lapwing))
    assert [in_short(one) for one in ours.responses[1:]] == ["OSError", "a uid"]
    assert [in_short(one) for one in theirs.responses[1:]] == ["OSError", "a uid"]
    assert (len(ours.returned), len(theirs.returned)) == (1, 0)


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interruption_is_handled_as_by_bluesky(name):
    then, script = INTERRUPTED[name]
    compare(script, then)


def compare(script: Script, then: tuple[str, ...]) -> None:
    their_bench, our_bench = Bench(), Bench()
    theirs = collecting(on_bluesky, script(their_bench), their_bench, then)
    ours = collecting(on_lapwing, script(our_bench), our_bench, then)
    assert len(ours.responses) == len(theirs.responses)
    for our, their in zip(ours.responses, theirs.responses, strict=True):
        if isinstance(their, BaseException):
            assert corresponds(our, their), (our, their)
        else:
            assert in_short(our) == in_short(their)
    assert ours.documents == theirs.documents
    assert ours.deeds == theirs.deeds
    assert ours.states == theirs.states
    assert ours.returned == theirs.returned
    assert corresponds(ours.raised, theirs.raised), (ours.raised, theirs.raised)
    assert [m[0] for m in ours.messages] == [m[0] for m in theirs.messages]


def in_short(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 36:
        return "a uid"
    if isinstance(value, BaseException):
        return type(value).__name__
    return plain(value)
