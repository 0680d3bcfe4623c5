"""Interrupts: what somebody outside asks of a running plan.

Owns the requests and the queue between any thread and the loop.
Must not know what is done about a request.
Test: put from another thread, take all.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lapwing.engine.suspenders import Suspension
from lapwing.errors import PlanHalt, RequestAbort, RequestStop

EndKind = Literal["abort", "stop", "halt"]
THROWN: dict[EndKind, type[BaseException]] = {
    "abort": RequestAbort,
    "stop": RequestStop,
    "halt": PlanHalt,
}


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause now; the reason is told to whoever waits for the call."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """Abort, stop or halt the plan."""

    kind: EndKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A device's action failed; the plan sees it at its next message."""

    error: BaseException


Request = Pause | Suspension | End | Failure


class Interrupts:
    """A queue with a flag that the hot loop can look at for nothing.

    Args:
        wake: Called after each request, from the thread that made it.

    Attributes:
        pending: Whether a request may be waiting.
    """

    __slots__ = ("_queue", "_wake", "pending")

    def __init__(self, wake: Callable[[], None]):
        self.pending = False
        self._queue: deque[Request] = deque()
        self._wake = wake

    def put(self, request: Request) -> None:
        """Ask for something, from any thread."""
        self._queue.append(request)
        self.pending = True
        self._wake()

    def take_all(self) -> list[Request]:
        """Take every request, oldest first."""
        # The flag goes down first: a request that comes in between puts it up again.
        self.pending = False
        taken = []
        while self._queue:
            taken.append(self._queue.popleft())
        return taken

    def peek(self) -> tuple[Request, ...]:
        """Look at the requests without taking them."""
        return tuple(self._queue)
