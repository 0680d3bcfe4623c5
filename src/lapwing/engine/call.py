"""A call: one plan given to the engine, from its start to its end.

Owns all that lasts as long as one call: the stack of plans, the messages since
the checkpoint, open runs, statuses awaited, devices moved and staged.
Must not know verbs. Test: through the engine, with lists of messages.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lapwing.documents import Document
from lapwing.engine import garbage
from lapwing.engine.bundler import RunBundler
from lapwing.engine.interrupts import End, Failure, Interrupts, Pause
from lapwing.engine.monitors import Monitor
from lapwing.engine.streams import Described
from lapwing.engine.suspenders import Suspension
from lapwing.errors import FailedStatus, IllegalMessageSequence
from lapwing.messages import Msg

if TYPE_CHECKING:
    from lapwing.engine.engine import Engine

T = TypeVar("T")

UNCACHEABLE = frozenset(
    {
        "pause",
        "subscribe",
        "unsubscribe",
        "stage",
        "unstage",
        "monitor",
        "unmonitor",
        "open_run",
        "close_run",
        "install_suspender",
        "remove_suspender",
        "_start_suspender",
    }
)
"""Verbs that a rewind does not repeat."""

SHIELDED = frozenset({"open_run", "close_run", "create", "save", "drop"})
"""Verbs that nothing interrupts: a run is opened, or closed, or neither."""


class Interrupted(Exception):
    """The message in flight was given up because of a request."""


class Tracked:
    """A status that the engine waits for, and the message it came from.

    It is itself the callback that the status calls.
    """

    __slots__ = ("call", "group", "msg", "status")

    def __init__(self, call: "Call", status: Any, group: Hashable, msg: Msg):
        self.call = call
        self.status = status
        self.group = group
        self.msg = msg

    def __call__(self, _status: Any = None) -> None:
        """Tell the call that the status is done; from any thread."""
        self.call.status_finished(self)


@dataclass(slots=True)
class Waiter:
    """A ``wait`` in progress: which groups end it, and how it is woken."""

    future: "asyncio.Future[None]"
    group: Hashable
    watch: tuple[Hashable, ...]


@dataclass(slots=True)
class Expected:
    """What the plan said that its next run will do; see `asides.foresee`."""

    reads: tuple[Any, ...] = ()
    moves: dict[int, tuple[Any, Any, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Kept:
    """What a suspended plan goes on with: where it stood before.

    Attributes:
        depth: How many plans were on the stack.
        messages: The messages since the checkpoint.
        response: What the plan on top was to be sent.
        replace: Whether the last message's new response takes its place.
    """

    depth: int
    messages: list[Msg]
    response: Any
    replace: bool


class Call:
    """One plan given to the engine.

    Args:
        engine: The engine that runs it.
        plan: The generator to drive.
        plan_type: Name of the type of what the user gave.
        plan_name: Name of the plan, or "".
        metadata: What the user gave beside the plan, for every run of it.
    """

    def __init__(
        self,
        engine: "Engine",
        plan: Generator[Msg, Any, Any],
        *,
        plan_type: str,
        plan_name: str,
        metadata: Document,
    ):
        self.engine = engine
        self.plan_type = plan_type
        self.plan_name = plan_name
        self.metadata = metadata
        self.plans: list[Generator[Msg, Any, Any]] = [plan]
        self.interrupts = Interrupts(self._wake_from_anywhere)
        # What the plan on top is to be sent, or thrown, next.
        self.response: Any = None
        self.error: BaseException | None = None

        self.cache: list[Msg] | None = []
        self.rewindable = True
        self.last: Msg | None = None
        self.last_cached = False
        self.saved_since_checkpoint = False
        self.deferred_pause = False
        self.held: Pause | Suspension | None = None
        self.suspensions: list[Suspension] = []
        self.kept: Kept | None = None

        self.runs: dict[Hashable, RunBundler] = {}
        self.run_uids: list[str] = []
        self.groups: dict[Hashable, set[Tracked]] = {}
        self.waiter: Waiter | None = None
        self.moved: dict[int, Any] = {}
        self.staged: dict[int, Any] = {}
        self.seen: dict[int, Any] = {}
        self.tokens: set[int] = set()
        self.expected = Expected()
        self.foreseen: dict[int, Described] = {}
        self.announced: tuple[Any, ...] = ()
        self.ahead: dict[int, asyncio.Future[Any]] | None = None
        self.monitors: dict[int, Monitor] = {}
        self.uncollected: dict[int, tuple[Any, Hashable]] = {}

        self.exit_status = "success"
        self.reason = ""
        self.ending: End | None = None
        self.pause_reason = ""
        self.over = False

        self._task: asyncio.Task[Any] | None = None
        self._awaiting: Msg | None = None
        self._given_up = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._finished_elsewhere: deque[Tracked] = deque()
        self._drain_scheduled = False

    # ------------------------------------------------------------ awaiting

    def attach(self, task: "asyncio.Task[Any] | None") -> None:
        """Say which task drives the plan; an interrupt cancels what it awaits."""
        self._task = task

    async def perform(self, work: Coroutine[Any, Any, T], msg: Msg) -> T:
        """Await what a verb has to wait for, unless a request comes first.

        Raises:
            Interrupted: A request came; the message has no response.
        """
        self._awaiting = msg
        garbage.tidy()
        try:
            return await work
        except asyncio.CancelledError:
            if not self._given_up:
                raise
            self._given_up = False
            if self._task is not None:
                self._task.uncancel()
            raise Interrupted from None
        finally:
            self._awaiting = None

    def _wake_from_anywhere(self) -> None:
        # Also from the loop's own thread: the loop may be just about to wait.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        msg = self._awaiting
        if msg is None or self._task is None or self._given_up:
            return
        if any(self._ends_waiting(request, msg) for request in self.interrupts.peek()):
            self._given_up = True
            self._task.cancel()

    def _ends_waiting(self, request: object, msg: Msg) -> bool:
        if isinstance(request, Failure) or msg.command in SHIELDED:
            return False  # a failure is told at the next message
        if isinstance(request, Pause | Suspension):
            return self.cache is None or msg.command not in UNCACHEABLE
        return True

    # ------------------------------------------------------------ asides

    def note(self, look: Callable[[], T]) -> T:
        """Look at something outside the plan, and record what was seen."""
        value = look()
        if (recorder := self.engine.recorder) is not None:
            recorder.note(value)
        return value

    def announce(self, objs: tuple[Any, ...]) -> None:
        """Expect the coming bundle to be read from these devices."""
        self.announced = objs

    def discard_ahead(self) -> None:
        """Forget readings that were started and not asked for."""
        for task in (self.ahead or {}).values():
            task.cancel()
            task.add_done_callback(_look_at)
        self.ahead = None

    def foresee(
        self, reads: tuple[Any, ...], moves: Mapping[Any, tuple[Any, Any]]
    ) -> None:
        """Expect the next run to read and to move these devices."""
        self.expected = Expected(
            reads, {id(obj): (obj, low, high) for obj, (low, high) in moves.items()}
        )

    # ------------------------------------------------------------ documents

    def run_for(self, msg: Msg) -> RunBundler:
        """Return the open run that a message concerns.

        Raises:
            IllegalMessageSequence: It is not open.
        """
        run = self.runs.get(msg.run)
        if run is None:
            which = "no run is open" if msg.run is None else f"no run {msg.run!r}"
            raise IllegalMessageSequence(
                f"'{msg.command}' came while {which}; a run is opened by 'open_run'"
            )
        return run

    def monitors_of(self, run: RunBundler) -> list[Monitor]:
        """Return the monitors that feed a run."""
        return [one for one in self.monitors.values() if one.run is run]

    # ------------------------------------------------------------ statuses

    def track(self, status: Any, msg: Msg) -> Any:
        """Watch a status: its group can be waited for, its failure is told.

        Returns:
            The status itself.
        """
        if status.done and status.success and self.engine.waiting_hook is None:
            return status
        tracked = Tracked(self, status, msg.kwargs.get("group"), msg)
        self.groups.setdefault(tracked.group, set()).add(tracked)
        status.add_callback(tracked)
        return status

    def status_finished(self, tracked: Tracked) -> None:
        """Take note that a status is done; called from any thread."""
        if not tracked.status.success and not self.over:
            self.interrupts.put(Failure(failed_status(self.plan_name, tracked)))
        if threading.get_ident() == self._thread:
            self._settle(tracked)
            return
        self._finished_elsewhere.append(tracked)
        if not self._drain_scheduled:
            self._drain_scheduled = True
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._drain_scheduled = False  # first: see Interrupts.take_all
        while self._finished_elsewhere:
            self._settle(self._finished_elsewhere.popleft())

    def _settle(self, tracked: Tracked) -> None:
        members = self.groups.get(tracked.group)
        if members is not None:
            members.discard(tracked)
            if not tracked.status.success:
                # After a failure the group is gone: the plan was told.
                del self.groups[tracked.group]
                members = None
            elif not members:
                del self.groups[tracked.group]
        waiter = self.waiter
        if waiter is None or waiter.future.done():
            return
        own = tracked.group == waiter.group and not members
        watched = tracked.group in waiter.watch and not tracked.status.success
        if own or watched:
            waiter.future.set_result(None)

    # ------------------------------------------------------------ checkpoints

    def mark_checkpoint(self) -> None:
        """Forget the messages so far: a rewind comes back to here."""
        if self.cache is not None:
            self.cache.clear()
        self.saved_since_checkpoint = False
        for run in self.runs.values():
            run.mark()


def _look_at(task: "asyncio.Future[Any]") -> None:
    """Retrieve a discarded task's failure, so that nobody warns of it."""
    if not task.cancelled():
        task.exception()


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
