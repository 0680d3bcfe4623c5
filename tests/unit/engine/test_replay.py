"""What a plan is told when it is run again, and what it must not change."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from kit import AsyncDetector, Detector, Documents, Motor, make_engine, until

from lapwing import Engine, Msg, recorded
from lapwing.engine import MemoryRecorder, announce, device_loop, foresee
from lapwing.engine.past_errors import error_of
from lapwing.errors import (
    DeviceTimeoutError,
    FailedStatus,
    LimitError,
    PlanArgumentError,
    ReplayedError,
    ReplayMismatchError,
    ResumeError,
)
from lapwing.journal.codec import CallableRef, Decoder, Encoder, Kind, ObjectRef
from lapwing.status import Status


def run(plan, **options):
    """Run a plan to its end, whatever that is; return its records."""
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder, **options)

    device_loop._loop = None
    asyncio.run(engine.run(plan))
    return recorder.records


def cut_before(records, command, which=0):
    """Return the records up to a message of the plan."""
    found = [i for i, record in enumerate(records) if record[0] == command]
    return records[: found[which]]


def resume(records, plan, *, subscriber=None, confirm=lambda preview: True, subs=None):
    recorder = MemoryRecorder()
    recorder.store.records += records
    recorder._written = len(records)
    engine, _ = make_engine(recorder=recorder)
    if subscriber is not None:
        engine.subscribe(subscriber)
    device_loop._loop = None
    result = asyncio.run(engine.resume_call(records, plan, subs, confirm=confirm))
    return SimpleNamespace(result=result, records=recorder.records, engine=engine)


def told_twice(plan, at="checkpoint", which=0):
    """Return what a plan collects in its argument, at both times up to a message."""
    first, second = [], []
    records = run(plan(first))
    resume(cut_before(records, at, which), plan(second))
    return first, second


# ---------------------------------------------------------------- answers


def test_a_plan_is_told_what_it_was_told():
    def plan(told):
        det, motor = Detector(), Motor()
        told.append((yield Msg("rewindable", None, None)))
        told.append((yield Msg("read", det)))
        told.append((yield Msg("wait", group="nothing")))
        told.append((yield Msg("null")))
        told.append((yield Msg("unstage", SimpleNamespace(name="plain"))))
        told.append((yield Msg("stage", det)) == [det])
        told.append((yield Msg("RE_class")))
        for _ in range(2):
            yield Msg("checkpoint")
            yield Msg("set", motor, 1)

    first, second = told_twice(plan, which=1)
    assert first == second
    assert second[-1] is Engine


def test_a_status_is_done_when_it_was_done():
    by_hand = iter([True, False])

    def plan(told):
        motor = Motor(by_hand=next(by_hand))
        status = yield Msg("set", motor, 1, group="g")
        told.append(status.done)
        if motor.pending:
            loop = asyncio.get_running_loop()
            loop.call_soon(motor.pending[0].set_finished)
        yield Msg("sleep", None, 0)
        told.append(status.done)
        done = yield Msg("set", Motor("n"), 1)
        told.append((done.done, done.success, done.exception()))
        yield Msg("wait", group="g")
        for _ in range(2):
            yield Msg("checkpoint")

    first, second = told_twice(plan, which=1)
    assert first[0] is False
    assert second == first


def test_a_status_that_failed_fails_again():
    by_hand = iter([True, False])

    def plan(told):
        motor = Motor(by_hand=next(by_hand))
        status = yield Msg("set", motor, 1, group="g")
        if motor.pending:
            motor.pending[0].set_exception(OSError("stuck"))
        try:
            yield Msg("null")
            yield Msg("null")
        except FailedStatus as exc:
            told.append(str(exc))
        told.append((status.done, status.success, status.exception() is not None))
        for _ in range(2):
            yield Msg("checkpoint")

    first, second = told_twice(plan, which=1)
    assert second == first
    assert "stuck" in first[0]


def test_what_was_not_done_when_the_process_died_and_is_not_done_again_is_over():
    kept = []

    class Slow(Detector):
        def trigger(self):
            return Status(self.name)

    def plan():
        det = Slow()
        yield Msg("open_run")
        kept.append((yield Msg("trigger", det)))
        yield Msg("checkpoint")
        yield Msg("null")
        yield Msg("close_run")

    notes = []
    records = run(plan())
    resume(
        cut_before(records, "null"),
        plan(),
        confirm=lambda preview: notes.extend(preview.notes) or True,
    )
    assert [status.done for status in kept] == [False, True]
    assert notes == ["det was triggered before, and is not triggered again"]


def test_a_move_that_fails_when_it_is_made_again_fails_as_the_plans_own():
    class Stuck(Motor):
        def set(self, value):
            status = Status(self.name)
            asyncio.get_running_loop().call_soon(status.set_exception, OSError("stuck"))
            return status

    statuses = []

    def plan(motor):
        statuses.append((yield Msg("set", motor, 1, group="g")))
        yield Msg("checkpoint")
        yield Msg("wait", group="g")

    motor = Motor(by_hand=True)

    def first():
        yield from plan(motor)

    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)

    async def main():
        task = asyncio.create_task(engine.run(first()))
        await until(lambda: recorder.records and recorder.records[-1][0] == "wait")
        await engine.halt()
        await asyncio.wait({task})

    device_loop._loop = None
    asyncio.run(main())
    records = cut_before(recorder.records, "wait")
    with pytest.raises(FailedStatus, match="stuck"):
        resume(records, plan(Stuck()))
    assert statuses[-1].done
    assert not statuses[-1].success


def test_a_configuration_is_told_as_a_pair():
    class Settable(Detector):
        def configure(self, gain):
            return {"gain": gain}, {"gain": gain + 1}

    def plan(told):
        told.append((yield Msg("configure", Settable(), 2)))
        for _ in range(2):
            yield Msg("checkpoint")

    first, second = told_twice(plan, which=1)
    assert second == first == [({"gain": 2}, {"gain": 3})]


def test_a_declared_stream_composes_events_once_the_call_goes_on():
    def plan():
        det = Detector()
        yield Msg("open_run")
        answer = yield Msg("declare_stream", None, det, name="primary")
        descriptor, compose, objs = answer
        assert list(objs) == [det]
        assert descriptor["name"] == "primary"
        yield Msg("checkpoint")
        yield Msg("null")
        assert compose({"det": 1}, {"det": 1.0}, 2.0)["seq_num"] == 1
        yield Msg("close_run")

    records = run(plan())
    for command in ("checkpoint", "null"):
        resumed = resume(cut_before(records, command), plan())
        assert resumed.result.exit_status == "success"


def test_a_plan_that_composed_an_event_itself_cannot_be_replayed():
    def plan():
        yield Msg("open_run")
        _, compose, _ = yield Msg("declare_stream", None, Detector(), name="primary")
        compose({"det": 1}, {"det": 1.0}, 2.0)
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan()), "null")
    with pytest.raises((ResumeError, ReplayMismatchError), match="composes an event"):
        resume(records, plan())


def test_a_reading_of_before_a_pause_is_what_the_plan_was_told():
    def plan(told):
        det = Detector()
        yield Msg("open_run")
        yield Msg("create", name="primary")
        told.append((yield Msg("read", det)))
        yield Msg("drop")
        told.append((yield Msg("read", AsyncDetector("a"))))
        for _ in range(2):
            yield Msg("checkpoint")
        yield Msg("close_run")

    first, second = told_twice(plan, which=1)
    assert second == first
    assert first[0] == {"det": {"value": 1, "timestamp": 1.0}}


class Measuring(Detector):
    """Reads as a number of numpy's."""

    value = np.float32(0.1)

    def read(self):
        return {self.name: {"value": self.value, "timestamp": 1.0}}


