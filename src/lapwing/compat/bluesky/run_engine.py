"""Bluesky's RunEngine: a face of `lapwing.session.facade`.

Owns Bluesky's constructor, and whatever odd attribute its users reach for.
Must not run plans: the engine does.
Test: Bluesky's own tests, run through the alias by ``tools/bluesky_suite.py``.
"""

import asyncio
import inspect
import logging
import threading
import warnings
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lapwing.compat.bluesky._sigint import SigintHandler
from lapwing.compat.bluesky._version import __version__
from lapwing.compat.bluesky.bundlers import RunBundler
from lapwing.compat.bluesky.dispatching import Dispatcher
from lapwing.compat.bluesky.event_loop import (
    THREAD_NAME,
    autoawait_in_bluesky_event_loop,
    call_in_bluesky_event_loop,
    get_bluesky_event_loop,
    in_bluesky_event_loop,
    set_bluesky_event_loop,
)
from lapwing.compat.bluesky.log import (
    ComposableLogAdapter,
    logger,
    msg_logger,
    state_logger,
)
from lapwing.compat.bluesky.states import RunEngineStateMachine
from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.call import UNCACHEABLE, Call
from lapwing.engine.commands_run import create
from lapwing.engine.engine import EngineResult
from lapwing.engine.engine import next_scan_id as default_scan_id_source
from lapwing.engine.intake import Subscribers
from lapwing.engine.states import State
from lapwing.errors import (
    FailedPause,
    FailedStatus,
    IllegalMessageSequence,
    InvalidCommand,
    NoReplayAllowed,
    PlanArgumentError,
    PlanHalt,
    RequestAbort,
    RequestStop,
    RunEngineControlException,
    RunEngineInterrupted,
    StateError,
    TransitionError,
    WaitForTimeoutError,
)
from lapwing.messages import Msg
from lapwing.session import facade

RunEngineResult = EngineResult

PAUSE_MSG = facade.PAUSED_TEXT.format(why="")


