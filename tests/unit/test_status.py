"""Statuses: ends, callbacks, watchers, waiting from threads and from loops."""

import asyncio
import threading
from traceback import walk_tb

import pytest

from lapwing import protocols
from lapwing.errors import DeviceTimeoutError, LapwingError, StateError
from lapwing.status import Progress, Status, status_of


def ended(error=None, **kwargs):
    status = Status(**kwargs)
    if error is None:
        status.set_finished()
    else:
        status.set_exception(error)
    return status


BOOM = ValueError("boom")

# ---------------------------------------------------------------- ends


def test_a_status_is_pending_then_done():
    status = Status("m", "move to 3")
    assert (status.done, status.success) == (False, False)
    assert repr(status) == "<Status m move to 3: pending>"
    status.set_finished()
    assert (status.done, status.success) == (True, True)
    assert status.exception() is None
    assert repr(status) == "<Status m move to 3: done>"


def test_a_status_may_be_done_from_the_start():
    status = Status.finished("m", "move")
    assert (status.done, status.success) == (True, True)
    assert (status.device, status.action) == ("m", "move")
    status.wait()


def test_a_status_may_fail():
    status = ended(BOOM, device="m", action="move")
    assert (status.done, status.success) == (True, False)
    assert status.exception() is BOOM
    assert repr(status) == "<Status m move: failed>"
    with pytest.raises(ValueError, match="boom"):
        status.wait()


@pytest.mark.parametrize("first", [None, BOOM])
@pytest.mark.parametrize("second", ["set_finished", "set_exception"])
def test_a_status_ends_only_once(first, second):
    status = ended(first, device="m", action="move")
    args = [KeyError("other")] if second == "set_exception" else []
    with pytest.raises(StateError, match=r"m move: .* cannot end a second time"):
        getattr(status, second)(*args)
    assert status.exception() is first


def test_a_status_meets_the_protocol_of_bluesky():
    assert isinstance(Status(), protocols.Status)


# ---------------------------------------------------------------- callbacks


@pytest.mark.parametrize("error", [None, BOOM])
def test_callbacks_are_called_once_with_the_status_in_order(error):
    status, called = Status(), []
    status.add_callback(lambda s: called.append((1, s, s.done)))
    status.add_callback(lambda s: called.append((2, s, s.done)))
    assert called == []
    if error is None:
        status.set_finished()
    else:
        status.set_exception(error)
    assert called == [(1, status, True), (2, status, True)]


@pytest.mark.parametrize("status", [Status.finished(), ended(), ended(BOOM)])
def test_a_callback_of_a_status_that_is_done_is_called_at_once(status):
    called = []
    status.add_callback(called.append)
    assert called == [status]


def test_a_callback_may_add_another():
    status, called = Status(), []
    status.add_callback(lambda s: s.add_callback(called.append))
    status.set_finished()
    assert called == [status]


def test_callbacks_run_in_the_thread_that_ends_the_status():
    status, threads = Status(), []
    status.add_callback(lambda s: threads.append(threading.current_thread()))
    thread = threading.Thread(target=status.set_finished)
    thread.start()
    thread.join()
    assert threads == [thread]


def test_no_callback_is_lost_when_it_is_added_as_the_status_ends():
    for _ in range(200):
        status, called = Status(), []
        ready = threading.Barrier(2)

        def end(status=status, ready=ready):
            ready.wait()
            status.set_finished()

        thread = threading.Thread(target=end)
        thread.start()
        ready.wait()
        status.add_callback(called.append)
        thread.join()
        assert called == [status]


def test_of_several_threads_only_one_ends_a_status():
    status, won, ready = Status(), [], threading.Barrier(8)

    def end(n):
        ready.wait()
        try:
            status.set_exception(ValueError(n))
            won.append(n)
        except StateError:
            pass

    threads = [threading.Thread(target=end, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(status.exception())] == [str(n) for n in won]


# ---------------------------------------------------------------- waiting


def test_a_thread_waits_for_the_end():
    status = Status("m")
    waiting, heard = threading.Event(), []

    def wait():
        status.add_callback(lambda s: None)
        waiting.set()
        status.wait(30)
        heard.append(status.exception(0))

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    status.set_finished()
    thread.join()
    assert heard == [None]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status("m", "move to 3"), "m has not finished move to 3 within 0.0 s"),
        (Status(), "a device has not finished its action within 0.0 s"),
    ],
)
def test_waiting_ends_with_its_time(status, words):
    for wait in (status.exception, lambda: status.wait(0.0)):
        with pytest.raises(DeviceTimeoutError, match=words) as error:
            wait()
        assert isinstance(error.value, TimeoutError)
        assert error.value.device == status.device


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_loop_awaits_the_end(in_thread):
    async def main():
        status = Status()
        if in_thread:
            thread = threading.Thread(target=status.set_finished)
            thread.start()
            await status
            thread.join()
        else:
            asyncio.get_running_loop().call_soon(status.set_finished)
            await status
        await status  # as often as one likes

    asyncio.run(main())


