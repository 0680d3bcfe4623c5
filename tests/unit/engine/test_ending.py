"""How a plan comes to rest and to its end, against resistance."""

import asyncio

import pytest
from kit import Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.errors import StateError, TransitionError


def test_a_halt_does_nothing_that_a_plan_says_in_its_clean_up():
    engine, docs = make_engine()
    home, seen = Motor("home"), []

    def inner():
        try:
            yield Msg("pause")
        finally:
            yield Msg("set", home, 0)
            seen.append("never")

    def plan():
        yield Msg("open_run")
        try:
            yield from inner()
        finally:
            seen.append("closed")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.halt()

    assert asyncio.run(main()).exit_status == "abort"
    assert home.moves == []
    assert seen == ["closed"]
    assert docs.named("stop")[0]["exit_status"] == "abort"


def test_a_halt_gets_through_a_plan_that_catches_everything(caplog):
    engine, _ = make_engine()

    def plan():
        while True:
            try:
                yield Msg("pause")
            except BaseException:  # noqa: BLE001 - as the worst of plans do
                yield Msg("null")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.halt()

    assert asyncio.run(main()).exit_status == "abort"
    assert engine.state == "idle"


@pytest.mark.parametrize("first", ["abort", "halt", "stop"])
@pytest.mark.parametrize("second", ["abort", "halt", "stop"])
def test_a_second_end_takes_nothing_back(first, second):
    engine, docs = make_engine()
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)
    engine.sleep = lambda seconds: asyncio.Event().wait()

    def plan():
        yield Msg("open_run")
        try:
            yield Msg("sleep", None, 1)
        finally:
            yield Msg("wait_for", None, [asyncio.Event().wait])

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: "sleep" in said)
        one = asyncio.create_task(getattr(engine, first)())
        if first != "halt":
            await until(lambda: "wait_for" in said)
            await getattr(engine, second)()
        await one
        return await task

    result = asyncio.run(main())
    stopped = (first, second) == ("stop", "stop")
    assert result.exit_status == ("success" if stopped else "abort")
    assert docs.named("stop")[0]["exit_status"] == result.exit_status


def test_both_reasons_of_two_aborts_are_not_needed():
    engine, _docs = make_engine()
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    def plan():
        yield Msg("open_run")
        try:
            yield Msg("wait_for", None, [asyncio.Event().wait])
        finally:
            yield Msg("wait_for", None, [asyncio.Event().wait])

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: said.count("wait_for") == 1)
        one = asyncio.create_task(engine.abort("the first reason"))
        await until(lambda: said.count("wait_for") == 2)
        await engine.abort()
        await one
        return await task

    assert asyncio.run(main()).reason == "the first reason"


def test_an_abort_gets_through_an_open_run_that_waits_for_its_number():
    asked = []

    async def never(md):
        asked.append(True)
        await asyncio.Event().wait()

    engine, docs = make_engine(scan_id_source=never)

    async def main():
        task = asyncio.create_task(engine.run([Msg("open_run")]))
        await until(lambda: asked)
        return await engine.abort(), await task

    first, second = asyncio.run(main())
    assert first == second
    assert first.exit_status == "abort"
    assert docs.all == []


def test_an_abort_while_the_devices_come_to_rest_for_a_pause():
    engine, docs = make_engine()
    motor, resting, go_on = Motor(), [], asyncio.Event()

    async def stop(success=True):
        resting.append(True)
        await go_on.wait()

    motor.stop = stop

    async def main():
        plan = [Msg("open_run"), Msg("set", motor, 1), Msg("pause"), Msg("null")]
        task = asyncio.create_task(engine.run(plan))
        await until(lambda: resting)
        assert engine.state == "pausing"
        abort = asyncio.create_task(engine.abort())
        await asyncio.sleep(0)
        go_on.set()
        return await abort, await task

    first, _ = asyncio.run(main())
    assert first.exit_status == "abort"
    assert docs.named("stop")[0]["exit_status"] == "abort"