class RunEngine(facade.RunEngine):
    """Runs plans and blocks until they are done or paused: ``RE(plan)``.

    Args:
        md: Metadata for every run; any mutable mapping, kept as it is.
        loop: Event loop on which engine and devices live from now on; it is run in a
            thread unless it runs. None takes the one that there is.
        preprocessors: Functions from plan to plan; the last one is outermost.
        context_managers: Called with this engine; they surround each blocking call.
        md_validator: Called with the metadata of a run; raises to refuse it.
        md_normalizer: Returns what goes into the start document instead.
        scan_id_source: Returns, or awaits, the next scan_id.
        during_task: What to do while blocked, to keep windows alive.
        call_returns_result: Return a `RunEngineResult` instead of a tuple of uids.

    Attributes:
        log: Logger of this engine.
        max_depth: Most frames that a call may be deep in; None for any.
        pause_msg: What a user is told when a plan has been interrupted.
        NO_PLAN_RETURN: Stands for the result of a plan that did not end.
    """

    RunBundler = RunBundler
    _UNCACHEABLE_COMMANDS = sorted(UNCACHEABLE)

    def __init__(
        self,
        md: MutableMapping[str, Any] | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        preprocessors: list[Any] | None = None,
        context_managers: list[Any] | None = None,
        md_validator: Callable[[Document], Any] | None = None,
        md_normalizer: Callable[[Document], Document] | None = None,
        scan_id_source: Callable[[Any], Any] = default_scan_id_source,
        during_task: Any = None,
        call_returns_result: bool = False,
    ):
        if loop is not None:
            device_loop.adopt(loop, THREAD_NAME)
        versions = dict((md or {}).get("versions", {}))
        super().__init__(
            md,
            md_validator=md_validator or _check_sample,
            md_normalizer=md_normalizer,
            scan_id_source=scan_id_source,
            call_returns_result=call_returns_result,
            during_task=during_task,
            context_managers=(),
        )
        self.md["versions"] = versions | self.md["versions"] | _versions()
        # Users keep these lists and append to them.
        self.preprocessors = [] if preprocessors is None else preprocessors
        self.context_managers = (
            [SigintHandler] if context_managers is None else context_managers
        )
        self.engine.dispatcher = Dispatcher()
        self.engine.state_hook = self._tell_state
        self.engine.tells_all_waits = True
        self.log = ComposableLogAdapter(logger, {"RE": self})
        self.max_depth: int | None = None
        self.pause_msg = PAUSE_MSG
        self.NO_PLAN_RETURN = object()
        self._hear_state: Callable[[State, State], Any] | None = None
        self._hear_message: Callable[[Msg], Any] | None = None

    # ------------------------------------------------------------ running

    def __call__(
        self, plan: Any, subs: Subscribers = None, /, **metadata: Any
    ) -> tuple[str, ...] | EngineResult:
        """Run a plan to its end; see `lapwing.RunEngine`."""
        self._refuse_if_panicked()
        if "raise_if_interrupted" in metadata:
            warnings.warn(
                "RE() takes raise_if_interrupted no more; it is metadata now, and "
                "RunEngineInterrupted is always raised",
                stacklevel=2,
            )
        if self.max_depth is not None:
            depth = len(inspect.stack(0))
            if depth > self.max_depth:
                raise StateError(
                    f"RE() was called {depth} frames deep, but RE.max_depth is "
                    f"{self.max_depth}",
                    hint="let a plan 'yield from' another one instead of calling RE()",
                )
        self._listen()
        self.log.info("Executing plan %r", plan)
        return super().__call__(plan, subs, **metadata)

    def resume(self) -> tuple[str, ...] | EngineResult:
        """Go on with the paused plan, from its last checkpoint."""
        self._refuse_if_panicked()
        self._listen()
        return super().resume()

    def request_pause(self, defer: bool = False, *, reason: str = "") -> None:
        """Ask the running plan to pause, from any thread; returns at once."""
        self._refuse_if_panicked()
        super().request_pause(defer, reason=reason)

    def reset(self) -> None:
        """Halt whatever there is, and forget subscribers and suspenders."""
        if self.state != State.IDLE:
            self.halt()
        self.dispatcher.unsubscribe_all()
        self.clear_suspenders()

    def _refuse_if_panicked(self) -> None:
        if self.state == State.PANICKED:
            raise StateError(
                "the engine has panicked and runs nothing more", hint="start it anew"
            )

    def _returned(self, result: EngineResult) -> tuple[str, ...] | EngineResult:
        if result.interrupted:
            result = replace(result, plan_result=self.NO_PLAN_RETURN)
        return super()._returned(result)

    def _interruption(self, result: EngineResult) -> str:
        if result.paused and self.pause_msg != PAUSE_MSG:
            return self.pause_msg
        return super()._interruption(result)

    # ------------------------------------------------------------ documents

    def subscribe_lossless(self, func: Any, name: Any = "all") -> int:
        """Subscribe; the old name of `subscribe`."""
        return self.subscribe(func, name)

    def unsubscribe_lossless(self, token: int) -> None:
        """Unsubscribe; the old name of `unsubscribe`."""
        self.unsubscribe(token)

    _subscribe_lossless = subscribe_lossless
    _unsubscribe_lossless = unsubscribe_lossless

    @property
    def ignore_callback_exceptions(self) -> bool:
        """Whether to warn of what subscribers raise, instead of telling the plan."""
        return self._dispatching.ignore_exceptions

    @ignore_callback_exceptions.setter
    def ignore_callback_exceptions(self, value: bool) -> None:
        self._dispatching.ignore_exceptions = bool(value)

    @property
    def _dispatching(self) -> Any:
        return self.engine.dispatcher

    def emit_sync(self, name: Any, doc: Document) -> None:
        """Hand a document to the subscribers, in this thread."""
        self.engine.emit(str(getattr(name, "name", name)), doc)

    async def emit(self, name: Any, doc: Document) -> None:
        """Hand a document to the subscribers."""
        self.emit_sync(name, doc)

    # ------------------------------------------------------------ telling

    @property
    def msg_hook(self) -> Callable[[Msg], Any] | None:
        """Called with each message before it is done."""
        return self._hear_message

    @msg_hook.setter
    def msg_hook(self, hook: Callable[[Msg], Any] | None) -> None:
        self._hear_message = hook
        self._listen()

    @property
    def state_hook(self) -> Callable[[State, State], Any] | None:
        """Called with the new and the old state at each change."""
        return self._hear_state

    @state_hook.setter
    def state_hook(self, hook: Callable[[State, State], Any] | None) -> None:
        self._hear_state = hook

    @property
    def verbose(self) -> bool:
        """Whether this engine's own logger says anything."""
        return not self.log.logger.disabled

    @verbose.setter
    def verbose(self, value: bool) -> None:
        self.log.logger.disabled = not value

    def print_command_registry(self, verbose: bool = False) -> str:
        """Return a text with a line for each verb, or all that is known of it."""
        lines = ["List of available commands"]
        for name, verb in self.engine.verbs.items():
            doc = verb.__doc__ or "no description"
            lines.append(f"{name} : {doc if verbose else doc.splitlines()[0]}")
        return "\n".join(lines) + "\n"

    def _listen(self) -> None:
        # Only who listens to the logger pays for it, at each message.
        logged = msg_logger.isEnabledFor(logging.DEBUG)
        self.engine.msg_hook = self._tell_message if logged else self._hear_message

    def _tell_message(self, msg: Msg) -> None:
        msg_logger.debug("%r", msg, extra={"msg_command": msg.command, "RE": self})
        if self._hear_message is not None:
            self._hear_message(msg)

    def _tell_state(self, new: State, old: State) -> None:
        facts = {"old_state": old, "new_state": new, "RE": self}
        state_logger.info(
            "Change state on %r from %r -> %r", self, str(old), str(new), extra=facts
        )
        if self._hear_state is not None:
            self._hear_state(new, old)

    # ------------------------------------------------------------ odd attributes

    @property
    def _state(self) -> State:
        return self.engine.state

    @_state.setter
    def _state(self, new: str) -> None:
        self.engine.set_state(State(new))

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return device_loop.get()

    @property
    def _th(self) -> threading.Thread | None:
        return device_loop.thread()

    @property
    def _task(self) -> asyncio.Task[Any] | None:
        return self.engine.task

    @property
    def _command_registry(self) -> dict[str, Callable[..., Any]]:
        return self.engine.verbs

    @property
    def _run_bundlers(self) -> dict[Any, Any]:
        return self.engine.open_runs

    @property
    def _seen_wait_and_move_on_keys(self) -> set[Any]:
        return set()  # our engine needs no such notes

    @property
    def _require_stream_declaration(self) -> bool:
        return self.engine.verbs["create"] is not create

    @_require_stream_declaration.setter
    def _require_stream_declaration(self, value: bool) -> None:
        self.engine.verbs["create"] = _create_declared if value else create


