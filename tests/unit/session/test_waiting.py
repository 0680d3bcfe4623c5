"""The thread that waits for a call, and is asked meanwhile."""

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lapwing.engine import device_loop
from lapwing.errors import RequestAbort, RunEngineInterrupted
from lapwing.session.waiting import Waiting


class Blocking:
    def block(self, blocking_event):
        blocking_event.wait()


class Impatient:
    """Waits until a call has begun, then no longer."""

    def __init__(self, reason):
        self.reason = reason
        self.begun = threading.Event()

    def block(self, blocking_event):
        assert self.begun.wait(5)
        raise self.reason


def test_a_question_is_asked_in_the_thread_that_waits():
    waiting, asked = Waiting(Blocking()), []

    async def call():
        for answer in (True, False):

            def question(answer=answer):
                asked.append(threading.current_thread())
                return answer

            assert await waiting.ask(question) is answer
        return "done"

    assert waiting.result_of(call()) == "done"
    assert asked == [threading.current_thread()] * 2


class Slow:
    """Lets a thread come to wait only when another has waited, and was woken."""

    def __init__(self):
        self.other_is_over = threading.Event()

    def block(self, blocking_event):
        if threading.current_thread() is threading.main_thread():
            assert self.other_is_over.wait(5)
        assert blocking_event.wait(5)


def test_who_is_woken_takes_nobody_elses_wake():
    slow, called = Slow(), threading.Event()
    waiting = Waiting(slow)

    async def call():
        called.set()
        return "done"

    def other():
        assert called.wait(5)
        try:
            return waiting.result_of(call())
        finally:
            slow.other_is_over.set()

    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(other)
        assert waiting.result_of(call()) == others.result(5) == "done"


def test_who_waits_longest_is_asked():
    waiting, asked = Waiting(Blocking()), []
    first_waits, second_waits = asyncio.Event(), asyncio.Event()

    async def first():
        first_waits.set()
        await second_waits.wait()
        return await waiting.ask(lambda: asked.append(threading.current_thread()))

    async def second():
        second_waits.set()

    async def until_the_first_waits():
        await first_waits.wait()

    def other():
        device_loop.call(until_the_first_waits())
        waiting.result_of(second())

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(other)
        waiting.result_of(first())
        done.result(5)
    assert asked == [threading.current_thread()]


def test_ctrl_c_and_the_end_of_input_mean_no():
    waiting = Waiting(Blocking())

    def pressed():
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)
        return True

    def ended():
        raise EOFError

    async def call():
        return await waiting.ask(pressed), await waiting.ask(ended)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert waiting.result_of(call()) == (False, False)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_question_that_fails_is_told_to_who_asked():
    waiting = Waiting(Blocking())
    heard = []

    def breaks():
        raise ValueError("no terminal")

    async def call():
        try:
            await waiting.ask(breaks)
        except ValueError as exc:
            heard.append(exc)
            raise

    with pytest.raises(ValueError, match="no terminal"):
        waiting.result_of(call())
    assert len(heard) == 1


def test_who_asks_no_more_needs_no_answer():
    waiting, asked = Waiting(Blocking()), []

    async def call():
        # Nobody waits who could be asked, until this is cancelled.
        task = asyncio.ensure_future(waiting.ask(lambda: asked.append("a") or True))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})

    async def other():
        return await waiting.ask(lambda: asked.append("b") or True)

    device_loop.call(call())
    assert waiting.result_of(other()) is True
    assert asked == ["b"]


def test_what_is_given_up_while_a_question_is_asked_disturbs_nobody():
    waiting = Waiting(Blocking())
    given_up = threading.Event()

    async def call():
        task = asyncio.ensure_future(waiting.ask(lambda: given_up.wait(5)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        given_up.set()
        return task.cancelled()

    assert waiting.result_of(call()) is True


@pytest.mark.parametrize("reason", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_a_call_that_is_not_waited_for_any_longer_cleans_up_first(reason):
    impatient, cleaned = Impatient(reason), []

    async def call():
        impatient.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    with pytest.raises(reason):
        Waiting(impatient).result_of(call())
    assert cleaned == [True]


@pytest.mark.parametrize(
    ("reason", "told"),
    [(KeyboardInterrupt, RunEngineInterrupted), (SystemExit, SystemExit)],
)
def test_a_call_that_is_deaf_is_broken_off_where_it_stands(reason, told):
    impatient, heard = Impatient(reason), []

    async def call():
        impatient.begun.set()
        try:
            while True:
                time.sleep(0.001)  # noqa: ASYNC251 - a plan that knows no better
        except RequestAbort as error:
            heard.append(error)

    with pytest.raises(told):
        Waiting(impatient).result_of(call())
    assert len(heard) == 1


def test_what_a_call_raises_itself_is_only_handed_on():
    async def call():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Waiting(Blocking()).result_of(call())
