"""Conducting: one drive of a call, from its beginning to a pause or to the end.

Owns the order of driving, judging, cleaning up and coming to rest.
Must not raise what a plan raised: it is handed back, to be raised elsewhere.
Test: through the engine; each way in which a drive may end.
"""

import asyncio
from collections.abc import Awaitable, Callable

from lapwing.engine.asides import LISTENER
from lapwing.engine.call import Call
from lapwing.engine.checkpoint import Paused
from lapwing.engine.cleanup import clean_up
from lapwing.engine.loop import drive
from lapwing.engine.result import EngineResult, judge, result_of

Beginning = Callable[[Call], Awaitable[None]]
Outcome = tuple[EngineResult, BaseException | None]


async def conduct(call: Call, first: Beginning | None) -> Outcome:
    """Drive the plan and clean up after it.

    Args:
        call: The call.
        first: Done before the plan is driven.

    Returns:
        What came of it, and the error to be raised, if any. An error is returned
        because a KeyboardInterrupt that a task raises would end the device loop.
    """
    LISTENER.set(call)
    value, error = None, None
    try:
        if first is not None:
            await first(call)
        value = await drive(call)
    except Paused:
        if (recorder := call.engine.recorder) is not None:
            recorder.paused(call.pause_reason)
        return result_of(call, None, None, paused=True), None
    except BaseException as exc:  # noqa: BLE001 - given back after clean-up
        error = exc
    wanted = judge(call, error)
    try:
        await clean_up(call)
    except BaseException as exc:  # noqa: BLE001 - the engine must come to rest
        if error is None or wanted:
            error, wanted = exc, False
    result = result_of(call, value, error)
    try:
        _record_end(call, result)
    except BaseException as exc:  # noqa: BLE001 - the engine must come to rest
        if error is None or wanted:
            error, wanted = exc, False
    call.engine.let_go(call)
    return result, None if wanted else error


def _record_end(call: Call, result: EngineResult) -> None:
    if (recorder := call.engine.recorder) is not None:
        recorder.end(
            {
                "exit_status": result.exit_status,
                "reason": result.reason,
                "run_uids": list(result.run_start_uids),
                "error": result.exception,
                "value": result.plan_result,
                "time": call.engine.clock(),
            }
        )


def outcome(task: "asyncio.Task[Outcome]") -> EngineResult:
    """Return the result of a drive that is over, or raise its error."""
    result, error = task.result()
    if error is not None:
        raise error
    return result