NUMBERS = [np.float32(0.1), np.float64(0.1), np.int16(7), np.bool_(True)]


@pytest.mark.parametrize("value", NUMBERS, ids=lambda value: value.dtype.name)
@pytest.mark.parametrize("into", ["an event", "nothing", "a dropped event"])
def test_a_plan_that_computes_with_numbers_of_numpys_comes_to_the_same(value, into):
    def plan():
        det = Measuring()
        det.value = value
        yield Msg("open_run")
        if into != "nothing":
            yield Msg("create", name="primary")
        reading = (yield Msg("read", det))["det"]["value"]
        assert type(reading) is type(value)
        if into != "nothing":
            yield Msg("save" if into == "an event" else "drop")
        for _ in range(2):
            yield Msg("checkpoint")
            yield Msg("set", Motor(), reading / np.float32(3) + reading, group="g")
            yield Msg("wait", group="g")
        yield Msg("close_run")

    records = cut_before(run(plan()), "close_run")
    assert resume(records, plan()).result.exit_status == "success"


# ---------------------------------------------------------------- errors


def ref(error):
    (found,) = Decoder().unpack(Encoder().pack([error]))
    return found


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        KeyError("k"),
        OSError(5, "broken"),
        LimitError("too far", device="x"),
        PlanArgumentError("no"),
        FailedStatus("x failed"),
        DeviceTimeoutError("late", hint="wait"),
    ],
)
def test_an_error_comes_back_as_it_was(error):
    again = error_of(ref(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_an_error_of_another_class_comes_back_with_its_text():
    class OddError(Exception):
        pass

    again = error_of(ref(OddError("how odd")))
    assert isinstance(again, ReplayedError)
    assert "how odd" in str(again)


def test_an_error_whose_arguments_are_not_kept_comes_back_with_its_text():
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
    assert "bad" in str(error_of(ref(error)))


def test_a_plan_is_thrown_what_it_was_thrown():
    def plan(told):
        for command in ("dance", "save"):
            try:
                yield Msg(command)
            except Exception as exc:  # noqa: BLE001 - whichever it is
                told.append((type(exc), str(exc)))
        for _ in range(2):
            yield Msg("checkpoint")

    first, second = told_twice(plan, which=1)
    assert second == first
    assert len(first) == 2


# ---------------------------------------------------------------- looks


def test_what_a_plan_saw_it_sees_again_and_nothing_is_foreseen():
    seen = iter(range(100))

    def plan(told):
        announce([Detector()])
        foresee([Detector()], {Motor(): (0, 1)})
        told.append(recorded(lambda: next(seen)))
        told.append(recorded(lambda: np.arange(next(seen), 4)).tolist())
        try:
            recorded([].pop)
        except IndexError as exc:
            told.append(str(exc))
        for _ in range(2):
            yield Msg("checkpoint")
        told.append(recorded(lambda: next(seen)))
        yield Msg("null")

    first, second = told_twice(plan, which=1)
    assert second[:-1] == first[:-1]
    assert second[-1] != first[-1]


@pytest.mark.parametrize(("before", "now", "says"), [(1, 2, "did not"), (2, 1, "less")])
def test_a_plan_that_looks_more_or_less_often_is_told_so(before, now, says):
    def plan(times):
        for _ in range(times):
            recorded(lambda: 1)
        yield Msg("null")
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan(before)), "null", which=1)
    with pytest.raises(ReplayMismatchError, match=says):
        resume(records, plan(now))