def test_awaiting_raises_the_failure_every_time():
    async def main():
        status = Status()
        asyncio.get_running_loop().call_soon(status.set_exception, BOOM)
        for _ in range(2):
            with pytest.raises(ValueError, match="boom"):
                await status

    asyncio.run(main())


def test_two_loops_await_the_same_status():
    status, heard = Status(), []
    waiting = threading.Barrier(3)

    def wait():
        async def main():
            asyncio.get_running_loop().call_soon(waiting.wait)
            await status
            heard.append(threading.current_thread())

        asyncio.run(main())

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    waiting.wait()
    status.set_finished()
    for thread in threads:
        thread.join()
    assert set(heard) == set(threads)


def test_who_gave_up_waiting_is_no_trouble_to_the_status():
    async def main():
        status = Status()
        waiting = asyncio.ensure_future(_await(status))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        status.set_finished()
        await asyncio.sleep(0)  # the wake-up that nobody waits for any more

    asyncio.run(main())


async def _await(status):
    await status


# ---------------------------------------------------------------- watchers


def test_watchers_are_told_of_progress():
    status, seen = Status("m"), []
    status.watch(lambda **kwargs: seen.append(kwargs))
    status.report(Progress("m", 1.0, 0.0, 4.0, "mm", 2, 0.75, 1.0, 3.0))
    assert seen == [
        {
            "name": "m",
            "current": 1.0,
            "initial": 0.0,
            "target": 4.0,
            "unit": "mm",
            "precision": 2,
            "fraction": 0.75,
            "time_elapsed": 1.0,
            "time_remaining": 3.0,
        }
    ]


def test_who_watches_late_is_told_the_last_progress():
    status, seen = Status("m"), []
    status.report(Progress("m", current=1))
    status.report(Progress("m", current=2))
    status.watch(lambda *, current, **kwargs: seen.append(current))
    status.report(Progress("m", current=3))
    assert seen == [2, 3]


def test_after_the_end_nobody_is_told_any_more():
    status, seen = Status(), []
    status.watch(lambda **kwargs: seen.append(kwargs))
    status.set_finished()
    status.report(Progress("m"))
    assert seen == []


# ---------------------------------------------------------------- status_of


def outcome_of(work, cancel=False):
    async def main():
        status = status_of(work(), device="m", action="move")
        if cancel:
            await asyncio.sleep(0)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        try:
            await status
        except (LapwingError, ValueError) as exc:
            return status, exc
        return status, None

    return asyncio.run(main())


def test_a_coroutine_makes_a_status():
    async def work():
        await asyncio.sleep(0)

    status, error = outcome_of(work)
    assert status.success
    assert error is None
    assert repr(status) == "<Status m move: done>"


def test_a_coroutine_that_fails_makes_a_status_that_fails():
    async def work():
        raise BOOM

    status, error = outcome_of(work)
    assert error is BOOM
    assert not status.success


def test_a_coroutine_that_is_cancelled_leaves_no_status_pending():
    async def work():
        await asyncio.get_running_loop().create_future()

    status, error = outcome_of(work, cancel=True)
    assert status.done
    assert isinstance(error, StateError)
    assert "m: move was cancelled" in str(error)


def test_a_coroutine_that_is_cancelled_before_it_begins_is_not_left_behind():
    async def work():
        raise AssertionError("it has begun")

    async def main():
        status = status_of(work(), device="m", action="move")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        with pytest.raises(StateError, match="move was cancelled"):
            await status

    asyncio.run(main())  # and nobody is warned of a coroutine that was not awaited


def test_a_status_is_done_in_the_turn_in_which_its_coroutine_ends():
    async def work():
        pass

    async def main():
        status = status_of(work())
        await asyncio.sleep(0)
        return status.done

    assert asyncio.run(main())


def test_a_callback_that_fails_at_the_end_of_a_coroutine_is_told_by_the_loop():
    told = []

    async def work():
        pass

    def fail(_):
        raise BOOM

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        status = status_of(work())
        status.add_callback(fail)
        await status
        while not told:  # noqa: ASYNC110 - it is told a turn later
            await asyncio.sleep(0)

    asyncio.run(main())
    assert told == [BOOM]


def test_the_failure_of_a_coroutine_does_not_hold_its_own_status():
    async def work():
        raise ValueError("boom")

    async def main():
        status = status_of(work())
        await asyncio.sleep(0)
        return status

    status = asyncio.run(main())
    frames = [frame for frame, _ in walk_tb(status.exception().__traceback__)]
    assert frames
    assert not any(status in frame.f_locals.values() for frame in frames)


def test_a_callback_that_fails_keeps_no_other_from_being_called():
    status, heard = Status("m", "move"), []

    def fail(_):
        raise BOOM

    status.add_callback(fail)
    status.add_callback(heard.append)
    with pytest.raises(type(BOOM)):
        status.set_finished()
    assert heard == [status]
    assert status.success


def test_who_awaited_in_a_loop_that_is_gone_breaks_nothing():
    status, heard = Status("m", "move"), []

    async def await_it():
        await status

    async def give_up():
        task = asyncio.create_task(await_it())
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(give_up())
    status.add_callback(heard.append)
    status.set_finished()
    assert heard == [status]
