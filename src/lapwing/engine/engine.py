"""The engine: takes a plan, runs it, returns what came of it.

Owns what lasts longer than one plan: metadata, subscribers, hooks, the state.
Must not block: the blocking face is ``lapwing.RunEngine``.
Test: ``await Engine().run([Msg("null")])``.
Long because it is all that users may ask of an engine, each with its description.
"""

import asyncio
import concurrent.futures
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from inspect import isawaitable
from typing import Any, Literal

from lapwing.documents import Document
from lapwing.engine import (
    commands_device,
    commands_flow,
    commands_fly,
    commands_run,
    device_loop,
    garbage,
    resume,
)
from lapwing.engine.call import Call
from lapwing.engine.checkpoint import begin_ending, take_up, wake_monitors
from lapwing.engine.conduct import Beginning, Outcome, conduct, outcome
from lapwing.engine.dispatcher import Dispatcher, Subscriber
from lapwing.engine.durable import DurableFeed
from lapwing.engine.given import as_typed
from lapwing.engine.intake import Subscribers, as_generator, flatten_subscribers
from lapwing.engine.interrupts import End, EndKind, Pause
from lapwing.engine.preview import Confirm
from lapwing.engine.recorder import Recorder
from lapwing.engine.result import EngineResult
from lapwing.engine.states import State, check_transition
from lapwing.engine.suspenders import (
    PlanOrFunction,
    Suspenders,
    Suspension,
    waited_for,
)
from lapwing.errors import (
    InvalidCommand,
    PlanArgumentError,
    ReplayMismatchError,
    StateError,
    TransitionError,
)
from lapwing.journal.codec import Record
from lapwing.messages import Msg

logger = logging.getLogger("lapwing.engine")

Preprocessor = Callable[[Any], Any]
Unwatched = concurrent.futures.Future[EngineResult]


def next_scan_id(md: MutableMapping[str, Any]) -> int:
    """Return one more than the last ``scan_id`` in the metadata."""
    return int(md.get("scan_id", 0)) + 1


