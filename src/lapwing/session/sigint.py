"""Ctrl-C: once pauses at the next checkpoint, twice pauses now.

Owns the counting of key presses while a plan is run by a blocking call.
Must not know what a pause is: it is given two functions.
Test: call `pressed` with a clock that is turned.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

FORGET_AFTER = 10.0
"""Seconds after which a press counts as a first one again."""
DEBOUNCE = 0.1
"""Seconds within which further presses count as the same one."""
GIVE_UP = 11
"""Presses after which Ctrl-C does what it did before."""


def tell(text: str) -> None:
    """Print a line from a signal's handler, if it can be printed.

    The terminal may be gone, or this thread be in the midst of another line: whatever
    a handler raised would break off who waits for the plan.
    """
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        print(text)  # noqa: T201


class Sigint:
    """Turns Ctrl-C into requests while it is entered, in the main thread.

    Args:
        pause_soon: Asks for a pause at the next checkpoint.
        pause_now: Asks for a pause at once.
        say: Tells the user what will happen.
        clock: Returns seconds.
    """

    def __init__(
        self,
        pause_soon: Callable[[], None],
        pause_now: Callable[[], None],
        say: Callable[[str], Any] = tell,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._pause_soon = pause_soon
        self._pause_now = pause_now
        self._say = say
        self._clock = clock
        self._presses = 0
        self._last = -FORGET_AFTER
        self._before: Any = None

    def __enter__(self) -> "Sigint":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def pressed(self) -> bool:
        """Take note of a press; return False if it is to do what it did before."""
        now = self._clock()
        since, self._last = now - self._last, now
        if since < DEBOUNCE:
            return True
        if since >= FORGET_AFTER:
            self._presses = 0
        self._presses += 1
        if self._presses >= GIVE_UP:
            return False
        if self._presses == 1:
            self._say(
                "\nCtrl-C: the plan pauses at its next checkpoint; "
                "press it again to pause now."
            )
            self._pause_soon()
        else:
            self._pause_now()
        return True

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.pressed() and callable(self._before):
            self._before(number, frame)


@contextmanager
def plain_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt while a person is asked something."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
