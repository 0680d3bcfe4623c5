"""Subscribers: those who hear at once, and those who hear what is durable."""

import asyncio
import gc
import json
import threading

import pytest
from kit import Detector, Documents, make_engine, until

from lapwing import Msg
from lapwing.engine import MemoryRecorder, durable
from lapwing.errors import PlanArgumentError, PlanSignatureError, StateError
from lapwing.journal.codec import Kind
from lapwing.plans import count


class SlowDisk(MemoryRecorder):
    """Makes records durable when the test says so."""

    def __init__(self):
        super().__init__()
        self._durable = -1
        self.heard = []

    @property
    def durable(self):
        return self._durable

    def on_durable(self, callback):
        self.heard.append(callback)

    def advance(self, by=None):
        last = len(self.records) - 1
        self._durable = last if by is None else min(last, self._durable + by)
        for callback in self.heard:
            callback(self._durable)


def as_read_back(docs):
    return [(name, json.loads(json.dumps(doc))) for name, doc in docs]


async def turns(number=5):
    for _ in range(number):
        await asyncio.sleep(0)


# ---------------------------------------------------------------- at once


def test_a_bound_method_is_forgotten_with_its_owner():
    engine, _ = make_engine()

    class Owner:
        def hear(self, name, doc):
            raise AssertionError("it is gone")

    engine.subscribe(Owner().hear)
    gc.collect()
    assert asyncio.run(engine.run([Msg("open_run")])).exit_status == "success"


def test_the_same_function_is_called_once():
    engine, _ = make_engine()
    heard = []

    def hear(name, doc):
        heard.append(name)

    assert engine.subscribe(hear) == engine.subscribe(hear)
    assert engine.subscribe(hear, "stop") != engine.subscribe(hear)
    asyncio.run(engine.run([Msg("open_run")]))
    assert heard == ["start", "stop", "stop"]


def test_all_may_be_unsubscribed():
    engine, docs = make_engine()
    engine.dispatcher.unsubscribe_all()
    asyncio.run(engine.run([Msg("open_run")]))
    assert docs.all == []


def test_a_subscriber_may_unsubscribe_itself():
    engine, _ = make_engine()
    heard = []

    def once(name, doc):
        heard.append(name)
        engine.unsubscribe(token)

    token = engine.subscribe(once)
    asyncio.run(engine.run([Msg("open_run")]))
    assert heard == ["start"]


@pytest.mark.parametrize("when", ["now", "durable"])
def test_there_are_no_documents_of_other_names(when):
    engine, _ = make_engine()
    with pytest.raises(PlanArgumentError, match="no documents named 'gossip'"):
        engine.subscribe(print, "gossip", when=when)


def test_a_wrong_name_among_a_calls_subscribers_leaves_none_of_them_behind():
    engine, _ = make_engine()
    mine = Documents()
    with pytest.raises(PlanArgumentError):
        asyncio.run(engine.run([Msg("open_run")], {"all": mine, "gossip": mine}))
    assert engine.state == "idle"
    asyncio.run(engine.run([Msg("open_run")]))
    assert mine.all == []


def test_many_may_subscribe_from_other_threads_while_a_plan_runs():
    engine, _ = make_engine()
    errors = []

    def meddle():
        try:
            for _ in range(200):
                engine.unsubscribe(engine.subscribe(lambda name, doc: None))
                engine.unsubscribe(
                    engine.subscribe(lambda name, doc: None, when="durable")
                )
        except RuntimeError as exc:
            errors.append(exc)

    threads = [threading.Thread(target=meddle) for _ in range(2)]

    async def main():
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await engine.run(count([Detector()], 20))

    asyncio.run(main())
    assert errors == []


# ---------------------------------------------------------------- durable


def test_what_is_not_durable_is_not_heard():
    disk = SlowDisk()
    engine, docs = make_engine(recorder=disk)
    safe = Documents()
    engine.subscribe(safe, when="durable")

    async def main():
        await engine.run([Msg("open_run"), Msg("close_run")])
        await turns()
        assert safe.names == []
        disk.advance(3)  # begin, message, start
        await turns()
        assert safe.names == ["start"]
        disk.advance()
        await turns()

    asyncio.run(main())
    assert safe.all == docs.all


