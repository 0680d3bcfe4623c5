"""Verbs about the flow of a plan, verbs of one's own, and hooks."""

import asyncio
import builtins
import contextlib
import threading

import pytest
from kit import Detector, Motor, make_engine, until

from lapwing import Engine, Msg
from lapwing.engine import MemoryRecorder
from lapwing.errors import (
    DeviceError,
    InvalidCommand,
    PlanArgumentError,
    WaitForTimeoutError,
)

# ---------------------------------------------------------------- wait_for


def test_wait_for_returns_the_tasks():
    engine, _ = make_engine()

    async def five():
        return 5

    def plan():
        nothing = yield Msg("wait_for", None, [])
        tasks = yield Msg("wait_for", None, [five, five])
        return nothing, [task.result() for task in tasks]

    assert asyncio.run(engine.run(plan())).plan_result == ([], [5, 5])


def test_wait_for_gives_up_after_its_time_and_cancels_what_is_not_done():
    engine, _ = make_engine()
    cancelled = []

    async def never():
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async def fails():
        raise OSError

    plan = [Msg("wait_for", None, [never, fails, never], timeout=0.001)]
    with pytest.raises(WaitForTimeoutError, match="2 of 3 awaitables are not done"):
        asyncio.run(engine.run(plan))
    assert cancelled == [True, True]


@pytest.mark.parametrize("verb", ["abort", "halt", "pause"])
def test_what_wait_for_waits_for_is_cancelled_with_it(verb):
    engine, _ = make_engine()
    begun, cancelled = [], []

    async def never():
        begun.append(True)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async def main():
        task = asyncio.create_task(engine.run([Msg("wait_for", None, [never])]))
        await until(lambda: begun)
        if verb == "pause":
            engine.request_pause()
            assert (await task).paused
            assert cancelled == [True]
            task = asyncio.create_task(engine.resume())
            await until(lambda: len(begun) == 2)  # made anew
            return await engine.abort()
        return await getattr(engine, verb)()

    assert asyncio.run(main()).exit_status == "abort"
    assert len(cancelled) == len(begun)


# ---------------------------------------------------------------- asking


def test_a_person_is_asked(monkeypatch):
    engine, _ = make_engine()
    monkeypatch.setattr(builtins, "input", lambda prompt: f"{prompt} yes")

    def plan():
        return (yield Msg("input", prompt="sure?")), (yield Msg("input", None, "well?"))

    assert asyncio.run(engine.run(plan())).plan_result == ("sure? yes", "well? yes")


def test_nobody_is_there_to_be_asked(monkeypatch):
    engine, _ = make_engine()

    def nobody(prompt):
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)
    with pytest.raises(EOFError):
        asyncio.run(engine.run([Msg("input")]))


def test_a_question_that_is_never_answered_keeps_nothing_from_its_end(monkeypatch):
    engine, _ = make_engine()
    asked, answer, answered = [], threading.Event(), []

    def ask(prompt):
        asked.append(prompt)
        answer.wait(10)
        answered.append(True)
        return "late"

    monkeypatch.setattr(builtins, "input", ask)

    async def main():
        task = asyncio.create_task(engine.run([Msg("input")]))
        await until(lambda: asked)
        await engine.abort()
        result = await task
        answer.set()
        await until(lambda: answered)
        return result

    assert asyncio.run(main()).exit_status == "abort"


def test_a_plan_may_ask_by_whom_it_is_run():
    engine, _ = make_engine()

    def plan():
        return (yield Msg("RE_class"))

    assert asyncio.run(engine.run(plan())).plan_result is Engine


# ---------------------------------------------------------------- own verbs


def test_a_verb_of_ones_own_runs_as_a_task_in_which_asyncio_works():
    engine, _ = make_engine()
    tasks = []

    async def dance(msg):
        """Turn round."""
        tasks.append(asyncio.current_task())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            child = group.create_task(asyncio.sleep(0, "child"))
        return child.result(), msg.args

    engine.register_command("dance", dance)
    assert "dance" in engine.commands

    def plan():
        tasks.append(asyncio.current_task())
        return (yield Msg("dance", None, 1)), (yield Msg("dance"))

    assert asyncio.run(engine.run(plan())).plan_result == (
        ("child", (1,)),
        ("child", ()),
    )
    assert len(set(tasks)) == 3
    engine.unregister_command("dance")
    with pytest.raises(InvalidCommand):
        asyncio.run(engine.run([Msg("dance")]))


