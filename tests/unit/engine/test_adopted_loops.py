"""A loop that is handed over becomes the device loop, if nothing goes on elsewhere."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kit import make_engine

from lapwing import Msg
from lapwing.engine import device_loop
from lapwing.errors import StateError


@contextmanager
def adopted(name: str = "mine") -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    device_loop.adopt(loop, name)
    thread = device_loop.thread()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        if thread is not None:
            thread.join(5)
        loop.close()


async def where() -> tuple[asyncio.AbstractEventLoop, str]:
    return asyncio.get_running_loop(), threading.current_thread().name


def test_an_adopted_loop_is_run_in_a_thread_of_that_name():
    with adopted("mine") as loop:
        assert device_loop.get() is loop
        assert device_loop.call(where()) == (loop, "mine")


def test_adopting_a_loop_again_changes_nothing():
    with adopted() as loop:
        thread = device_loop.thread()
        device_loop.adopt(loop)
        assert device_loop.thread() is thread


def test_a_loop_takes_the_place_of_one_that_was_closed():
    with adopted():
        pass
    with adopted() as loop:
        assert device_loop.call(where())[0] is loop


def test_a_loop_takes_the_place_of_one_on_which_nothing_goes_on():
    with adopted(), adopted() as second:
        assert device_loop.call(where())[0] is second


def test_a_loop_does_not_take_the_place_of_one_on_which_something_goes_on():
    with adopted() as loop:
        over = asyncio.Event()
        future = asyncio.run_coroutine_threadsafe(over.wait(), loop)
        device_loop.call(asyncio.sleep(0))  # so the other has begun
        other = asyncio.new_event_loop()
        with pytest.raises(StateError, match="while something is going on"):
            device_loop.adopt(other)
        other.close()
        assert device_loop.get() is loop
        loop.call_soon_threadsafe(over.set)
        assert future.result(5)


def test_a_closed_loop_is_not_adopted():
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(StateError, match="closed"):
        device_loop.adopt(loop)


def test_a_loop_that_runs_already_has_no_thread_of_ours():
    async def adopt_own() -> None:
        device_loop.adopt(asyncio.get_running_loop())
        assert device_loop.thread() is None
        assert device_loop.is_current()

    asyncio.run(adopt_own())


def test_a_paused_plan_is_resumed_and_interrupted_on_another_loop():
    engine, _ = make_engine()

    def plan():
        yield Msg("checkpoint")
        yield Msg("pause")
        engine.request_pause()
        yield Msg("sleep", None, 30)

    with adopted():
        assert device_loop.call(engine.run(plan()), 5).paused
    with adopted():
        assert device_loop.call(engine.resume(), 5).paused
        device_loop.call(engine.halt(), 5)
    assert engine.state == "idle"


def test_whether_plans_are_rewound_can_be_set_between_them():
    engine, _ = make_engine()
    engine.rewindable = False
    said = []
    engine.msg_hook = lambda msg: said.append(msg.command)

    async def paused_and_resumed() -> None:
        assert (
            await engine.run([Msg("null"), Msg("pause"), Msg("sleep", None, 0)])
        ).paused
        await engine.resume()

    asyncio.run(paused_and_resumed())
    assert said == ["null", "pause", "sleep"]
    assert engine.rewindable is False