# ---------------------------------------------------------------- subscriptions


def heard_by(plan, records):
    heard = Documents()
    resume(records, plan(heard))
    return heard.names


def test_who_the_plan_subscribed_hears_what_was_made_and_what_follows():
    def plan(heard):
        token = yield Msg("subscribe", None, heard, "all")
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("close_run")
        yield Msg("unsubscribe", None, token)
        yield Msg("open_run")
        yield Msg("close_run")

    records = run(plan(first := Documents()))
    assert heard_by(plan, cut_before(records, "close_run")) == first.names
    assert heard_by(plan, cut_before(records, "close_run", 1)) == first.names


def test_a_subscriber_that_fails_does_not_keep_the_call_from_going_on(caplog):
    def refuse(name, doc):
        if name == "start":
            raise OSError("no room")

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("close_run")

    records = cut_before(run(plan()), "close_run")
    resumed = resume(records, plan(), subscriber=refuse)
    assert resumed.result.exit_status == "success"
    assert "failed on a start" in caplog.text


def test_subscribers_of_the_call_hear_all_of_it():
    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("close_run")

    records = cut_before(run(plan()), "close_run")
    resume(records, plan(), subs=(heard := Documents()))
    assert heard.names == ["start", "stop"]


class Suspender:
    def __init__(self):
        self.engine = None

    def install(self, engine):
        self.engine = engine

    def remove(self):
        self.engine = None

    def get_futures(self):
        return [], ""


