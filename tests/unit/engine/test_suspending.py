"""Suspending: the plan waits while something outside is not as it must be."""

import asyncio
import threading

import pytest
from kit import AsyncDetector, Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.errors import (
    FailedPause,
    FailedStatus,
    IllegalMessageSequence,
    NoReplayAllowed,
    RequestAbort,
)
from lapwing.plan_stubs import trigger_and_read
from lapwing.plans import count


class Shutter:
    """A suspender: the plan must not run while it is shut."""

    def __init__(self, *, shut=False):
        self.opened = asyncio.Event()
        if not shut:
            self.opened.set()
        self.face = None
        self.asked = 0

    def install(self, face):
        self.face = face

    def remove(self):
        self.face = None

    def get_futures(self):
        self.asked += 1
        return ([], "") if self.opened.is_set() else ([self.opened.wait], "it is shut")

    def shut(self):
        self.opened.clear()
        self.face.request_suspend(self.opened.wait, justification="it is shut")


def suspended_once(plan, at, **how):
    """Run a plan that is suspended at the message number ``at``, for a moment."""
    engine, docs = make_engine(record_interruptions=how.pop("record", False))
    said, over = [], asyncio.Event()

    def hook(msg):
        said.append(msg.command)
        if len(said) - 1 == at:
            engine.request_suspend(over.wait, justification="no beam", **how)

    engine.msg_hook = hook

    async def main():
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: "wait_for" in said or task.done())
        over.set()
        return await task

    return docs, said, asyncio.run(main())


PLAIN = suspended_once(count([Detector()], 3), -1)


@pytest.mark.parametrize("at", range(len(PLAIN[1])))
def test_a_plan_suspended_anywhere_has_the_same_points(at):
    docs, said, result = suspended_once(count([Detector()], 3), at)
    assert sorted(docs.points()) == [1, 2, 3]
    assert len(docs.named("event")) == 3
    assert docs.named("stop")[0]["num_events"] == {"primary": 3}
    assert result.exit_status == "success"
    assert "wait_for" in said


def test_what_is_said_while_suspended():
    plan = [Msg("checkpoint"), Msg("null"), Msg("sleep", None, 0)]
    _, said, _ = suspended_once(
        plan, 2, pre_plan=[Msg("null")], post_plan=lambda: iter(plan)
    )
    assert said == [
        *("checkpoint", "null", "sleep"),
        *("_start_suspender", "rewindable", "null", "wait_for"),
        "_resume_from_suspender",
        *("checkpoint", "null", "sleep"),
        "rewindable",
        *("null", "sleep"),
    ]


def test_who_looks_on_is_told_why_it_waits_and_when_it_goes_on(caplog):
    suspended_once(count([Detector()], 3), 5)
    assert [record.getMessage() for record in caplog.records] == [
        "the plan is suspended: no beam",
        "the suspension is over",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_the_states_go_through_suspending():
    engine, _ = make_engine()
    states = []
    engine.state_hook = lambda new, old: states.append(str(new))

    def hook(msg):
        if msg.command == "null":
            engine.msg_hook = None
            engine.request_suspend(lambda: asyncio.sleep(0))

    engine.msg_hook = hook
    asyncio.run(engine.run([Msg("null")]))
    assert states == ["running", "suspending", "running", "idle"]


def test_a_pause_may_be_asked_for_at_the_moment_of_suspending():
    engine, docs = make_engine()
    over = asyncio.Event()

    def hook(new, old):
        if new == "suspending":
            engine.state_hook = None
            engine.request_pause(reason="a look")

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        engine.request_suspend(over.wait)
        yield Msg("null")

    engine.state_hook = hook

    async def main():
        result = await engine.run(plan())
        assert (result.paused, result.reason) == (True, "a look")
        over.set()
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert len(docs.named("stop")) == 1


def test_what_moves_is_stopped_and_sent_on_afterwards_though_it_was_set_before():
    engine, _ = make_engine()
    motor = Motor(by_hand=True)
    over = asyncio.Event()

    def plan():
        yield Msg("set", motor, 5, group="g")
        yield Msg("checkpoint")
        yield Msg("wait", group="g")
        return motor.at

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: motor.moves)
        engine.request_suspend(over.wait)
        await until(lambda: motor.stops)
        motor.at = 2.5
        over.set()
        await until(lambda: len(motor.moves) == 2)
        motor.pending[-1].set_finished()
        return await task

    assert asyncio.run(main()).plan_result == 5
    assert motor.moves == [5, 5]


