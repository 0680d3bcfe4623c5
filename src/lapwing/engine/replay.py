"""The replay: a plan is run again, and told what it was told before.

Owns answering a plan from the transcript, up to where it goes on for real.
Must not touch a device: it only learns which ones the plan speaks to.
Test: record a plan in memory, cut the records, replay it, compare.
"""

import builtins
from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Hashable,
    Iterable,
    Mapping,
)
from dataclasses import dataclass, field
from typing import Any, TypeVar

import lapwing.errors
from lapwing.engine.asides import LISTENER
from lapwing.engine.compare import Comparer
from lapwing.errors import LapwingError, ReplayMismatchError, ResumeError
from lapwing.journal.codec import (
    CallableRef,
    Decoder,
    Encoder,
    ErrorRef,
    ObjectRef,
    Opaque,
    Record,
    StatusRef,
)
from lapwing.journal.resume_state import UNKNOWN, ResumeState
from lapwing.journal.steps import NONE, Step, steps
from lapwing.messages import Msg
from lapwing.status import Status

T = TypeVar("T")

_ERRORS: dict[tuple[str, str], type[BaseException]] = {
    (cls.__module__, name): cls
    for module in (builtins, lapwing.errors)
    for name, cls in vars(module).items()
    if isinstance(cls, type) and issubclass(cls, BaseException)
}


def error_of(ref: ErrorRef) -> BaseException:
    """Return an exception such as was recorded, of the nearest class that is known."""
    cls = _ERRORS.get((ref.module, ref.name))
    if cls is not None:
        try:
            return cls(*ref.args)
        except TypeError:
            pass  # it takes other arguments than it keeps
    return LapwingError(f"{ref.name}: {ref.text}")


@dataclass
class Standing:
    """Where the plan stands at the resume point, as its messages tell.

    Attributes:
        seen: Devices, by name.
        staged: The message by which each staged device was staged, in order.
        configured: The last ``configure`` of each device, by its ``id``.
        moved: The last ``set`` of each device, in the order in which they were said,
            with the number of the message.
        pending: Groups of moves that were not waited for.
        monitored: The message of each monitor, by the device's ``id``.
        flights: Devices kicked off whose data are not all collected, by name.
        bundles: Stream, devices and readings of each open event, by run key.
        collected: Streams, by run key and name, into which devices collect.
        opened: Keys of the open runs, in order.
        resumable: Whether there is a checkpoint to come back to.
        rewindable: Whether what follows a checkpoint may be repeated.
    """

    seen: dict[str, Any] = field(default_factory=dict)
    staged: dict[int, Msg] = field(default_factory=dict)
    configured: dict[int, Msg] = field(default_factory=dict)
    moved: dict[int, tuple[int, Msg]] = field(default_factory=dict)
    pending: set[Hashable] = field(default_factory=set)
    monitored: dict[int, Msg] = field(default_factory=dict)
    flights: dict[str, str] = field(default_factory=dict)
    bundles: dict[Hashable, tuple[str, list[tuple[Any, Any]]]] = field(
        default_factory=dict
    )
    collected: set[tuple[Hashable, str]] = field(default_factory=set)
    opened: list[Hashable] = field(default_factory=list)
    resumable: bool = True
    rewindable: bool = True

    def take(self, index: int, msg: Msg) -> None:
        """Note what a message of the plan changes."""
        if msg.obj is not None:
            self._see(msg.obj)
        for obj in msg.args if msg.command in _MANY else ():
            self._see(obj)
        # What follows is a method for each command that changes where it stands.
        if (note := getattr(self, f"_on_{msg.command}", None)) is not None:
            note(index, msg)

    def _see(self, obj: Any) -> None:
        name = getattr(obj, "name", None)
        if not isinstance(name, str):
            return
        if self.seen.setdefault(name, obj) is not obj:
            raise ResumeError(
                f"two devices of the plan are named {name!r}, so that nobody can tell "
                "which one was meant; the call cannot be resumed"
            )

    def answered(self, msg: Msg, answer: Any) -> None:
        """Note what a read into an open event gave."""
        if msg.command == "read" and msg.run in self.bundles:
            self.bundles[msg.run][1].append((msg.obj, answer))

    def _on_stage(self, index: int, msg: Msg) -> None:
        if hasattr(msg.obj, "stage"):
            self.staged[id(msg.obj)] = msg

    def _on_unstage(self, index: int, msg: Msg) -> None:
        self.staged.pop(id(msg.obj), None)

    def _on_configure(self, index: int, msg: Msg) -> None:
        self.configured[id(msg.obj)] = msg

    def _on_set(self, index: int, msg: Msg) -> None:
        self.moved.pop(id(msg.obj), None)
        self.moved[id(msg.obj)] = (index, msg)
        self.pending.add(msg.kwargs.get("group"))

    def _on_wait(self, index: int, msg: Msg) -> None:
        group = msg.kwargs["group"] if "group" in msg.kwargs else (*msg.args, None)[0]
        self.pending.discard(group)

    def _on_monitor(self, index: int, msg: Msg) -> None:
        self.monitored[id(msg.obj)] = msg

    def _on_unmonitor(self, index: int, msg: Msg) -> None:
        self.monitored.pop(id(msg.obj), None)

    def _on_create(self, index: int, msg: Msg) -> None:
        name = msg.kwargs.get("name") or (*msg.args, "")[0]
        self.bundles[msg.run] = (name, [])

    def _on_save(self, index: int, msg: Msg) -> None:
        self.bundles.pop(msg.run, None)

    def _on_drop(self, index: int, msg: Msg) -> None:
        self.bundles.pop(msg.run, None)

    def _on_open_run(self, index: int, msg: Msg) -> None:
        self.opened.append(msg.run)

    def _on_close_run(self, index: int, msg: Msg) -> None:
        self.opened.remove(msg.run)
        self.bundles.pop(msg.run, None)
        self.monitored = {k: m for k, m in self.monitored.items() if m.run != msg.run}

    def _on_kickoff(self, index: int, msg: Msg) -> None:
        self.flights[msg.obj.name] = "kicked off"

    def _on_complete(self, index: int, msg: Msg) -> None:
        self.flights[msg.obj.name] = "completing"

    def _on_collect(self, index: int, msg: Msg) -> None:
        for obj in (msg.obj, *msg.args):
            self.flights.pop(getattr(obj, "name", ""), None)

    def _on_declare_stream(self, index: int, msg: Msg) -> None:
        if msg.kwargs.get("collect"):
            self.collected.add((msg.run, msg.kwargs.get("name", "")))

    def _on_clear_checkpoint(self, index: int, msg: Msg) -> None:
        self.resumable = False

    def _on_rewindable(self, index: int, msg: Msg) -> None:
        if msg.args and msg.args[0] is not None:
            self.rewindable = bool(msg.args[0])