def test_an_abort_from_within_the_plan_waits_for_nothing():
    engine, _ = make_engine()

    async def end(call, msg):
        await engine.abort()

    engine.verbs["end"] = end
    with pytest.raises(StateError, match="cannot wait for its own end"):
        asyncio.run(engine.run([Msg("end")]))


def test_whoever_hears_of_the_pause_may_resume_at_once():
    engine, _docs = make_engine()
    said = []

    async def main():
        resumed = []

        def hook(new, old):
            if new == "paused":
                resumed.append(asyncio.ensure_future(engine.resume()))

        engine.state_hook = hook
        engine.msg_hook = lambda msg: said.append(msg.command)
        plan = [
            Msg("open_run"),
            Msg("pause"),
            Msg("wait_for", None, [asyncio.Event().wait]),
        ]
        first = await engine.run(plan)
        assert first.paused
        await until(lambda: "wait_for" in said)
        await engine.abort("it can be interrupted")
        return await resumed[0]

    assert asyncio.run(main()).reason == "it can be interrupted"


# ---------------------------------------------------------------- devices at rest


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize("hangs", [False, True])
def test_a_device_that_fails_to_rest_keeps_nobody_from_it(verb, hangs, caplog):
    engine, _ = make_engine(cleanup_timeout=0.01)
    told = []

    class Camera(Detector):
        async def pause(self):
            told.append("pause")
            await self.maybe("pause")

        async def resume(self):
            told.append("resume")
            await self.maybe("resume")

        async def maybe(self, now):
            if now == verb and self.name == "bad":
                if hangs:
                    await asyncio.Event().wait()
                raise OSError("no answer")

    async def main():
        plan = [
            Msg("trigger", Camera("bad")),
            Msg("trigger", Camera("good")),
            Msg("pause"),
        ]
        assert (await engine.run(plan)).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert told == ["pause"] * 2 + ["resume"] * 2
    said = f"bad has not finished its {verb}" if hangs else f"bad failed to {verb}: no"
    assert said in caplog.text


def test_a_subscriber_that_fails_at_an_interruption_is_told_to_the_plan():
    engine, docs = make_engine(record_interruptions=True)

    def fail(name, doc):
        if name == "event":
            raise ZeroDivisionError

    engine.subscribe(fail)

    async def main():
        result = await engine.run([Msg("open_run"), Msg("pause"), Msg("null")])
        assert result.paused
        with pytest.raises(ZeroDivisionError):
            await engine.resume()

    asyncio.run(main())
    assert engine.state == "idle"
    assert docs.named("stop")[0]["exit_status"] == "fail"


def test_a_pause_asked_for_in_a_state_that_has_none():
    engine, _ = make_engine()

    async def main():
        await engine.run([Msg("pause")])
        with pytest.raises(TransitionError, match="the engine is paused"):
            engine.request_pause()
        with pytest.raises(StateError, match="resume, stop, abort or halt"):
            await engine.run([Msg("null")])
        await engine.stop()

    asyncio.run(main())


def test_a_time_out_of_the_devices_own_in_clean_up_is_told_as_its_failure(caplog):
    engine, _ = make_engine()
    motor = Motor("x")

    def fail(success=True):
        raise TimeoutError("no reply from the crate")

    motor.stop = fail
    asyncio.run(engine.run([Msg("set", motor, 1)]))
    assert "x failed to stop: no reply from the crate" in caplog.text


def test_a_plan_that_cannot_be_closed_keeps_nothing_from_its_end(caplog):
    engine, _docs = make_engine()

    def deaf():
        try:
            yield Msg("wait_for", None, [asyncio.Event().wait])
        finally:
            yield Msg("null")

    def plan():
        yield Msg("open_run")
        engine.request_suspend(asyncio.Event().wait, pre_plan=deaf())
        yield Msg("null")

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        said = []
        engine.msg_hook = lambda msg: said.append(msg.command)
        await until(lambda: "wait_for" in said)
        engine.request_pause()
        assert (await task).paused
        return await engine.abort()

    assert asyncio.run(main()).exit_status == "abort"
    assert "generator ignored GeneratorExit" in caplog.text
