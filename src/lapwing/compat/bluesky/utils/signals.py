"""Signals: interrupts other than the engine's own Ctrl-C.

Owns noting that a signal came, for scripts with handlers of their own.
Must not know what a pause is.
Test: send a signal to this process within a `SignalHandler`.
"""

import logging
import signal
from enum import Enum
from types import FrameType, TracebackType
from typing import Any


class PauseRequest(Enum):
    """How a pause was asked for: not, at the next checkpoint, or now."""

    NONE = 0
    SOFT = 1
    HARD = 2


class SignalHandler:
    """Notes that a signal came, instead of what it did before; deprecated.

    Args:
        sig: The signal, such as ``signal.SIGINT``.
        log: Told of each one; None tells none.

    Attributes:
        interrupted: Whether it came.
        count: How often.
    """

    def __init__(self, sig: int, log: logging.Logger | None = None):
        self.sig = sig
        self.log = log
        self.interrupted = False
        self.released = True
        self.count = 0
        self.original_handler: Any = None

    def __enter__(self) -> "SignalHandler":
        self.interrupted, self.released, self.count = False, False, 0
        self.original_handler = signal.signal(self.sig, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> bool:
        """Let the signal do what it did before; returns whether that was needed."""
        if self.released:
            return False
        signal.signal(self.sig, self.original_handler)
        self.released = True
        return True

    def handle_signals(self) -> None:
        """Do something about a signal that came; override this."""

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        self.count += 1
        if self.log is not None:
            self.log.debug("signal %d came, %d times by now", number, self.count)
        self.handle_signals()