_MANY = frozenset({"collect", "declare_stream", "locate"})


class Replay:
    """Runs a plan again, up to where a call was cut off.

    Args:
        records: All records of the call.
        state: Where it goes on.
        plan: The plan, not begun.
        perform: Does what a message asks, for the few that are done again:
            subscriptions, suspenders, the class of the engine.
        tell: Hands a document that was made to those who listen.

    Attributes:
        standing: Where the plan stands.
        response: What the plan is to be sent when it goes on.
        error: What is to be thrown into it instead.
        statuses: Statuses that the plan was given and that were not done, by number
            of the message.
    """

    def __init__(
        self,
        records: Iterable[Record],
        state: ResumeState,
        plan: Generator[Msg, Any, Any],
        *,
        perform: Callable[[Msg], Any],
        tell: Callable[[str, dict[str, Any]], Any],
    ):
        self.standing = Standing()
        self.response: Any = None
        self.error: BaseException | None = None
        self.statuses: dict[int, Status] = {}
        self._records = records
        self._state = state
        self._plan = plan
        self._perform = perform
        self._tell = tell
        self._notes: deque[tuple[bool, Any]] = deque()
        self._failure: ReplayMismatchError | None = None

    def run(self) -> None:
        """Replay; afterwards the plan waits to be sent ``response``.

        Raises:
            ReplayMismatchError: It says something else than before.
            ResumeError: It cannot be told what it was told before.
        """
        if self._state.index == 0:
            return
        token = LISTENER.set(self)
        try:
            self._drive()
        finally:
            LISTENER.reset(token)

    def _drive(self) -> None:
        comparer = Comparer()
        response, error, stands = None, None, True
        for step in steps(self._records, self._state.resumed):
            recorded = step.message
            if recorded is not None and stands:
                msg = self._next(response, error, step)
                if not comparer.same(recorded, msg):
                    raise _mismatch(step, recorded, msg)
                self.standing.take(step.index, msg)
                response, error = self._answer(step, msg)
                self.standing.answered(msg, response)
            for name, doc in step.documents:
                self._tell(name, doc)  # also those made behind that point
            if stands:
                for index, success in step.done:
                    self._finish(index, success)
                self._notes.extend(step.notes)
            if step.index == self._state.index - 1:
                stands = False
                self._notes.clear()  # it looks again
        if stands:
            raise ResumeError(f"the journal ends before message {self._state.index}")
        self.response, self.error = response, error

    def _next(self, response: Any, error: BaseException | None, step: Step) -> Msg:
        """Send the plan on, and return what it says."""
        try:
            if error is None:
                msg = self._plan.send(response)
            else:
                msg = self._plan.throw(error)
        except StopIteration:
            raise _mismatch(step, step.message, "nothing: it ended") from None
        except Exception as exc:
            raise self._failure or _mismatch(
                step, step.message, f"nothing: it raised {exc!r}"
            ) from exc
        if self._failure is not None:
            raise self._failure
        if self._notes:
            raise ReplayMismatchError(
                f"before message {step.index + 1} the plan looked outside itself less "
                f"often than before: it did not ask for {self._notes[0][1]!r}"
            )
        return msg

    def _answer(self, step: Step, msg: Msg) -> tuple[Any, BaseException | None]:
        if msg.command in _DONE_AGAIN:
            return self._perform(msg), None
        if step.error is not None:
            return None, error_of(step.error)
        if step.answer is not NONE:
            return self._value(step.answer, step.index), None
        if step.index + 1 == self._state.index:
            if self._state.response is UNKNOWN:
                raise ResumeError(
                    f"the call was cut off within {msg.command!r}, whose answer is "
                    "not known; it cannot be resumed"
                )
            return self._state.response, None
        return None, None

    def _value(self, value: Any, index: int) -> Any:
        """Return what stands for a recorded response."""
        if isinstance(value, StatusRef):
            return self._status(value, index)
        if isinstance(value, ObjectRef):
            return self.standing.seen.get(value.name, value)
        if isinstance(value, list):
            return [self._value(one, index) for one in value]
        if isinstance(value, dict):
            return {key: self._value(one, index) for key, one in value.items()}
        if isinstance(value, ErrorRef):
            return error_of(value)
        return value

    def _status(self, ref: StatusRef, index: int) -> Status:
        status = Status(action="what it did before a crash")
        self.statuses[index] = status
        if ref.done:
            self._finish(index, ref.success)
        return status

    def _finish(self, index: int, success: bool) -> None:
        status = self.statuses.pop(index, None)
        if status is None:
            return
        if success:
            status.set_finished()
        else:
            status.set_exception(LapwingError("it failed before the crash"))

    # ------------------------------------------------------------ asides

    def note(self, look: Callable[[], T]) -> T:
        """Return what was seen at the first time."""
        if not self._notes:
            self._failure = ReplayMismatchError(
                "the plan looks outside itself where it did not before"
            )
            raise self._failure
        seen, value = self._notes.popleft()
        if seen:
            return self._value(value, -1)
        raise error_of(value)

    def announce(self, objs: tuple[Any, ...]) -> None:
        """Nothing is read."""

    def foresee(
        self, reads: tuple[Any, ...], moves: Mapping[Any, tuple[Any, Any]]
    ) -> None:
        """Nothing is moved."""


