"""Results: what came of a call.

Owns the result object, and how the end of a plan is judged.
Must not change a call but for its exit status and reason.
Test: through the engine; each way in which a plan may end.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from lapwing.engine.call import Call
from lapwing.errors import FailedPause, PlanHalt, RunEngineControlException


@dataclass(frozen=True, slots=True)
class EngineResult:
    """What came of a call.

    Attributes:
        run_start_uids: Identifiers of the runs that it opened.
        plan_result: What the plan returned; None unless it came to its end.
        exit_status: "success", "abort" or "fail"; "success" so far, if paused.
        interrupted: Whether it was paused, aborted, stopped or halted.
        reason: Why.
        exception: What the plan raised, if anything.
        paused: Whether the plan waits to be resumed.
        can_skip: Whether it is paused and can leave points out, as a step scan can.
    """

    run_start_uids: tuple[str, ...]
    plan_result: Any
    exit_status: str
    interrupted: bool
    reason: str
    exception: BaseException | None
    paused: bool = False
    can_skip: bool = False


def judge(call: Call, error: BaseException | None) -> bool:
    """Settle exit status and reason; return whether the end was asked for."""
    if error is None:
        return True
    if isinstance(error, asyncio.CancelledError):
        # The loop is being shut down, and its tasks with it.
        call.exit_status = "abort"
        call.reason = call.reason or "the task that ran it was cancelled"
        return False
    if isinstance(error, RunEngineControlException):
        if call.ending is None:
            call.exit_status = error.exit_status
        call.reason = call.reason or str(error)
        return True
    if isinstance(error, PlanHalt):
        call.exit_status = "abort"
        return True
    if isinstance(error, FailedPause):
        call.exit_status = "abort"
        call.reason = call.reason or str(error)
        return True
    call.exit_status = "fail"
    call.reason = str(error)
    return False


def result_of(
    call: Call, value: Any, error: BaseException | None, *, paused: bool = False
) -> EngineResult:
    """Return the result of a call that ended, or that is paused."""
    return EngineResult(
        run_start_uids=tuple(call.run_uids),
        plan_result=value,
        exit_status=call.exit_status,
        interrupted=paused or call.ending is not None or error is not None,
        reason=call.pause_reason if paused else call.reason,
        exception=error,
        paused=paused,
        can_skip=paused and bool(call.able_to_skip),
    )