def test_a_verb_of_ones_own_may_be_synchronous_and_may_replace_one_of_ours():
    engine, _ = make_engine()
    engine.register_command("null", lambda msg: 7)

    def plan():
        return (yield Msg("null"))

    assert asyncio.run(engine.run(plan())).plan_result == 7


def test_what_a_verb_of_ones_own_raises_is_told():
    engine, _ = make_engine()

    async def fail(msg):
        raise ZeroDivisionError

    engine.register_command("fail", fail)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(engine.run([Msg("fail")]))


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_abort_cancels_a_verb_of_ones_own(stubborn):
    engine, _ = make_engine()
    seen, answers = [], []

    async def dance(msg):
        seen.append("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            if not stubborn:
                raise
        return "well"

    engine.register_command("dance", dance)

    def plan():
        try:
            answers.append((yield Msg("dance")))
        finally:
            answers.append((yield Msg("sleep", None, 0)))

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: seen)
        await engine.abort()
        return await task

    assert asyncio.run(main()).exit_status == "abort"
    assert seen == ["begun", "cancelled"]
    assert answers == [None]


def test_after_a_verb_that_minded_no_cancellation_pauses_and_aborts_still_work():
    engine, _ = make_engine()
    begun = []

    async def dance(msg):
        begun.append(True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return "well"

    engine.register_command("dance", dance)

    async def main():
        task = asyncio.create_task(engine.run([Msg("dance"), Msg("dance")]))
        for count in (1, 2):
            await until(lambda n=count: len(begun) == n)
            engine.request_pause()
            assert (await task).paused
            task = asyncio.create_task(engine.resume())
        await until(lambda: len(begun) == 3)
        await engine.abort()
        return await task

    assert asyncio.run(main()).exit_status == "abort"


def test_a_second_abort_cancels_again_what_minded_no_first():
    engine, _ = make_engine()
    seen = []

    async def dance(msg):
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")

    engine.register_command("dance", dance)

    async def main():
        task = asyncio.create_task(engine.run([Msg("dance")]))
        await until(lambda: engine.state == "running")
        for count in (1, 2):
            asyncio.create_task(engine.abort())  # noqa: RUF006 - awaited as the run
            await until(lambda n=count: len(seen) == n)
        return await task

    assert asyncio.run(main()).exit_status == "abort"


def test_what_a_device_waits_for_may_be_cancelled_and_the_plan_is_told():
    engine, _ = make_engine()

    class Flaky(Detector):
        async def read(self):
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    def plan():
        try:
            yield Msg("read", Flaky("flaky"))
        except DeviceError as exc:
            return str(exc)

    text = asyncio.run(engine.run(plan())).plan_result
    assert text == "flaky: what 'read' was waiting for has been cancelled"


def test_two_who_cancel_at_once_are_both_heard():
    engine, docs = make_engine()
    begun = []

    async def main():
        async def never():
            begun.append(True)
            await asyncio.Event().wait()

        task = asyncio.create_task(
            engine.run([Msg("open_run"), Msg("wait_for", None, [never])])
        )
        await until(lambda: begun)
        engine.request_pause()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert engine.state == "idle"
    assert docs.named("stop")[0]["exit_status"] == "abort"


# ---------------------------------------------------------------- fairness


def test_verbs_that_are_done_at_once_let_others_have_their_turn_too():
    engine, _ = make_engine()
    turns = []

    class Known(Motor):
        def locate(self):
            return {"setpoint": 0, "readback": 0}

    async def main():
        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        motor = Known()
        await engine.run(Msg("locate", motor) for _ in range(5_000))
        task.cancel()

    asyncio.run(main())
    assert len(turns) > 10


# ---------------------------------------------------------------- hooks


def test_a_message_hook_that_fails_is_told_to_the_plan_and_nothing_is_done():
    engine, _ = make_engine()
    det, seen = Detector(), []

    def hook(msg):
        if msg.command == "trigger":
            raise ZeroDivisionError

    engine.msg_hook = hook

    def plan():
        yield Msg("open_run")
        try:
            yield Msg("trigger", det)
        except ZeroDivisionError:
            seen.append(True)
        yield Msg("close_run")

    assert asyncio.run(engine.run(plan())).exit_status == "success"
    assert seen == [True]
    assert det.calls == []


@pytest.mark.parametrize("verb", ["_start_suspender", "_resume_from_suspender"])
def test_a_message_hook_that_fails_while_suspending(verb):
    engine, docs = make_engine()

    def hook(msg):
        if msg.command == "null":
            engine.request_suspend(lambda: asyncio.sleep(0))
        if msg.command == verb:
            raise ZeroDivisionError

    engine.msg_hook = hook
    with pytest.raises(ZeroDivisionError):
        asyncio.run(engine.run([Msg("open_run"), Msg("null"), Msg("sleep", None, 0)]))
    assert docs.named("stop")[0]["exit_status"] == "fail"
    engine.msg_hook = None
    assert asyncio.run(engine.run([Msg("null")])).exit_status == "success"


def test_a_state_hook_that_fails_changes_nothing(caplog):
    engine, docs = make_engine()

    def hook(new, old):
        raise ZeroDivisionError

    engine.state_hook = hook

    async def main():
        result = await engine.run([Msg("open_run"), Msg("pause"), Msg("null")])
        assert result.paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert docs.names == ["start", "stop"]
    assert engine.state == "idle"
    assert "the state hook failed at idle -> running" in caplog.text


def test_a_waiting_hook_that_fails_is_told_to_the_plan():
    engine, _ = make_engine()
    motor = Motor(by_hand=True)

    def hook(statuses):
        raise ZeroDivisionError

    engine.waiting_hook = hook
    with pytest.raises(ZeroDivisionError):
        asyncio.run(
            engine.run([Msg("set", motor, 1, group="g"), Msg("wait", None, "g")])
        )
    assert motor.stops == 1
    assert engine.state == "idle"


def test_a_message_whose_verb_is_no_name_is_told():
    engine, _ = make_engine()
    with pytest.raises(TypeError):
        asyncio.run(engine.run([Msg(["null"])]))
    assert engine.state == "idle"


class BrokenRecorder(MemoryRecorder):
    """Breaks its promise never to raise, for records of one kind."""

    def __init__(self, kind):
        super().__init__()
        setattr(self, kind, self._raise)

    def _raise(self, *_args, **_kwargs):
        raise OSError("no space left")


@pytest.mark.parametrize("kind", ["begin", "message", "sent", "document", "end"])
def test_what_cannot_be_recorded_is_told(kind):
    engine, docs = make_engine(recorder=BrokenRecorder(kind))
    with pytest.raises(OSError, match="no space left"):
        asyncio.run(engine.run([Msg("open_run"), Msg("null"), Msg("close_run")]))
    assert engine.state == "idle"
    assert docs.names.count("start") == docs.names.count("stop")


# ---------------------------------------------------------------- sleep


@pytest.mark.parametrize("given", ["a", "1", b"1", None, float("nan"), [1]])
def test_a_sleep_of_no_number_is_refused(given):
    slept = []
    engine, _ = make_engine(sleep=slept.append)
    with pytest.raises(PlanArgumentError, match="takes a number of seconds") as caught:
        asyncio.run(engine.run([Msg("sleep", None, given)]))
    assert repr(given) in str(caught.value)
    assert slept == []


def test_a_sleep_without_a_time_is_refused():
    engine, _ = make_engine()
    with pytest.raises(PlanArgumentError, match="was given None"):
        asyncio.run(engine.run([Msg("sleep")]))


def test_what_is_left_of_a_time_that_is_over_is_no_sleep():
    engine = Engine({})
    asyncio.run(engine.run([Msg("sleep", None, -1), Msg("sleep", None, 0)]))
    assert engine.state == "idle"


def test_a_status_that_is_done_without_saying_so_is_asked_when_the_time_is_over():
    class Mute:
        done, success = False, True

        def exception(self, timeout=0.0):
            return None

        def add_callback(self, callback):
            self.never_called = callback

    engine, _ = make_engine()
    device = Detector()
    device.trigger = Mute
    answers = []

    def plan():
        status = yield Msg("trigger", device, group="g")
        again = {"group": "g", "timeout": 0.001, "error_on_timeout": False}
        answers.append((yield Msg("wait", **again)))
        status.done = True
        answers.append((yield Msg("wait", group="g", timeout=0.001)))

    asyncio.run(engine.run(plan()))
    assert answers == [False, True]


def test_a_status_need_only_say_when_it_is_done():
    class Told:
        success = True

        def add_callback(self, callback):
            asyncio.get_running_loop().call_soon(callback, self)

    engine, _ = make_engine()
    device = Detector()
    device.trigger = Told
    plan = [Msg("trigger", device, group="g"), Msg("wait", group="g")]
    assert asyncio.run(engine.run(plan)).exit_status == "success"
