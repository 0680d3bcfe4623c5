"""Waiting: the thread that waits for a call, and answers questions meanwhile.

Owns handing a question from the device loop to that thread, and its answer back; and
what is done when that thread will not wait any longer.
Must not know engines; it is given the coroutine of a call.
Test: a coroutine that asks, or that never ends.

Others may wait at the same time, such as a timer's thread that aborts the call. Each
is woken by itself; the first, who began the call, is asked.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from lapwing.engine import device_loop
from lapwing.errors import RunEngineInterrupted, StateError
from lapwing.session.sigint import plain_ctrl_c

T = TypeVar("T")

CLEAN_UP_SECONDS = 10.0
"""How long a call that was broken off may take to stop what it moves."""

BROKEN_OFF_TEXT = (
    "The plan kept the engine from hearing Ctrl-C, such as by time.sleep(), and was "
    "broken off where it stood; in plans, 'yield from bps.sleep()' can be interrupted"
)


class DuringTask(Protocol):
    """What the blocking thread does meanwhile, such as to keep windows alive."""

    def block(self, blocking_event: threading.Event) -> None:
        """Return once the event is set."""
        ...


class Waiting:
    """Waits for futures in threads that block.

    Args:
        during_task: What the thread does meanwhile.
    """

    def __init__(self, during_task: DuringTask):
        self._during_task = during_task
        self._lock = threading.Lock()
        self._threads: list[threading.Event] = []  # each sleeps on its own
        self._questions: list[Callable[[], None]] = []

    def result_of(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a call on the device loop and block until it ends.

        Raises:
            StateError: The device loop does not run.
            RunEngineInterrupted: There was more Ctrl-C than a call takes, and it was
                deaf to it.
            KeyboardInterrupt: There was, and it was broken off.
            Exception: Whatever the call raises, or what does while it is waited for;
                the call is then broken off, too.
        """
        with self._one_more() as wake:  # before it begins: it may ask at once
            return self._wait(work, wake)

    def _wait(self, work: Coroutine[Any, Any, T], wake: threading.Event) -> T:
        ended = threading.Event()
        try:
            future = device_loop.begin(_telling(work, ended))
        except StateError:
            work.close()
            raise
        try:
            return self._until_done(future, wake)
        except BaseException as end:
            if future.done():
                raise  # it comes from the call itself
            # The process is told to end, or a signal's handler or a window has failed:
            # nobody will wait for the call, so leave nothing moving behind.
            was_deaf = device_loop.break_in()
            future.cancel()
            ended.wait(CLEAN_UP_SECONDS)
            if was_deaf and isinstance(end, KeyboardInterrupt):
                raise RunEngineInterrupted(BROKEN_OFF_TEXT) from end
            raise

    def _until_done(
        self, future: "concurrent.futures.Future[T]", wake: threading.Event
    ) -> T:
        """Return a future's result, after all questions that come before it."""
        future.add_done_callback(lambda _: wake.set())
        while True:
            self._during_task.block(wake)
            wake.clear()
            while (question := self._question_for(wake)) is not None:
                question()
            if future.done():
                return future.result()

    @contextmanager
    def _one_more(self) -> Iterator[threading.Event]:
        """Count a thread among those that wait; it is woken by what this gives."""
        wake = threading.Event()
        with self._lock:
            self._threads.append(wake)
            self._call_on_first()
        try:
            yield wake
        finally:
            with self._lock:
                self._threads.remove(wake)
                self._call_on_first()

    def _call_on_first(self) -> None:
        if self._questions and self._threads:
            self._threads[0].set()

    def _question_for(self, wake: threading.Event) -> Callable[[], None] | None:
        with self._lock:
            is_asked = self._questions and self._threads[0] is wake
            return self._questions.pop(0) if is_asked else None

    async def ask(self, question: Callable[[], bool]) -> bool:
        """Let the thread that waits ask a person; Ctrl-C then means no.

        Args:
            question: Asks and returns the answer; it may block as long as it likes.
        """
        answer: concurrent.futures.Future[bool] = concurrent.futures.Future()

        def put() -> None:
            if not answer.set_running_or_notify_cancel():
                return  # the call has ended, and wants to know nothing any more
            try:
                with plain_ctrl_c():
                    answer.set_result(question())
            except (KeyboardInterrupt, EOFError):
                answer.set_result(False)
            except Exception as exc:  # noqa: BLE001 - the call raises it, if it will
                answer.set_exception(exc)
            except BaseException as exc:
                answer.set_exception(exc)
                raise

        with self._lock:
            self._questions.append(put)
            self._call_on_first()
        return await asyncio.wrap_future(answer)


async def _telling(work: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await work
    finally:
        ended.set()
