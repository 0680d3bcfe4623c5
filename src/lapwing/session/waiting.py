"""Waiting: the thread that waits for a call, and answers questions meanwhile.

Owns handing a question from the device loop to that thread, and its answer back.
Must not know calls or plans; it is given a future.
Test: a coroutine that asks, in a loop of another thread.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any, Protocol

from lapwing.session.sigint import plain_ctrl_c


class DuringTask(Protocol):
    """What the blocking thread does meanwhile, such as to keep windows alive."""

    def block(self, blocking_event: threading.Event) -> None:
        """Return once the event is set."""
        ...


class Waiting:
    """Waits for futures in a thread that blocks.

    Args:
        during_task: What the thread does meanwhile.
    """

    def __init__(self, during_task: DuringTask):
        self._during_task = during_task
        self._wake = threading.Event()
        self._questions: list[Callable[[], None]] = []

    def until_done(self, future: "concurrent.futures.Future[Any]") -> Any:
        """Return a future's result, after all questions that come before it."""
        future.add_done_callback(lambda _: self._wake.set())
        while True:
            self._during_task.block(self._wake)
            self._wake.clear()
            while self._questions:
                self._questions.pop(0)()
            if future.done():
                return future.result()

    async def ask(self, question: Callable[[], bool]) -> bool:
        """Let the thread that waits ask a person; Ctrl-C then means no.

        Args:
            question: Asks and returns the answer; it may block as long as it likes.
        """
        answer: concurrent.futures.Future[bool] = concurrent.futures.Future()

        def put() -> None:
            try:
                with plain_ctrl_c():
                    answer.set_result(question())
            except (KeyboardInterrupt, EOFError):
                answer.set_result(False)
            except BaseException as exc:
                answer.set_exception(exc)
                raise

        self._questions.append(put)
        self._wake.set()
        return await asyncio.wrap_future(answer)