def test_without_a_recorder_a_document_is_heard_soon_after_it_is_made():
    engine, docs = make_engine()
    safe, stops = Documents(), Documents()
    engine.subscribe(safe, when="durable")
    token = engine.subscribe(stops, "stop", when="durable")

    async def main():
        await engine.run(count([Detector()], 2))
        await turns()
        engine.unsubscribe(token)
        engine.unsubscribe(token)
        await engine.run(count([Detector()], 2))
        await turns()

    asyncio.run(main())
    assert safe.all == docs.all
    assert stops.names == ["stop"]


def test_a_document_that_a_subscriber_refuses_is_durable_all_the_same():
    engine, docs = make_engine()
    safe = Documents()
    engine.subscribe(safe, when="durable")

    def refuse(name, doc):
        raise OSError("no")

    engine.subscribe(refuse, "start")

    async def main():
        with pytest.raises(OSError, match="no"):
            await engine.run([Msg("open_run")])
        await turns()

    asyncio.run(main())
    assert safe.names == docs.names == ["start", "stop"]


def test_a_durable_subscriber_that_raises_hinders_nobody(caplog):
    engine, docs = make_engine()
    safe = Documents()

    def fail(name, doc):
        raise ZeroDivisionError

    engine.subscribe(fail, when="durable")
    engine.subscribe(safe, when="durable")

    async def main():
        result = await engine.run([Msg("open_run")])
        await turns()
        return result

    assert asyncio.run(main()).exit_status == "success"
    assert safe.all == docs.all
    assert "a subscriber of durable documents failed at a start" in caplog.text


def test_a_durable_subscriber_may_unsubscribe_itself_and_others():
    engine, _ = make_engine()
    heard, tokens = [], []

    def first(name, doc):
        heard.append(name)
        for token in tokens:
            engine.unsubscribe(token)

    tokens.append(engine.subscribe(first, when="durable"))

    async def main():
        await engine.run([Msg("open_run")])
        await turns()

    asyncio.run(main())
    assert heard == ["start"]


@pytest.mark.parametrize("durable_before", [0, 3, 8, None])
@pytest.mark.parametrize("another", [False, True])
def test_a_replay_leaves_nothing_out_and_tells_nothing_twice(durable_before, another):
    disk = SlowDisk()
    engine, docs = make_engine(recorder=disk)
    late = Documents()
    if another:
        engine.subscribe(Documents(), when="durable")

    async def main():
        await engine.run(count([Detector()], 2))
        disk.advance(durable_before)
        # Before anything more is told: what waits must not be told twice.
        engine.subscribe(late, when="durable", replay=True)
        await engine.run(count([Detector()], 1))
        disk.advance()
        await turns()

    asyncio.run(main())
    assert as_read_back(late.all) == as_read_back(docs.all)


def test_a_replay_from_another_thread_in_the_middle_of_a_run():
    disk = SlowDisk()
    engine, docs = make_engine(recorder=disk)
    late, events = Documents(), Documents()
    reading, go_on = threading.Event(), threading.Event()

    def slow(name, doc):
        late(name, doc)
        reading.set()
        go_on.wait(10)

    async def main():
        det = Detector()
        task = asyncio.create_task(engine.run(count([det], None, 0.001)))
        await until(lambda: det.reads > 3)
        disk.advance()
        thread = threading.Thread(
            target=engine.subscribe,
            args=[slow],
            kwargs={"when": "durable", "replay": True},
        )
        thread.start()
        await until(reading.is_set)
        engine.subscribe(events, "event", when="durable", replay=True)
        reads = det.reads
        await until(lambda: det.reads > reads + 3)
        disk.advance()
        await turns()
        go_on.set()
        await until(lambda: not thread.is_alive())
        await engine.stop()
        await task
        disk.advance()
        await until(lambda: len(late.all) == len(docs.all))

    asyncio.run(main())
    assert as_read_back(late.all) == as_read_back(docs.all)
    assert events.all == [("event", doc) for doc in docs.named("event")]