def test_suspenders_of_a_plan_watch_again_unless_nobody_agrees():
    suspenders = []

    def plan():
        suspenders.append(Suspender())
        yield Msg("install_suspender", None, suspenders[-1])
        try:
            yield Msg("checkpoint")
            yield Msg("null")
        finally:
            yield Msg("remove_suspender", None, suspenders[-1])

    records = cut_before(run(plan()), "null")
    watched = []

    def confirm(preview):
        watched.append(suspenders[-1].engine is not None)
        return len(watched) > 1

    with pytest.raises(ResumeError, match="not agreed"):
        resume(records, plan(), confirm=confirm)
    assert suspenders[-1].engine is None
    resume(records, plan(), confirm=confirm)
    assert watched == [True, True]


# ---------------------------------------------------------------- differences


def check_difference(before, now, match):
    def plan(first):
        yield first
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan(before)), "null", which=int(before[0] == "null"))
    with pytest.raises(ReplayMismatchError, match=match) as caught:
        resume(records, plan(now))
    assert caught.value.context["index"] == 0


X = Motor("x")


@pytest.mark.parametrize(
    ("before", "now", "match"),
    [
        (Msg("set", X, 1.0), Msg("set", X, 2.0), r"was set\(x, 1.0\), .* set\(x, 2.0"),
        (Msg("set", X, 1.0), Msg("set", X, 1), r"set\(x, 1.0\).*set\(x, 1\)"),
        (Msg("set", X, 1), Msg("set", Motor("y"), 1), r"set\(x.*set\(y"),
        (Msg("set", X, 1), Msg("trigger", X), "set.*trigger"),
        (Msg("null"), Msg("null", run="a"), "run='a'"),
        (Msg("null"), Msg("null", None, 1), r"null\(1"),
        (Msg("null", a=1), Msg("null", a=2), "a=1.*a=2"),
        (Msg("null", a=1), Msg("null", b=1), "a=1.*b=1"),
        (Msg("null", a=[1, 2]), Msg("null", a=[1, 3]), "3"),
        (Msg("null", a=np.ones(2)), Msg("null", a=np.zeros(2)), "array"),
        (Msg("null", a=np.ones(2)), Msg("null", a=[1.0, 1.0]), "array"),
        (Msg("null", a=len), Msg("null", a=max), "len"),
        (Msg("wait", group="a"), Msg("wait"), "group"),
    ],
)
def test_a_difference_shows_both_sides(before, now, match):
    check_difference(before, now, match)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (Msg("sleep", None, 1.0), Msg("sleep", None, 0.5)),
        (Msg("set", X, 1, group="a"), Msg("set", X, 1, group="b")),
        (Msg("wait", group="a"), Msg("wait", group="b")),
        (Msg("wait", None, "a"), Msg("wait", None, "b")),
        (Msg("wait", group=("a", 1)), Msg("wait", group=("b", 2))),
        (Msg("wait", group="a", watch=["b"]), Msg("wait", group="c", watch=("d",))),
        (Msg("null", a=float("nan")), Msg("null", a=float("nan"))),
        (Msg("null", a=(1, 2)), Msg("null", a=[1, 2])),
        (Msg("null", a=np.ones((2, 2))), Msg("null", a=np.ones((2, 2)))),
        (Msg("null", a="<X at 0x7f01>"), Msg("null", a="<X at 0x8f02>")),
        (Msg("null", a=object()), Msg("null", a=object())),
        (Msg("null", a={1, 2}), Msg("null", a={2, 1})),
    ],
)
def test_what_may_differ_is_no_difference(before, now):
    def plan(first):
        yield first
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan(before)), "null", which=int(before[0] == "null"))
    resumed = resume(records, plan(now))
    assert resumed.result.exit_status == "success"


def test_two_groups_must_not_become_one():
    def plan(groups):
        for place, group in enumerate(groups):
            yield Msg("set", Motor(f"m{place}"), 1, group=group)
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan("ab")), "null")
    assert resume(records, plan("ba")).result.exit_status == "success"
    with pytest.raises(ReplayMismatchError):
        resume(records, plan("cc"))
    records = cut_before(run(plan("aa")), "null")
    with pytest.raises(ReplayMismatchError):
        resume(records, plan("cd"))


