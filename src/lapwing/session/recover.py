"""Recovery: going on with what a process has left that died.

Owns finding such processes, and what each call of a script that is run again becomes.
Must not know how a plan is replayed; the engine does.
Test: kill a process in mid-scan; look, resume, close.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.documents import Document
from lapwing.engine import device_loop
from lapwing.engine.engine import Engine, EngineResult
from lapwing.engine.intake import Subscribers, flatten_subscribers
from lapwing.engine.preview import Confirm
from lapwing.engine.replay import error_of
from lapwing.engine.resume import close_call
from lapwing.errors import ResumeError
from lapwing.journal.directories import directories
from lapwing.journal.hold import alive
from lapwing.journal.log import Log
from lapwing.journal.past import PastCall, past_calls, was_left
from lapwing.journal.transcript import Transcript

if TYPE_CHECKING:
    from lapwing.session.session import Session


@dataclass(frozen=True)
class Leftover:
    """What a process has left that died, or was killed.

    Attributes:
        directory: Its journal.
        calls: Its calls, in order.
    """

    directory: Path
    calls: tuple[PastCall, ...]

    @property
    def open_call(self) -> PastCall | None:
        """The call that did not end; None if the process died between two."""
        last = self.calls[-1]
        return last if last.ended is None else None

    @property
    def identity(self) -> Document:
        """What its calls are known by."""
        return self.calls[-1].identity

    def has(self, prefix: str) -> bool:
        """Whether the uid of one of its calls or runs begins so, or is its scan_id."""
        names = [self.directory.name]
        for call in self.calls:
            names += [call.uid, *(start["uid"] for start in call.starts)]
            if any(str(start.get("scan_id")) == prefix for start in call.starts):
                return True
        return any(name.startswith(prefix) for name in names)


def leftovers(data_dir: str | Path) -> list[Leftover]:
    """Return what processes have left in a data directory, the oldest first.

    A process that lives has left nothing; nor has one that ended in order, with all
    of its calls ended.
    """
    found = []
    for directory in directories(data_dir):
        if alive(directory) is not None:
            continue
        if calls := past_calls(directory):
            left = Leftover(directory, tuple(calls))
            again = left.identity.get("mode") == "command"
            if left.open_call is not None or (again and not was_left(directory)):
                found.append(left)
    return found


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
        call = leftover.open_call
        closed = [] if call is None else close_call(call, transcript, reason)
        transcript.leave()
    return closed


class Resumption:
    """Goes on with a script where its process died: its calls are made again.

    Those that ended are answered from the journal, without any device; the one that
    did not is replayed and goes on; what follows is run.

    Args:
        leftover: What the process has left.
        confirm: Asked, with a preview, before anything is staged or moves.
    """

    def __init__(self, leftover: Leftover, confirm: Confirm):
        self.directory = leftover.directory
        self._calls = list(leftover.calls)
        self._confirm = confirm
        self._number = 0

    def answers(
        self, session: "Session"
    ) -> Callable[
        [Any, Subscribers, Mapping[str, Any]],
        Coroutine[Any, Any, EngineResult] | None,
    ]:
        """Return what a session's engine is to do instead of running a plan."""

        def instead(
            plan: Any, subs: Subscribers, metadata: Mapping[str, Any]
        ) -> Coroutine[Any, Any, EngineResult] | None:
            if self._number == len(self._calls):
                return None
            call = self._calls[self._number]
            self._number += 1
            _require_same(call, plan, self._number)
            engine = session.RE.engine
            for start in call.starts:
                session.writer.expect(start)
            if call.ended is not None:
                return device_loop.run_there(_retell(engine, call, subs))
            return engine.resume_call(call, plan, subs, confirm=self._confirm)

        return instead


def _require_same(call: PastCall, plan: Any, number: int) -> None:
    name = str(getattr(plan, "__name__", ""))
    if name != call.plan_name:
        raise ResumeError(
            f"call {number} of this script was {call.plan_name or 'a plan'}, and is "
            f"now {name or 'another'}; the script has changed, so that it cannot go on",
            hint="close what is open with 'lapwing resume --close', and start anew",
        )


async def _retell(engine: Engine, call: PastCall, subs: Subscribers) -> EngineResult:
    """Tell those who listen what a call made that ended, and return its result."""
    tokens = [
        engine.dispatcher.subscribe(func, name)
        for name, func in flatten_subscribers(subs)
    ]
    try:
        for name, doc in call.documents():
            engine.dispatcher.process(name, doc)
    finally:
        for token in tokens:
            engine.dispatcher.unsubscribe(token)
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
