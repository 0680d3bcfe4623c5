"""Checkpoints: pausing, ending and rewinding a plan.

Owns what is done about a request, and how a plan is taken up again.
Must not know verbs but those after which a point is complete.
Test: interrupt a list of messages at each index, resume, compare.
"""

from collections.abc import Generator
from typing import Any

from lapwing.engine.call import UNCACHEABLE, Call
from lapwing.engine.cleanup import stop_moved, tell_devices
from lapwing.engine.interrupts import THROWN, End, Failure, Pause
from lapwing.engine.states import State
from lapwing.errors import FailedPause
from lapwing.messages import Msg

ENDING_STATES = {
    "abort": State.ABORTING,
    "stop": State.STOPPING,
    "halt": State.HALTING,
}


class Paused(Exception):
    """The plan is paused; raised out of the loop, not into the plan."""


async def attend(call: Call, response: Any) -> tuple[Any, BaseException | None]:
    """Do what was asked while the plan was running.

    Args:
        call: The call that is being driven.
        response: What the plan would have been sent next.

    Returns:
        What the plan is to be sent, and what is to be thrown instead, if anything.

    Raises:
        Paused: The plan is paused.
    """
    requests = call.interrupts.take_all()
    ends = [request for request in requests if isinstance(request, End)]
    if ends:
        return None, begin_ending(call, max(ends, key=_urgency))
    failures = [
        request
        for request in requests
        if isinstance(request, Failure) and pause_or_tell(call, request.error)
    ]
    requests += call.interrupts.take_all()  # of failures that became pauses
    pauses = [request for request in requests if isinstance(request, Pause)]
    if failures:
        # One at a time: the plan is told of the next at its next message.
        for request in (*failures[1:], *pauses):
            call.interrupts.put(request)
        return None, failures[0].error
    if pauses and call.ending is None:
        return await _pause(call, response, pauses[0].reason)
    return response, None


def pause_or_tell(call: Call, error: BaseException) -> BaseException | None:
    """Ask for a pause if that is what an error of a device calls for.

    Returns:
        What the plan is to be told; None if it is paused instead.
    """
    lasting = call.engine.pause_on
    if call.ending is not None or call.cache is None or not call.last_cached:
        return error
    if isinstance(error, lasting) or isinstance(error.__cause__, lasting):
        call.interrupts.put(Pause(str(error)))
        return None
    return error


def _urgency(end: End) -> int:
    return ("stop", "abort", "halt").index(end.kind)


def begin_ending(call: Call, end: End) -> BaseException:
    """Set the call on its way to the end; return what the plan is to be thrown."""
    first = call.ending is None
    call.ending = end
    call.reason = end.reason
    call.exit_status = "success" if end.kind == "stop" else "abort"
    if first:
        call.engine.set_state(ENDING_STATES[end.kind])
    return THROWN[end.kind](end.reason) if end.reason else THROWN[end.kind]()


async def _pause(
    call: Call, response: Any, reason: str
) -> tuple[Any, BaseException | None]:
    if call.saved_since_checkpoint:
        call.held = Pause(reason)
        return response, None
    engine = call.engine
    engine.set_state(State.PAUSING)
    call.pause_reason = reason
    if call.cache is None:
        call.ending = End("abort", f"a pause was asked for ({reason or 'no reason'})")
        call.exit_status, call.reason = "abort", call.ending.reason
        engine.set_state(State.ABORTING)
        return None, FailedPause(
            "the plan cannot be paused here, for it has no checkpoint to come back to"
        )
    await stop_moved(call)
    await tell_devices(call, "pause")
    engine.set_state(State.PAUSED)
    ends = [r for r in call.interrupts.peek() if isinstance(r, End)]
    if ends:
        return await attend(call, response)
    call.response = response
    raise Paused(reason)


def let_go(call: Call, msg: Msg) -> bool:
    """Decide about a pause that was held back, now that the next message is known.

    Between ``save`` and the checkpoint after it a rewind would take the point a
    second time. So the pause waits for one message: if that is the checkpoint, or
    the end of the run, it is done first.

    Returns:
        Whether the message is to be done now; else it waits for the resume.
    """
    pause, call.held = call.held, None
    call.saved_since_checkpoint = False
    if pause is not None:
        call.interrupts.put(pause)
    if call.cache is None or msg.command == "checkpoint" or msg.command in UNCACHEABLE:
        return True
    call.last = msg
    call.last_cached = True
    call.cache.append(msg)
    return False


async def take_up(call: Call) -> None:
    """Make a paused call ready to be driven again, from its checkpoint."""
    call.engine.set_state(State.RUNNING)
    await tell_devices(call, "resume")
    rewind(call)


def rewind(call: Call) -> None:
    """Put the messages since the checkpoint before what comes next in the plan."""
    for run in call.runs.values():
        run.rewind()
    messages = list(call.cache or ())
    if call.cache is not None:
        call.cache.clear()
    replay = _replay(messages, call.response, replace=call.last_cached)
    call.response = None
    call.plans.append(replay)


def _replay(
    messages: list[Msg], response: Any, *, replace: bool
) -> Generator[Msg, Any, Any]:
    """Say the messages again; return what the waiting plan is to be sent.

    The message that was in flight is the last one if it may be repeated: its new
    response is then the plan's. Otherwise the plan gets the one that it had.
    """
    for msg in messages:
        last = yield msg
        if replace:
            response = last
    return response
