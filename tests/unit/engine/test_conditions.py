"""Suspenders: what trips them, what they say, when plans go on."""

import asyncio
import threading

import pytest
from kit import Detector, make_engine, until

from lapwing import Msg, suspenders
from lapwing.engine import device_loop
from lapwing.errors import PlanArgumentError
from lapwing.plans import count


class Signal:
    """A signal that tells its readings at once and on each change."""

    def __init__(self, name, value):
        self.name, self.value = name, value
        self.heard_by = []

    def subscribe(self, function, **options):
        self.options = options
        self.heard_by.append(function)
        function({self.name: {"value": self.value, "timestamp": 1.0}})

    def clear_sub(self, function):
        self.heard_by.remove(function)

    def put(self, value):
        self.value = value
        for function in list(self.heard_by):
            function({self.name: {"value": value, "timestamp": 1.0}})


class ClassicSignal(Signal):
    """One that tells ``value=...``, as classic devices do."""

    def subscribe(self, function, event_type=None, run=True):
        self.heard_by.append(function)
        function(value=self.value, old_value=None, timestamp=1.0, obj=self)

    def put(self, value):
        self.value = value
        for function in list(self.heard_by):
            function(value=value, old_value=None, timestamp=1.0, obj=self)


class SilentSignal(ClassicSignal):
    """A soft one of classic ophyd: it tells changes, not what it was made with."""

    def __init__(self, name, value, *, connected=True):
        super().__init__(name, value)
        self.connected = connected

    def subscribe(self, function, event_type=None, run=True):
        self.heard_by.append(function)

    def read(self):
        assert self.connected
        return {self.name: {"value": self.value, "timestamp": 1.0}}


def scenario(make, good, bad, signal_class=Signal):
    """Suspend a count by a signal in its middle, then let it go on."""
    engine, docs = make_engine()
    signal = signal_class("current", good)
    suspender = make(signal)
    det = Detector()
    told = []

    async def main():
        engine.install_suspender(suspender)
        assert not suspender.tripped
        engine.msg_hook = lambda msg: (
            told.append(msg.command),
            det.reads == 2 and msg.command == "checkpoint" and trip(),
        )

        def trip():
            if not told.count("_start_suspender") and not suspender.tripped:
                signal.put(bad)

        task = asyncio.create_task(engine.run(count([det], 4)))
        await until(lambda: "wait_for" in told)
        assert suspender.tripped
        _, why = suspender.get_futures()
        assert not task.done()
        engine.msg_hook = told.append
        signal.put(good)
        result = await task
        engine.remove_suspender(suspender)
        return result, why

    result, why = asyncio.run(main())
    assert result.exit_status == "success"
    assert sorted(docs.points()) == [1, 2, 3, 4]
    assert signal.heard_by == []
    return why


@pytest.mark.parametrize("signal_class", [Signal, ClassicSignal])
@pytest.mark.parametrize(
    ("make", "good", "bad", "sentence"),
    [
        (suspenders.SuspendBoolHigh, 0, 1, "current is high"),
        (suspenders.SuspendBoolLow, True, False, "current is low"),
        (
            lambda s: suspenders.SuspendFloor(s, 10, resume_thresh=12),
            12,
            9.5,
            "current is 9.5, below 10; waiting until it is 12 or more",
        ),
        (
            lambda s: suspenders.SuspendCeil(s, 10, resume_thresh=8),
            8,
            11,
            "current is 11, above 10; waiting until it is 8 or less",
        ),
        (
            lambda s: suspenders.SuspendWhenOutsideBand(s, 1, 2),
            1.5,
            2,
            "current is 2, outside 1 to 2",
        ),
        (lambda s: suspenders.SuspendInBand(s, 1, 2), 1.5, 0, "outside 1 to 2"),
        (lambda s: suspenders.SuspendOutBand(s, 1, 2), 3, 1.5, "inside 1 to 2"),
        (
            lambda s: suspenders.SuspendWhenChanged(s, allow_resume=True),
            "open",
            "closed",
            "current is 'closed' instead of 'open'",
        ),
    ],
)
def test_a_plan_waits_while_the_signal_is_wrong(
    make, good, bad, sentence, signal_class
):
    assert sentence in scenario(make, good, bad, signal_class)


def test_between_the_thresholds_it_stays_as_it_is():
    signal = Signal("current", 20)
    floor = suspenders.SuspendFloor(signal, 10, resume_thresh=15)
    engine, _ = make_engine()

    async def main():
        engine.install_suspender(floor)
        states = []
        for value in (12, 9, 12, 15, 12):
            signal.put(value)
            states.append(floor.tripped)
        return states

    assert asyncio.run(main()) == [False, True, True, False, False]


def test_a_condition_that_is_true_at_install_holds_the_plan_up_from_the_start():
    engine, docs = make_engine()
    signal = Signal("shutter", 0)
    low = suspenders.SuspendBoolLow(signal, tripped_message="open the shutter")
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def main():
        engine.install_suspender(low)
        task = asyncio.create_task(engine.run(count([Detector()])))
        await until(lambda: said)
        assert said == ["wait_for"]
        assert low.get_futures()[1] == "shutter is low (open the shutter)"
        signal.put(1)
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert docs.names[0] == "start"


