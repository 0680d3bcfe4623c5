"""Monitors: events made of a device's changes."""

import asyncio
import threading

import pytest
from kit import Detector, make_engine, until

from lapwing import Msg
from lapwing.errors import (
    DocumentError,
    IllegalMessageSequence,
    PlanArgumentError,
    PlanError,
    UnsupportedDeviceError,
)


class Signal(Detector):
    """Tells its readings when the test says so."""

    def __init__(self, name="sig"):
        super().__init__(name)
        self.subscribers = []
        self.options = []

    def subscribe(self, function, **options):
        self.subscribers.append(function)
        self.options.append(options)

    def clear_sub(self, function):
        self.subscribers.remove(function)  # as strict as any device

    def reading(self, value):
        return {self.name: {"value": value, "timestamp": 1.0}}

    def tell(self, value):
        for function in list(self.subscribers):
            function(self.reading(value))


class AsyncSignal(Signal):
    """Describes itself and reads in coroutines, and tells a reading at once."""

    def subscribe(self, function, **options):
        super().subscribe(function, **options)
        function(self.reading("first"))

    async def describe(self):
        return super().describe()

    async def read(self):
        return super().read()


class ClassicSignal(Signal):
    """Tells a value and a time instead of readings."""

    def tell(self, value):
        self._value = lambda: value
        for function in list(self.subscribers):
            function(value=value, old_value=None, timestamp=1.0, obj=self)


def watched(signal, *steps, name="changes", **options):
    """A run in which a signal is monitored; each step is done between messages."""
    yield Msg("open_run")
    yield Msg("monitor", signal, name=name, **options)
    for step in steps:
        yield step() or Msg("null")
    yield Msg("unmonitor", signal)
    yield Msg("close_run")


@pytest.mark.parametrize("kind", [Signal, ClassicSignal])
def test_each_change_is_an_event_of_the_monitors_stream(kind):
    engine, docs = make_engine()
    signal = kind()
    plan = watched(signal, lambda: signal.tell(1), lambda: signal.tell(2), kind="v")
    asyncio.run(engine.run(plan))
    assert docs.names == ["start", "descriptor", "event", "event", "stop"]
    assert docs.points("changes") == {1: {"sig": 1}, 2: {"sig": 2}}
    assert docs.named("stop")[0]["num_events"] == {"changes": 2}
    assert signal.options == [{"kind": "v"}]
    assert signal.subscribers == []


def test_an_asynchronous_signal_may_tell_its_first_reading_at_once():
    engine, docs = make_engine()
    signal = AsyncSignal()
    asyncio.run(engine.run(watched(signal, lambda: signal.tell("second"))))
    assert list(docs.points("changes").values()) == [
        {"sig": "first"},
        {"sig": "second"},
    ]


def test_an_asynchronous_signal_that_tells_a_value_is_read():
    engine, docs = make_engine()
    signal = AsyncSignal()

    def ring():
        signal.subscribers[0](value=5)
        return Msg("sleep", None, 0)

    asyncio.run(engine.run(watched(signal, ring, lambda: Msg("sleep", None, 0))))
    assert docs.points("changes")[2] == {"sig": 1}


def test_without_a_name_the_stream_gets_one():
    engine, docs = make_engine()
    signal = Signal()
    asyncio.run(engine.run([Msg("open_run"), Msg("monitor", signal), Msg("close_run")]))
    assert docs.named("descriptor")[0]["name"].startswith("monitor-")
    assert signal.subscribers == []


def test_changes_from_another_thread_are_told_on_the_loop_in_order():
    engine, docs = make_engine()
    signal, threads = Signal(), set()
    engine.subscribe(lambda name, doc: threads.add(threading.get_ident()))

    def from_a_thread():
        thread = threading.Thread(target=lambda: [signal.tell(i) for i in range(50)])
        thread.start()
        thread.join()

    asyncio.run(engine.run(watched(signal, from_a_thread)))
    assert [point["sig"] for point in docs.points("changes").values()] == [*range(50)]
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("last", ["unmonitor", "close_run", "the end"])
def test_a_change_that_came_just_before_the_end_is_not_lost(last):
    engine, docs = make_engine()
    signal = Signal()

    def plan():
        yield Msg("open_run")
        yield Msg("monitor", signal, name="changes")
        thread = threading.Thread(target=signal.tell, args=[7])
        thread.start()
        thread.join()
        if last != "the end":
            yield Msg(last, signal)

    asyncio.run(engine.run(plan()))
    assert docs.points("changes") == {1: {"sig": 7}}
    assert docs.names[-1] == "stop"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_a_subscriber_raises_reaches_the_plan(elsewhere):
    engine, _ = make_engine()
    signal, seen = Signal(), []

    def fail(name, doc):
        if name == "event":
            raise ZeroDivisionError

    engine.subscribe(fail)

    def plan():
        yield Msg("open_run")
        yield Msg("monitor", signal, name="changes")
        if elsewhere:
            thread = threading.Thread(target=signal.tell, args=[1])
            thread.start()
            thread.join()
        else:
            signal.tell(1)
        try:
            yield Msg("sleep", None, 0)
        except ZeroDivisionError:
            seen.append(True)
        yield Msg("close_run")

    asyncio.run(engine.run(plan()))
    assert seen == [True]


