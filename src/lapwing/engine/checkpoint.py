"""Checkpoints: pausing, suspending, ending and rewinding a plan.

Owns what is done about a request, and how a plan is taken up again.
Must not know verbs but those after which a point is complete.
Test: interrupt a list of messages at each index, resume, compare.
"""

import logging
from collections.abc import Callable, Generator
from typing import Any

from lapwing.engine.call import UNCACHEABLE, Call, Kept
from lapwing.engine.cleanup import close_plan, stop_moved, tell_devices
from lapwing.engine.interrupts import THROWN, End, Failure, Pause, Request
from lapwing.engine.states import State
from lapwing.engine.suspenders import Suspension, suspended
from lapwing.errors import FailedPause
from lapwing.messages import Msg

logger = logging.getLogger("lapwing.engine")

ENDING_STATES = {
    "abort": State.ABORTING,
    "stop": State.STOPPING,
    "halt": State.HALTING,
}
_DONE_FIRST = UNCACHEABLE | {"checkpoint", "save"}
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
        call.unanswered = False
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
        call.unanswered = False
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
    if isinstance(first, Pause | Suspension) and _hold(call, first):
        return response, None
    if call.unslept is not None and call.cache is not None and not call.cache:
        # The checkpoint after a sleep that was cut short: it is slept on resume.
        call.cache.append(call.unslept)
    call.unslept = None
    if isinstance(first, Suspension):
        return _suspend(call, response, first)
    return await _pause(call, response, first if isinstance(first, Pause) else Pause())


def _hold(call: Call, request: Pause | Suspension) -> bool:
    """Put a request off by one message, if the plan has saved since its checkpoint.

    Not if a message was given up for it, or failed: that one must be said again
    before the plan goes on. Only a sleep can as well be slept after the checkpoint.
    """
    if not call.saved_since_checkpoint or call.cache is None:
        return False
    if call.unanswered:
        if call.last is None or call.last.command != "sleep":
            return False
        call.unslept = call.last
        call.unanswered = False
    call.held = request
    return True


def pause_or_tell(call: Call, error: BaseException) -> BaseException | None:
    """Ask for a pause if that is what an error of a device calls for.

    Returns:
        What the plan is to be told; None if it is paused instead.
    """
    lasting = call.engine.pause_on
    kept = call.cache
    if call.ending is not None or not kept or kept[-1] is not call.last:
        return error
    for one in (error, error.__cause__):
        if not isinstance(one, lasting) or isinstance(one, call.handled):
            continue
        call.unanswered = True
        call.interrupts.put(Pause(str(error)))
        return None
    return error


def let_go(call: Call, msg: Msg) -> bool:
    """Decide about a request that was held back, now that the next message is known.

    Between ``save`` and the checkpoint after it a rewind would take the point a
    second time. So a pause waits for one message: if that is the checkpoint, or
    the end of the run, it is done first; so is another run's save, and then the pause
    waits for the message after that.

    Returns:
        Whether the message is to be done now; else it waits for the resume.
    """
    held, call.held = call.held, None
    call.saved_since_checkpoint = False
    if held is not None:
        call.interrupts.put(held)
    if call.cache is None or msg.command in _DONE_FIRST:
        return True
    call.last = msg
    call.cache.append(msg)
    return False


# ---------------------------------------------------------------- ending


def _urgency(end: End) -> int:
    return ("stop", "abort", "halt").index(end.kind)


def begin_ending(call: Call, end: End) -> BaseException:
    """Set the call on its way to the end; return what the plan is to be thrown.

    A second request gets a plan out of its clean-up; it may be more urgent than the
    first, but takes nothing back.
    """
    before = call.ending
    if before is None:
        call.engine.set_state(ENDING_STATES[end.kind])
    else:
        end = End(max(before, end, key=_urgency).kind, end.reason or before.reason)
    call.ending = end
    call.reason = end.reason
    call.exit_status = "success" if end.kind == "stop" else "abort"
    return THROWN[end.kind](end.reason) if end.reason else THROWN[end.kind]()


def _give_up(call: Call, what: str, why: str) -> Next:
    """Abort, for there is no checkpoint to come back to."""
    reason = f"{what} was asked for{f' ({why})' if why else ''}, but the plan has no "
    reason += "checkpoint to come back to"
    call.unanswered = False
    begin_ending(call, End("abort", reason))
    return None, FailedPause(reason)


# ---------------------------------------------------------------- pausing


async def _pause(call: Call, response: Any, pause: Pause) -> Next:
    call.engine.set_state(State.PAUSING)
    call.pause_reason = pause.reason
    call.deferred_pause = False  # the plan pauses, so that one is done
    if call.kept is not None:
        response = _leave_suspension(call, call.kept)
    if not call.resumable:
        return _give_up(call, "a pause", pause.reason)
    _note_interruption(call, "pause")
    for monitor in call.monitors.values():
        _told(call, monitor.stop)
    await _rest(call)
    call.engine.set_state(State.PAUSED)
    if any(isinstance(one, End) for one in call.interrupts.peek()):
        return await attend(call, response)
    call.response = response
    raise Paused(pause.reason)


async def _rest(call: Call) -> None:
    """Bring everything to rest while the plan waits."""
    call.ahead.discard()
    if call.resting:
        return
    call.resting = True
    call.unfinished += call.statuses.excuse_moves()
    await stop_moved(call)
    await tell_devices(call, "pause")


