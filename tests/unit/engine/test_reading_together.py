"""Devices that take time to read are read together, if the plan announced them."""

import asyncio

import pytest
from kit import Detector, Motor, make_engine, until

from lapwing import Msg
from lapwing.engine import announce
from lapwing.plan_stubs import trigger_and_read


class Meeting:
    """Readings that end only when a number of them have begun."""

    def __init__(self, number):
        self.number = number
        self.begun = []
        self.all_here = asyncio.Event()

    async def wait(self, device):
        self.begun.append(device.name)
        if len(self.begun) >= self.number:
            self.all_here.set()
        await self.all_here.wait()


class Slow(Detector):
    """Reads in a coroutine, which waits for the others."""

    def __init__(self, name, meeting=None):
        super().__init__(name)
        self.meeting = meeting
        self.cancelled = 0

    async def read(self):
        try:
            if self.meeting is not None:
                await self.meeting.wait(self)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return super().read()


def one_run(*inner):
    yield Msg("open_run")
    for messages in inner:
        yield from messages
    yield Msg("close_run")


def bundle(*objs, announced=None):
    announce(objs if announced is None else announced)
    yield Msg("create", name="primary")
    for obj in objs:
        yield Msg("read", obj)
    yield Msg("save")


def test_each_costs_its_own_time_and_not_the_sum():
    engine, docs = make_engine()
    meeting = Meeting(3)
    devices = [Slow(name, meeting) for name in "abc"]
    asyncio.run(engine.run(one_run(trigger_and_read(devices))))
    assert meeting.begun == ["a", "b", "c"]
    assert docs.points() == {1: {"a": 1, "b": 1, "c": 1}}


def test_what_is_synchronous_is_read_when_its_turn_comes():
    engine, docs = make_engine()
    meeting, order = Meeting(2), []
    fast = Detector("fast", value=lambda: order.append("fast") or 1)
    a, b = Slow("a", meeting), Slow("b", meeting)
    engine.msg_hook = lambda msg: msg.command == "read" and order.append(msg.obj.name)
    asyncio.run(engine.run(one_run(bundle(a, fast, b))))
    assert order == ["a", "fast", "fast", "b"]
    assert docs.points() == {1: {"a": 1, "fast": 1, "b": 1}}


def test_without_an_announcement_nothing_is_read_ahead():
    engine, docs = make_engine()
    a, b = Slow("a"), Slow("b")
    read_at = []
    engine.msg_hook = lambda msg: read_at.append((msg.command, a.reads, b.reads))
    asyncio.run(engine.run(one_run(bundle(a, b, announced=()))))
    assert ("save", 1, 1) in read_at
    assert ("read", 1, 0) in read_at
    assert docs.points() == {1: {"a": 1, "b": 1}}


def test_a_reading_that_a_preprocessor_drops_is_cancelled():
    engine, docs = make_engine()
    meeting = Meeting(2)
    a, b = Slow("a", meeting), Slow("b", meeting)
    stuck = Slow("stuck", Meeting(2))

    def drop(plan):
        response = None
        while True:
            try:
                msg = plan.send(response)
            except StopIteration as stop:
                return stop.value
            dropped = msg.command == "read" and msg.obj is stuck
            response = None if dropped else (yield msg)

    engine.preprocessors.append(drop)
    asyncio.run(engine.run(one_run(bundle(a, b, stuck))))
    assert stuck.cancelled == 1
    assert docs.points() == {1: {"a": 1, "b": 1}}


def test_a_reading_that_fails_is_told_at_its_own_message():
    engine, _ = make_engine()
    seen = []

    class Broken(Slow):
        async def read(self):
            raise OSError("broken")

    a, broken = Slow("a"), Broken("broken")

    def plan():
        yield Msg("open_run")
        announce([a, broken])
        yield Msg("create", name="primary")
        seen.append((yield Msg("read", a)))
        try:
            yield Msg("read", broken)
        except OSError as exc:
            seen.append(str(exc))
        yield Msg("drop")
        yield Msg("close_run")

    asyncio.run(engine.run(plan()))
    assert seen == [{"a": {"value": 1, "timestamp": 1.0}}, "broken"]


def test_a_failure_that_is_not_asked_for_is_nobodys():
    engine, _ = make_engine()

    class Broken(Slow):
        async def read(self):
            raise OSError("broken")

    a, broken = Slow("a"), Broken("broken")
    messages = [*bundle(a, broken, announced=())]
    del messages[2]

    def plan():
        yield Msg("open_run")
        announce([a, broken])
        yield from (msg for msg in messages)
        yield Msg("sleep", None, 0)

    assert asyncio.run(engine.run(plan())).exit_status == "success"


@pytest.mark.parametrize("between", ["set", "trigger"])
def test_what_was_read_ahead_does_not_outlive_a_move_or_a_trigger(between):
    engine, docs = make_engine()
    meeting = Meeting(2)
    a, b, motor = Slow("a", meeting), Slow("b", meeting), Motor()
    b._value = lambda: motor.at
    other = motor if between == "set" else Detector()

    def plan():
        yield Msg("open_run")
        announce([a, b])
        yield Msg("create", name="primary")
        yield Msg("read", a)
        if between == "set":
            yield Msg("set", other, 5)
        else:
            yield Msg("trigger", other)
        motor.at = 5
        yield Msg("read", b)
        yield Msg("save")

    asyncio.run(engine.run(plan()))
    assert docs.points() == {1: {"a": 1, "b": 5}}


def test_an_announcement_holds_for_one_bundle_only():
    engine, _ = make_engine()
    a, b = Slow("a"), Slow("b")

    def plan():
        yield Msg("open_run")
        announce([a, b])
        yield Msg("read", a)  # in no bundle
        yield Msg("create", name="one")
        yield Msg("save")
        yield Msg("create", name="two")
        yield Msg("read", a)
        yield Msg("sleep", None, 0)
        yield Msg("save")

    asyncio.run(engine.run(plan()))
    assert (a.reads, b.reads) == (2, 0)


def test_a_pause_in_the_middle_reads_again():
    engine, docs = make_engine()
    first, second = Meeting(3), Meeting(2)
    a, b = Slow("a", first), Slow("b", first)

    async def main():
        def plan():
            yield Msg("open_run")
            yield Msg("checkpoint")
            yield from bundle(a, b)
            yield Msg("close_run")

        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: len(first.begun) == 2)
        engine.request_pause()
        assert (await task).paused
        await asyncio.sleep(0)
        assert (a.cancelled, b.cancelled) == (1, 1)
        a.meeting = b.meeting = None
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    assert docs.points() == {1: {"a": 1, "b": 1}}
    assert len(docs.named("event")) == 1
    assert second.begun == []


@pytest.mark.parametrize("verb", ["abort", "halt"])
def test_an_end_in_the_middle_leaves_no_reading_behind(verb):
    engine, docs = make_engine()
    meeting = Meeting(3)
    a, b = Slow("a", meeting), Slow("b", meeting)

    async def main():
        before = asyncio.all_tasks()
        task = asyncio.create_task(engine.run(one_run(bundle(a, b))))
        await until(lambda: len(meeting.begun) == 2)
        await getattr(engine, verb)()
        await task
        return asyncio.all_tasks() - before

    assert asyncio.run(main()) == set()
    assert (a.cancelled, b.cancelled) == (1, 1)
    assert docs.names == ["start", "stop"]


def test_outside_an_engine_an_announcement_is_nothing():
    announce([Slow("a")])
