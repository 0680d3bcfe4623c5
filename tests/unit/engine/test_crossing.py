"""Requests that cross with a change of state, and calls that move to another loop."""

import asyncio
import threading
from collections import UserDict

import pytest
from kit import Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.engine import MemoryRecorder
from lapwing.engine.interrupts import Pause
from lapwing.errors import TransitionError
from lapwing.plans import count
from lapwing.status import Status


class Trap:
    """A suspender that trips just after it was asked."""

    def __init__(self):
        self.opened = asyncio.Event()

    def install(self, face):
        self.face = face

    def remove(self):
        """Nothing is watched."""

    def get_futures(self):
        self.face.request_suspend(self.opened.wait, justification="it trips")
        return [], ""


def test_what_trips_while_suspenders_are_asked_suspends_the_call():
    engine, docs = make_engine()
    trap, said = Trap(), []
    engine.install_suspender(trap)
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def main():
        task = asyncio.create_task(engine.run(count([Detector()])))
        await until(lambda: "wait_for" in said or task.done())
        assert docs.all == []
        trap.opened.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert len(docs.named("event")) == 1


def test_a_suspender_that_cannot_be_asked_leaves_the_engine_idle():
    engine, docs = make_engine()
    trap = Trap()
    engine.install_suspender(trap)
    trap.get_futures = lambda: 1 / 0
    heard = []
    with pytest.raises(ZeroDivisionError):
        asyncio.run(engine.run([Msg("open_run")], lambda *doc: heard.append(doc)))
    assert engine.state == "idle"
    engine.clear_suspenders()
    asyncio.run(engine.run([Msg("open_run")]))
    assert len(docs.named("stop")) == 1
    assert heard == []


def test_a_suspender_that_could_not_be_installed_can_be_installed_later():
    engine, _ = make_engine()

    class Late(Trap):
        times = 0

        def install(self, face):
            self.times += 1
            if self.times == 1:
                raise ZeroDivisionError

    late = Late()
    with pytest.raises(ZeroDivisionError):
        engine.install_suspender(late)
    assert engine.suspenders == ()
    engine.install_suspender(late)
    assert (late.times, engine.suspenders) == (2, (late,))


def test_a_suspender_that_is_removed_while_they_are_asked_hides_no_other():
    engine, _ = make_engine()
    first, second, asked = Trap(), Trap(), []
    for one in (first, second):
        engine.install_suspender(one)
    first.get_futures = lambda: engine.remove_suspender(first) or ([], "")
    second.get_futures = lambda: asked.append(second) or ([], "")
    asyncio.run(engine.run([Msg("null")]))
    assert asked == [second]


@pytest.mark.parametrize("deferred", [False, True])
def test_a_pause_that_was_asked_for_twice_pauses_once(deferred):
    engine, _ = make_engine()

    def late(new, old):
        if new == "paused":  # as of a thread that asked while the plan still ran
            if deferred:
                engine._call.deferred_pause = True
            else:
                engine._call.interrupts.put(Pause("late"))

    engine.state_hook = late

    async def main():
        plan = [Msg("checkpoint"), Msg("pause"), Msg("null"), Msg("checkpoint")]
        result = await engine.run(plan)
        assert result.paused
        engine.state_hook = None
        return await engine.resume()

    assert not asyncio.run(main()).paused


def test_a_suspension_that_comes_while_it_pauses_is_kept_for_the_resume():
    engine, _ = make_engine()
    opened, said = asyncio.Event(), []
    engine.state_hook = lambda new, old: (
        engine.request_suspend(opened.wait) if new == "pausing" else None
    )

    async def main():
        assert (await engine.run([Msg("checkpoint"), Msg("pause")])).paused
        engine.state_hook = None
        engine.msg_hook = lambda msg: said.append(msg.command)
        task = asyncio.create_task(engine.resume())
        await until(lambda: "wait_for" in said or task.done())
        assert not task.done()
        opened.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"


def test_a_pause_is_refused_once_the_plan_is_over():
    engine, _ = make_engine()
    det, told = Detector(), []

    def unstage():
        for defer in (False, True):
            with pytest.raises(TransitionError, match="the plan is over"):
                engine.request_pause(defer)
            told.append(defer)
        return [det]

    det.unstage = unstage
    result = asyncio.run(engine.run([Msg("stage", det)]))
    assert (result.exit_status, result.paused) == ("success", False)
    assert told == [False, True]
    assert not engine.deferred_pause_requested


def test_who_is_cancelled_just_when_the_plan_pauses_leaves_none_behind():
    engine, docs = make_engine()

    async def main():
        def hook(new, old):
            if new == "paused":
                task.cancel()

        engine.state_hook = hook
        task = asyncio.create_task(
            engine.run([Msg("open_run"), Msg("checkpoint"), Msg("pause"), Msg("null")])
        )
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert engine.state == "idle"
    assert [doc["exit_status"] for doc in docs.named("stop")] == ["abort"]
    assert "cancelled" in docs.named("stop")[0]["reason"]


