"""The device loop, several engines, threads, and what is left after a call."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref

import pytest
from kit import AsyncDetector, Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.engine import MemoryRecorder, asides, device_loop, garbage, recorded
from lapwing.errors import RequestAbort, StateError
from lapwing.plans import count, scan
from lapwing.status import Status

# ---------------------------------------------------------------- loops


@pytest.fixture
def background():
    """A device loop in a thread of its own."""
    loop = device_loop.get()
    yield loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
        while loop.is_running():
            pass
        loop.close()


def test_the_first_loop_that_runs_an_engine_is_the_device_loop():
    engine, _ = make_engine()

    async def main():
        await engine.run([Msg("null")])
        return (
            device_loop.is_current(),
            device_loop.claim() is asyncio.get_running_loop(),
        )

    assert asyncio.run(main()) == (True, True)
    assert not device_loop.is_current()
    # The loop is closed by now, and the next one takes its place.
    assert asyncio.run(main()) == (True, True)


def test_a_loop_that_turns_is_not_broken_into(background):
    assert device_loop.break_in() is False


@pytest.mark.parametrize("error", [RequestAbort, KeyboardInterrupt, SystemExit])
def test_what_breaks_out_of_the_loop_does_not_end_it(error):
    class Loop:
        runs = 0

        def is_closed(self):
            return False

        def run_forever(self):
            self.runs += 1
            if self.runs == 1:
                raise error

    loop = Loop()
    device_loop._run_for_ever(loop)
    assert loop.runs == 2


def test_a_run_awaited_on_another_loop_hops_over(background):
    engine, docs = make_engine()
    threads = set()
    engine.msg_hook = lambda msg: threads.add(threading.get_ident())

    async def main():
        result = await engine.run(count([AsyncDetector()], 2))
        paused = await engine.run([Msg("checkpoint"), Msg("pause")])
        return result, paused, await engine.resume()

    result, paused, last = asyncio.run(main())
    assert (result.exit_status, paused.paused, last.paused) == ("success", True, False)
    assert threads
    assert threading.get_ident() not in threads
    assert len(docs.named("event")) == 2


def test_an_abort_from_another_loop_waits_for_the_end(background):
    engine, docs = make_engine()

    async def main():
        task = asyncio.create_task(engine.run(count([Detector()], None)))
        await until(lambda: docs.named("event"))
        result = await engine.abort("enough")
        return result, await task

    first, second = asyncio.run(main())
    assert first == second
    assert docs.named("stop")[0]["reason"] == "enough"


def test_a_cancelled_wait_on_another_loop_waits_for_the_end(background):
    engine, docs = make_engine()

    async def main():
        task = asyncio.create_task(engine.run(count([Detector()], None)))
        await until(lambda: docs.named("event"))
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return engine.state

    assert asyncio.run(main()) == "idle"
    assert docs.named("stop")[0]["exit_status"] == "abort"


def test_a_blocking_call_on_the_device_loop_is_refused():
    async def nothing():
        return 1

    async def main():
        device_loop.claim()
        with pytest.raises(StateError, match=r"await engine\.run"):
            device_loop.call(nothing())

    asyncio.run(main())


def test_a_blocking_call_from_another_thread(background):
    async def nothing():
        return 1

    assert device_loop.get() is background
    assert device_loop.call(nothing()) == 1


def test_a_device_loop_that_does_not_run_is_not_waited_for():
    engine, _ = make_engine()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(engine.run([Msg("null")]))
    try:
        with pytest.raises(StateError, match="does not run"):
            asyncio.run(engine.run([Msg("null")]))

        async def nothing():
            return 1

        with pytest.raises(StateError, match="does not run"):
            device_loop.call(nothing())
        # On itself it is as good as ever.
        result = loop.run_until_complete(engine.run([Msg("null")]))
        assert result.exit_status == "success"
    finally:
        loop.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_would_end_a_program_does_not_end_the_device_loop(background, error):
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        raise error

    async def block():
        with pytest.raises(error):
            await engine.run(plan())

    asyncio.run(block())
    assert docs.named("stop")[0]["exit_status"] == "fail"
    assert background.is_running()
    assert asyncio.run(engine.run([Msg("null")])).exit_status == "success"


def test_a_keyboard_interrupt_in_a_plan_closes_its_run():
    engine, docs = make_engine()
    motor = Motor()

    def plan():
        yield Msg("open_run")
        yield Msg("set", motor, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(engine.run(plan()))
    assert docs.named("stop")[0]["exit_status"] == "fail"
    assert motor.stops == 1
    assert engine.state == "idle"


@pytest.mark.parametrize("where", ["read", "stop"])
def test_a_keyboard_interrupt_in_a_device_closes_the_run(where):
    engine, docs = make_engine()

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    motor = Motor()
    setattr(motor, where, interrupted)
    plan = [Msg("open_run"), Msg("set", motor, 1), Msg("read", motor)]
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(engine.run(plan))
    assert engine.state == "idle"
    if where == "read":
        assert docs.names == ["start", "stop"]


# ---------------------------------------------------------------- several engines


def test_several_engines_run_beside_each_other():
    engines = [make_engine() for _ in range(3)]
    meet = [asyncio.Event() for _ in engines]

    async def main():
        def plan(i):
            yield Msg("open_run", number=i)
            meet[i].set()
            for event in meet:
                yield Msg("wait_for", None, [event.wait])
            value = recorded(lambda: i)
            yield Msg("close_run")
            return value

        runs = [engine.run(plan(i)) for i, (engine, _) in enumerate(engines)]
        return await asyncio.gather(*runs)

    results = asyncio.run(main())
    assert [result.plan_result for result in results] == [0, 1, 2]
    for i, (_, docs) in enumerate(engines):
        assert docs.names == ["start", "stop"]
        assert docs.named("start")[0]["number"] == i


def test_a_plan_may_run_a_plan_on_another_engine():
    outer, _ = make_engine()
    inner, docs = make_engine()

    async def main():
        return await outer.run(
            [Msg("wait_for", None, [lambda: inner.run(count([Detector()]))])]
        )

    assert asyncio.run(main()).exit_status == "success"
    assert len(docs.named("event")) == 1


# ---------------------------------------------------------------- threads


def test_statuses_that_other_threads_finish_are_waited_for():
    engine, docs = make_engine()

    class Threaded(Motor):
        def set(self, value):
            status = Status(self.name, f"move to {value}")
            self.at = value
            threading.Thread(target=status.set_finished).start()
            return status

    motors = [Threaded(f"m{i}") for i in range(3)]
    args = [x for motor in motors for x in (motor, 0, 1)]
    asyncio.run(engine.run(scan([Detector()], *args, num=20)))
    assert len(docs.named("event")) == 20


def test_a_status_that_ends_after_its_loop_was_closed_disturbs_nobody():
    engine, _ = make_engine(cleanup_timeout=0.01)
    motor, status = Motor(), Status("det", "unstage")
    motor.set = lambda value: status
    motor.unstage = lambda: status
    motor.stage = lambda: [motor]
    asyncio.run(engine.run([Msg("stage", motor), Msg("set", motor, 1)]))
    thread = threading.Thread(target=status.set_exception, args=[OSError("late")])
    thread.start()
    thread.join()
    assert not status.success


def test_a_monitor_told_after_its_loop_was_closed_disturbs_nobody():
    engine, docs = make_engine()
    det, functions = Detector(), []
    det.subscribe = functions.append
    det.clear_sub = lambda function: None

    async def main():
        task = asyncio.create_task(
            engine.run(
                [
                    Msg("open_run"),
                    Msg("monitor", det, name="a"),
                    Msg("wait_for", None, [asyncio.Event().wait]),
                ]
            )
        )
        await until(lambda: functions)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    thread = threading.Thread(target=functions[0], args=[det.read()])
    thread.start()
    thread.join()
    assert docs.named("event") == []


# ---------------------------------------------------------------- garbage


def ways_to_end(engine):
    """Calls that end in each way there is."""
    motor = Motor()

    def failing():
        yield Msg("open_run")
        raise ZeroDivisionError

    async def plainly():
        await engine.run(count([Detector()]))

    async def failed():
        with pytest.raises(ZeroDivisionError):
            await engine.run(failing())

    async def refused():
        with pytest.raises(TypeError):
            await engine.run(5)

    async def paused(verb):
        assert (await engine.run([Msg("open_run"), Msg("pause")])).paused
        await getattr(engine, verb)()

    async def cancelled():
        task = asyncio.create_task(
            engine.run([Msg("set", motor, 1), Msg("sleep", None, 0)])
        )
        await until(lambda: motor.moves)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    return [plainly, failed, refused, cancelled] + [
        lambda verb=verb: paused(verb) for verb in ("resume", "stop", "abort", "halt")
    ]


@pytest.mark.parametrize("way", range(8))
def test_the_collectors_settings_are_put_back_however_a_call_ends(way):
    engine, _ = make_engine()
    engine.sleep = lambda seconds: asyncio.Event().wait()
    before = gc.get_threshold()
    during = []
    engine.msg_hook = lambda msg: during.append(gc.get_threshold())
    asyncio.run(ways_to_end(engine)[way]())
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
    assert set(during) <= {garbage.THRESHOLDS}


def test_the_collectors_settings_are_put_back_by_the_last_of_several_engines():
    first, second = make_engine()[0], make_engine()[0]
    before = gc.get_threshold()

    async def main():
        assert (await first.run([Msg("pause")])).paused
        await second.run([Msg("null")])
        assert gc.get_threshold() == garbage.THRESHOLDS
        await first.resume()

    asyncio.run(main())
    assert gc.get_threshold() == before


@pytest.mark.parametrize(
    ("new", "collections", "enabled", "wanted"),
    [
        (10, 0, True, []),
        (6_000, 3, True, [0]),
        (6_000, 21, True, [1]),
        (6_000, 21, False, []),
    ],
)
def test_what_is_young_is_collected_while_hardware_is_waited_for(
    new, collections, enabled, wanted, monkeypatch
):
    collected = []
    monkeypatch.setattr(gc, "get_count", lambda: (new, collections, 0))
    monkeypatch.setattr(gc, "isenabled", lambda: enabled)
    monkeypatch.setattr(gc, "collect", collected.append)
    garbage.tidy()
    assert collected == wanted


@pytest.mark.parametrize("end", ["success", "failure", "abort"])
def test_an_engine_keeps_nothing_of_a_call_that_has_ended(end):
    engine, docs = make_engine()
    pending = Status("other", "never done")
    tasks = []

    class Loose(Motor):
        """Leaves a task behind, which has the context of the call."""

        def set(self, value):
            tasks.append(asyncio.ensure_future(asyncio.sleep(0)))
            super().set(value)
            return pending

    class Broken(Detector):
        def trigger(self):
            raise ZeroDivisionError

    async def main():
        motor, det = Loose(), (Broken if end == "failure" else AsyncDetector)()
        refs = [weakref.ref(motor), weakref.ref(det)]
        docs.all.clear()

        def plan(motor, det):
            yield Msg("open_run")
            yield Msg("stage", det)
            yield Msg("set", motor, 1)
            yield Msg("create", name="primary")
            yield Msg("read", det)
            yield Msg("save")
            yield Msg("trigger", det)
            if end == "abort":
                raise RequestAbort("enough")
            yield Msg("close_run")

        try:
            result = await engine.run(plan(motor, det))
            assert result.exit_status == ("success" if end == "success" else "abort")
        except ZeroDivisionError:
            assert end == "failure"
        del motor, det
        await asyncio.gather(*tasks)
        return refs

    refs = asyncio.run(main())
    gc.collect()
    assert [ref() for ref in refs] == [None, None]
    assert not engine.resumable


def test_many_short_calls_leave_as_many_objects_as_few():
    engine, docs = make_engine()
    det = Detector()

    async def calls(number):
        for _ in range(number):
            await engine.run(count([det]))
            docs.all.clear()
        gc.collect()
        return len(gc.get_objects())

    async def main():
        await calls(20)
        few = await calls(20)
        return await calls(300) - few

    assert asyncio.run(main()) < 100


def test_what_a_call_has_left_behind_is_collected_without_being_asked():
    from lapwing.engine.call import Call

    engine, _ = make_engine()

    async def main():
        for _ in range(600):
            await engine.run([Msg("null")])
        return sum(isinstance(one, Call) for one in gc.get_objects())

    assert asyncio.run(main()) < 300


# ---------------------------------------------------------------- asides


def test_a_task_that_outlives_its_call_notes_nothing_more():
    recorder = MemoryRecorder()
    engine, _ = make_engine(recorder=recorder)
    gate, seen = asyncio.Event(), []

    async def later():
        await gate.wait()
        seen.append(recorded(lambda: 7))

    async def main():
        tasks = []

        def plan():
            tasks.append(asyncio.ensure_future(later()))
            yield Msg("null")

        await engine.run(plan())
        number = len(recorder.records)
        gate.set()
        await tasks[0]
        return len(recorder.records) - number

    assert asyncio.run(main()) == 0
    assert seen == [7]


def test_outside_an_engine_nobody_listens():
    assert asides.LISTENER.get() is None


ENDS = """
import atexit, threading

def look():  # the first to be registered, so the last to be called
    turned = threading.Event()
    device_loop.get().call_soon_threadsafe(turned.set)
    print(turned.wait(0.2), device_loop.thread().is_alive())

atexit.register(look)
from lapwing.engine import device_loop

async def beat():
    return "beats"

atexit.register(lambda: print(device_loop.call(beat())))
device_loop.get()
"""


def test_the_loop_turns_until_all_else_has_ended_and_then_holds_still():
    done = subprocess.run(
        [sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["beats", "False", "True"]
