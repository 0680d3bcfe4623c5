"""Signals: what a command does when it is told to end.

Owns SIGTERM and SIGHUP while a command runs plans.
Must not know plans: it raises, and who runs a plan stops what moves.
Test: start a command that moves a motor, end it, see the motor stand.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def orderly_end() -> Iterator[None]:
    """Leave the block as by ``sys.exit`` when the process is told to end.

    Without this a closed terminal would end the process at once, and leave motors
    moving and files open.
    """
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), _leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