async def subscribe_elsewhere(engine, func, **how):
    """Subscribe in another thread, named "asks"."""
    thread = threading.Thread(
        target=engine.subscribe,
        args=[func],
        kwargs={"when": "durable", **how},
        name="asks",
    )
    thread.start()
    await until(lambda: not thread.is_alive())


class Unsteady(SlowDisk):
    """Has more durable just after a thread has asked what is."""

    loop = None

    @property
    def durable(self):
        before = self._durable
        if self.loop is not None and threading.current_thread().name == "asks":
            asyncio.run_coroutine_threadsafe(self.more(), self.loop).result(5)
        return before

    async def more(self):
        self.advance()
        await turns()


def test_what_becomes_durable_while_one_subscribes_is_told():
    disk = Unsteady()
    engine, docs = make_engine(recorder=disk)
    engine.subscribe(Documents(), when="durable")
    late = Documents()

    async def main():
        disk.loop = asyncio.get_running_loop()
        await engine.run(count([Detector()], 2))
        await subscribe_elsewhere(engine, late, replay=True)
        await turns()

    asyncio.run(main())
    assert as_read_back(late.all) == as_read_back(docs.all)


class Ahead(SlowDisk):
    """Has told of less than what is durable when a thread asks."""

    loop = None

    @property
    def durable(self):
        if self.loop is not None and threading.current_thread().name == "asks":
            asyncio.run_coroutine_threadsafe(self.more(), self.loop).result(5)
        return self._durable

    async def more(self):
        self.advance(8)
        await turns()
        self._durable += 12


def test_who_begins_to_hear_misses_nothing_from_there_on():
    disk = Ahead()
    engine, docs = make_engine(recorder=disk)
    engine.subscribe(Documents(), when="durable")
    late = Documents()

    async def main():
        disk.loop = asyncio.get_running_loop()
        await engine.run(count([Detector()], 5))
        await subscribe_elsewhere(engine, late)
        disk.advance()
        await turns()

    asyncio.run(main())
    assert late.all
    assert late.all == docs.all[-len(late.all) :]


def test_who_cannot_be_told_what_is_past_hears_nothing_later_either():
    class Broken(MemoryRecorder):
        def documents(self, last):
            yield from list(super().documents(last))[:1]
            raise ZeroDivisionError

    engine, _ = make_engine(recorder=Broken())
    late = Documents()

    async def main():
        await engine.run(count([Detector()], 1))
        with pytest.raises(ZeroDivisionError):
            engine.subscribe(late, when="durable", replay=True)
        await engine.run(count([Detector()], 1))
        await turns()

    asyncio.run(main())
    assert late.names == ["start"]
    assert engine._feed._subscriptions == {}


def test_what_was_replayed_is_not_told_again_when_the_recorder_changes():
    disk = SlowDisk()
    engine, docs = make_engine(recorder=disk)
    engine.subscribe(Documents(), when="durable")
    late = Documents()

    async def main():
        await engine.run(count([Detector()], 2))
        disk.advance()
        engine.subscribe(late, when="durable", replay=True)
        engine.recorder = MemoryRecorder()
        await turns()
        await engine.run(count([Detector()], 1))
        await turns()

    asyncio.run(main())
    assert as_read_back(late.all) == as_read_back(docs.all)


