"""The blocking RunEngine: an engine for the prompt, scripts and notebooks.

Owns waiting for the engine from another thread, and Ctrl-C meanwhile.
Must not know files, tables or stores; see `session`.
Test: run plans on soft devices from a plain function.
Long because it has all that a person may ask of an engine, each with its description.
"""

import asyncio
import concurrent.futures
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from contextlib import AbstractContextManager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, Literal, Protocol, TypeVar, cast

from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.dispatcher import Dispatcher, Subscriber
from lapwing.engine.engine import (
    Engine,
    EngineResult,
    Preprocessor,
    Subscribers,
    Unwatched,
    next_scan_id,
)
from lapwing.engine.intake import as_generator
from lapwing.engine.preview import Preview
from lapwing.engine.recorder import Recorder
from lapwing.engine.states import State
from lapwing.errors import (
    LapwingError,
    RunEngineInterrupted,
    StateError,
    TransitionError,
)
from lapwing.journal.codec import Record
from lapwing.messages import Msg
from lapwing.session.sigint import Sigint, tell
from lapwing.session.waiting import DuringTask, Waiting
from lapwing.session.windows import KeepWindows

T = TypeVar("T")
ContextManager = AbstractContextManager[Any]
PauseChoice = Literal["resume", "skip", "stop", "abort", "halt"]

Instead = Callable[
    [Any, Subscribers, Document], Coroutine[Any, Any, EngineResult] | None
]

PAUSED_TEXT = """\
The plan is paused{why}. Now either
  RE.resume()   goes on from the last checkpoint
  RE.stop()     ends it; its data count as a success
  RE.abort()    ends it; its data count as aborted
  RE.halt()     ends it at once, without clean-up by the plan"""
SKIP_TEXT = """
  RE.skip()     goes on, but leaves out the next point of the step scan"""


class Taken(Protocol):
    """A call of a process that died, taken up to go on with it here."""

    @property
    def records(self) -> Iterable[Record]:
        """Its records; they can be iterated over several times."""
        ...

    def confirm(self, preview: Preview) -> bool | Awaitable[bool]:
        """Show what will be done, and ask."""
        ...

    def give_back(self) -> None:
        """Let go of its journal: the call is over, or stays as it was."""
        ...


TakeUp = Callable[[str | int, Any, bool], Taken]


class _OfEngine(Generic[T]):
    """An attribute of the engine, read and set on the `RunEngine`."""

    def __init__(self, doc: str):
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> T:
        if instance is None:
            return cast("T", self)
        return getattr(instance.engine, self._name)

    def __set__(self, instance: Any, value: T) -> None:
        setattr(instance.engine, self._name, value)


