"""Verbs about the flow of the plan: wait, sleep, checkpoint, pause and others.

Owns what each of these messages does; each is one small function.
Must not know any device.
Test: through the engine, with lists of messages and a clock that is turned.
"""

import asyncio
import math
import threading
from collections.abc import Hashable, Iterable
from typing import Any

from lapwing.engine import device_loop
from lapwing.engine.call import Call
from lapwing.engine.checkpoint import enter_suspension, leave_suspension
from lapwing.engine.interrupts import Pause
from lapwing.engine.statuses import Tracked, Waiter
from lapwing.errors import (
    IllegalMessageSequence,
    PlanArgumentError,
    WaitForTimeoutError,
)
from lapwing.messages import Msg


def null(call: Call, msg: Msg) -> None:
    """Do nothing."""


def wait(call: Call, msg: Msg) -> Any:
    """Wait until all of a group are done; the response says whether they are.

    args or kwargs: group; kwargs: timeout in seconds (None: for ever);
    error_on_timeout, True by default; watch, further groups whose failure ends the
    wait.
    """
    kwargs = msg.kwargs
    group = kwargs["group"] if "group" in kwargs else (msg.args or (None,))[0]
    if not call.statuses.groups.get(group):
        if call.statuses.over is not None:
            _tell_over(call, call.statuses.over.pop(group, None))
        return True
    return _wait(
        call,
        group,
        kwargs.get("timeout"),
        kwargs.get("error_on_timeout", True),
        tuple(kwargs.get("watch", ())),
    )


def _tell_over(call: Call, statuses: set[Any] | None) -> None:
    hook = call.engine.waiting_hook
    if hook is not None and statuses:
        hook(statuses)
        hook(None)


async def _wait(
    call: Call,
    group: Hashable,
    seconds: float | None,
    error_on_timeout: bool,
    watch: tuple[Hashable, ...],
) -> bool:
    future = asyncio.get_running_loop().create_future()
    statuses = call.statuses
    statuses.waiter = Waiter(future, group, watch)
    hook = call.engine.waiting_hook
    try:
        if hook is not None:
            waited = {tracked.status for tracked in statuses.groups[group]}
            hook(waited | (statuses.over or {}).pop(group, set()))
        async with asyncio.timeout(seconds):
            await future
    except TimeoutError:
        over = statuses.look_again(group)  # one may be done without having said so
        if not error_on_timeout:
            return False  # which the next wait will see
        if not over:
            raise _timeout_error(call, group, seconds) from None
    finally:
        statuses.waiter = None
        if hook is not None:
            hook(None)
    return True


def _timeout_error(
    call: Call, group: Hashable, timeout: float | None
) -> WaitForTimeoutError:
    pending: set[Tracked] = call.statuses.groups.get(group, set())
    names = sorted(
        f"{getattr(one.msg.obj, 'name', one.msg.obj)} ({one.msg.command})"
        for one in pending
    )
    return WaitForTimeoutError(
        f"{call.plan_name or 'the plan'}: waited {timeout} s for group {group!r}, "
        f"but these are not done: {', '.join(names)}"
    )


async def sleep(call: Call, msg: Msg) -> None:
    """Let some time pass.

    args: seconds; with less than 0 none pass.
    """
    await call.engine.sleep(_seconds(*msg.args))


def _seconds(given: Any = None, *_: Any) -> float:
    try:
        seconds = math.nan if isinstance(given, str | bytes) else float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if math.isnan(seconds):
        raise PlanArgumentError(
            f"'sleep' takes a number of seconds, but was given {given!r}"
        )
    return seconds


def checkpoint(call: Call, msg: Msg) -> None:
    """Say that the plan can be rewound to here; pause if that was asked for."""
    for run in call.runs.values():
        if run.bundling:
            raise IllegalMessageSequence(
                "'checkpoint' came between 'create' and 'save'; an event cannot be "
                "taken up in its middle, so put the checkpoint before or after it"
            )
    call.mark_checkpoint()
    if call.deferred_pause:
        call.deferred_pause = False
        call.interrupts.put(Pause(call.pause_reason))


def clear_checkpoint(call: Call, msg: Msg) -> None:
    """Say that from here on the plan cannot be rewound."""
    call.resumable = False
    call.record_again()