@pytest.mark.parametrize("kind", [ClassicSignal, AsyncSignal])
def test_a_signal_that_cannot_be_read_reaches_the_plan(kind):
    engine, docs = make_engine()
    signal = kind()

    def broken():
        raise OSError("no answer")

    signal._value = broken

    def ring():
        signal.subscribers[0](value=1)
        return Msg("sleep", None, 0)

    with pytest.raises(OSError, match="no answer"):
        asyncio.run(engine.run(watched(signal, ring, lambda: Msg("sleep", None, 0))))
    assert docs.named("stop")[0]["exit_status"] == "fail"
    assert signal.subscribers == []


def test_a_reading_with_other_keys_reaches_the_plan():
    engine, _ = make_engine()
    signal = Signal()

    def lie():
        signal.subscribers[0]({"other": {"value": 1, "timestamp": 1.0}})

    with pytest.raises(DocumentError, match="unknown"):
        asyncio.run(engine.run(watched(signal, lie)))


def test_a_pause_ends_the_subscription_and_a_resume_begins_it_again():
    engine, docs = make_engine()
    signal = Signal()

    async def main():
        def plan():
            yield Msg("open_run")
            yield Msg("monitor", signal, name="changes")
            yield Msg("checkpoint")
            signal.tell(1)
            yield Msg("pause")
            signal.tell(3)
            yield Msg("null")
            yield Msg("close_run")

        assert (await engine.run(plan())).paused
        assert signal.subscribers == []
        signal.tell(2)
        return await engine.resume()

    assert asyncio.run(main()).exit_status == "success"
    # What it told before the pause stays: nobody can ask it for that again.
    assert docs.points("changes") == {1: {"sig": 1}, 2: {"sig": 3}}


@pytest.mark.parametrize("verb", ["abort", "stop", "halt"])
def test_a_monitored_plan_that_ends_while_it_is_paused(verb):
    engine, docs = make_engine()
    signal = Signal()

    async def main():
        def plan():
            yield Msg("open_run")
            yield Msg("monitor", signal, name="changes")
            try:
                yield Msg("pause")
            finally:
                yield Msg("unmonitor", signal)

        assert (await engine.run(plan())).paused
        return await getattr(engine, verb)()

    asyncio.run(main())
    assert signal.subscribers == []
    assert docs.names[-1] == "stop"


def test_a_suspension_lets_monitors_go_on():
    engine, docs = make_engine()
    signal, over = Signal(), asyncio.Event()

    def plan():
        yield Msg("open_run")
        yield Msg("monitor", signal, name="changes")
        engine.request_suspend(over.wait)
        yield Msg("null")
        yield Msg("close_run")

    async def main():
        task = asyncio.create_task(engine.run(plan()))
        said = []
        engine.msg_hook = lambda msg: said.append(msg.command)
        await until(lambda: "wait_for" in said)
        signal.tell("no beam")
        over.set()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert docs.points("changes") == {1: {"sig": "no beam"}}


def test_a_monitor_in_the_wrong_place_is_refused():
    engine, _ = make_engine()
    signal = Signal()
    seen = []

    def plan():
        for msg in (
            Msg("monitor", signal),
            Msg("open_run"),
            Msg("unmonitor", signal),
            Msg("monitor", Detector()),
            Msg("monitor", signal, "name"),
            Msg("monitor", signal, name="a"),
            Msg("monitor", signal, name="b"),
        ):
            try:
                yield msg
            except PlanError as exc:
                seen.append(exc)

    asyncio.run(engine.run(plan()))
    assert [type(exc) for exc in seen] == [
        IllegalMessageSequence,
        IllegalMessageSequence,
        UnsupportedDeviceError,
        PlanArgumentError,
        IllegalMessageSequence,
    ]
    assert "'sig' is not monitored" in str(seen[1])
    assert "'sig' is monitored already" in str(seen[4])
    assert signal.subscribers == []


def test_a_signal_that_refuses_to_be_monitored_may_be_tried_again():
    engine, docs = make_engine()
    signal = Signal()
    refuse = [True]
    subscribe = signal.subscribe

    def maybe(function, **options):
        if refuse:
            raise OSError("not connected")
        subscribe(function, **options)

    signal.subscribe = maybe

    def plan():
        yield Msg("open_run")
        try:
            yield Msg("monitor", signal, name="a")
        except OSError:
            refuse.clear()
        yield Msg("monitor", signal, name="a")
        signal.tell(1)
        yield Msg("close_run")

    asyncio.run(engine.run(plan()))
    assert docs.points("a") == {1: {"sig": 1}}


@pytest.mark.parametrize("verb", ["close_run", "the end"])
def test_a_signal_that_fails_to_let_go_keeps_the_run_from_nothing(verb, caplog):
    engine, docs = make_engine()
    signal = Signal()

    def fail(function):
        raise OSError("gone")

    signal.clear_sub = fail

    def plan():
        yield Msg("open_run")
        yield Msg("monitor", signal, name="a")
        if verb == "close_run":
            try:
                yield Msg("close_run")
            except OSError:
                yield Msg("close_run")

    asyncio.run(engine.run(plan()))
    assert docs.names == ["start", "descriptor", "stop"]
    assert ("sig failed to end its monitor" in caplog.text) == (verb == "the end")


def test_a_resume_that_fails_to_subscribe_again_is_told_to_the_plan():
    engine, docs = make_engine()
    signal = Signal()

    async def main():
        plan = [Msg("open_run"), Msg("monitor", signal, name="a"), Msg("pause")]
        assert (await engine.run(plan)).paused

        def refuse(function, **options):
            raise OSError("not connected")

        signal.subscribe = refuse
        with pytest.raises(OSError, match="not connected"):
            await engine.resume()

    asyncio.run(main())
    assert engine.state == "idle"
    assert docs.named("stop")[0]["exit_status"] == "fail"