def test_a_move_that_fails_because_it_is_stopped_is_no_failure():
    engine, _ = make_engine()
    motor = Motor(by_hand=True)

    def stop(success=True):
        motor.stops += 1
        if motor.stops == 1:
            motor.pending[0].set_exception(OSError("stopped"))

    motor.stop = stop

    async def main():
        plan = [
            Msg("checkpoint"),
            Msg("set", motor, 5, group="g"),
            Msg("wait", None, "g"),
        ]
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: motor.moves)
        engine.request_suspend(lambda: asyncio.sleep(0))
        await until(lambda: len(motor.moves) == 2)
        motor.pending[-1].set_finished()
        return await task

    assert asyncio.run(main()).exit_status == "success"


def test_devices_are_told_and_may_forbid_the_replay():
    engine, _ = make_engine()
    told, said = [], []

    class Camera(Detector):
        def pause(self):
            told.append("pause")
            raise NoReplayAllowed

        def resume(self):
            told.append("resume")

    def hook(msg):
        said.append(msg.command)
        if msg.command == "null" and "_start_suspender" not in said:
            engine.request_suspend(lambda: asyncio.sleep(0))

    engine.msg_hook = hook
    plan = [
        Msg("checkpoint"),
        Msg("trigger", Camera()),
        Msg("null"),
        Msg("sleep", None, 0),
    ]
    asyncio.run(engine.run(plan))
    assert told == ["pause", "resume"]
    assert said.count("trigger") == 1
    assert said[-1] == "sleep"


def test_a_request_from_another_thread():
    engine, docs = make_engine()
    over = threading.Event()
    det = Detector()

    async def opened():
        while not over.is_set():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(engine.run(count([det], None)))
        await until(lambda: det.reads > 5)
        thread = threading.Thread(target=engine.request_suspend, args=[opened])
        thread.start()
        thread.join()
        said = []
        engine.msg_hook = lambda msg: said.append(msg.command)
        await until(lambda: "wait_for" in said)
        reads = det.reads
        for _ in range(20):
            await asyncio.sleep(0)
        assert det.reads == reads
        over.set()
        await until(lambda: det.reads > reads + 5)
        await engine.stop()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    seq_nums = [event["seq_num"] for event in docs.named("event")]
    assert sorted(set(seq_nums)) == list(range(1, max(seq_nums) + 1))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_suspensions_both_must_be_over(order):
    engine, _ = make_engine()
    gates = [asyncio.Event(), asyncio.Event()]
    motor, said = Motor(by_hand=True), []
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def main():
        plan = [
            Msg("checkpoint"),
            Msg("set", motor, 1, group="g"),
            Msg("wait", None, "g"),
        ]
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: motor.moves)
        for gate in gates:
            engine.request_suspend(gate.wait)
        await until(lambda: said.count("wait_for") >= 1 and motor.stops)
        gates[order[0]].set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(motor.moves) == 1
        gates[order[1]].set()
        await until(lambda: len(motor.moves) == 2)
        motor.pending[-1].set_finished()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert motor.stops == 2  # once for both, and at the end