def test_what_is_not_told_when_a_loop_is_closed_is_told_on_the_next(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(durable, "monotonic", lambda: now[0])
    engine, docs = make_engine(recorder=MemoryRecorder())
    safe = Documents()

    def slow(name, doc):
        safe(name, doc)
        now[0] += 0.0015

    engine.subscribe(slow, when="durable")

    async def main():
        await engine.run(count([Detector()], 50))

    async def more():
        await main()
        await until(lambda: len(safe.all) == len(docs.all))

    asyncio.run(main())
    assert len(safe.all) < len(docs.all)
    asyncio.run(more())
    assert safe.all == docs.all


def test_a_replay_needs_a_recorder_and_durability():
    engine, _ = make_engine()
    with pytest.raises(PlanArgumentError, match="needs a recorder"):
        engine.subscribe(print, when="durable", replay=True)
    with pytest.raises(PlanArgumentError, match="needs when='durable'"):
        engine.subscribe(print, replay=True)


def test_what_nobody_listens_to_is_not_kept():
    disk = SlowDisk()
    engine, _ = make_engine(recorder=disk)

    async def main():
        for _ in range(20):
            await engine.run(count([Detector()], 2))
            disk.advance()
        return len(engine._feed._waiting)

    assert asyncio.run(main()) < 10


def test_much_to_tell_is_told_in_parts_so_that_others_get_their_turn(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(durable, "monotonic", lambda: now[0])
    disk = SlowDisk()
    engine, docs = make_engine(recorder=disk)
    safe = Documents()

    def slow(name, doc):
        safe(name, doc)
        now[0] += 0.0015

    engine.subscribe(slow, when="durable")

    async def main():
        await engine.run(count([Detector()], 10))
        disk.advance()
        heard = []
        while len(safe.all) < len(docs.all):
            await asyncio.sleep(0)
            heard.append(len(safe.all))
        return heard

    assert asyncio.run(main())[:3] == [2, 4, 6]
    assert safe.all == docs.all


def test_durable_documents_are_heard_from_one_recorder_after_the_other():
    first, second = MemoryRecorder(), MemoryRecorder()
    engine, docs = make_engine(recorder=first)
    safe = Documents()
    engine.subscribe(safe, when="durable")

    async def main():
        await engine.run(count([Detector()], 2))
        engine.recorder = second
        await engine.run(count([Detector()], 2))
        await until(lambda: len(safe.all) == len(docs.all))

    asyncio.run(main())
    assert safe.all == docs.all
    assert first.records[-1][0] == second.records[-1][0] == Kind.END


def test_the_recorder_stays_while_a_plan_runs():
    engine, _ = make_engine(recorder=MemoryRecorder())

    def plan():
        yield Msg("null")
        engine.recorder = None

    with pytest.raises(StateError, match="recorder can be changed only while"):
        asyncio.run(engine.run(plan()))


def test_a_memory_recorder_tells_what_is_kept():
    recorder, numbers = MemoryRecorder(), []
    recorder.on_durable(numbers.append)
    recorder.begin({})
    recorder.note(1, None)
    recorder.document("start", {})
    recorder.end({})
    assert numbers == [0, 2, 3]
    assert recorder.durable == 3
    assert list(recorder.documents(1)) == []
    assert list(recorder.documents(2)) == [("start", {})]


@pytest.mark.parametrize("subs", [3, [print, 3], {"event": 3}, {"all": [print, "a"]}])
def test_a_call_with_subscribers_that_are_none_does_not_begin(subs):
    engine, docs = make_engine()
    with pytest.raises(PlanSignatureError, match="is no function of") as caught:
        asyncio.run(engine.run([Msg("open_run")], subs))
    assert isinstance(caught.value, TypeError)
    assert "by name" in caught.value.hint
    assert docs.all == []
    assert engine.state == "idle"


@pytest.mark.parametrize("subs", [None, [], (), {}, {"event": []}, {"event": None}])
def test_a_call_may_have_no_subscribers(subs):
    engine, docs = make_engine()
    asyncio.run(engine.run([Msg("open_run"), Msg("close_run")], subs))
    assert docs.names == ["start", "stop"]


@pytest.mark.parametrize("when", ["now", "durable"])
def test_what_is_no_function_hears_nothing(when):
    engine, _ = make_engine()
    with pytest.raises(PlanSignatureError, match="3 was to hear documents"):
        engine.subscribe(3, when=when)
    with pytest.raises(PlanSignatureError, match="3 was to hear documents"):
        asyncio.run(engine.run([Msg("subscribe", None, 3, "all")]))
