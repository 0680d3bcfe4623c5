"""Stubs: what each says, and that they bear being iterated without an engine."""

import inspect

import pytest
from kit import AsyncDetector, Detector, Motor
from unit.plans.running import commands, drive, run

import lapwing.plan_stubs
from lapwing import Msg
from lapwing.errors import FailedStatus, PlanArgumentError, StateError
from lapwing.plans import (
    Plan,
    device_stubs,
    flow_stubs,
    fly_stubs,
    move_stubs,
)
from lapwing.plans import stubs as bps
from lapwing.status import Status

det, x, y = Detector(), Motor("x"), Motor("y")


def hear(name, doc):
    """Be subscribed."""


SAID = {
    "open_run": (lambda: bps.open_run({"a": 1}), [Msg("open_run", a=1)]),
    "open_run bare": (lambda: bps.open_run(), [Msg("open_run")]),
    "close_run": (
        lambda: bps.close_run(exit_status="fail", reason="why"),
        [Msg("close_run", exit_status="fail", reason="why")],
    ),
    "create": (lambda: bps.create(), [Msg("create", name="primary")]),
    "save": (lambda: bps.save(), [Msg("save")]),
    "drop": (lambda: bps.drop(), [Msg("drop")]),
    "read": (lambda: bps.read(det), [Msg("read", det)]),
    "subscribe": (
        lambda: bps.subscribe("start", hear),
        [Msg("subscribe", None, hear, "start")],
    ),
    "unsubscribe": (lambda: bps.unsubscribe(3), [Msg("unsubscribe", token=3)]),
    "abs_set": (
        lambda: bps.abs_set(x, 1, 2, group="g", speed=3),
        [Msg("set", x, 1, 2, group="g", speed=3)],
    ),
    "abs_set and wait": (
        lambda: bps.abs_set(x, 1, group="g", wait=True),
        [Msg("set", x, 1, group="g"), Msg("wait", None, group="g")],
    ),
    "mv": (
        lambda: bps.mv(x, 1, y, 2, group="g", timeout=5),
        [
            Msg("set", x, 1, group="g"),
            Msg("set", y, 2, group="g"),
            Msg("wait", None, group="g", timeout=5),
        ],
    ),
    "trigger": (lambda: bps.trigger(det, group="g"), [Msg("trigger", det, group="g")]),
    "trigger and wait": (
        lambda: bps.trigger(det, wait=True),
        [Msg("trigger", det, group=None), Msg("wait", None, group=None)],
    ),
    "stage": (lambda: bps.stage(det), [Msg("stage", det, group=None)]),
    "stage without waiting": (
        lambda: bps.stage(det, group="g", wait=False),
        [Msg("stage", det, group="g")],
    ),
    "unstage": (lambda: bps.unstage(det), [Msg("unstage", det, group=None)]),
    "stop": (lambda: bps.stop(x), [Msg("stop", x)]),
    "locate": (lambda: bps.locate(x, y), [Msg("locate", x, y, squeeze=True)]),
    "null": (lambda: bps.null(), [Msg("null")]),
    "sleep": (lambda: bps.sleep(2), [Msg("sleep", None, 2)]),
    "wait": (
        lambda: bps.wait("g", timeout=1, error_on_timeout=False, watch=("h",)),
        [Msg("wait", group="g", error_on_timeout=False, timeout=1, watch=("h",))],
    ),
    "checkpoint": (lambda: bps.checkpoint(), [Msg("checkpoint")]),
    "clear_checkpoint": (lambda: bps.clear_checkpoint(), [Msg("clear_checkpoint")]),
    "pause": (lambda: bps.pause(), [Msg("pause", None, defer=False)]),
    "deferred_pause": (lambda: bps.deferred_pause(), [Msg("pause", None, defer=True)]),
    "move_per_step to where it is": (
        lambda: bps.move_per_step({x: 1}, {x: 1}),
        [Msg("checkpoint"), Msg("wait", None, group="g")],
    ),
    "repeat": (
        lambda: bps.repeat(lambda: [Msg("null")], 2),
        [Msg("checkpoint"), Msg("null")] * 2,
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_stub_says_its_messages(name):
    stub, wanted = SAID[name]
    said = list(stub())
    if "move_per_step" in name:
        said[-1].kwargs["group"] = "g"
    assert said == wanted


def test_every_stub_is_a_plan_and_has_a_sentence():
    assert set(lapwing.plan_stubs.__dict__) >= set(bps.__all__)
    for name in bps.__all__:
        stub = getattr(lapwing.plan_stubs, name)
        assert stub._is_plan_ is True
        assert inspect.getdoc(stub)


def test_the_face_of_the_stubs_shows_stubs_alone():
    public = {name for name in vars(lapwing.plan_stubs) if not name.startswith("_")}
    rooms = (bps, device_stubs, flow_stubs, fly_stubs, move_stubs)
    assert public == {name for room in rooms for name in room.__all__}
    assert len(public) == sum(len(room.__all__) for room in rooms)


def test_groups_are_never_the_same():
    groups = {
        msg.kwargs["group"]
        for _ in range(3)
        for stub in (bps.mv(x, 1), bps.abs_set(x, 1, wait=True))
        for msg in list(stub)
    }
    assert len(groups) == 6


def test_a_stub_returns_what_it_was_answered():
    outcome = run(bps.mv(x, 3, y, 4))
    statuses = outcome.result.plan_result
    assert [status.done for status in statuses] == [True, True]
    assert run(bps.read(det)).result.plan_result.keys() == {"det"}
    assert run(bps.abs_set(x, 3, wait=True)).result.plan_result.success


def test_mv_needs_pairs():
    with pytest.raises(PlanArgumentError, match="an odd number of arguments, 3"):
        list(bps.mv(x, 1, y))


@pytest.mark.parametrize("stub", [bps.stage, bps.unstage])
def test_a_device_of_the_new_style_is_waited_for_if_asked(stub):
    def answer(msg):
        return Status.finished()

    assert commands(drive(stub(det, wait=True), answer))[1:] == ["wait"]
    assert commands(drive(stub(det), answer))[1:] == []


@pytest.mark.parametrize("stub", [bps.stage, bps.unstage])
def test_a_device_of_the_old_style_cannot_be_left_unwaited(stub):
    assert run(stub(det, wait=True)).error is None
    error = run(stub(det, wait=False)).error
    assert isinstance(error, StateError)
    assert isinstance(error, RuntimeError)
    assert "det: its " in str(error)


# ---------------------------------------------------------------- events


def test_an_event_is_triggered_together_waited_for_and_read():
    other = AsyncDetector("other")
    said = list(bps.trigger_and_read([det, x, other], name="mine"))
    assert commands(said) == [
        "trigger",
        "trigger",
        "wait",
        "create",
        "read",
        "read",
        "read",
        "save",
    ]
    assert len({msg.kwargs["group"] for msg in said[:3]}) == 1
    assert said[3] == Msg("create", name="mine")
    assert [msg.obj for msg in said[4:7]] == [det, x, other]


def test_an_event_returns_all_readings():
    def plan():
        yield Msg("open_run")
        readings = yield from bps.trigger_and_read([det, x])
        yield Msg("close_run")
        return readings

    assert run(plan()).result.plan_result.keys() == {"det", "x"}


def test_what_cannot_be_triggered_is_not_waited_for():
    assert commands(list(bps.trigger_and_read([x]))) == ["create", "read", "save"]


def test_an_event_of_nothing_is_said_all_the_same():
    assert commands(list(bps.trigger_and_read([]))) == ["null", "create", "save"]


def test_an_event_that_fails_is_dropped():
    def answer(msg):
        return ValueError("no") if msg.command == "read" else None

    with pytest.raises(ValueError, match="no"):
        drive(bps.trigger_and_read([det]), answer)
    outcome = run(failing_run())
    assert outcome.commands[-3:] == ["read", "drop", "close_run"]
    assert outcome.docs.names == ["start", "stop"]


def failing_run():
    class Unreadable(Detector):
        def read(self):
            raise OSError("no answer")

    yield Msg("open_run")
    try:
        yield from bps.trigger_and_read([Unreadable()])
    except OSError:
        yield Msg("close_run")


def test_what_cannot_be_rewound_is_said_before_and_taken_back_after():
    class Once(Detector):
        class rewindable:  # noqa: N801 - the name is the protocol's
            @staticmethod
            def get():
                return False

    said = drive(
        bps.trigger_and_read([Once("a"), det]),
        lambda msg: True if msg.args == (None,) else None,
    )
    assert [msg.args for msg in said if msg.command == "rewindable"] == [
        (None,),
        (False,),
        (True,),
    ]


# ---------------------------------------------------------------- steps


def test_a_step_of_ones_own_may_take_its_reading_elsewhere():
    taken = []

    def take(devices):
        taken.append(list(devices))
        yield Msg("null")
        return "taken"

    for stub in (
        bps.one_shot([det], take),
        bps.one_1d_step([det], x, 1, take),
        bps.one_nd_step([det], {x: 1}, {x: None}, take),
    ):
        assert commands(list(stub))[0] == "checkpoint"
    assert taken == [[det], [det, x], [det, x]]


def test_a_step_remembers_where_it_sent_the_motors():
    cache = {x: 1, y: None}
    said = list(bps.move_per_step({x: 1, y: 2}, cache))
    assert [(msg.obj, msg.args) for msg in said if msg.command == "set"] == [(y, (2,))]
    assert cache == {x: 1, y: 2}


def test_a_wait_that_fails_names_plan_motor_and_cause():
    class Stuck(Motor):
        def set(self, value):
            status = Status(self.name, "move")
            status.set_exception(RuntimeError("no air"))
            return status

    error = run(bps.mv(Stuck("m"), 3)).error
    assert isinstance(error, FailedStatus)
    assert "m failed to set 3: no air" in str(error)


# ---------------------------------------------------------------- repeat


def test_a_repetition_may_be_a_generator_a_plan_or_a_list():
    for again in (lambda: (m for m in [Msg("null")]), bps.null, lambda: [Msg("null")]):
        assert commands(list(bps.repeat(again, 1))) == ["checkpoint", "null"]


def test_a_plan_is_repeated_without_end():
    said = []
    for msg in bps.repeat(bps.null, None):
        said.append(msg)
        if len(said) == 100:
            break
    assert commands(said) == ["checkpoint", "null"] * 50


def test_what_took_longer_than_the_delay_is_followed_at_once():
    assert "sleep" not in commands(list(bps.repeat(bps.null, 3, 1e-9)))


def test_fewer_delays_than_gaps_are_refused():
    with pytest.raises(PlanArgumentError, match="num=3 but delays only provides 1"):
        list(bps.repeat(bps.null, 3, [1]))


def test_stubs_are_plan_objects():
    made = bps.sleep(1)
    assert isinstance(made, Plan)
    assert repr(made) == "sleep(1)"
    made.close()
