"""Pausing, rewinding, ending."""

import asyncio

import pytest
from kit import Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.errors import (
    DisconnectedError,
    FailedPause,
    NoReplayAllowed,
    RequestAbort,
    RequestStop,
)
from lapwing.plans import count, scan


def points_of(plan_of, index=None):
    """Run a scan; pause at message ``index`` if given, then resume."""
    engine, docs = make_engine()
    det, motor = Detector(value=lambda: motor.at * 10), Motor()
    said = []

    def hook(msg):
        said.append(msg.command)
        if len(said) - 1 == index:
            engine.request_pause()

    engine.msg_hook = hook

    async def main():
        result = await engine.run(plan_of(det, motor))
        paused = result.paused
        while result.paused:
            assert engine.state == "paused"
            result = await engine.resume()
        return paused, result

    paused, result = asyncio.run(main())
    return docs, said, paused, result


def scan_plan(det, motor):
    return scan([det], motor, 1, 3, 3)


PLAIN = points_of(scan_plan)


@pytest.mark.parametrize("index", range(len(PLAIN[1])))
def test_a_scan_paused_anywhere_and_resumed_has_the_same_points(index):
    docs, _, paused, result = points_of(scan_plan, index)
    assert docs.points() == PLAIN[0].points()
    assert result.exit_status == "success"
    assert docs.named("stop")[0]["num_events"] == {"primary": 3}
    assert paused or index == len(PLAIN[1]) - 1


@pytest.mark.parametrize("index", range(len(PLAIN[1])))
def test_no_point_is_taken_twice_if_the_pause_comes_after_its_event(index):
    docs, _, _, _ = points_of(scan_plan, index)
    assert len(docs.named("event")) == 3


def test_the_response_in_flight_is_handed_back_on_resume():
    engine, _ = make_engine()
    det = Detector()

    def plan():
        yield Msg("checkpoint")
        first = yield Msg("read", det)
        uid = yield Msg("open_run")
        return first["det"]["value"], uid

    async def main():
        def hook(msg):
            if msg.command in ("read", "open_run"):
                engine.request_pause()

        engine.msg_hook = hook
        assert (await engine.run(plan())).paused
        engine.msg_hook = None
        return await engine.resume()

    result = asyncio.run(main())
    value, uid = result.plan_result
    assert value == 2  # read again, and told
    assert uid == result.run_start_uids[0]


def test_a_deferred_pause_waits_for_the_checkpoint():
    engine, docs = make_engine()
    det = Detector()

    async def main():
        engine.msg_hook = lambda msg: (
            msg.command == "trigger"
            and det.reads == 1
            and engine.request_pause(defer=True)
        )
        result = await engine.run(count([det], 3))
        assert result.paused
        assert len(docs.named("event")) == 2
        assert det.reads == 2
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert len(docs.named("event")) == 3


def test_a_deferred_pause_that_meets_no_checkpoint_changes_nothing():
    engine, _ = make_engine()
    engine.msg_hook = lambda msg: engine.request_pause(defer=True)
    assert asyncio.run(engine.run([Msg("null")])).exit_status == "success"
    assert engine.deferred_pause_requested


def test_a_plan_may_pause_itself():
    engine, _ = make_engine()

    async def main():
        result = await engine.run([Msg("checkpoint"), Msg("pause"), Msg("null")])
        assert result.paused
        assert result.reason == "the plan asked for it"
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"


def test_moving_devices_are_stopped_on_a_pause_and_set_again_on_resume():
    engine, _ = make_engine()
    motor = Motor(by_hand=True)

    async def main():
        def plan():
            yield Msg("checkpoint")
            yield Msg("set", motor, 5, group="g")
            yield Msg("wait", group="g")

        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: motor.moves)
        engine.request_pause()
        assert (await task).paused
        assert motor.stops == 1
        task = asyncio.create_task(engine.resume())
        await until(lambda: len(motor.moves) == 2)
        motor.pending[-1].set_finished()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert motor.moves == [5, 5]


def test_a_pause_interrupts_a_sleep_at_once():
    engine, _ = make_engine(sleep=asyncio.sleep)

    async def main():
        task = asyncio.create_task(
            engine.run([Msg("checkpoint"), Msg("sleep", None, 3600)])
        )
        await asyncio.sleep(0.01)
        engine.request_pause()
        assert (await task).paused
        return await engine.abort("enough")

    result = asyncio.run(main())
    assert (result.exit_status, result.reason) == ("abort", "enough")


def test_devices_are_told_of_pause_and_resume_and_may_forbid_the_replay():
    engine, _ = make_engine()
    told = []

    class Camera(Detector):
        def pause(self):
            told.append("pause")
            raise NoReplayAllowed

        async def resume(self):
            told.append("resume")

    camera = Camera()
    said = []

    async def main():
        def hook(msg):
            said.append(msg.command)
            if msg.command == "trigger":
                engine.request_pause()

        engine.msg_hook = hook
        plan = [Msg("checkpoint"), Msg("trigger", camera), Msg("null")]
        assert (await engine.run(plan)).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert told == ["pause", "resume"]
    assert said == ["checkpoint", "trigger", "null"]


def test_without_a_checkpoint_a_pause_aborts():
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        yield Msg("clear_checkpoint")
        yield Msg("checkpoint")
        yield Msg("pause")
        yield Msg("null")

    result = asyncio.run(engine.run(plan()))
    assert result.exit_status == "abort"
    assert isinstance(result.exception, FailedPause)
    assert docs.named("stop")[0]["exit_status"] == "abort"
    assert engine.state == "idle"


