"""The thread that waits for a call, and is asked meanwhile."""

import asyncio
import os
import signal
import threading

import pytest

from lapwing.engine import device_loop
from lapwing.session.waiting import Waiting


class Blocking:
    def block(self, blocking_event):
        blocking_event.wait()


def wait_for(coroutine, waiting):
    future = asyncio.run_coroutine_threadsafe(coroutine, device_loop.get())
    return waiting.until_done(future)


def test_a_question_is_asked_in_the_thread_that_waits():
    waiting, asked = Waiting(Blocking()), []

    async def call():
        for answer in (True, False):

            def question(answer=answer):
                asked.append(threading.current_thread())
                return answer

            assert await waiting.ask(question) is answer
        return "done"

    assert wait_for(call(), waiting) == "done"
    assert asked == [threading.current_thread()] * 2


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
        assert wait_for(call(), waiting) == (False, False)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_question_that_fails_is_told_to_both():
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
        wait_for(call(), waiting)