async def _wake(call: Call) -> None:
    """Undo `_rest`; what moved is set again by the messages that are repeated."""
    if call.resting:
        call.resting = False
        await tell_devices(call, "resume")


def _note_interruption(call: Call, text: str) -> None:
    for run in call.runs.values():
        _told(call, run.interruption, text)


def _told(call: Call, do: Callable[..., Any], *args: Any) -> None:
    """Do something that must not keep the plan from resting; tell it of a failure."""
    try:
        do(*args)
    except Exception as exc:  # noqa: BLE001 - the plan may handle it
        call.interrupts.put(Failure(exc))


async def take_up(call: Call) -> None:
    """Make a paused call ready to be driven again, from its checkpoint."""
    if (recorder := call.engine.recorder) is not None:
        recorder.taken_up()
    _note_interruption(call, "resume")
    await wake_monitors(call)
    response, call.response = call.response, None
    waiting, call.suspensions = call.suspensions, []
    if not waiting:
        await _wake(call)
        last = call.last
        messages = _rewind(call, last, call.unanswered)
        call.unanswered = False
        call.plans.append(_replay(call, messages, last, response))
    # It was paused while it was suspended, and what it waited for may still be so.
    for suspension in waiting:
        _suspend(call, response, suspension)
        response = None


async def wake_monitors(call: Call) -> None:
    """Let devices be monitored again; also while a paused plan cleans up."""
    for monitor in call.monitors.values():
        _told(call, monitor.start)


def _rewind(call: Call, last: Msg | None, unanswered: bool) -> list[Msg]:
    """Go back to the checkpoint; return the messages to be said again.

    Those since the checkpoint; where the plan must not be rewound, only a message
    in flight that was not answered.
    """
    messages = list(call.cache or ())
    if unanswered and last is not None and not (messages and messages[-1] is last):
        messages.append(last)
    if call.cache is not None:
        call.cache.clear()
        for run in call.runs.values():
            run.rewind()
    return messages


def _replay(
    call: Call, messages: list[Msg], last: Msg | None, response: Any
) -> Generator[Msg, Any, Any]:
    """Say the messages again; return what the waiting plan is to be sent.

    First those that set what was still moving, even if they came before the
    checkpoint: the device was stopped on its way.

    If the plan's last message is among them, its new response is the plan's.
    Otherwise the plan gets the one that it had.
    """
    moves, call.unfinished = call.unfinished, []
    for move in moves:
        if not any(move is msg for msg in messages):
            yield move
    for msg in messages:
        answer = yield msg
        if msg is last:
            response = answer
    return response


# ---------------------------------------------------------------- suspending


def _suspend(call: Call, response: Any, suspension: Suspension) -> Next:
    """Let the plan wait; the messages since the checkpoint are repeated after."""
    if not call.resumable:
        return _give_up(call, "a suspension", suspension.justification)
    answer = None
    if call.kept is None:
        call.kept = kept = Kept(
            len(call.plans), call.last, call.unanswered, call.rewindable, response
        )
        call.plans.append(_replay(call, kept.messages, kept.last, response))
    else:
        answer = response  # of a message that another suspension said
    call.unanswered = False
    call.suspensions.append(suspension)
    call.plans.append(_until_over(call, suspension, call.kept.rewindable, answer))
    return None, None


def _until_over(
    call: Call, suspension: Suspension, rewindable: bool, answer: Any
) -> Generator[Msg, Any, Any]:
    """Say what a suspension says; return what the plan below is to be sent."""
    try:
        yield from suspended(suspension, rewindable=rewindable)
    except GeneratorExit:
        raise  # it is paused: the suspension remains
    except BaseException:
        _end_suspension(call, suspension)
        raise
    _end_suspension(call, suspension)
    return answer


def _end_suspension(call: Call, suspension: Suspension) -> None:
    call.suspensions.remove(suspension)
    if not call.suspensions and call.kept is not None:
        call.rewindable = call.kept.rewindable
        call.kept = None
        call.record_again()


def _leave_suspension(call: Call, kept: Kept) -> Any:
    """Go back to where the plan stood before it was suspended; return its response.

    The suspensions stay noted: they are looked at when the plan is resumed.
    """
    while len(call.plans) > kept.depth:
        close_plan(call.plans.pop())
    call.kept = None
    call.last = kept.last
    call.unanswered = kept.unanswered
    call.rewindable = kept.rewindable
    if kept.entered:
        call.record_again()
        if call.cache is not None:
            call.cache.extend(kept.messages)
    return kept.response


async def enter_suspension(call: Call, justification: str) -> None:
    """Bring everything to rest; the verb ``_start_suspender``."""
    if call.engine.state is State.RUNNING:
        call.engine.set_state(State.SUSPENDING)
        call.engine.set_state(State.RUNNING)
    logger.warning("the plan is suspended: %s", justification or "on request")
    _note_interruption(call, justification or "suspended")
    await _rest(call)
    if (kept := call.kept) is not None and not kept.entered:
        kept.entered = True
        kept.messages += _rewind(call, kept.last, kept.unanswered)
        call.cache = None  # what is said meanwhile is not repeated


async def leave_suspension(call: Call) -> None:
    """Let everything go on; the verb ``_resume_from_suspender``."""
    if len(call.suspensions) <= 1:
        logger.warning("the suspension is over")
        await _wake(call)