def test_rewindable_tells_what_is_in_force():
    engine, _ = make_engine()

    def plan():
        before = yield Msg("rewindable", None, None)
        during = yield Msg("rewindable", None, False)
        after = yield Msg("rewindable", None, True)
        return before, during, after

    assert asyncio.run(engine.run(plan())).plan_result == (True, False, True)


@pytest.mark.parametrize("paused_first", [False, True])
@pytest.mark.parametrize(
    ("verb", "thrown", "status"),
    [("abort", RequestAbort, "abort"), ("stop", RequestStop, "success")],
)
def test_abort_and_stop_let_the_plan_clean_up(verb, thrown, status, paused_first):
    engine, docs = make_engine()
    motor, home = Motor(by_hand=True), Motor()
    seen = []

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        try:
            yield Msg("set", motor, 1, group="g")
            yield Msg("wait", group="g")
        except Exception as exc:
            seen.append(type(exc))
            yield Msg("set", home, 0)
            raise

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: motor.moves)
        if paused_first:
            engine.request_pause()
            assert (await task).paused
        result = await getattr(engine, verb)()
        if not paused_first:
            assert (await task).interrupted
        return result

    result = asyncio.run(main())
    assert seen == [thrown]
    assert home.moves == [0]
    assert result.exit_status == status
    assert result.interrupted
    assert docs.named("stop")[0]["exit_status"] == status
    assert motor.stops >= 1
    assert engine.state == "idle"


def test_halt_skips_the_plans_own_clean_up():
    engine, docs = make_engine()
    motor, home = Motor(by_hand=True), Motor()

    def plan():
        yield Msg("open_run")
        try:
            yield Msg("set", motor, 1, group="g")
            yield Msg("wait", group="g")
        except Exception:
            yield Msg("set", home, 0)
            raise

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: motor.moves)
        result = await engine.halt()
        assert await task == result
        return result

    result = asyncio.run(main())
    assert home.moves == []
    assert result.exit_status == "abort"
    assert docs.named("stop")[0]["exit_status"] == "abort"
    assert motor.stops == 1


def test_a_plan_that_swallows_an_abort_still_ends_aborted():
    engine, docs = make_engine()

    def plan():
        yield Msg("open_run")
        while True:
            try:
                yield Msg("sleep", None, 1)
            except RequestAbort:
                break
        yield Msg("null")

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await asyncio.sleep(0.01)
        result = await engine.abort("enough")
        await task
        return result

    result = asyncio.run(main())
    assert (result.exit_status, result.reason) == ("abort", "enough")
    assert docs.named("stop")[0]["exit_status"] == "abort"
    assert engine.state == "idle"


def test_a_second_abort_gets_a_plan_out_of_its_clean_up():
    engine, _ = make_engine(sleep=asyncio.sleep)

    def plan():
        try:
            yield Msg("sleep", None, 3600)
        finally:
            yield Msg("sleep", None, 3600)

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        await asyncio.sleep(0.01)
        first = asyncio.create_task(engine.abort())
        await asyncio.sleep(0.01)
        assert engine.state == "aborting"
        await engine.abort()
        await first
        return await task

    assert asyncio.run(main()).exit_status == "abort"


def test_a_plan_may_abort_itself():
    engine, _ = make_engine()

    def plan():
        yield Msg("open_run")
        raise RequestAbort("not today")

    result = asyncio.run(engine.run(plan()))
    assert (result.exit_status, result.reason) == ("abort", "not today")


def test_a_lost_device_pauses_the_plan_if_that_is_wanted():
    engine, docs = make_engine(pause_on=(DisconnectedError,))
    det, motor = Detector(), Motor(by_hand=True)

    async def main():
        task = asyncio.create_task(engine.run(scan([det], motor, 1, 2, 2)))
        await until(lambda: motor.moves)
        motor.pending[0].set_exception(DisconnectedError("x is gone", pvs=["X"]))
        result = await task
        assert result.paused
        assert "x is gone" in result.reason
        motor.by_hand = False
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert sorted(docs.points()) == [1, 2]


def test_a_device_lost_while_it_is_read_pauses_too():
    engine, docs = make_engine(pause_on=(DisconnectedError,))
    det = Detector()
    lost = [True]

    def value():
        if lost:
            raise DisconnectedError("det is gone")
        return 1

    det._value = value

    async def main():
        result = await engine.run(count([det], 2))
        assert result.paused
        assert result.reason.startswith("det is gone")
        lost.clear()
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert docs.points() == {1: {"det": 1}, 2: {"det": 1}}


def test_limits_are_checked_before_anything_moves():
    engine, docs = make_engine()
    det, a, b = Detector(), Motor("a"), Motor("b")

    def check(value):
        if value > 2:
            raise ValueError(f"{value} is too far")

    b.check_value = check
    with pytest.raises(ValueError, match=r"3\.0 is too far"):
        asyncio.run(engine.run(scan([det], a, 0, 1, b, 0, 3, num=4)))
    assert a.moves == b.moves == []
    assert docs.all == []


def test_colliding_data_keys_are_found_before_anything_moves():
    engine, docs = make_engine()
    motor = Motor()
    with pytest.raises(ValueError, match="both give the data key 'det'"):
        asyncio.run(engine.run(scan([Detector(), Detector()], motor, 0, 1, 2)))
    assert motor.moves == []
    assert docs.all == []
