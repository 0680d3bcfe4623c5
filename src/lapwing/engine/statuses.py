"""Statuses: the actions of devices that a plan has begun and that are not over.

Owns the groups that can be waited for, and telling failures; from any thread.
Must not know verbs, nor wait for anything itself.
Test: track a status, finish it from another thread, look at the group.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count
from typing import Any

from lapwing.engine import device_loop
from lapwing.errors import FailedStatus, UnsupportedDeviceError
from lapwing.messages import Msg

_numbers = count()
_FORGOTTEN = Msg("null")


class Tracked:
    """A status that the engine waits for, and the message it came from.

    It is itself the callback that the status calls.

    Attributes:
        excused: Whether its failure is of no interest any more.
    """

    __slots__ = ("excused", "group", "msg", "number", "owner", "status")

    def __init__(self, owner: "Statuses", status: Any, group: Hashable, msg: Msg):
        self.owner = owner
        self.status = status
        self.group = group
        self.msg = msg
        self.number = next(_numbers)
        self.excused = False

    def __call__(self, _status: Any = None) -> None:
        """Say that the status is done; from any thread."""
        self.owner.finished(self)


@dataclass(slots=True)
class Waiter:
    """A ``wait`` in progress: which groups end it, and how it is woken."""

    future: "asyncio.Future[None]"
    group: Hashable
    watch: tuple[Hashable, ...]


class Statuses:
    """The statuses of one call that are not done, by group.

    Args:
        tell_failure: Takes the `Tracked` whose action failed; from any thread.

    Attributes:
        groups: What is not done, by group; an empty group is none.
        waiter: The ``wait`` in progress, if there is one.
        over: What was done at once, by group, since the last ``wait`` for that group;
            None where nobody wants to know.
    """

    def __init__(
        self, tell_failure: Callable[[Tracked], None], *, keep_over: bool = False
    ):
        self.over: dict[Hashable, set[Any]] | None = {} if keep_over else None
        self.groups: dict[Hashable, set[Tracked]] = {}
        self.waiter: Waiter | None = None
        self._tell_failure = tell_failure
        self._finished_elsewhere: deque[Tracked] = deque()
        self.live_here()

    def live_here(self) -> None:
        """Hear from now on of what is done by the running loop.

        A paused call may be taken up when the loop on which it began is closed; what
        was done meanwhile is taken note of.
        """
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._drain()

    def track(self, status: Any, msg: Msg) -> Any:
        """Watch a status: its group can be waited for, its failure is told.

        Returns:
            The status itself.

        Raises:
            UnsupportedDeviceError: It is no status.
        """
        try:
            if status.done and status.success:
                if self.over is not None:
                    self.over.setdefault(msg.kwargs.get("group"), set()).add(status)
                return status
            watch = status.add_callback
        except AttributeError:
            # What cannot say whether it is done may still say when it is.
            watch = getattr(status, "add_callback", None)
            if watch is None:
                raise _no_status(status, msg) from None
        tracked = Tracked(self, status, msg.kwargs.get("group"), msg)
        self.groups.setdefault(tracked.group, set()).add(tracked)
        watch(tracked)
        return status

    def finished(self, tracked: Tracked) -> None:
        """Take note that a status is done; called from any thread."""
        if not tracked.status.success and not tracked.excused:
            self._tell_failure(tracked)
        if threading.get_ident() == self._thread:
            self._settle(tracked)
            return
        self._finished_elsewhere.append(tracked)
        if not self._drain_scheduled:
            self._drain_scheduled = True
            device_loop.tell_loop(self._loop, self._drain)

    def _drain(self) -> None:
        self._drain_scheduled = False  # first: see Interrupts.take_all
        while self._finished_elsewhere:
            self._settle(self._finished_elsewhere.popleft())

    def _settle(self, tracked: Tracked) -> None:
        members = self.groups.get(tracked.group)
        if members is not None and tracked in members:
            members.discard(tracked)
            if not tracked.status.success:
                # After a failure the group is gone: the plan was told.
                members.clear()
            if not members:
                del self.groups[tracked.group]
        waiter = self.waiter
        if waiter is None or waiter.future.done():
            return
        own = tracked.group == waiter.group and not self.groups.get(waiter.group)
        watched = tracked.group in waiter.watch and not tracked.status.success
        if own or watched:
            waiter.future.set_result(None)

    def look_again(self, group: Hashable) -> bool:
        """Ask the statuses of a group themselves; return whether all are done."""
        for tracked in list(self.groups.get(group, ())):
            if getattr(tracked.status, "done", False) and tracked.status.success:
                self._settle(tracked)
        return not self.groups.get(group)

    def pending(self, device: Any) -> bool:
        """Tell whether an action of a device is under way."""
        return any(
            tracked.msg.obj is device and not tracked.status.done
            for members in self.groups.values()
            for tracked in members
        )

    def forget(self) -> None:
        """Let go of the devices; what is not done is of no interest any more."""
        for members in self.groups.values():
            for tracked in members:
                tracked.excused = True
                tracked.msg = _FORGOTTEN
        self.groups.clear()
        self.over = None

    def excuse_moves(self) -> list[Msg]:
        """Give up the moves that are under way, for their devices will be stopped.

        Returns:
            The messages that began them, in order.
        """
        moves = [
            tracked
            for members in self.groups.values()
            for tracked in members
            if tracked.msg.command == "set" and hasattr(tracked.msg.obj, "stop")
        ]
        for tracked in moves:
            tracked.excused = True
            members = self.groups[tracked.group]
            members.discard(tracked)
            if not members:
                del self.groups[tracked.group]
        return [one.msg for one in sorted(moves, key=lambda one: one.number)]


def _no_status(found: Any, msg: Msg) -> UnsupportedDeviceError:
    if asyncio.iscoroutine(found):
        found.close()  # nobody will await it, and must not be warned of that
    device = getattr(msg.obj, "name", None) or repr(msg.obj)
    return UnsupportedDeviceError(
        f"{device} answered {msg.command!r} with {found!r}, which is no status; a "
        f"status has done, success, exception and add_callback",
        device=device,
    )


def failed_status(plan_name: str, tracked: Tracked) -> FailedStatus:
    """Return the error that tells plan, message, device and cause."""
    msg, cause = tracked.msg, tracked.status.exception()
    device = getattr(msg.obj, "name", None) or repr(msg.obj)
    given = ", ".join(repr(arg) for arg in msg.args)
    error = FailedStatus(
        f"{plan_name or 'the plan'}: {device} failed to {msg.command}"
        f"{f' {given}' if given else ''}: {_text(cause)}",
        status=tracked.status,
        device=device,
        pv=getattr(cause, "pv", None),
    )
    error.__cause__ = cause
    return error


def _text(cause: BaseException | None) -> str:
    if cause is None:
        return "it does not say why"
    return str(cause) or type(cause).__name__