def test_a_group_may_have_another_name_after_it_was_waited_for():
    def plan(groups):
        for group in groups:
            yield Msg("set", X, 1, group=group)
            yield Msg("wait", group=group)
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan("aa")), "null")
    assert resume(records, plan("bc")).result.exit_status == "success"


def test_a_monitor_whose_name_was_drawn_may_have_another():
    class Watched(Detector):
        def subscribe(self, function):
            function(self.read())

        def clear_sub(self, function):
            pass

    def plan(name):
        yield Msg("open_run")
        yield Msg("monitor", Watched(), **name)
        yield Msg("checkpoint")
        yield Msg("null")
        yield Msg("close_run")

    records = cut_before(run(plan({})), "null")
    assert resume(records, plan({})).result.exit_status == "success"
    records = cut_before(run(plan({"name": "a"})), "null")
    with pytest.raises(ReplayMismatchError, match=r"name='a'.*name='b'"):
        resume(records, plan({"name": "b"}))


def test_a_plan_that_ends_earlier_shows_what_is_missing():
    def plan(times):
        for _ in range(times):
            yield Msg("checkpoint")

    records = run(plan(3))[:-1]
    with pytest.raises(ReplayMismatchError, match=r"message 2 .*, and is now nothing"):
        resume(records, plan(1))


def test_a_plan_that_yields_something_else_is_a_difference():
    def plan(last):
        yield Msg("checkpoint")
        yield last
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan(Msg("sleep", None, 0))), "null")
    with pytest.raises(ReplayMismatchError, match="is now 5"):
        resume(records, plan(5))


# ---------------------------------------------------------------- the beamline


def test_a_flyer_that_is_in_the_air_keeps_a_call_from_going_on():
    class Flyer(Detector):
        def kickoff(self):
            return Status.finished()

        def complete(self):
            return Status.finished()

        def describe_collect(self):
            return {"flown": self.describe()}

        def collect(self):
            return []

    def plan():
        flyer = Flyer("f")
        yield Msg("open_run")
        yield Msg("kickoff", flyer)
        yield Msg("checkpoint")
        yield Msg("complete", flyer)
        yield Msg("checkpoint")
        yield Msg("collect", flyer)
        yield Msg("checkpoint")
        yield Msg("null")
        yield Msg("close_run")

    records = run(plan())
    for command, which in (("complete", 0), ("collect", 0)):
        with pytest.raises(ResumeError, match="f was flying"):
            resume(cut_before(records, command, which), plan())
    assert resume(cut_before(records, "null"), plan()).result.exit_status == "success"


def test_a_motor_that_flew_and_has_nothing_to_collect_is_let_be():
    class Flying(Motor):
        def kickoff(self):
            return Status.finished()

        complete = kickoff

    def plan(motor):
        yield Msg("open_run")
        yield Msg("set", motor, 5)
        yield Msg("kickoff", motor)
        yield Msg("complete", motor)
        yield Msg("checkpoint")
        yield Msg("null")
        yield Msg("close_run")

    records = cut_before(run(plan(Flying())), "null")
    resume(records, plan(motor := Flying()))
    assert motor.moves == []


def test_a_motor_that_the_plan_stopped_stays_where_it_is():
    def plan(motor):
        yield Msg("set", motor, 5)
        yield Msg("stop", motor)
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan(Motor())), "null")
    resume(records, plan(motor := Motor()))
    assert motor.moves == []


def test_motors_are_set_again_as_they_were_set_together():
    def plan(motors):
        a, b, c = motors
        yield Msg("set", a, 1, group="g")
        yield Msg("wait", group="g")
        yield Msg("set", b, 2, group="g")
        yield Msg("set", c, 3, group="g")
        yield Msg("wait", group="g")
        yield Msg("checkpoint")
        yield Msg("null")

    records = cut_before(run(plan([Motor(name) for name in "abc"])), "null")
    resumed = resume(records, plan([Motor(name) for name in "abc"]))
    said = [r[1] for r in resumed.records if r[0] == Kind.ENGINE]
    assert [(m[0], m[1] and m[1].name) for m in said] == [
        ("set", "a"),
        ("wait", None),
        ("set", "b"),
        ("set", "c"),
        ("wait", None),
    ]