def rewindable(call: Call, msg: Msg) -> bool:
    """Say whether what follows may be repeated; the response is what is in force.

    args: True, False, or None to ask only.
    """
    wanted = msg.args[0] if msg.args else None
    if wanted is not None:
        call.set_rewindable(bool(wanted))
    return call.rewindable


def pause(call: Call, msg: Msg) -> None:
    """Pause here.

    kwargs: defer=True pauses at the next checkpoint.
    """
    if msg.kwargs.get("defer", False) or (msg.args and msg.args[0]):
        call.deferred_pause = True
    else:
        call.interrupts.put(Pause("the plan asked for it"))


def subscribe(call: Call, msg: Msg) -> int:
    """Subscribe to documents until the call ends; the response is a token.

    args: the function, and "all" or the name of the documents.
    """
    call.mark_checkpoint()
    token = call.engine.dispatcher.subscribe(*msg.args, **msg.kwargs)
    call.tokens.add(token)
    return token


def unsubscribe(call: Call, msg: Msg) -> None:
    """Give a subscription up.

    args or kwargs: token.
    """
    call.mark_checkpoint()
    token = msg.kwargs["token"] if "token" in msg.kwargs else msg.args[0]
    call.engine.dispatcher.unsubscribe(token)
    call.tokens.discard(token)


def wait_for(call: Call, msg: Msg) -> Any:
    """Wait for any awaitables; the response is the list of their tasks.

    args: a list of functions that make them; kwargs: those of ``asyncio.wait``.
    """
    return _wait_for(list(msg.args[0]), msg.kwargs)


async def _wait_for(makers: list[Any], options: dict[str, Any]) -> list[Any]:
    tasks = [asyncio.ensure_future(make()) for make in makers]
    if not tasks:
        return []
    try:
        _, pending = await asyncio.wait(tasks, **options)
    except asyncio.CancelledError:
        _cancel(tasks)
        raise
    if pending:
        _cancel(tasks)
        raise WaitForTimeoutError(
            f"Plan failed to complete in the specified time: after "
            f"{options.get('timeout')} s {len(pending)} of {len(tasks)} awaitables are "
            f"not done"
        )
    return tasks


def _cancel(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancel what is not done; nobody will look at the failure of what is."""
    for task in tasks:
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()


async def input_(call: Call, msg: Msg) -> str:
    """Ask the person at the terminal; the response is the line.

    args or kwargs: prompt.
    """
    prompt = msg.kwargs.get("prompt", msg.args[0] if msg.args else "")
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def settle(answer: str | BaseException) -> None:
        if line.done():
            return  # the plan waits no more
        if isinstance(answer, BaseException):
            line.set_exception(answer)
        else:
            line.set_result(answer)

    def ask() -> None:
        answer: str | BaseException
        try:
            answer = input(prompt)
        except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - the plan's
            answer = exc
        device_loop.tell_loop(loop, settle, answer)

    # Not in the loop's pool of threads: nobody can take a thread back from a
    # terminal, and a process waits for those of the pool before it ends.
    threading.Thread(target=ask, name="lapwing-input", daemon=True).start()
    return await line


def re_class(call: Call, msg: Msg) -> type:
    """Tell the plan which class of engine it is run by; the response is that class."""
    return type(call.engine.face)


def install_suspender(call: Call, msg: Msg) -> None:
    """Let a suspender watch from now on.

    args: the suspender.
    """
    call.engine.install_suspender(msg.args[0])


def remove_suspender(call: Call, msg: Msg) -> None:
    """Let a suspender watch no more.

    args: the suspender.
    """
    call.engine.remove_suspender(msg.args[0])


async def start_suspender(call: Call, msg: Msg) -> None:
    """Bring everything to rest; said by the engine itself."""
    await enter_suspension(call, msg.args[0])


async def resume_from_suspender(call: Call, msg: Msg) -> None:
    """Let everything go on; said by the engine itself."""
    await leave_suspension(call)


COMMANDS = {
    "null": null,
    "wait": wait,
    "sleep": sleep,
    "checkpoint": checkpoint,
    "clear_checkpoint": clear_checkpoint,
    "rewindable": rewindable,
    "pause": pause,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "wait_for": wait_for,
    "input": input_,
    "RE_class": re_class,
    "install_suspender": install_suspender,
    "remove_suspender": remove_suspender,
    "_start_suspender": start_suspender,
    "_resume_from_suspender": resume_from_suspender,
}