def test_a_signal_that_tells_only_changes_is_asked_at_install():
    engine, _ = make_engine()
    low = suspenders.SuspendBoolLow(SilentSignal("shutter", 0))
    absent = suspenders.SuspendBoolLow(SilentSignal("other", 0, connected=False))

    async def main():
        engine.install_suspender(low)
        engine.install_suspender(absent)
        return low.tripped, absent.tripped

    assert asyncio.run(main()) == (True, False)


def test_it_must_be_right_for_a_while_before_the_plan_goes_on():
    engine, _ = make_engine()
    signal = Signal("current", 1)
    low = suspenders.SuspendBoolLow(signal, sleep=0.02)

    async def main():
        engine.install_suspender(low)
        signal.put(0)
        signal.put(1)
        await asyncio.sleep(0)
        assert low.tripped
        signal.put(0)  # wrong again within that while: it begins anew
        signal.put(1)
        await until(lambda: not low.tripped)

    asyncio.run(main())


def test_a_loop_that_is_closed_in_this_while_does_not_hold_later_plans_up():
    engine, _ = make_engine()
    signal = Signal("current", 200)
    suspender = suspenders.SuspendFloor(signal, 10, sleep=0.01)

    async def first():
        await engine.run([Msg("null")])
        engine.install_suspender(suspender)
        signal.put(5)
        signal.put(50)
        assert suspender.tripped

    asyncio.run(first())
    result = asyncio.run(asyncio.wait_for(engine.run(count([Detector()])), 5))
    assert result.exit_status == "success"
    assert not suspender.tripped


def test_a_signal_may_tell_from_another_thread():
    engine, _ = make_engine()
    signal = Signal("current", 1)
    low = suspenders.SuspendBoolLow(signal)

    async def main():
        engine.install_suspender(low)

        def plan():
            yield Msg("checkpoint")
            thread = threading.Thread(target=signal.put, args=(0,))
            thread.start()
            thread.join()
            yield Msg("null")
            return "done"

        task = asyncio.create_task(engine.run(plan()))
        await until(lambda: low.tripped)
        threading.Thread(target=signal.put, args=(1,)).start()
        return await task

    assert asyncio.run(main()).plan_result == "done"


class LostSignal(Signal):
    """One that is not connected yet."""

    connected = False

    def subscribe(self, function, **options):
        if not self.connected:
            raise ConnectionError("shutter is not connected")
        super().subscribe(function, **options)


@pytest.mark.parametrize("where", ["prompt", "loop"])
def test_a_signal_that_cannot_be_watched_is_told_to_who_installs_it(where):
    engine, _ = make_engine()
    signal = LostSignal("shutter", 0)
    suspender = suspenders.SuspendBoolLow(signal)

    async def on_the_loop():
        engine.install_suspender(suspender)

    def install():
        if where == "loop":
            device_loop.call(on_the_loop())
        else:
            engine.install_suspender(suspender)

    with pytest.raises(ConnectionError, match="shutter is not connected"):
        install()
    assert suspender.RE is None
    assert not engine.suspenders
    signal.connected = True
    install()
    assert suspender.tripped
    engine.remove_suspender(suspender)


def test_a_loop_that_turns_later_says_that_a_signal_cannot_be_watched(
    caplog, monkeypatch
):
    suspender = suspenders.SuspendBoolLow(LostSignal("shutter", 0))
    monkeypatch.setattr(device_loop, "_loop", None)

    async def turn():
        device_loop.claim()

    with asyncio.Runner() as runner:
        runner.run(turn())
        suspender.install(make_engine()[0])
        assert not caplog.records
        runner.run(turn())
    (record,) = caplog.records
    assert record.getMessage() == "shutter cannot be watched"
    assert "shutter is not connected" in str(record.exc_info[1])


def test_removing_it_lets_the_plan_go_on():
    engine, _ = make_engine()
    signal = Signal("mode", "a")
    changed = suspenders.SuspendWhenChanged(signal, expected_value="b")

    async def main():
        engine.install_suspender(changed)
        assert changed.tripped
        task = asyncio.create_task(engine.run([Msg("null")]))
        await asyncio.sleep(0)
        signal.put("b")
        assert changed.tripped  # it does not resume by itself
        assert "remove the suspender" in changed.get_futures()[1]
        engine.clear_suspenders()
        return await task

    assert asyncio.run(main()).exit_status == "success"
    assert engine.suspenders == ()


def test_options_go_to_the_signal():
    engine, _ = make_engine()
    signal = Signal("current", 1)

    async def main():
        suspenders.SuspendBoolLow(signal).install(engine, event_type="value")

    asyncio.run(main())
    assert signal.options == {"event_type": "value"}


@pytest.mark.parametrize(
    "make",
    [
        lambda s: suspenders.SuspendFloor(s, 10, resume_thresh=9),
        lambda s: suspenders.SuspendCeil(s, 10, resume_thresh=11),
        lambda s: suspenders.SuspendWhenOutsideBand(s, 2, 2),
    ],
)
def test_thresholds_that_contradict_are_refused(make):
    with pytest.raises(PlanArgumentError):
        make(Signal("current", 1))


def test_an_asynchronous_signal_is_left_to_tell_its_value_by_itself():
    class Signal:
        name = "beam"
        connected = True

        def subscribe(self, function):
            pass

        async def read(self):
            raise AssertionError("it was asked")

    signal = Signal()
    suspender = suspenders.SuspendFloor(signal, 1.0)

    async def main():
        engine, _ = make_engine()
        engine.install_suspender(suspender)
        return suspender.tripped

    assert not asyncio.run(main())
