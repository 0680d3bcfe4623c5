"""Recovery: going on with what a process has left that died, or closing it.

Owns what each call of a script that is run again becomes, and taking up one call at a
prompt. Must not know how a plan is replayed; the engine does.
Test: kill a process in mid-scan; look, resume, close.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from lapwing.engine import device_loop
from lapwing.engine.engine import EngineResult
from lapwing.engine.given import as_typed
from lapwing.engine.intake import Subscribers, as_generator, flatten_subscribers
from lapwing.engine.past_errors import error_of
from lapwing.engine.preview import Confirm, Preview
from lapwing.engine.resume import close_call
from lapwing.errors import ResumeError, StateError
from lapwing.journal.log import Log
from lapwing.journal.past import PastCall, past_calls
from lapwing.journal.transcript import Transcript
from lapwing.session.leftovers import Leftover

if TYPE_CHECKING:
    from lapwing.session.session import Session


def close(leftover: Leftover, reason: str) -> list[str]:
    """End what a process has left: its open runs get a stop document.

    Args:
        leftover: What it has left.
        reason: Goes into the stop documents, with exit_status "abort".

    Returns:
        Uids of the runs that were closed.

    Raises:
        StateError: Another process goes on with it at this moment.
    """
    with Log(leftover.directory) as log:
        transcript = Transcript(log)
        call = past_calls(leftover.directory)[-1]
        closed = []
        if call.ended is None:
            closed = close_call(call, transcript, reason)
        transcript.leave()
    return closed


class Resumption:
    """Goes on with a script where its process died: its calls are made again.

    Those that ended are answered from the journal, without any device; the one that
    did not is replayed and goes on; what follows is run.

    Args:
        leftover: What the process has left.
        confirm: Asked, with a preview, before anything is staged or moves; in the
            thread that waits for the call.
    """

    def __init__(self, leftover: Leftover, confirm: Callable[[Preview], bool]):
        self.directory = leftover.directory
        self._calls: list[PastCall] = []
        self._confirm = confirm
        self._number = 0

    def answers(
        self, session: "Session"
    ) -> Callable[
        [Any, Subscribers, Mapping[str, Any]],
        Coroutine[Any, Any, EngineResult] | None,
    ]:
        """Return what a session's engine is to do instead of running a plan.

        To be asked once the journal is held, for it does not change any more then.
        """
        self._calls = past_calls(self.directory)

        def instead(
            plan: Any, subs: Subscribers, metadata: Mapping[str, Any]
        ) -> Coroutine[Any, Any, EngineResult] | None:
            if self._number == len(self._calls):
                return None
            call = self._calls[self._number]
            self._number += 1
            _require_same(call, plan, self._number)
            for start in call.starts:
                session.writer.expect(start)
            if call.ended is not None:
                as_generator(plan).close()  # it is not run, and was not forgotten
                return device_loop.run_there(_retell(session, call, subs))
            return _go_on(session, call, plan, subs, self._confirm)

        return instead


async def _go_on(
    session: "Session",
    call: PastCall,
    plan: Any,
    subs: Subscribers,
    confirm: Callable[[Preview], bool],
) -> EngineResult:
    """Resume a call; what was shown before it was cut off is not shown again."""
    with session.best.retelling():
        shown = confirmed(session, confirm)
        return await session.RE.engine.resume_call(call, plan, subs, confirm=shown)


def confirmed(session: "Session", confirm: Callable[[Preview], bool]) -> Confirm:
    """Return what asks a person in the thread that waits, after the replay."""

    def question(preview: Preview) -> bool:
        session.best.hold()  # a bar would be drawn over what is asked
        return confirm(preview)

    async def ask(preview: Preview) -> bool:
        agreed = await session.RE.ask(lambda: question(preview))
        session.best.retold()
        return agreed

    return ask


class TakenUp:
    """A call of a process that died, with which this session goes on.

    Its journal is the recorder of the session's engine until the call is over.

    Args:
        session: Goes on with it.
        leftover: What the process has left.
        confirm: Asked, with a preview, before anything is staged or moves.

    Raises:
        StateError: The engine is not idle; or another process goes on with it.
    """

    def __init__(
        self,
        session: "Session",
        leftover: Leftover,
        confirm: Callable[[Preview], bool],
    ):
        session.RE.engine.require_idle()
        self._session = session
        self._ask = confirm
        self._journal = session.open_journal(leftover.directory)
        try:
            self.records = call = _open_call(leftover)
            for start in call.starts:
                session.writer.expect(start)
        except BaseException:
            session.close_journal(self._journal)
            raise
        session.best.retell()

    def confirm(self, preview: Preview) -> Any:
        """Show what will be done, and ask."""
        return confirmed(self._session, self._ask)(preview)

    def give_back(self) -> None:
        """Let go of the journal; what follows goes into the session's own again."""
        self._session.best.retold()
        self._session.close_journal(self._journal)


def _open_call(leftover: Leftover) -> PastCall:
    call = past_calls(leftover.directory)[-1]
    if call.ended is not None:
        raise StateError(
            f"{leftover.title} has no open call; a script is resumed as a whole",
            hint=leftover.way_on,
        )
    return call


def require_same_call(leftover: Leftover, plan: Any) -> None:
    """Refuse a plan that was typed otherwise than the one that was cut off.

    A replay would find out as well, but close the run; and a slip is easily made.

    Raises:
        ResumeError: Shows both.
    """
    then, now = leftover.identity.get("plan"), as_typed(plan)
    if then is not None and now is not None and then != now:
        raise ResumeError(
            f"the call was {then}, and this is {now}; it is resumed as it was called",
            hint=leftover.way_on,
        )


def _require_same(call: PastCall, plan: Any, number: int) -> None:
    name = str(getattr(plan, "__name__", ""))
    if name != call.plan_name:
        raise ResumeError(
            f"call {number} of this script was {call.plan_name or 'a plan'}, and is "
            f"now {name or 'another'}; the script has changed, so that it cannot go on",
            hint="close what is open with 'lapwing resume --close', and start anew",
        )


async def _retell(session: "Session", call: PastCall, subs: Subscribers) -> Any:
    """Tell those who listen what a call made that ended, and return its result."""
    dispatcher = session.RE.engine.dispatcher
    tokens = [
        dispatcher.subscribe(func, name) for name, func in flatten_subscribers(subs)
    ]
    try:
        with session.best.retelling():
            for name, doc in call.documents():
                dispatcher.process(name, doc)
    finally:
        for token in tokens:
            dispatcher.unsubscribe(token)
    return _result_of(call)


def _result_of(call: PastCall) -> EngineResult:
    """Return, or raise, what a call that ended came to."""
    ended = call.ended or {}
    error = None if ended.get("error") is None else error_of(ended["error"])
    status = str(ended.get("exit_status", "abort"))
    if error is not None and status == "fail":
        raise error
    return EngineResult(
        run_start_uids=tuple(ended.get("run_uids", ())),
        plan_result=ended.get("value"),
        exit_status=status,
        interrupted=error is not None or status == "abort",
        reason=str(ended.get("reason", "")),
        exception=error,
    )