_DONE_AGAIN = frozenset(
    {"RE_class", "install_suspender", "remove_suspender", "subscribe", "unsubscribe"}
)


def _mismatch(step: Step, recorded: Record | None, now: Any) -> ReplayMismatchError:
    before, says = "nothing", now
    if recorded is not None:
        live = _as_recorded(now) if isinstance(now, Msg) else None
        same = set() if live is None else _same_keywords(recorded[3], now.kwargs)
        before = _written(recorded, same)
        says = now if live is None else _written(live, same)
    return ReplayMismatchError(
        f"message {step.index + 1} of the plan was {before}, and is now {says}",
        index=step.index,
    )


def _as_recorded(msg: Msg) -> Record:
    return Decoder().unpack(Encoder().pack([msg]))[0]


def _same_keywords(recorded: Mapping[str, Any], live: Mapping[str, Any]) -> set[str]:
    """Return the keywords that need not be shown, for they are the same."""
    return {
        key
        for key in recorded.keys() & live.keys()
        if repr(recorded[key]) == repr(live[key])
    }


def _written(message: Record, without: Collection[str] = ()) -> str:
    """Return a message as one would write it down."""
    command, obj, args, kwargs, run = message
    parts = [] if obj is None else [getattr(obj, "name", None) or repr(obj)]
    parts += [_value_text(one) for one in args]
    parts += [
        f"{key}={_value_text(one)}" for key, one in kwargs.items() if key not in without
    ]
    parts += ["..."] if any(key in without for key in kwargs) else []
    parts += [] if run is None else [f"run={run!r}"]
    return f"{command}({', '.join(parts)})"


def _value_text(value: Any) -> str:
    if isinstance(value, ObjectRef | CallableRef):
        return value.name
    if isinstance(value, Opaque):
        return value.text
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else repr(value)
