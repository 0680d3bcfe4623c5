"""The replay: a plan is run again, and told what it was told before.

Owns answering a plan from the transcript, up to where it goes on for real.
Must not touch a device: it only learns which ones the plan speaks to.
Test: record a plan in memory, cut the records, replay it, compare.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import numpy as np

from lapwing.documents import Stream
from lapwing.engine.asides import LISTENER, Pausing
from lapwing.engine.compare import Comparer
from lapwing.engine.mismatch import mismatch
from lapwing.engine.past_errors import BEFORE, error_of
from lapwing.engine.standing import EFFECTS, Standing
from lapwing.errors import (
    ReplayedError,
    ReplayMismatchError,
    ResumeError,
)
from lapwing.journal.codec import (
    CallableRef,
    ErrorRef,
    ObjectRef,
    Opaque,
    Record,
    StatusRef,
)
from lapwing.journal.resume_state import UNKNOWN, ResumeState
from lapwing.journal.step import NONE, Beside, Stretch
from lapwing.journal.steps import Steps
from lapwing.messages import Msg
from lapwing.status import Status

T = TypeVar("T")

BUDGET = 0.005
"""Seconds for which a replay may keep the event loop to itself."""
_NO_NOTES: deque[tuple[bool, Any]] = deque()


class Replay:
    """Runs a plan again, up to where a call was cut off.

    Args:
        records: All records of the call.
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
        streams: Streams that go on, by uid of the descriptor; none until they do.
        handled: Errors of devices that the plan deals with itself.
    """

    def __init__(
        self,
        records: Iterable[Record],
        plan: Generator[Msg, Any, Any],
        *,
        perform: Callable[[Msg], Any],
        tell: Callable[[str, dict[str, Any]], Any],
    ):
        self.standing = Standing()
        self.response: Any = None
        self.error: BaseException | None = None
        self.statuses: dict[int, Status] = {}
        self.streams: dict[str, Stream] = {}
        self.handled: tuple[type[Exception], ...] = ()
        self._steps = Steps(records)
        self._comparer = Comparer(self.standing.see)
        self._plan = plan
        self._perform = perform
        self._tell = tell
        self._notes: deque[tuple[bool, Any]] = _NO_NOTES
        self._failure: ReplayMismatchError | None = None
        self._failed: set[int] = set()  # messages whose status failed
        self._unwritten: str | None = None  # the first answer that is not what it was

    async def run(self) -> None:
        """Replay; afterwards the plan waits to be sent ``response``.

        Raises:
            ReplayMismatchError: It says something else than before.
            ResumeError: It cannot be told what it was told before.
        """
        token = LISTENER.set(self)
        try:
            await self._drive()
        except ReplayMismatchError as exc:
            if self._unwritten is None:
                raise
            raise ResumeError(
                f"{self._unwritten} could not be recorded, and without it the plan "
                f"says something else ({exc.args[0]}); the call cannot be resumed"
            ) from exc
        finally:
            LISTENER.reset(token)

    async def _drive(self) -> None:
        deadline = monotonic() + BUDGET
        for stretch in self._steps:
            self._follow(stretch)
            if monotonic() > deadline:
                await asyncio.sleep(0)  # others live on this loop
                deadline = monotonic() + BUDGET
        self.standing.leave_under_way(self.statuses)
        self.standing.give_up(self._failed)

    def _follow(self, stretch: Stretch) -> None:  # noqa: C901 - ten rounds a point
        same, send, effects = self._comparer.same, self._plan.send, EFFECTS
        standing, others = self.standing, stretch.beside
        response, error = self.response, self.error
        index = stretch.first - 1
        for recorded, answer in zip(stretch.messages, stretch.answers, strict=True):
            index += 1
            beside = others.get(index) if others else None
            if recorded is None:
                self._take(index, beside)  # it came before the first message
                continue
            if beside is not None and beside.of_new_life:
                self._comparer.forget_groups()
            try:
                msg = send(response) if error is None else self._plan.throw(error)
            except (StopIteration, Exception) as exc:
                raise self._end(index, recorded, exc) from exc
            if self._notes or self._failure is not None:
                raise self._failure or self._not_looked(index)
            if msg.__class__ is not Msg and not hasattr(msg, "command"):
                raise mismatch(index, recorded, msg)
            if not same(recorded, msg):
                raise mismatch(index, recorded, msg)
            command = msg[0]
            response, error = answer, None
            thrown = None if beside is None else beside.error
            if thrown is not None:
                response, error = None, error_of(thrown)
            elif answer is NONE and command in _SILENT:
                response = None
            elif answer.__class__ is StatusRef and answer.success:
                response = Status.finished(action=BEFORE)
            elif answer is not True:
                response = self._answer(index, msg, answer)
            if thrown is not None and not self._was_done(thrown, msg):
                standing.take_failed(msg)
            elif (effect := effects.get(command)) is not None:
                effect(standing, index, msg, response)
            if beside is not None:
                self._take(index, beside)
        self.response, self.error = response, error

    def _take(self, index: int, beside: Beside | None) -> None:
        """Take what else came of a message."""
        if beside is None:
            return
        for name, doc in beside.documents:
            self._tell(name, doc)
        for number, success in beside.done:
            self._finish(number, success)
        if beside.notes and not self._is_last(index):  # behind that it looks again
            self._notes = deque(beside.notes)

    @property
    def state(self) -> ResumeState:
        """Where the call goes on, once the plan has come there."""
        assert self._steps.state is not None  # noqa: S101 - it was run
        return self._steps.state

    def _is_last(self, index: int) -> bool:
        state = self._steps.state
        return state is not None and index == state.index - 1

    def _end(
        self, index: int, recorded: Record, exc: BaseException
    ) -> ReplayMismatchError:
        """Return the error for a plan that says nothing where it said something."""
        if isinstance(exc, StopIteration):
            return mismatch(index, recorded, "nothing: it ended")
        return self._failure or mismatch(index, recorded, f"nothing: it raised {exc!r}")

    def _not_looked(self, index: int) -> ReplayMismatchError:
        return ReplayMismatchError(
            f"before message {index + 1} the plan looked outside itself less "
            f"often than before: it did not ask for {self._notes[0][1]!r}"
        )

    def _answer(self, index: int, msg: Msg, answer: Any) -> Any:
        """Return what a message is to be answered, from what was written."""
        if answer.__class__ is StatusRef:
            return self._status(answer, index)
        if msg[0] in _PERFORMED:
            return self._perform(msg)
        if answer is NONE:
            if not self._is_last(index):
                return None
            answer = self._last_answer(msg)
        if answer is None or msg[0] == "read":
            return answer if answer is None else _writable(answer)
        if self._unwritten is None and msg[0] not in _MADE_AGAIN:
            self._look_through(
                answer, f"the answer of message {index + 1}, {msg[0]!r},"
            )
        answer = self._value(answer, index)
        return self._as_tuple(msg, answer) if msg[0] in _TUPLES else answer

    def _was_done(self, error: ErrorRef, msg: Msg) -> bool:
        """Whether a message was done, and the plan told of another one's failure."""
        if error.name != "FailedStatus" or msg[0] in _NOT_BESIDE:
            return False
        given = ", ".join(repr(arg) for arg in msg.args)
        own = f": {getattr(msg.obj, 'name', None)} failed to {msg.command} {given}"
        if own.rstrip() in error.text:
            return False
        if msg[0] in _PERFORMED:
            self._perform(msg)
        return True

    def _last_answer(self, msg: Msg) -> Any:
        """Return what the last message came to, if no answer was written."""
        if self.state.response is not UNKNOWN:
            return self.state.response
        if msg.command == "set":
            return StatusRef(False, False)
        raise ResumeError(
            f"the call was cut off within {msg.command!r}, whose answer is not known; "
            "it cannot be resumed"
        )

    def _as_tuple(self, msg: Msg, parts: list[Any]) -> tuple[Any, ...]:
        """Return the answer of a verb that answers with a tuple."""
        if msg.command == "declare_stream":
            descriptor = parts[0]
            return descriptor, partial(self._compose, descriptor["uid"]), msg.args
        return tuple(parts)

    def _compose(self, uid: str, *args: Any, **kwargs: Any) -> Any:
        """Stand for the function that ``declare_stream`` gave the plan."""
        stream = self.streams.get(uid)
        if stream is None:
            raise ResumeError(
                "the plan composes an event itself, which cannot be replayed; the call "
                "cannot be resumed"
            )
        return stream.compose_event(*args, **kwargs)

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
        return value.copy() if isinstance(value, np.ndarray) else value

    def _look_through(self, value: Any, what: str) -> None:
        """Note what the plan is told, if that holds something that is not what it was.

        Perhaps the plan does not mind; else that is why it says something else.
        """
        if isinstance(value, Opaque | CallableRef) or (
            isinstance(value, ObjectRef) and value.name not in self.standing.seen
        ):
            self._unwritten = what
        elif isinstance(value, list | dict):
            for one in value.values() if isinstance(value, dict) else value:
                self._look_through(one, what)

    def _status(self, ref: StatusRef, index: int) -> Status:
        if ref.done and ref.success:
            return Status.finished(action=BEFORE)
        self.statuses[index] = status = Status(action=BEFORE)
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
            self._failed.add(index)
            status.set_exception(ReplayedError("it failed before the crash"))

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
            if self._unwritten is None:
                self._look_through(value, "what the plan saw outside itself")
            return self._value(value, -1)
        raise error_of(value)

    def announce(self, objs: tuple[Any, ...]) -> None:
        """Nothing is read."""

    def foresee(
        self, reads: tuple[Any, ...], moves: Mapping[Any, tuple[Any, Any]]
    ) -> None:
        """Nothing is moved."""

    def handles(self, errors: tuple[type[Exception], ...]) -> None:
        """Keep in mind what the plan will want to be told of."""
        self.handled = errors

    async def written(self) -> None:
        """Nothing is written."""

    def write_soon(self) -> None:
        """Nothing is written."""

    def pausing(self) -> Pausing:
        """Nothing is paused."""
        return Pausing("", lambda _: None)


_PERFORMED = frozenset(
    {"RE_class", "install_suspender", "remove_suspender", "subscribe", "unsubscribe"}
)
_NOT_BESIDE = frozenset({"read", "wait"})
"""Verbs that are not done if the plan is told of a failure instead of their answer."""
_SILENT = frozenset({"checkpoint", "create", "drop", "null", "save", "sleep"})
"""Verbs that never answer anything."""
_MADE_AGAIN = frozenset({"declare_stream", "stage", "unstage"})
"""Verbs whose answers are no worse for what cannot be recorded of them: a function,
which another stands for, and parts of devices."""
_TUPLES = frozenset({"configure", "declare_stream"})


def _writable(reading: Any) -> Any:
    """Let a plan change the arrays that it is given, as it could before."""
    for one in reading.values() if isinstance(reading, dict) else ():
        if isinstance(one, dict) and one.get("value").__class__ is np.ndarray:
            one["value"] = one["value"].copy()
    return reading