class Engine:
    """Runs plans, one at a time; several engines share the device loop.

    Args:
        md: Metadata for every run; any mutable mapping, kept as it is.
        preprocessors: Functions from plan to plan; the last one is outermost.
        md_validator: Called with the metadata of a run; raises to refuse it.
        md_normalizer: Returns what goes into the start document instead.
        scan_id_source: Returns, or awaits, the next scan_id.
        recorder: Told all that happens; None records nothing.
        clock: Returns seconds since 1970.
        sleep: Awaits a number of seconds.
        cleanup_timeout: Seconds that a device may take to stop or to unstage.
        pause_on: Errors of devices on which a plan that can be resumed is paused
            instead of told.
        record_interruptions: Make a stream of pauses and suspensions in each run.

    Attributes:
        face: What plans and suspenders take for the engine; a blocking RunEngine
            puts itself here.
        msg_hook: Called with each message before it is done.
        state_hook: Called with the new and the old state at each change.
        waiting_hook: Called with the statuses waited for, then with None.
        tells_all_waits: Call it for statuses that are done already, too.
        verbs: What each command of a message does.
        write_out: Waits until all documents so far are in the files; None where
            nobody writes any.
        write_soon: The same, but it returns at once; None where nobody writes any.
        on_unwatched: Called on the event loop before `request_abort` ends a paused
            call, for which nobody waits, with the future of its result; it must not
            block.
    """

    def __init__(
        self,
        md: MutableMapping[str, Any] | None = None,
        *,
        preprocessors: Iterable[Preprocessor] = (),
        md_validator: Callable[[Document], Any] | None = None,
        md_normalizer: Callable[[Document], Document] | None = None,
        scan_id_source: Callable[[MutableMapping[str, Any]], Any] = next_scan_id,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        cleanup_timeout: float = 10.0,
        pause_on: tuple[type[Exception], ...] = (),
        record_interruptions: bool = False,
    ):
        self.md = {} if md is None else md
        self.preprocessors = list(preprocessors)
        self.md_validator = md_validator
        self.md_normalizer = md_normalizer
        self.scan_id_source = scan_id_source
        self._recorder = recorder
        self.clock = clock
        self.sleep = sleep
        self.cleanup_timeout = cleanup_timeout
        self.pause_on = pause_on
        self.dispatcher = Dispatcher()
        self.msg_hook: Callable[[Msg], Any] | None = None
        self.state_hook: Callable[[State, State], Any] | None = None
        self.waiting_hook: Callable[[set[Any] | None], Any] | None = None
        self.tells_all_waits = False
        self.write_out: Callable[[], Awaitable[None]] | None = None
        self.write_soon: Callable[[], None] | None = None
        self.on_unwatched: Callable[[Unwatched], Any] | None = None
        self.verbs: dict[str, Callable[[Call, Msg], Any]] = {
            **commands_run.COMMANDS,
            **commands_device.COMMANDS,
            **commands_fly.COMMANDS,
            **commands_flow.COMMANDS,
        }
        self.record_interruptions = record_interruptions
        self.face: Any = self
        self._suspenders = Suspenders()
        self._feed = DurableFeed()
        self._feed.follow(recorder)
        self._state = State.IDLE
        self._call: Call | None = None
        self._takes_up = False  # goes on with a call that a crash has cut off
        self._left_deferred = False
        self._rewindable = True
        self._task: asyncio.Task[Any] | None = None

    # ------------------------------------------------------------ state

    @property
    def state(self) -> State:
        """What the engine is doing."""
        return self._state

    def set_state(self, new: State) -> None:
        """Go to another state and tell the hook; for the engine's own parts.

        Raises:
            TransitionError: The table does not allow it.
        """
        old = self._state
        check_transition(old, new)
        self._state = new
        logger.debug("state %s -> %s", old, new)
        if self.state_hook is not None:
            try:
                self.state_hook(new, old)
            except Exception:
                # It is told, not asked: the engine must come to rest whatever it does.
                logger.exception("the state hook failed at %s -> %s", old, new)

    @property
    def deferred_pause_requested(self) -> bool:
        """Whether the plan will pause at its next checkpoint, or met none."""
        call = self._call
        return self._left_deferred if call is None else call.deferred_pause

    @property
    def resumable(self) -> bool:
        """Whether the plan has a checkpoint to come back to."""
        return self._call is not None and self._call.resumable

    @property
    def open_runs(self) -> dict[Any, Any]:
        """The bundlers of the runs that are open, by run key."""
        return {} if self._call is None else self._call.runs

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task that drives the plan; None if none is driven."""
        return self._task

    @property
    def rewindable(self) -> bool:
        """Whether what a plan does may be repeated after a pause; can be set."""
        return self._rewindable if self._call is None else self._call.rewindable

    @rewindable.setter
    def rewindable(self, value: bool) -> None:
        self._rewindable = bool(value)
        if self._call is not None:
            self._call.set_rewindable(self._rewindable)

    @property
    def recorder(self) -> Recorder | None:
        """Who is told all that happens; may be changed between two calls."""
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        if not self._state.is_idle:
            raise StateError(
                f"the engine is {self._state}; its recorder can be changed only while "
                "it is idle"
            )
        self._recorder = recorder
        self._feed.follow(recorder)

    # ------------------------------------------------------------ documents

    def subscribe(
        self,
        func: Subscriber,
        name: str = "all",
        *,
        when: Literal["now", "durable"] = "now",
        replay: bool = False,
    ) -> int:
        """Call ``func(name, doc)`` for each document.

        Args:
            func: What to call, on the device loop.
            name: Name of the documents wanted; "all" for all.
            when: "now" calls at once, and what ``func`` raises reaches the plan;
                "durable" calls after the document was recorded, at a pace of its
                own, and what it raises is logged.
            replay: Call it first with all documents recorded so far; needs
                ``when="durable"`` and a recorder that keeps them.

        Returns:
            A token for `unsubscribe`.

        Raises:
            PlanArgumentError: There are no such documents, or nothing to replay.
        """
        if when == "durable":
            return self._feed.subscribe(func, name, replay=replay)
        if replay:
            raise PlanArgumentError(
                "replay=True tells what was recorded before; it needs when='durable'"
            )
        return self.dispatcher.subscribe(func, name)

    def unsubscribe(self, token: int) -> None:
        """Give a subscription up."""
        self.dispatcher.unsubscribe(token)
        self._feed.unsubscribe(token)

    def emit(self, name: str, doc: Document) -> None:
        """Record a document and hand it to the subscribers."""
        number = None
        if self._recorder is not None:
            number = self._recorder.document(name, doc)
        # First: it is durable, or will be, even if a subscriber raises.
        self._feed.add(number, name, doc)
        self.dispatcher.process(name, doc)

    # ------------------------------------------------------------ verbs

    @property
    def commands(self) -> list[str]:
        """The verbs that this engine knows."""
        return list(self.verbs)

    def register_command(self, name: str, func: Callable[[Msg], Any]) -> None:
        """Make ``name`` a verb: ``async def func(msg)`` gives its response.

        It runs as a task of its own, which a pause or an abort cancels.
        """

        def verb(call: Call, msg: Msg) -> Any:
            answer = func(msg)
            return _as_task(answer) if isawaitable(answer) else answer

        verb.__doc__ = func.__doc__
        self.verbs[name] = verb

    def unregister_command(self, name: str) -> None:
        """Forget a verb.

        Raises:
            InvalidCommand: There is none of that name.
        """
        if self.verbs.pop(name, None) is None:
            raise InvalidCommand(f"{name!r} is no command of this engine")

    # ------------------------------------------------------------ suspenders

    @property
    def suspenders(self) -> tuple[Any, ...]:
        """The suspenders that watch."""
        return tuple(self._suspenders.all)

    def install_suspender(self, suspender: Any) -> None:
        """Let a suspender watch, during and between plans."""
        self._suspenders.install(suspender, self.face)

    def remove_suspender(self, suspender: Any) -> None:
        """Let a suspender watch no more."""
        self._suspenders.remove(suspender)

    def clear_suspenders(self) -> None:
        """Remove all suspenders."""
        for suspender in self.suspenders:
            self.remove_suspender(suspender)

    def request_suspend(
        self,
        fut: Callable[[], Awaitable[Any]],
        *,
        pre_plan: PlanOrFunction = None,
        post_plan: PlanOrFunction = None,
        justification: str | None = None,
    ) -> None:
        """Let the running plan wait until something is the case; from any thread.

        Args:
            fut: Gives an awaitable that is done when the plan may go on, such as
                ``asyncio.Event().wait``; called again if the wait is interrupted.
            pre_plan: Messages, or a function that gives them, to do before.
            post_plan: The same, to do before the plan goes on.
            justification: Why, in one sentence.
        """
        call = self._call
        if call is None:
            return  # a suspender is asked again when the next plan starts
        # Also while it is paused: it then waits once it is resumed.
        call.interrupts.put(Suspension(fut, pre_plan, post_plan, justification or ""))

    # ------------------------------------------------------------ running

    async def run(
        self, plan: Any, subs: Subscribers = None, /, **metadata: Any
    ) -> EngineResult:
        """Run a plan to its end, or to a pause.

        Args:
            plan: A generator, a plan object, an iterable of messages or one.
            subs: Subscribers for this call only: one, several, or by document name.
            **metadata: Goes into the start document of every run of the plan.

        Returns:
            What came of it; ``result.paused`` says whether it waits for `resume`.

        Raises:
            StateError: The engine is not idle.
            NotAPlanError: ``plan`` is no plan.
            Exception: Whatever the plan did not catch, after clean-up.
        """
        return await device_loop.run_there(self._run(plan, subs, metadata))

    async def resume_call(
        self,
        records: Iterable[Record],
        plan: Any,
        subs: Subscribers = None,
        *,
        confirm: Confirm,
    ) -> EngineResult:
        """Go on with a call that a crash has cut off, in the same runs.

        The plan is run again from its beginning and told what it was told then,
        without any device, up to its last good point. Whoever listens hears the
        documents that were made. Then devices are staged, configured and moved as
        they were, and the plan goes on.

        Args:
            records: The records of that call; iterated over several times.
            plan: The plan, as it was called.
            subs: Subscribers for this call only.
            confirm: Asked with a `lapwing.engine.preview.Preview` before anything is
                touched; returns, or awaits, whether to go on.

        Returns:
            What came of it.

        Raises:
            StateError: The engine is not idle.
            ResumeError: It cannot be resumed, or was not agreed to; it stays open.
            ReplayMismatchError: The plan says something else than before. Its runs
                are closed with "abort".
        """
        return await device_loop.run_there(
            self._resume_call(records, plan, subs, confirm)
        )

    async def _resume_call(
        self,
        records: Iterable[Record],
        plan: Any,
        subs: Subscribers,
        confirm: Confirm,
    ) -> EngineResult:
        self.require_idle()
        self._takes_up = True
        try:
            resuming = await self._make_ready(records, plan, subs, confirm)
        finally:
            self._takes_up = False
        call = resuming.call
        self._take_on(call)
        return await self._drive(call, lambda _: resume.start(resuming))

    async def _make_ready(
        self,
        records: Iterable[Record],
        plan: Any,
        subs: Subscribers,
        confirm: Confirm,
    ) -> resume.Resuming:
        """Replay a call that was cut off, and bring devices to where they were."""
        begun = resume.begin_of(records)
        call = self._prepare(plan, begun.get("metadata", {}))
        suspenders = self.suspenders
        try:
            self._subscribe_for(call, flatten_subscribers(subs))
            resuming = await resume.prepare(self, call, records)
            await resume.agree(resuming, confirm)
            await resume.rebuild(resuming)
        except ReplayMismatchError as exc:
            self._give_up(call, suspenders)
            if self._recorder is not None:
                resume.close_call(
                    records,
                    self._recorder,
                    str(exc),
                    clock=self.clock,
                    tell=self.dispatcher.process,
                )
            raise
        except BaseException:
            self._give_up(call, suspenders)
            raise
        return resuming

    def _give_up(self, call: Call, suspenders: tuple[Any, ...]) -> None:
        """Let go of a call that did not go on, and of what its plan has set up."""
        self._unsubscribe_all(call)
        for one in self.suspenders:
            if one not in suspenders:
                self.remove_suspender(one)
        for plan in call.plans:
            resume.drop_plan(plan)
        call.forget()

    def require_idle(self) -> None:
        """Refuse to begin anything while something goes on.

        Raises:
            StateError: A plan runs or is paused, or a call is being taken up.
        """
        if self._takes_up:
            raise StateError(
                "the engine is taking up a call that a crash has cut off and cannot "
                "start another plan; wait until that goes on"
            )
        if not self._state.is_idle:
            raise StateError(
                f"the engine is {self._state} and cannot start another plan; "
                + (
                    "resume, stop, abort or halt the paused one first"
                    if self._state.is_paused
                    else "wait for its end"
                )
            )

    async def _run(
        self, plan: Any, subs: Subscribers, metadata: Document
    ) -> EngineResult:
        self.require_idle()
        call = self._prepare(plan, metadata)
        self._subscribe_for(call, flatten_subscribers(subs))
        self._take_on(call)
        return await self._drive(call, self._begin)

    def _take_on(self, call: Call) -> None:
        """Let this be the call that runs, and let it wait for what has tripped."""
        # First: what trips while the suspenders are asked asks this call to wait.
        self._call = call
        try:
            tripped = self._suspenders.tripped()
        except BaseException:
            self._call = None
            self._unsubscribe_all(call)
            raise
        if tripped:
            call.plans.append(waited_for(tripped))
        self.set_state(State.RUNNING)
        garbage.hold()

    def _prepare(self, plan: Any, metadata: Document) -> Call:
        generator = as_generator(plan)
        for preprocess in self.preprocessors:
            generator = as_generator(preprocess(generator))
        return Call(
            self,
            generator,
            typed=as_typed(plan),
            # A plan object stands for the generator that it holds.
            plan_type=type(iter(plan) if hasattr(plan, "send") else plan).__name__,
            plan_name=str(getattr(plan, "__name__", "")),
            metadata=metadata,
        )

    def _subscribe_for(self, call: Call, wanted: list[tuple[str, Subscriber]]) -> None:
        try:
            for name, func in wanted:
                call.tokens.add(self.dispatcher.subscribe(func, name))
        except BaseException:
            self._unsubscribe_all(call)
            raise

    def _unsubscribe_all(self, call: Call) -> None:
        for token in call.tokens:
            self.dispatcher.unsubscribe(token)

    async def _begin(self, call: Call) -> None:
        if self.recorder is not None:
            self.recorder.begin(
                {
                    "call": call.uid,
                    "plan_name": call.plan_name,
                    "plan_type": call.plan_type,
                    "plan": call.typed,
                    "metadata": call.metadata,
                    "time": self.clock(),
                }
            )

    async def _drive(self, call: Call, first: Beginning | None) -> EngineResult:
        """Drive in a task of its own, for an interrupt cancels what it awaits."""
        task = self._begin_drive(call, first)
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as exc:
                cancelled = exc
                if not task.done():
                    call.interrupts.put(_CANCELLED)
                elif self._call is call and self._state.is_paused:
                    # It has just paused; nobody will hear of that and resume it.
                    call.error = begin_ending(call, _CANCELLED)
                    task = self._begin_drive(call, wake_monitors)
        if cancelled is not None:
            raise cancelled
        return outcome(task)

    def _begin_drive(
        self, call: Call, first: Beginning | None
    ) -> "asyncio.Task[Outcome]":
        self._task = task = asyncio.create_task(conduct(call, first))
        call.attach(task)
        task.add_done_callback(lambda _: self._end_drive(call, task))
        return task

    def _end_drive(self, call: Call, task: "asyncio.Task[Outcome]") -> None:
        call.detach(task)
        if self._task is task:  # else it was taken up again in the meantime
            self._task = None

    def let_go(self, call: Call) -> None:
        """Come to rest and let go of what a call has met; for the engine's parts."""
        self._unsubscribe_all(call)
        self._left_deferred = call.deferred_pause
        self._call = None
        call.forget()
        garbage.release()
        self.set_state(State.IDLE)

    # ------------------------------------------------------------ interrupting

    def request_pause(self, defer: bool = False, *, reason: str = "") -> None:
        """Ask the running plan to pause; from any thread, returns at once.

        Args:
            defer: Pause at the plan's next checkpoint instead of now.
            reason: Told to whoever waits for the call.

        Raises:
            TransitionError: No plan is running.
        """
        call = self._call
        state = State.IDLE if call is None else self._state
        # It is suspending for a moment only, while it tells that.
        if call is None or not (state.can_pause or state is State.SUSPENDING):
            raise TransitionError(
                f"the engine is {state}; only a running plan can be paused"
            )
        if call.over:
            raise TransitionError("the plan is over and being cleaned up after")
        if defer:
            call.pause_reason = reason
            call.deferred_pause = True
        else:
            call.interrupts.put(Pause(reason))

    async def resume(self) -> EngineResult:
        """Go on with the paused plan, from its last checkpoint.

        Raises:
            TransitionError: No plan is paused.
        """
        return await device_loop.run_there(self._resume())

    async def _resume(self) -> EngineResult:
        call = self._require_call("resumed", State.PAUSED)
        call.forget_pauses()
        self.set_state(State.RUNNING)
        return await self._drive(call, take_up)

    async def skip(self, num_points: int = 1) -> EngineResult:
        """Go on with a paused plan, but leave out its next points.

        Those parts of it can do so that are staged and have ``skip_points``, as a
        step scan has.

        Args:
            num_points: How many.

        Raises:
            StateError: Nothing of the plan can leave points out.
            TransitionError: No plan is paused.
        """
        return await device_loop.run_there(self._skip(num_points))

    async def _skip(self, num_points: int) -> EngineResult:
        able = self._require_call("resumed", State.PAUSED).able_to_skip
        if not able:
            raise StateError(
                "points were to be left out, but the paused plan is no step scan",
                hint=_WAYS_ON,
            )
        for one in able:
            one.skip_points(num_points)
        return await self._resume()

    def request_abort(self, reason: str = "") -> None:
        """Ask for the end of a plan that runs or is paused; from any thread.

        Returns at once. Nothing is done if there is no plan, or it is ending already.

        Args:
            reason: Goes into the documents.
        """
        device_loop.get().call_soon_threadsafe(self._abort_soon, reason)

    def _abort_soon(self, reason: str) -> None:
        call = self._call
        if call is None or call.ending is not None:
            return
        if not self._state.is_paused:
            call.interrupts.put(End("abort", reason))
            return
        logger.warning("the paused plan is aborted: %s", reason or "on request")
        # Nobody waits for it: whoever paused the plan has gone on to other things.
        unwatched: Unwatched = concurrent.futures.Future()
        if self.on_unwatched is not None:
            self.on_unwatched(unwatched)  # first: it ends as soon as the state changes
        call.error = begin_ending(call, End("abort", reason))
        task = self._begin_drive(call, wake_monitors)
        task.add_done_callback(partial(_tell_unwatched, unwatched))

    async def abort(
        self, reason: str = "", *, only_paused: bool = False
    ) -> EngineResult:
        """End the plan: it cleans up, and its runs close with "abort".

        With ``only_paused`` nothing but a paused one: a plan that is ending already
        would be torn out of its clean-up.
        """
        states = [State.PAUSED] if only_paused else _ENDABLE
        return await device_loop.run_there(self._end(End("abort", reason), states))

    async def come_to_rest(self, reason: str = "") -> None:
        """Abort what runs or is paused, and wait until the engine is idle.

        A plan that is ending already is left to clean up. Whoever runs the plan is told
        what it raises.

        Args:
            reason: Goes into the documents.
        """
        await device_loop.run_there(self._come_to_rest(reason))

    async def _come_to_rest(self, reason: str) -> None:
        self._abort_soon(reason)
        while (task := self._task) is not None:
            await asyncio.wait({task})

    async def stop(self) -> EngineResult:
        """End the plan: it cleans up, and its runs close with "success"."""
        return await device_loop.run_there(self._end(End("stop")))

    async def halt(self) -> EngineResult:
        """End the plan at once, without its own clean-up."""
        return await device_loop.run_there(self._end(End("halt")))

    async def _end(
        self, end: End, states: Iterable[State] | None = None
    ) -> EngineResult:
        call = self._require_call(_PARTICIPLES[end.kind], *(states or _ENDABLE))
        if self._state.is_paused:
            call.error = begin_ending(call, end)
            return await self._drive(
                call, None if end.kind == "halt" else wake_monitors
            )
        task = self._task
        if task is None or task is asyncio.current_task():
            raise StateError("a plan cannot wait for its own end", hint="raise instead")
        call.interrupts.put(end)
        await asyncio.wait({task})
        return outcome(task)

    def _require_call(self, participle: str, *states: State) -> Call:
        if self._call is None or self._state not in states:
            raise TransitionError(
                f"the engine is {self._state}; there is no plan that could be "
                f"{participle}"
            )
        return self._call


_WAYS_ON = "RE.resume(), RE.stop(), RE.abort() or RE.halt()"
_CANCELLED = End("abort", "the task that ran it was cancelled")
_ENDABLE = [state for state in State if state not in (State.IDLE, State.PANICKED)]
_PARTICIPLES: dict[EndKind, str] = {
    "abort": "aborted",
    "stop": "stopped",
    "halt": "halted",
}


def _tell_unwatched(unwatched: Unwatched, task: "asyncio.Task[Outcome]") -> None:
    if task.cancelled():
        unwatched.cancel()
        return
    result, error = task.result()
    if error is not None:
        logger.error("the plan failed while it was being aborted", exc_info=error)
    unwatched.set_result(result)


async def _as_task(work: Awaitable[Any]) -> Any:
    return await asyncio.ensure_future(work)
