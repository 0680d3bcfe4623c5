"""What is asked of a loop that has just begun, cannot begin, or is just closed."""

import asyncio
import threading

import pytest

from lapwing.engine import device_loop
from lapwing.errors import StateError


def end(loop: asyncio.AbstractEventLoop) -> None:
    """Stop a loop, let its thread end, close it."""
    thread = device_loop._threads[loop]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def background():
    """A device loop in a thread of its own."""
    loop = device_loop.get()
    yield loop
    for one in {loop, device_loop.get()}:
        if not one.is_closed():
            end(one)


async def nothing() -> int:
    return 1


def test_what_an_adopted_loop_does_first_may_ask_for_the_device_loop():
    loop, found = asyncio.new_event_loop(), []
    loop.call_soon(lambda: found.append(device_loop.claim()))
    device_loop.adopt(loop)
    assert device_loop.call(nothing(), 5) == 1
    end(loop)
    assert found == [loop]


@pytest.mark.parametrize("begin", ["get", "adopt"])
def test_a_loop_that_gets_no_thread_is_not_the_device_loop(begin, monkeypatch):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    loop = asyncio.new_event_loop()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="thread"):
            device_loop.get() if begin == "get" else device_loop.adopt(loop)
    loop.close()
    assert device_loop.thread() is None
    assert device_loop.call(nothing(), 5) == 1
    end(device_loop.get())


@pytest.fixture
def closed_just_then(background, monkeypatch):
    """The device loop is closed just after it was found to run."""
    check = device_loop._require_running

    def check_and_close(loop, coroutine):
        check(loop, coroutine)
        end(loop)

    monkeypatch.setattr(device_loop, "_require_running", check_and_close)


@pytest.mark.usefixtures("closed_just_then")
def test_a_call_that_comes_as_the_loop_is_closed_is_refused():
    with pytest.raises(StateError, match="does not run"):
        device_loop.call(nothing(), 5)


@pytest.mark.usefixtures("closed_just_then")
def test_a_hop_that_comes_as_the_loop_is_closed_is_refused():
    with pytest.raises(StateError, match="does not run"):
        asyncio.run(device_loop.run_there(nothing()))


def test_what_is_to_be_done_as_the_loop_is_closed_is_done_by_the_next(
    background, monkeypatch
):
    get, done = device_loop.get, threading.Event()

    def get_and_close():
        loop = get()
        if loop is background:
            end(loop)
        return loop

    with monkeypatch.context() as patch:
        patch.setattr(device_loop, "get", get_and_close)
        device_loop.do_there(done.set)
    assert done.wait(5)


def test_who_waits_for_a_loop_that_was_closed_meanwhile_can_give_up(background):
    async def main():
        waiting = asyncio.create_task(device_loop.run_there(asyncio.sleep(60)))
        await asyncio.sleep(0)
        device_loop.call(nothing(), 5)  # so the other has begun
        for task in asyncio.all_tasks(background):
            task._log_destroy_pending = False
        end(background)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiting, 5)

    asyncio.run(main())


def test_a_loop_whose_thread_has_ended_is_not_broken_into(background):
    thread = device_loop._threads[background]
    background.call_soon_threadsafe(background.stop)
    thread.join(5)
    assert device_loop.break_in(0.0) is False
    background.close()
    assert device_loop.break_in(0.0) is False
