"""Checkpoints: pausing, suspending, ending and rewinding a plan.

Owns what is done about a request, and how a plan is taken up again.
Must not know verbs but those after which a point is complete.
Test: interrupt a list of messages at each index, resume, compare.
"""

from collections.abc import Generator
from typing import Any

from lapwing.engine.call import UNCACHEABLE, Call, Kept
from lapwing.engine.cleanup import stop_moved, tell_devices
from lapwing.engine.interrupts import THROWN, End, Failure, Pause, Request
from lapwing.engine.states import State
from lapwing.engine.suspenders import Suspension, suspended
from lapwing.errors import FailedPause
from lapwing.messages import Msg

ENDING_STATES = {
    "abort": State.ABORTING,
    "stop": State.STOPPING,
    "halt": State.HALTING,
}
Next = tuple[Any, BaseException | None]
"""What a plan is to be sent, and what is to be thrown instead, if anything."""


class Paused(Exception):
    """The plan is paused; raised out of the loop, not into the plan."""


async def attend(call: Call, response: Any) -> Next:
    """Do what was asked while the plan was running: the most urgent request first.

    Args:
        call: The call that is being driven.
        response: What the plan would have been sent next.

    Raises:
        Paused: The plan is paused.
    """
    requests = call.interrupts.take_all()
    if ends := [one for one in requests if isinstance(one, End)]:
        return None, begin_ending(call, max(ends, key=_urgency))
    failures: list[Failure] = []
    others: list[Request] = []
    for one in requests:
        if not isinstance(one, Failure):
            others.append(one)
        elif pause_or_tell(call, one.error) is not None:
            failures.append(one)
    others += call.interrupts.take_all()  # failures that became pauses
    if failures:
        # One at a time: the plan is told of the next at its next message.
        for one in (*failures[1:], *others):
            call.interrupts.put(one)
        return None, failures[0].error
    if call.ending is not None:
        return response, None
    return await _interrupt(call, response, others)


async def _interrupt(call: Call, response: Any, requests: list[Request]) -> Next:
    """Pause or suspend; a pause goes first, for it ends the suspension's wait."""
    requests.sort(key=lambda one: not isinstance(one, Pause))
    if not requests:
        return response, None
    first, *rest = requests
    for one in rest:
        if not isinstance(one, Pause):
            call.interrupts.put(one)
    if call.saved_since_checkpoint and isinstance(first, Pause | Suspension):
        call.held = first
        return response, None
    if isinstance(first, Suspension):
        return _suspend(call, response, first)
    return await _pause(call, response, first if isinstance(first, Pause) else Pause())


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


def let_go(call: Call, msg: Msg) -> bool:
    """Decide about a request that was held back, now that the next message is known.

    Between ``save`` and the checkpoint after it a rewind would take the point a
    second time. So a pause waits for one message: if that is the checkpoint, or
    the end of the run, it is done first.

    Returns:
        Whether the message is to be done now; else it waits for the resume.
    """
    held, call.held = call.held, None
    call.saved_since_checkpoint = False
    if held is not None:
        call.interrupts.put(held)
    if call.cache is None or msg.command == "checkpoint" or msg.command in UNCACHEABLE:
        return True
    call.last = msg
    call.last_cached = True
    call.cache.append(msg)
    return False


# ---------------------------------------------------------------- ending


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


def _give_up(call: Call, what: str, why: str) -> Next:
    """Abort, for there is no checkpoint to come back to."""
    reason = f"{what} was asked for{f' ({why})' if why else ''}, but the plan has no "
    reason += "checkpoint to come back to"
    begin_ending(call, End("abort", reason))
    return None, FailedPause(reason)


# ---------------------------------------------------------------- pausing


async def _pause(call: Call, response: Any, pause: Pause) -> Next:
    call.engine.set_state(State.PAUSING)
    call.pause_reason = pause.reason
    if call.kept is not None:
        response = _leave_suspension(call, call.kept)
    if call.cache is None:
        return _give_up(call, "a pause", pause.reason)
    _note_interruption(call, "pause")
    await _rest(call)
    call.engine.set_state(State.PAUSED)
    if any(isinstance(one, End) for one in call.interrupts.peek()):
        return await attend(call, response)
    call.response = response
    raise Paused(pause.reason)


async def _rest(call: Call) -> None:
    """Bring everything to rest while the plan waits."""
    for monitor in call.monitors.values():
        monitor.stop()
    await stop_moved(call)
    await tell_devices(call, "pause")


async def _wake(call: Call) -> None:
    """Undo `_rest`; what moved is set again by the messages that are repeated."""
    await tell_devices(call, "resume")
    for monitor in call.monitors.values():
        monitor.start()


def _note_interruption(call: Call, text: str) -> None:
    for run in call.runs.values():
        run.interruption(text)


async def take_up(call: Call) -> None:
    """Make a paused call ready to be driven again, from its checkpoint."""
    call.engine.set_state(State.RUNNING)
    _note_interruption(call, "resume")
    await _wake(call)
    waiting, call.suspensions = call.suspensions, []
    if not waiting:
        _rewind(call, list(call.cache or ()), call.response, call.last_cached)
        return
    # It was paused while it was suspended, and what it waited for may still be so.
    response, call.response = call.response, None
    for suspension in waiting:
        _suspend(call, response, suspension)


def _rewind(call: Call, messages: list[Msg], response: Any, replace: bool) -> None:
    """Put the messages since the checkpoint before what comes next in the plan."""
    for run in call.runs.values():
        run.rewind()
    call.discard_ahead()
    if call.cache is not None:
        call.cache.clear()
    call.response = None
    call.plans.append(_replay(messages, response, replace=replace))


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


# ---------------------------------------------------------------- suspending


def _suspend(call: Call, response: Any, suspension: Suspension) -> Next:
    """Let the plan wait; the messages since the checkpoint are repeated after."""
    if call.engine.state is State.RUNNING:
        call.engine.set_state(State.SUSPENDING)
    if call.kept is None:
        if call.cache is None:
            return _give_up(call, "a suspension", suspension.justification)
        call.kept = Kept(len(call.plans), list(call.cache), response, call.last_cached)
        _rewind(call, call.kept.messages, response, call.last_cached)
        call.cache = None  # what is said meanwhile is not repeated
    call.suspensions.append(suspension)
    call.plans.append(_until_over(call, suspension))
    return None, None


def _until_over(call: Call, suspension: Suspension) -> Generator[Msg, Any, None]:
    yield from suspended(suspension)
    call.suspensions.remove(suspension)
    if not call.suspensions:
        call.kept = None
        call.cache = []


def _leave_suspension(call: Call, kept: Kept) -> Any:
    """Go back to where the plan stood before it was suspended; return its response.

    The suspensions stay noted: they are looked at when the plan is resumed.
    """
    while len(call.plans) > kept.depth:
        call.plans.pop().close()
    call.kept = None
    call.cache = kept.messages
    call.last_cached = kept.replace
    return kept.response


async def enter_suspension(call: Call, justification: str) -> None:
    """Bring everything to rest; the verb ``_start_suspender``."""
    if call.engine.state is State.SUSPENDING:
        call.engine.set_state(State.RUNNING)
    _note_interruption(call, justification)
    if len(call.suspensions) == 1:
        await _rest(call)


async def leave_suspension(call: Call) -> None:
    """Let everything go on; the verb ``_resume_from_suspender``."""
    if len(call.suspensions) == 1:
        await _wake(call)
