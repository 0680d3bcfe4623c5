"""The blocking RunEngine: an engine for the prompt, scripts and notebooks.

Owns waiting for the engine from another thread, and Ctrl-C meanwhile.
Must not know files, tables or stores; see `session`.
Test: run plans on soft devices from a plain function.
"""

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Iterable, MutableMapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.dispatcher import Subscriber
from lapwing.engine.engine import (
    Engine,
    EngineResult,
    Preprocessor,
    Subscribers,
    next_scan_id,
)
from lapwing.engine.recorder import Recorder
from lapwing.engine.states import State
from lapwing.errors import RunEngineInterrupted, TransitionError
from lapwing.messages import Msg
from lapwing.session.sigint import Sigint

PauseChoice = Literal["resume", "stop", "abort", "halt"]

PAUSED_TEXT = """\
The plan is paused{why}. Now either
  RE.resume()   goes on from the last checkpoint
  RE.stop()     ends it; its data count as a success
  RE.abort()    ends it; its data count as aborted
  RE.halt()     ends it at once, without clean-up by the plan"""


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

    Attributes:
        engine: The engine itself, for ``await RE.engine.run(plan)``.
        after_call: Called with the result when a call has ended or paused.
        on_pause: Asked, when the plan has paused, what to do: returns "resume",
            "stop", "abort" or "halt". None raises RunEngineInterrupted, so that a
            person at a prompt decides.
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
        self.after_call: list[Callable[[EngineResult], Any]] = []
        self.on_pause: Callable[[EngineResult], PauseChoice] | None = None
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
        return self._answer(self._block(self.engine.run, plan, subs, **metadata))

    def resume(self) -> tuple[str, ...] | EngineResult:
        """Go on with the paused plan, from its last checkpoint."""
        return self._answer(self._block(self.engine.resume))

    def abort(self, reason: str = "") -> tuple[str, ...] | EngineResult:
        """End the plan; its open runs are closed with "abort"."""
        return self._returned(self._block(self.engine.abort, reason))

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
        work: Callable[..., Coroutine[Any, Any, EngineResult]],
        *args: Any,
        **kwargs: Any,
    ) -> EngineResult:
        device_loop.refuse_if_current("RE()")
        future = asyncio.run_coroutine_threadsafe(
            work(*args, **kwargs), device_loop.get()
        )
        with Sigint(self._pause_soon, self._pause_now):
            try:
                result = future.result()
            except KeyboardInterrupt:
                # More Ctrl-C than it takes: leave nothing moving behind.
                future.cancel()
                concurrent.futures.wait([future], timeout=10)
                raise
        for listener in self.after_call:
            listener(result)
        return result

    def _pause_soon(self) -> None:
        self._pause_if_running(defer=True)

    def _pause_now(self) -> None:
        self._pause_if_running(defer=False)

    def _pause_if_running(self, *, defer: bool) -> None:
        try:
            self.request_pause(defer, reason="Ctrl-C")
        except TransitionError:
            print("The plan is ending already; please wait.")  # noqa: T201

    def _answer(self, result: EngineResult) -> tuple[str, ...] | EngineResult:
        while result.paused and self.on_pause is not None:
            result = self._block(getattr(self.engine, self.on_pause(result)))
        if result.paused:
            why = f" ({result.reason})" if result.reason else ""
            raise RunEngineInterrupted(PAUSED_TEXT.format(why=why))
        if result.interrupted:
            raise RunEngineInterrupted(
                f"The plan was ended: {result.exit_status}"
                + (f" ({result.reason})" if result.reason else "")
            )
        return self._returned(result)

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

    # ------------------------------------------------------------ attributes

    @property
    def md(self) -> MutableMapping[str, Any]:
        """Metadata that goes into every run."""
        return self.engine.md

    @property
    def state(self) -> State:
        """What the engine is doing: "idle", "running", "paused", ..."""
        return self.engine.state

    @property
    def resumable(self) -> bool:
        """Whether the plan has a checkpoint to come back to."""
        return self.engine.resumable

    @property
    def deferred_pause_requested(self) -> bool:
        """Whether the plan will pause at its next checkpoint."""
        return self.engine.deferred_pause_requested

    @property
    def preprocessors(self) -> list[Preprocessor]:
        """Functions from plan to plan; the last one is outermost."""
        return self.engine.preprocessors

    @property
    def msg_hook(self) -> Callable[[Msg], Any] | None:
        """Called with each message before it is done."""
        return self.engine.msg_hook

    @msg_hook.setter
    def msg_hook(self, hook: Callable[[Msg], Any] | None) -> None:
        self.engine.msg_hook = hook

    @property
    def state_hook(self) -> Callable[[State, State], Any] | None:
        """Called with the new and the old state at each change."""
        return self.engine.state_hook

    @state_hook.setter
    def state_hook(self, hook: Callable[[State, State], Any] | None) -> None:
        self.engine.state_hook = hook

    @property
    def waiting_hook(self) -> Callable[[set[Any] | None], Any] | None:
        """Called with the statuses that are waited for, then with None."""
        return self.engine.waiting_hook

    @waiting_hook.setter
    def waiting_hook(self, hook: Callable[[set[Any] | None], Any] | None) -> None:
        self.engine.waiting_hook = hook


def _versions() -> dict[str, str]:
    """Return the versions of what has a say in the documents."""
    versions = {}
    for name in ("lapwing", "event_model"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