def test_a_subscribed_function_is_compared_by_its_name():
    records = run(iter([Msg("subscribe", None, print, "all")]))
    (said,) = [record for record in records if record[0] == "subscribe"]
    assert said[2] == [CallableRef("builtins:print"), "all"]
    assert said[1] is None
    assert not isinstance(said[1], ObjectRef)


class PickyError(Exception):
    """Keeps other arguments than it takes, as many do."""

    def __init__(self, device, limit):
        super().__init__(f"{device} is beyond {limit}")


class Unhappy:
    class InnerError(ValueError):
        pass


@pytest.mark.parametrize("error", [PickyError("x", 3), Unhappy.InnerError("no")])
def test_an_error_of_a_class_that_was_imported_can_be_caught_by_it(error):
    again = error_of(ref(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_a_failed_status_comes_back_with_one_that_failed():
    again = error_of(ref(FailedStatus("x failed", status=object())))
    assert again.status.done
    assert not again.status.success
    assert "x failed" in str(again.__cause__)


class Bag:
    """Nothing of it can be written down."""

    def __init__(self, size):
        self.size = size


def with_answer(verb):
    def plan():
        yield Msg("open_run")
        if verb == "wait_for":
            (task,) = yield Msg("wait_for", None, [lambda: asyncio.sleep(0, 3)])
            size = task.result()
        elif verb == "pack":
            size = (yield Msg("pack", None, 3)).size
        else:
            size = recorded(lambda: Bag(3)).size
        for _ in range(2):
            yield Msg("checkpoint")
            yield Msg("set", Motor(), size, group="g")
            yield Msg("wait", group="g")
        yield Msg("close_run")

    return plan


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("wait_for", "the answer of message 2, 'wait_for', could not be recorded"),
        ("pack", "the answer of message 2, 'pack', could not be recorded"),
        ("look", "what the plan saw outside itself could not be recorded"),
    ],
)
def test_an_answer_that_could_not_be_recorded_leaves_the_call_open(verb, says):
    async def pack(msg):
        return Bag(msg.args[0])

    plan, recorder = with_answer(verb), MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    engine.register_command("pack", pack)
    device_loop._loop = None
    asyncio.run(engine.run(plan()))
    records = cut_before(recorder.records, "close_run")
    after = MemoryRecorder()
    engine, docs = make_engine(recorder=after)
    device_loop._loop = None

    with pytest.raises(ResumeError, match=says) as caught:
        asyncio.run(engine.resume_call(records, plan(), confirm=lambda preview: True))

    assert "close it" in str(caught.value)
    assert after.records == []
    assert docs.names == ["start"]


def test_an_answer_that_could_not_be_recorded_does_no_harm_if_the_plan_ignores_it():
    def plan():
        yield Msg("open_run")
        yield Msg("wait_for", None, [lambda: asyncio.sleep(0)])
        yield Msg("checkpoint")
        yield Msg("close_run")

    records = cut_before(run(plan()), "close_run")
    assert resume(records, plan()).result.exit_status == "success"


def test_a_plan_that_looks_whether_a_status_is_done_sees_what_it_saw():
    class Slow(Motor):
        def set(self, value):
            status = Status(self.name)
            asyncio.get_running_loop().call_later(0.01, status.set_finished)
            return status

    rounds = []

    def plan():
        yield Msg("open_run")
        status = yield Msg("set", Slow(), 1, group="g")
        number = 0
        while not status.done:
            number += 1
            yield Msg("sleep", None, 0.002)
        rounds.append(number)
        yield Msg("wait", group="g")
        for _ in range(2):
            yield Msg("checkpoint")
            yield Msg("set", Motor("n"), number, group="n")
            yield Msg("wait", group="n")
        yield Msg("close_run")

    records = run(plan())
    for which in range(rounds[0] + 1, len(records)):
        if records[which][0] == "close_run":
            break
    resumed = resume(records[:which], plan())

    assert resumed.result.exit_status == "success"
    assert rounds[0] == rounds[1] > 0