@pytest.mark.parametrize("verb", ["abort", "stop", "halt"])
def test_a_paused_plan_of_which_the_end_is_asked_for_twice_ends_once(verb):
    engine, docs = make_engine()

    async def main():
        assert (await engine.run([Msg("open_run"), Msg("pause")])).paused
        engine.request_abort("by a device")
        # Begun as the next thing after the request, before that has come to anything.
        return await asyncio.create_task(getattr(engine, verb)())

    result = asyncio.run(main())
    assert (result.exit_status, result.reason) == ("abort", "by a device")
    assert len(docs.named("stop")) == 1
    assert engine.state == "idle"


def test_an_abort_that_nobody_can_follow_leaves_the_plan_paused():
    engine, docs = make_engine()

    def fail(unwatched):
        raise RuntimeError("can't start new thread")

    async def main():
        await engine.run([Msg("open_run"), Msg("checkpoint"), Msg("pause")])
        engine.on_unwatched = fail
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _, c: told.append(c))
        engine.request_abort("by a PV")
        await until(lambda: told)
        assert engine.state == "paused"
        await engine.abort("by hand")

    asyncio.run(main())
    assert docs.named("stop")[0]["reason"] == "by hand"


def test_a_loop_that_ends_in_the_midst_of_the_clean_up_leaves_no_run_open():
    engine, docs = make_engine()
    det, unstaging = Detector(), []

    def unstage():
        unstaging.append(Status("det", "unstage"))
        return unstaging[-1]

    det.unstage = unstage

    async def main():
        task = asyncio.create_task(engine.run([Msg("open_run"), Msg("stage", det)]))
        await until(lambda: unstaging)
        return task

    assert asyncio.run(main()).cancelled()
    assert len(docs.named("stop")) == 1
    assert engine.state == "idle"


class Shared(UserDict):
    """Metadata of which somebody else deletes a key just as they are read."""

    def __getitem__(self, key):
        if key == "sample":
            self.pop("operator", None)
        return super().__getitem__(key)


def test_a_run_opens_while_somebody_deletes_metadata():
    engine, docs = make_engine()
    engine.md = Shared(sample="A", operator="B")
    asyncio.run(engine.run([Msg("open_run")]))
    (start,) = docs.named("start")
    assert start["sample"] == "A"
    assert "operator" not in start


def test_metadata_that_cannot_be_read_open_no_run():
    class Broken(UserDict):
        def __getitem__(self, key):
            raise KeyError(key)

    engine, docs = make_engine(scan_id_source=lambda md: 1)
    engine.md = Broken(sample="A")
    with pytest.raises(KeyError, match="sample"):
        asyncio.run(engine.run([Msg("open_run")]))
    assert docs.all == []


# ---------------------------------------------------------------- another loop


def test_a_paused_call_goes_on_upon_another_loop():
    engine, _ = make_engine()
    motor = Motor(by_hand=True)

    def arrive(statuses):
        for status in statuses or ():
            threading.Thread(target=status.set_finished).start()

    def plan():
        yield Msg("checkpoint")
        yield Msg("pause")
        for at in range(3):
            yield Msg("set", motor, at, group="a")
            yield Msg("wait", None, group="a")
        return motor.at

    engine.waiting_hook = arrive
    assert asyncio.run(engine.run(plan())).paused
    assert asyncio.run(engine.resume()).plan_result == 2


def test_what_was_done_between_two_loops_is_not_waited_for():
    engine, _ = make_engine()
    status, motor = Status("det", "trigger"), Motor()
    motor.trigger = lambda: status

    def plan():
        yield Msg("trigger", motor, group="a")
        yield Msg("checkpoint")
        yield Msg("pause")
        yield Msg("wait", None, group="a")

    assert asyncio.run(engine.run(plan())).paused
    thread = threading.Thread(target=status.set_finished)
    thread.start()
    thread.join()
    assert asyncio.run(engine.resume()).exit_status == "success"


def test_a_monitor_goes_on_upon_another_loop():
    engine, docs = make_engine(recorder=MemoryRecorder())
    det, functions = Detector(), []
    det.subscribe = functions.append
    det.clear_sub = functions.remove

    async def told():
        thread = threading.Thread(target=functions[0], args=[det.read()])
        thread.start()
        thread.join()
        await until(lambda: docs.named("event"))

    def plan():
        yield Msg("open_run")
        yield Msg("monitor", det, name="a")
        yield Msg("checkpoint")
        yield Msg("pause")
        yield Msg("wait_for", None, [told])
        yield Msg("unmonitor", det)
        yield Msg("close_run")

    assert asyncio.run(engine.run(plan())).paused
    assert asyncio.run(engine.resume()).exit_status == "success"
    assert len(docs.named("event")) == 1