class RunEngine:
    """Runs plans and blocks until they are done or paused: ``RE(plan)``.

    Args:
        md: Metadata for every run; any mutable mapping, kept as it is.
        preprocessors: Functions from plan to plan; the last one is outermost.
        md_validator: Called with the metadata of a run; raises to refuse it.
        md_normalizer: Returns what goes into the start document instead.
        scan_id_source: Returns, or awaits, the next scan_id.
        call_returns_result: Return an `EngineResult` instead of a tuple of uids.
        recorder: Told all that happens; None records nothing.
        pause_on: Errors of devices on which a plan is paused instead of told.
        context_managers: Functions of this engine to context managers that surround
            each blocking call; None takes `SigintHandler` alone.
        during_task: What to do while blocked; None keeps windows of figures alive.

    Attributes:
        engine: The engine itself, for ``await RE.engine.run(plan)``.
        after_call: Called with the result when a call has ended or paused; in a thread
            of its own if it was ended while nobody waited for it, as by a PV.
        on_pause: Asked, when the plan has paused, what to do: returns "resume",
            "skip", "stop", "abort" or "halt". None raises RunEngineInterrupted, so
            that a person at a prompt decides.
        before_call: Called with the plan before a call begins.
        take_up: Takes up a call that a crash has cut off, for `resume_from`; None if
            no journal is kept.
        instead: Asked with plan, subscribers and metadata of each call for something
            to do in its place, such as going on with one that a crash has cut off;
            None, or an answer of None, runs the plan.
    """

    def __init__(
        self,
        md: MutableMapping[str, Any] | None = None,
        *,
        preprocessors: Iterable[Preprocessor] = (),
        md_validator: Callable[[Document], Any] | None = None,
        md_normalizer: Callable[[Document], Document] | None = None,
        scan_id_source: Callable[[MutableMapping[str, Any]], Any] = next_scan_id,
        call_returns_result: bool = False,
        recorder: Recorder | None = None,
        pause_on: tuple[type[Exception], ...] = (),
        context_managers: Iterable[Callable[["RunEngine"], ContextManager]]
        | None = None,
        during_task: DuringTask | None = None,
    ):
        self.engine = Engine(
            md,
            preprocessors=preprocessors,
            md_validator=md_validator,
            md_normalizer=md_normalizer,
            scan_id_source=scan_id_source,
            recorder=recorder,
            pause_on=pause_on,
        )
        self.engine.md["versions"] = _versions()
        self.engine.face = self
        self.engine.on_unwatched = self._follow_unwatched
        self.before_call: list[Callable[[Any], Any]] = []
        self.after_call: list[Callable[[EngineResult], Any]] = []
        self.take_up: TakeUp | None = None
        self._taken: Taken | None = None
        self._giving_back = threading.Lock()
        self._following: threading.Thread | None = None
        self.on_pause: Callable[[EngineResult], PauseChoice] | None = None
        self.instead: Instead | None = None
        self.context_managers = list(
            [SigintHandler] if context_managers is None else context_managers
        )
        self._waiting = Waiting(KeepWindows() if during_task is None else during_task)
        self._returns_result = call_returns_result

    # ------------------------------------------------------------ running

    def __call__(
        self, plan: Any, subs: Subscribers = None, /, **metadata: Any
    ) -> tuple[str, ...] | EngineResult:
        """Run a plan to its end.

        Args:
            plan: A plan, an iterable of messages, or one message.
            subs: Subscribers for this call only: one, several, or by document name.
            **metadata: Goes into the start document of every run of the plan.

        Returns:
            The uids of the runs that it opened, or the `EngineResult`.

        Raises:
            StateError: The engine is not idle, or this is the device loop.
            RunEngineInterrupted: The plan was paused, stopped, aborted or halted.
            Exception: Whatever the plan did not catch.
        """
        device_loop.refuse_if_current("RE()")
        self._give_back()  # what somebody else has ended a moment ago
        for listener in self.before_call:
            listener(plan)
        return self._answer(self._block(partial(self._run, plan, subs, **metadata)))

    async def _run(
        self, plan: Any, subs: Subscribers, /, **metadata: Any
    ) -> EngineResult:
        if self.instead is not None:
            work = self.instead(plan, subs, metadata)
            if work is not None:
                return await work
        return await self.engine.run(plan, subs, **metadata)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.state}>"

    def resume_from(
        self,
        which: str | int,
        plan: Any,
        subs: Subscribers = None,
        *,
        yes: bool = False,
    ) -> tuple[str, ...] | EngineResult:
        """Go on with a call of a process that died, in the same run and file.

        The plan is run again and told what it was told then, without any device, up
        to its last good point. What will move is shown, and you are asked.

        Args:
            which: The scan_id, or the beginning of the uid of the run or the call.
            plan: The plan, as it was called: ``scan([det], x, 0, 2, 21)``.
            subs: Subscribers for this call only.
            yes: Do not ask.

        Returns:
            What `RE(plan)` would have.

        Raises:
            StateError: There is no such call, it belongs to a living process, or this
                engine keeps no journal.
            ResumeError: It cannot be resumed, the plan is called otherwise than it was,
                or the answer was no; it stays open.
            ReplayMismatchError: The plan says something else than before; its runs
                are closed with "abort".
        """
        device_loop.refuse_if_current("RE.resume_from()")
        self._give_back()
        if self.take_up is None:
            raise StateError(
                "this RunEngine keeps no journal, so that it can resume nothing",
                hint="RE = lapwing.session().RE",
            )
        try:
            taken = self.take_up(which, plan, yes)
        except LapwingError:
            as_generator(plan).close()  # it was not forgotten, only refused
            raise
        work = partial(
            self.engine.resume_call, taken.records, plan, subs, confirm=taken.confirm
        )
        return self._answer(self._block(work, taken))

    async def ask(self, question: Callable[[], bool]) -> bool:
        """Let the thread that waits for the call ask a person; Ctrl-C means no."""
        return await self._waiting.ask(question)

    def resume(self) -> tuple[str, ...] | EngineResult:
        """Go on with the paused plan, from its last checkpoint."""
        return self._answer(self._block(self.engine.resume))

    def skip(self, num_points: int = 1) -> tuple[str, ...] | EngineResult:
        """Go on with the paused step scan, but leave out its next points.

        Args:
            num_points: How many. A point in whose midst it was paused is taken.

        Raises:
            StateError: The paused plan is no step scan.
        """
        return self._answer(self._block(partial(self.engine.skip, num_points)))

    def abort(
        self, reason: str = "", *, only_paused: bool = False
    ) -> tuple[str, ...] | EngineResult:
        """End the plan; its open runs are closed with "abort".

        See `lapwing.engine.Engine.abort` for ``only_paused``.
        """
        work = partial(self.engine.abort, reason, only_paused=only_paused)
        return self._returned(self._block(work))

    def stop(self) -> tuple[str, ...] | EngineResult:
        """End the plan; its open runs are closed with "success"."""
        return self._returned(self._block(self.engine.stop))

    def halt(self) -> tuple[str, ...] | EngineResult:
        """End the plan at once, without its own clean-up."""
        return self._returned(self._block(self.engine.halt))

    def request_pause(self, defer: bool = False, *, reason: str = "") -> None:
        """Ask the running plan to pause, from any thread; returns at once.

        Args:
            defer: Pause at the plan's next checkpoint instead of now.
            reason: Told to whoever waits for the call.
        """
        self.engine.request_pause(defer, reason=reason)

    def _block(
        self,
        work: Callable[[], Coroutine[Any, Any, EngineResult]],
        taken: Taken | None = None,
    ) -> EngineResult:
        """Wait for a call to end or to pause, and do what follows.

        Args:
            work: The call.
            taken: What it was taken up from, if a crash had cut it off.
        """
        device_loop.refuse_if_current("RE()")
        with contextlib.ExitStack() as stack:
            # First: a Ctrl-C that comes with the first message must find its handler.
            try:
                for surround in self.context_managers:
                    stack.enter_context(surround(self))
            finally:
                stack.callback(self._give_back, taken)
            result = self._waiting.result_of(work())
        self._tell(result)
        return result

    def _tell(self, result: EngineResult) -> None:
        for listener in self.after_call:
            listener(result)

    def _follow_unwatched(self, unwatched: Unwatched) -> None:
        """Do what follows a call for which nobody waits; listeners may block."""
        following = threading.Thread(
            target=self._end_unwatched,
            args=(unwatched, self._following),
            name="lapwing-after-call",
            daemon=True,
        )
        following.start()
        self._following = following  # only now: it may be waited for from here on

    def _end_unwatched(
        self, unwatched: Unwatched, before: threading.Thread | None
    ) -> None:
        try:
            result = unwatched.result()
        except concurrent.futures.CancelledError:
            return
        self._give_back()
        if before is not None:
            before.join()  # who waits for the last has waited for all
        self._tell(result)

    def wait_unwatched(self, timeout: float | None = None) -> None:
        """Wait until all is done that follows a call which ended unwatched.

        Args:
            timeout: Seconds to wait; None waits for ever.
        """
        following = self._following
        if following is not None and following is not threading.current_thread():
            following.join(timeout)

    def _give_back(self, taken: Taken | None = None) -> None:
        """Let go of a call that was taken up; of one that is paused at its end.

        Args:
            taken: The call, if it is now that its first wait ends.
        """
        with self._giving_back:
            if taken is not None:
                self._taken = taken
            if self._taken is not None and self.state.is_idle:
                ended, self._taken = self._taken, None
                ended.give_back()

    def _answer(self, result: EngineResult) -> tuple[str, ...] | EngineResult:
        while result.paused and self.on_pause is not None:
            choice = self.on_pause(result)
            if not self.state.is_paused:
                raise RunEngineInterrupted(
                    "The plan was ended by somebody else while it was paused"
                )
            result = self._block(getattr(self.engine, choice))
        if result.interrupted:
            raise RunEngineInterrupted(self._interruption(result))
        return self._returned(result)

    def _interruption(self, result: EngineResult) -> str:
        """Say that a call was interrupted, and what the user may do now."""
        why = f" ({result.reason})" if result.reason else ""
        if result.paused:
            return PAUSED_TEXT.format(why=why) + SKIP_TEXT * result.can_skip
        return f"The plan was ended: {result.exit_status}{why}"

    def _returned(self, result: EngineResult) -> tuple[str, ...] | EngineResult:
        return result if self._returns_result else result.run_start_uids

    # ------------------------------------------------------------ documents

    def subscribe(
        self,
        func: Subscriber,
        name: str = "all",
        *,
        when: Literal["now", "durable"] = "now",
        replay: bool = False,
    ) -> int:
        """Call ``func(name, doc)`` for each document; returns a token.

        See `lapwing.engine.Engine.subscribe` for ``when`` and ``replay``.
        """
        return self.engine.subscribe(func, name, when=when, replay=replay)

    def unsubscribe(self, token: int) -> None:
        """Give a subscription up."""
        self.engine.unsubscribe(token)

    async def emit(self, name: str, doc: Document) -> None:
        """Hand a document to recorder and subscribers, on the device loop."""
        self.engine.emit(name, doc)

    # ------------------------------------------------------------ verbs

    @property
    def commands(self) -> list[str]:
        """The verbs that plans may use."""
        return self.engine.commands

    def register_command(self, name: str, func: Callable[[Msg], Any]) -> None:
        """Make ``name`` a verb: ``async def func(msg)`` gives its response."""
        self.engine.register_command(name, func)

    def unregister_command(self, name: str) -> None:
        """Forget a verb."""
        self.engine.unregister_command(name)

    def print_command_registry(self, verbose: bool = False) -> str:
        """Return a text with a line for each verb, or all that is known of it."""
        lines = []
        for name, verb in self.engine.verbs.items():
            doc = inspect.getdoc(verb) or "no description"
            lines.append(f"{name}: {doc if verbose else doc.splitlines()[0]}")
        return "\n".join(lines)

    # ------------------------------------------------------------ suspenders

    @property
    def suspenders(self) -> tuple[Any, ...]:
        """The suspenders that watch."""
        return self.engine.suspenders

    def install_suspender(self, suspender: Any) -> None:
        """Let a suspender watch, during and between plans."""
        self.engine.install_suspender(suspender)

    def remove_suspender(self, suspender: Any) -> None:
        """Let a suspender watch no more."""
        self.engine.remove_suspender(suspender)

    def clear_suspenders(self) -> None:
        """Remove all suspenders."""
        self.engine.clear_suspenders()

    def request_suspend(
        self, fut: Callable[[], Awaitable[Any]], **options: Any
    ) -> None:
        """Let the running plan wait; see `lapwing.engine.Engine.request_suspend`."""
        self.engine.request_suspend(fut, **options)

    # ------------------------------------------------------------ attributes

    @property
    def call_returns_result(self) -> bool:
        """Whether a call returns the whole result instead of uids."""
        return self._returns_result

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop on which the engine and the devices live."""
        return device_loop.get()

    md = _OfEngine[MutableMapping[str, Any]]("Metadata that goes into every run.")
    state = _OfEngine[State]('What the engine is doing: "idle", "running", ...')
    resumable = _OfEngine[bool]("Whether the plan has a checkpoint to come back to.")
    rewindable = _OfEngine[bool](
        "Whether what a plan does may be repeated after a pause."
    )
    deferred_pause_requested = _OfEngine[bool](
        "Whether the plan will pause at its next checkpoint."
    )
    preprocessors = _OfEngine[list[Preprocessor]](
        "Functions from plan to plan; the last one is outermost."
    )
    md_validator = _OfEngine[Any]("Called with a run's metadata; raises to refuse it.")
    md_normalizer = _OfEngine[Any]("Returns what goes into the start document.")
    scan_id_source = _OfEngine[Any]("Returns, or awaits, the next scan_id.")
    record_interruptions = _OfEngine[bool](
        "Whether pauses and suspensions make a stream of each run."
    )
    dispatcher = _OfEngine[Dispatcher]("Hands documents to subscribers.")
    msg_hook = _OfEngine[Callable[[Msg], Any] | None](
        "Called with each message before it is done."
    )
    state_hook = _OfEngine[Callable[[State, State], Any] | None](
        "Called with the new and the old state at each change."
    )
    waiting_hook = _OfEngine[Callable[[set[Any] | None], Any] | None](
        "Called with the statuses that are waited for, then with None."
    )


def SigintHandler(RE: RunEngine) -> ContextManager:  # noqa: N802 - the field's name
    """Turn Ctrl-C into requests for a pause while a call blocks."""

    def pause(*, defer: bool) -> None:
        try:
            RE.request_pause(defer, reason="Ctrl-C")
        except TransitionError:
            tell("No plan runs just now that could pause.")

    return Sigint(lambda: pause(defer=True), lambda: pause(defer=False))


def _versions() -> dict[str, str]:
    """Return the versions of what has a say in the documents."""
    versions = {}
    for name in ("lapwing", "event_model"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