def test_a_second_suspension_keeps_the_first_from_nothing():
    engine, _ = make_engine()
    first, second = asyncio.Event(), asyncio.Event()
    answers, said = [], []

    def pre_plan():
        answers.append((yield Msg("read", Detector())))

    def hook(msg):
        said.append(msg.command)
        if msg.command == "read":
            engine.request_suspend(second.wait)

    async def main():
        engine.msg_hook = lambda msg: (
            hook(msg),
            msg.command == "null"
            and "_start_suspender" not in said
            and engine.request_suspend(first.wait, pre_plan=pre_plan),
        )
        task = asyncio.create_task(engine.run([Msg("checkpoint"), Msg("null")]))
        await until(lambda: said.count("wait_for") == 1)
        second.set()
        first.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert answers == [{"det": {"value": 1, "timestamp": 1.0}}]
    assert said.count("_start_suspender") == said.count("_resume_from_suspender") == 2


@pytest.mark.parametrize("still", [True, False])
def test_paused_while_suspended_then_resumed(still):
    engine, docs = make_engine()
    over, det, said = asyncio.Event(), Detector(), []

    def hook(msg):
        said.append(msg.command)
        if msg.command == "trigger" and det.reads == 1 and "wait_for" not in said:
            engine.request_suspend(over.wait)

    engine.msg_hook = hook

    async def main():
        task = asyncio.create_task(engine.run(count([det], 2)))
        await until(lambda: "wait_for" in said)
        engine.request_pause()
        assert (await task).paused
        if not still:
            over.set()
        task = asyncio.create_task(engine.resume())
        await until(lambda: said.count("wait_for") == 2)
        if still:
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(docs.named("event")) == 1
            over.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert sorted(docs.points()) == [1, 2]
    assert len(docs.named("event")) == 2


def test_paused_in_both_of_two_suspensions_then_resumed():
    engine, _ = make_engine()
    first, second, said = asyncio.Event(), asyncio.Event(), []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def plan():
        yield Msg("checkpoint")
        return (yield Msg("sleep", None, 0)), "end"

    async def main():
        engine.sleep = lambda seconds: asyncio.sleep(3600)
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: "sleep" in said)
        engine.request_suspend(first.wait)
        await until(lambda: said.count("wait_for") == 1)
        engine.request_suspend(second.wait)
        await until(lambda: said.count("wait_for") == 2)
        engine.request_pause()
        assert (await task).paused
        engine.sleep = lambda seconds: asyncio.sleep(0)
        first.set()
        second.set()
        return await engine.resume()

    assert asyncio.run(main()).plan_result == (None, "end")
    assert said[-1] == "sleep"


def test_a_suspension_that_comes_while_the_plan_is_paused_holds_it_on_resume():
    engine, docs = make_engine()
    shutter, det, said = Shutter(), Detector(), []
    engine.install_suspender(shutter)

    def hook(msg):
        said.append(msg.command)
        if msg.command == "trigger" and det.reads == 1 and len(said) < 20:
            engine.msg_hook = said.append
            engine.request_pause()

    engine.msg_hook = hook

    async def main():
        assert (await engine.run(count([det], 2))).paused
        shutter.shut()
        task = asyncio.create_task(engine.resume())
        await until(lambda: any(getattr(m, "command", m) == "wait_for" for m in said))
        assert len(docs.named("event")) == 1
        shutter.opened.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert sorted(docs.points()) == [1, 2]


@pytest.mark.parametrize(
    ("verb", "status"), [("abort", "abort"), ("stop", "success"), ("halt", "abort")]
)
@pytest.mark.parametrize("paused", [False, True])
def test_ended_while_suspended(verb, status, paused):
    engine, docs = make_engine()
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def main():
        task = asyncio.create_task(
            engine.run([Msg("open_run"), Msg("checkpoint"), Msg("sleep", None, 0)])
        )
        engine.sleep = lambda seconds: asyncio.sleep(3600)
        await until(lambda: "sleep" in said)
        engine.request_suspend(asyncio.Event().wait)
        await until(lambda: "wait_for" in said)
        if paused:
            engine.request_pause()
            await task
        return await getattr(engine, verb)()

    assert asyncio.run(main()).exit_status == status
    assert docs.named("stop")[0]["exit_status"] == status
    assert engine.state == "idle"
    assert asyncio.run(engine.run([Msg("null")])).exit_status == "success"