def _create_declared(call: Call, msg: Msg) -> None:
    """Begin an event, if its stream has been declared."""
    name = msg.kwargs.get("name") or (msg.args[0] if msg.args else "")
    if name and call.run_for(msg).declared(name) is None:
        raise IllegalMessageSequence(
            f"'create' came for stream {name!r}, which has not been declared, but "
            f"RE._require_stream_declaration is True; say 'declare_stream' first"
        )
    create(call, msg)


def _check_sample(md: Document) -> None:
    """Refuse a ``sample`` by which nobody could search."""
    sample = md.get("sample", "")
    if not isinstance(sample, str) and not hasattr(sample, "keys"):
        raise PlanArgumentError(
            f"the metadata 'sample' must be text or a dictionary, but is {sample!r}"
        )


def _versions() -> dict[str, str]:
    """Return the versions that Bluesky's users look for in a start document."""
    versions = {"bluesky": __version__}
    for name in ("ophyd", "ophyd_async", "event_model"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


__all__ = [
    "PAUSE_MSG",
    "Dispatcher",
    "FailedPause",
    "FailedStatus",
    "IllegalMessageSequence",
    "InvalidCommand",
    "Msg",
    "NoReplayAllowed",
    "PlanHalt",
    "RequestAbort",
    "RequestStop",
    "RunBundler",
    "RunEngine",
    "RunEngineControlException",
    "RunEngineInterrupted",
    "RunEngineResult",
    "RunEngineStateMachine",
    "SigintHandler",
    "TransitionError",
    "WaitForTimeoutError",
    "autoawait_in_bluesky_event_loop",
    "call_in_bluesky_event_loop",
    "default_scan_id_source",
    "get_bluesky_event_loop",
    "in_bluesky_event_loop",
    "set_bluesky_event_loop",
]
