"""A call: one plan given to the engine, from its start to its end.

Owns all that lasts as long as one call: the stack of plans, the messages since
the checkpoint, open runs, devices moved and staged, and what is awaited.
Must not know verbs. Test: through the engine, with lists of messages.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lapwing.documents import Document, new_uid
from lapwing.engine import device_loop, garbage
from lapwing.engine.ahead import ReadAhead
from lapwing.engine.asides import Pausing
from lapwing.engine.bundler import RunBundler
from lapwing.engine.interrupts import End, Failure, Interrupts, Pause
from lapwing.engine.monitors import Monitor
from lapwing.engine.statuses import Statuses, Tracked, failed_status
from lapwing.engine.suspenders import Suspension
from lapwing.errors import DeviceError, IllegalMessageSequence
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
        "_resume_from_suspender",
    }
)
"""Verbs that a rewind does not repeat; so a pause lets them come to their end."""

WHOLE = frozenset({"_start_suspender", "_resume_from_suspender"})
"""Verbs that bring all devices to rest or wake them, and not only some of them."""


class Interrupted(Exception):
    """The message in flight was given up because of a request."""


@dataclass(slots=True)
class Expected:
    """What the plan said that its next run will do; see `asides.foresee`."""

    reads: tuple[Any, ...] = ()
    moves: dict[int, tuple[Any, Any, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Flight:
    """A device that was kicked off, and whose data are not all collected.

    Attributes:
        obj: The device.
        run: Key of the run that its data belong to.
        completion: The status of its ``complete``, once that was asked for.
    """

    obj: Any
    run: Hashable
    completion: Any = None

    @property
    def goes_on(self) -> bool:
        """Whether there may be more to collect after a collection.

        A device that counts frames hands out each only once, so it may as well be
        asked again at the end.
        """
        over = self.completion is not None and self.completion.done
        return hasattr(self.obj, "get_index") and not over


@dataclass(slots=True)
class Kept:
    """What a suspended plan goes on with: where it stood before.

    Attributes:
        depth: How many plans were on the stack.
        last: The last message.
        unanswered: Whether it was given up.
        rewindable: Whether what the plan does may be repeated.
        response: What the plan on top was to be sent.
        messages: What is said again afterwards; known once all is at rest.
        entered: Whether all is at rest.
    """

    depth: int
    last: Msg | None
    unanswered: bool
    rewindable: bool
    response: Any
    messages: list[Msg] = field(default_factory=list)
    entered: bool = False


class Call:
    """One plan given to the engine.

    Args:
        engine: The engine that runs it.
        plan: The generator to drive.
        plan_type: Name of the type of what the user gave.
        plan_name: Name of the plan, or "".
        metadata: What the user gave beside the plan, for every run of it.
        typed: The plan as one would type it; None if nobody knows.
    """

    def __init__(
        self,
        engine: "Engine",
        plan: Generator[Msg, Any, Any],
        *,
        plan_type: str,
        plan_name: str,
        metadata: Document,
        typed: str | None = None,
    ):
        self.engine = engine
        self.uid = new_uid()
        self.plan_type = plan_type
        self.plan_name = plan_name
        self.metadata = metadata
        self.typed = typed
        self.interrupts = Interrupts(self._wake_from_anywhere)
        self.exit_status = "success"
        self.reason = ""
        self.ending: End | None = None
        self.pause_reason = ""
        self.deferred_pause = False
        self.over = False
        self.run_uids: list[str] = []

        self._task: asyncio.Task[Any] | None = None
        self._awaiting: Msg | None = None
        self._given_up = 0  # how often the work in progress was cancelled
        self._looking = False  # whether a look is being noted
        self._loop = asyncio.get_running_loop()
        self._begin(plan)

    def _begin(self, *plans: Generator[Msg, Any, Any]) -> None:
        self.plans: list[Generator[Msg, Any, Any]] = list(plans)
        # What the plan on top is to be sent, or thrown, next.
        self.response: Any = None
        self.error: BaseException | None = None

        # The messages since the checkpoint; None where they are not to be repeated.
        self.rewindable = self.engine.rewindable
        self.cache: list[Msg] | None = [] if self.rewindable else None
        self.resumable = True
        self.last: Msg | None = None
        # Whether the last message was given up, and has no response.
        self.unanswered = False
        self.saved_since_checkpoint = False
        self.held: Pause | Suspension | None = None
        self.unslept: Msg | None = None
        self.unfinished: list[Msg] = []
        self.suspensions: list[Suspension] = []
        self.kept: Kept | None = None
        self.resting = False

        self.runs: dict[Hashable, RunBundler] = {}
        engine = self.engine
        self.statuses = Statuses(
            self._tell_failure,
            keep_over=engine.tells_all_waits and engine.waiting_hook is not None,
        )
        self.moved: dict[int, Any] = {}
        self.staged: dict[int, Any] = {}
        self.seen: dict[int, Any] = {}
        self.tokens: set[int] = set()
        self.expected = Expected()
        self.handled: tuple[type[Exception], ...] = ()
        self.ahead = ReadAhead()
        self.monitors: dict[int, Monitor] = {}
        self.flights: dict[int, Flight] = {}

    def forget(self) -> None:
        """Let go of everything that the call has met, now that it has ended.

        What a device keeps of it, such as a status that was never finished or the
        context of a task, then holds on to no other device.
        """
        self.metadata = {}
        self.statuses.forget()
        self._begin()

    # ------------------------------------------------------------ awaiting

    def attach(self, task: "asyncio.Task[Any]") -> None:
        """Say which task drives the plan; an interrupt cancels what it awaits."""
        self._task = task
        self._loop = task.get_loop()  # it may be resumed on another one
        self.statuses.live_here()

    def detach(self, task: "asyncio.Task[Any]") -> None:
        """Say that a task drives the plan no more."""
        if self._task is task:  # else it was taken up again in the meantime
            self._task = None

    async def perform(self, work: Coroutine[Any, Any, T], msg: Msg) -> T:
        """Await what a verb has to wait for, unless a request comes first.

        Raises:
            Interrupted: A request came; the message has no response.
            DeviceError: What it awaited was cancelled, by nobody who may.
        """
        task = self._task
        self._awaiting = msg
        garbage.tidy()
        if (recorder := self.engine.recorder) is not None:
            recorder.flush()
        try:
            return await work
        except asyncio.CancelledError:
            if task is None or task.cancelling() > self._given_up:
                raise
            if self._given_up:
                self.unanswered = True
                raise Interrupted from None
            name = getattr(msg.obj, "name", None) or "the engine"
            raise DeviceError(
                f"{name}: what {msg.command!r} was waiting for has been cancelled",
                device=name,
            ) from None
        finally:
            self._awaiting = None
            while self._given_up:
                # Also if the work did not mind being cancelled, and has an answer.
                self._given_up -= 1
                if task is not None:
                    task.uncancel()

    def _wake_from_anywhere(self) -> None:
        # Also from the loop's own thread: the loop may be just about to wait.
        device_loop.tell_loop(self._loop, self._wake)

    def _wake(self) -> None:
        msg = self._awaiting
        if msg is None or self._task is None:
            return
        requests = self.interrupts.peek()
        # Work that did not mind being cancelled is cancelled again by a second abort.
        if self._given_up >= max(1, sum(isinstance(one, End) for one in requests)):
            return
        if any(self._ends_waiting(request, msg) for request in requests):
            self._given_up += 1
            self._task.cancel()

    def _ends_waiting(self, request: object, msg: Msg) -> bool:
        if isinstance(request, Failure):
            return False  # a failure is told at the next message
        if isinstance(request, Pause | Suspension):
            if self.ending is not None or msg.command in WHOLE:
                return False
            if isinstance(request, Suspension) and self.kept is not None:
                return msg.command == "wait_for"  # that one is said again
            return not self.resumable or msg.command not in UNCACHEABLE
        return True

    def _tell_failure(self, tracked: Tracked) -> None:
        if not self.over:
            self.interrupts.put(Failure(failed_status(self.plan_name, tracked)))

    def forget_pauses(self) -> None:
        """Drop requests for a pause that came too late: it is paused already."""
        self.deferred_pause = False
        for request in self.interrupts.take_all():
            if not isinstance(request, Pause):
                self.interrupts.put(request)

    # ------------------------------------------------------------ asides

    def note(self, look: Callable[[], T]) -> T:
        """Look at something outside the plan, and record what was seen.

        What a look does in order to look is not noted: in a replay only what it
        came to is wanted.
        """
        recorder = self.engine.recorder
        other = len(self.plans) != 1  # one of the engine's, which is not replayed
        if recorder is None or self.over or self._looking or other:
            return look()
        self._looking = True
        try:
            value = look()
        except Exception as exc:
            recorder.note(None, exc)
            raise
        finally:
            self._looking = False
        recorder.note(value, None)
        return value

    def announce(self, objs: tuple[Any, ...]) -> None:
        """Expect the coming bundle to be read from these devices."""
        self.ahead.announced = objs

    def foresee(
        self, reads: tuple[Any, ...], moves: Mapping[Any, tuple[Any, Any]]
    ) -> None:
        """Expect the next run to read and to move these devices."""
        self.expected = Expected(
            reads, {id(obj): (obj, low, high) for obj, (low, high) in moves.items()}
        )

    def handles(self, errors: tuple[type[Exception], ...]) -> None:
        """Tell the plan of these errors, instead of pausing it."""
        self.handled = errors

    async def written(self) -> None:
        """Wait until the documents so far are where sinks put them."""
        if (recorder := self.engine.recorder) is not None:
            recorder.flush()
        if (write := self.engine.write_out) is not None:
            await write()

    def write_soon(self) -> None:
        """Have sinks put the documents so far where they belong."""
        if (recorder := self.engine.recorder) is not None:
            recorder.flush()
        if (hurry := self.engine.write_soon) is not None:
            hurry()

    @property
    def able_to_skip(self) -> list[Any]:
        """What is staged and can leave out points, such as a step scan."""
        return [one for one in self.staged.values() if hasattr(one, "skip_points")]

    def pausing(self) -> Pausing:
        """Say why it pauses, or is suspended."""
        suspended = bool(self.suspensions) and self.engine.state.is_running
        why = self.suspensions[-1].justification if suspended else self.pause_reason
        return Pausing(why, self.engine.request_abort, suspended)

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

    # ------------------------------------------------------------ checkpoints

    def mark_checkpoint(self) -> None:
        """Forget the messages so far: a rewind comes back to here."""
        if self.cache is not None:
            self.cache.clear()
        self.saved_since_checkpoint = False
        for run in self.runs.values():
            run.mark()

    def set_rewindable(self, value: bool) -> None:
        """Say whether what follows may be repeated; a change forgets what was said."""
        if value != self.rewindable:
            self.rewindable = value
            if self.kept is None:  # while it is suspended nothing is kept anyway
                self.record_again()

    def record_again(self) -> None:
        """Begin to keep messages, if what follows may be repeated."""
        self.cache = [] if self.resumable and self.rewindable else None
        self.mark_checkpoint()