def test_an_abort_while_suspended_reaches_the_plan():
    engine, _ = make_engine()
    seen, said = [], []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def plan():
        try:
            yield Msg("sleep", None, 0)
        except RequestAbort:
            seen.append((yield Msg("read", Detector())))
            raise

    async def main():
        engine.sleep = lambda seconds: asyncio.sleep(3600)
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: "sleep" in said)
        engine.request_suspend(asyncio.Event().wait)
        await until(lambda: "wait_for" in said)
        await engine.abort()
        return await task

    assert asyncio.run(main()).exit_status == "abort"
    assert len(seen) == 1


def test_a_suspender_that_is_tripped_before_the_call_keeps_it_from_beginning(caplog):
    engine, docs = make_engine()
    shutter, said = Shutter(shut=True), []
    engine.install_suspender(shutter)
    engine.install_suspender(shutter)
    assert engine.suspenders == (shutter,)
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def main():
        task = asyncio.create_task(engine.run(count([Detector()])))
        await until(lambda: "wait_for" in said)
        assert engine.state == "running"
        assert docs.all == []
        shutter.opened.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert len(docs.named("event")) == 1
    assert "it is shut" in caplog.text
    engine.clear_suspenders()
    assert engine.suspenders == ()
    assert shutter.face is None


def test_a_plan_may_install_and_remove_a_suspender():
    engine, _ = make_engine()
    shutter = Shutter()

    def plan():
        yield Msg("install_suspender", None, shutter)
        during = engine.suspenders
        yield Msg("remove_suspender", None, shutter)
        yield Msg("remove_suspender", None, shutter)
        return during, engine.suspenders

    assert asyncio.run(engine.run(plan())).plan_result == ((shutter,), ())


def test_without_a_checkpoint_a_suspension_aborts():
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        yield Msg("clear_checkpoint")
        engine.request_suspend(asyncio.Event().wait, justification="no beam")
        yield Msg("null")

    result = asyncio.run(engine.run(plan()))
    assert result.exit_status == "abort"
    assert "no beam" in result.reason
    assert isinstance(result.exception, FailedPause)
    assert docs.named("stop")[0]["exit_status"] == "abort"


def test_where_nothing_may_be_repeated_a_suspension_goes_on_from_where_it_was():
    docs, said, result = suspended_once(
        [
            Msg("open_run"),
            Msg("rewindable", None, False),
            Msg("create", name="primary"),
            Msg("read", Detector()),
            Msg("save"),
            Msg("rewindable", None, True),
            Msg("close_run"),
        ],
        3,
    )
    assert result.exit_status == "success"
    assert said.count("read") == 1
    assert docs.points() == {1: {"det": 1}}


def test_interruptions_are_recorded_if_that_is_wanted():
    plan = [Msg("open_run"), Msg("checkpoint"), Msg("null"), Msg("close_run")]
    docs, _, _ = suspended_once(plan, 2, record=True)
    assert docs.names[:2] == ["start", "descriptor"]
    texts = [event["data"]["interruption"] for event in docs.named("event")]
    assert texts == ["no beam"]
    assert docs.named("stop")[0]["num_events"] == {"interruptions": 1}


def test_a_pause_and_a_resume_are_recorded_too():
    engine, docs = make_engine(record_interruptions=True)

    async def main():
        await engine.run([Msg("open_run"), Msg("checkpoint"), Msg("pause")])
        await engine.resume()

    asyncio.run(main())
    texts = [event["data"]["interruption"] for event in docs.named("event")]
    assert texts == ["pause", "resume"]


def test_a_condition_that_fails_is_the_plans_failure():
    engine, _ = make_engine()
    told, seen = [], []

    class Camera(Detector):
        def pause(self):
            told.append("pause")

        def resume(self):
            told.append("resume")

    async def lost():
        raise OSError("the PV is gone")

    def plan():
        yield Msg("open_run")
        yield Msg("read", Camera())
        try:
            engine.request_suspend(lost)
            yield Msg("null")
        except OSError as exc:
            seen.append(str(exc))
        yield Msg("checkpoint")
        yield Msg("pause")
        yield Msg("close_run")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert seen == ["the PV is gone"]
    assert told == ["pause", "resume"] * 2


