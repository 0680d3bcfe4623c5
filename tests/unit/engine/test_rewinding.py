"""Where a plan pauses, and what it says again when it is resumed."""

import asyncio

from kit import Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.errors import DisconnectedError


def paused_while(waiting, *, at=None, sleep=None):
    """Run a plan, pause it while it waits for something, resume; return all said."""
    engine, docs = make_engine()
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)
    gate = asyncio.Event()
    engine.sleep = lambda seconds: gate.wait()

    async def main():
        task = asyncio.create_task(engine.run(waiting(gate)))
        await until(lambda: said and said[-1] == at)
        engine.request_pause()
        result = await task
        gate.set()
        while result.paused:
            result = await engine.resume()
        return result

    return said, docs, asyncio.run(main())


def test_a_sleep_after_an_event_is_slept_again_but_the_event_is_not_taken_again():
    det = Detector()

    def plan(gate):
        yield Msg("open_run")
        for _ in range(2):
            yield Msg("checkpoint")
            yield Msg("create", name="primary")
            yield Msg("read", det)
            yield Msg("save")
            yield Msg("sleep", None, 60)
        yield Msg("close_run")

    said, docs, result = paused_while(plan, at="sleep")
    assert result.exit_status == "success"
    assert len(docs.named("event")) == 2
    assert said.count("sleep") == 3


def test_a_sleep_before_the_end_of_the_run_is_slept_again_too():
    det = Detector()

    def plan(gate):
        yield Msg("open_run")
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")
        yield Msg("sleep", None, 60)
        return (yield Msg("close_run"))

    said, docs, result = paused_while(plan, at="sleep")
    assert said[-3:] == ["sleep", "close_run", "sleep"]
    assert result.plan_result == docs.named("start")[0]["uid"]
    assert len(docs.named("event")) == 1


def test_a_wait_after_an_event_is_waited_for_before_the_plan_goes_on():
    det, motor = Detector(), Motor(by_hand=True)
    positions = []

    def plan(gate):
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")
        yield Msg("set", motor, 7, group="g")
        motor.by_hand = False
        yield Msg("wait", None, "g")
        yield Msg("checkpoint")
        positions.append(motor.moves)
        yield Msg("close_run")

    _said, docs, result = paused_while(plan, at="wait")
    assert result.exit_status == "success"
    assert positions == [[7, 7]]
    assert docs.points() == {1: {"det": 2}}


def test_a_move_from_before_the_checkpoint_goes_on_after_a_pause():
    motor, other = Motor(by_hand=True), Motor("other", by_hand=True)

    def plan(gate):
        yield Msg("set", motor, 7, group="g")
        yield Msg("set", other, 8, group="h")
        yield Msg("checkpoint")
        yield Msg("set", other, 9, group="g")
        motor.by_hand = other.by_hand = False
        yield Msg("wait", None, "g")
        yield Msg("wait", None, "h")

    _said, _, result = paused_while(plan, at="wait")
    assert result.exit_status == "success"
    assert motor.moves == [7, 7]
    assert other.moves == [8, 9, 8, 9]


def test_a_device_that_cannot_be_stopped_is_not_sent_again():
    motor = Motor(by_hand=True)

    class Unstoppable:
        name, parent = "u", None
        moves = 0

        def set(self, value):
            self.moves += 1
            self.status = motor.set(value)
            return self.status

    device = Unstoppable()

    def plan(gate):
        yield Msg("set", device, 7, group="g")
        yield Msg("checkpoint")
        asyncio.get_running_loop().call_later(0.01, device.status.set_finished)
        yield Msg("wait", None, "g")

    _, _, result = paused_while(plan, at="wait")
    assert result.exit_status == "success"
    assert device.moves == 1


def test_where_nothing_may_be_repeated_only_the_message_in_flight_is():
    det, answers = Detector(), []

    def plan(gate):
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("rewindable", None, False)
        yield Msg("create", name="primary")
        yield Msg("read", det)
        answers.append((yield Msg("wait_for", None, [gate.wait])))
        yield Msg("save")
        yield Msg("rewindable", None, True)
        yield Msg("sleep", None, 0)
        yield Msg("close_run")

    said, docs, result = paused_while(plan, at="wait_for")
    assert result.exit_status == "success"
    assert said.count("wait_for") == 2
    assert said.count("read") == 1
    assert [task.result() for task in answers[0]] == [True]
    assert docs.points() == {1: {"det": 1}}


def test_an_event_from_where_nothing_may_be_repeated_keeps_its_number():
    engine, docs = make_engine()
    det = Detector()

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        for last in (False, True):
            yield Msg("rewindable", None, False)
            yield Msg("create", name="primary")
            yield Msg("read", det)
            yield Msg("save")
            yield Msg("rewindable", None, True)
            if not last:
                yield Msg("pause")
        yield Msg("close_run")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert [event["seq_num"] for event in docs.named("event")] == [1, 2]


def test_a_message_that_forgets_the_others_in_an_event_forgets_no_reading():
    engine, docs = make_engine()
    a, b, c = Detector("a"), Detector("b"), Detector("c")

    def plan():
        yield Msg("open_run")
        yield Msg("create", name="primary")
        yield Msg("read", a)
        yield Msg("stage", c)
        yield Msg("read", b)
        yield Msg("pause")
        yield Msg("save")

    async def main():
        assert (await engine.run(plan())).paused
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert docs.points() == {1: {"a": 1, "b": 2}}


def test_a_lost_device_after_an_event_is_asked_again_before_the_plan_goes_on():
    engine, _docs = make_engine(pause_on=(DisconnectedError,))
    det = Detector()
    lost, answers = [True], []

    def value():
        if det.reads == 2 and lost:
            raise DisconnectedError("det is gone")
        return det.reads

    det._value = value

    def plan():
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("create", name="primary")
        yield Msg("read", det)
        yield Msg("save")
        answers.append((yield Msg("read", det))["det"]["value"])
        yield Msg("checkpoint")
        yield Msg("close_run")

    async def main():
        assert (await engine.run(plan())).paused
        lost.clear()
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert answers == [4]


def test_a_held_pause_does_not_outlive_the_plan():
    engine, docs = make_engine()
    det = Detector()

    def hook(msg):
        if msg.command == "save":
            engine.request_pause()

    engine.msg_hook = hook
    plan = [Msg("open_run"), Msg("create", name="a"), Msg("read", det), Msg("save")]
    result = asyncio.run(engine.run(plan))
    assert not result.paused
    assert len(docs.named("event")) == 1