def test_a_pre_plan_that_fails_is_the_plans_failure_and_a_later_pause_works():
    engine, _ = make_engine()
    broken, said = Motor("broken"), []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def refuse(value):
        raise OSError("no power")

    broken.set = refuse

    def plan():
        yield Msg("checkpoint")
        try:
            engine.request_suspend(
                asyncio.Event().wait, pre_plan=[Msg("set", broken, 1)]
            )
            yield Msg("null")
        except OSError:
            yield Msg("null")
        yield Msg("pause")
        return "end"

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.resume()

    assert asyncio.run(main()).plan_result == "end"
    assert "wait_for" not in said


def test_a_failure_of_a_device_while_suspended_is_told():
    engine, _ = make_engine()
    det, said = Detector(), []
    engine.msg_hook = lambda msg: said.append(msg.command)
    from lapwing.status import Status

    status = Status("det", "acquire")
    det.trigger = lambda: status

    async def main():
        plan = [
            Msg("checkpoint"),
            Msg("trigger", det, group="g"),
            Msg("wait", None, "g"),
        ]
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: "wait" in said)
        over = asyncio.Event()
        engine.request_suspend(over.wait)
        await until(lambda: "wait_for" in said)
        status.set_exception(OSError("broken"))
        over.set()
        await task

    with pytest.raises(FailedStatus, match="broken"):
        asyncio.run(main())
    assert engine.state == "idle"


@pytest.mark.parametrize("verb", ["abort", "stop"])
def test_ended_while_suspended_in_the_midst_of_an_event(verb):
    engine, docs = make_engine()
    said = []

    def hook(msg):
        said.append(msg.command)
        if msg.command == "read" and "wait_for" not in said:
            engine.request_suspend(asyncio.Event().wait)

    engine.msg_hook = hook

    async def main():
        task = asyncio.create_task(engine.run(count([AsyncDetector()], 3)))
        await until(lambda: "wait_for" in said)
        await getattr(engine, verb)()
        return await task

    # The plan drops the event that it has begun, which the suspension has taken back.
    result = asyncio.run(main())
    assert "drop" in said
    wanted = "abort" if verb == "abort" else "success"
    assert result.exit_status == wanted
    assert [doc["exit_status"] for doc in docs.named("stop")] == [wanted]


def test_ended_before_an_event_that_a_pause_took_back_is_begun_anew():
    engine, docs = make_engine()

    def pause(msg):
        if msg.command == "read":
            engine.request_pause()

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("sleep", None, 1)
        yield from trigger_and_read([AsyncDetector()])

    async def main():
        engine.msg_hook = pause
        assert (await engine.run(plan())).paused
        engine.msg_hook = lambda msg: engine.request_abort("enough")
        return await engine.resume()

    result = asyncio.run(main())
    assert (result.exit_status, result.reason) == ("abort", "enough")
    assert len(docs.named("stop")) == 1


def test_an_event_that_was_never_begun_cannot_be_dropped():
    engine, _ = make_engine()
    with pytest.raises(IllegalMessageSequence, match="'drop' came without"):
        asyncio.run(engine.run([Msg("open_run"), Msg("drop")]))


def test_an_idle_engine_is_not_suspended():
    engine, _ = make_engine()
    engine.request_suspend(asyncio.Event().wait)
    assert asyncio.run(engine.run([Msg("null")])).exit_status == "success"


def test_a_plan_that_is_ending_is_not_suspended():
    engine, _ = make_engine()
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def plan():
        try:
            yield Msg("sleep", None, 0)
        finally:
            engine.request_suspend(asyncio.Event().wait)
            yield Msg("null")
            yield Msg("sleep", None, 0)

    async def main():
        gate = asyncio.Event()
        engine.sleep = lambda seconds: gate.wait()
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: said)
        gate.set()
        await engine.abort()
        return await task

    asyncio.run(main())
    assert said == ["sleep", "null", "sleep"]
