"""The loop: sends to the plan, takes its message, does it.

Owns the hot path, and nothing beside it.
Must not know verbs, devices or documents: it looks verbs up in a table.
Test: through the engine; its cost is measured by ``bench/engine.py``.
"""

import asyncio
from time import monotonic
from types import CoroutineType
from typing import Any

from lapwing.engine.call import UNCACHEABLE, Call, Interrupted
from lapwing.engine.checkpoint import attend, let_go, pause_or_tell
from lapwing.engine.cleanup import halt_plan
from lapwing.errors import InvalidCommand, NotAPlanError, PlanHalt

BUDGET = 0.002
"""Seconds for which a fast plan may keep the event loop to itself."""


async def drive(call: Call) -> Any:  # noqa: C901, PLR0915 - see below
    """Drive the call's plan until it returns, raises or is paused.

    Returns:
        What the plan returned.

    Raises:
        Paused: The plan waits to be resumed; everything needed is in ``call``.
        BaseException: Whatever the plan did not catch.
    """
    # One function, and longer than others: each call and each attribute costs
    # here, ten times a point.
    engine = call.engine
    verbs = engine.verbs
    plans = call.plans
    seen = call.seen
    interrupts = call.interrupts
    recorder = engine.recorder
    deadline = monotonic() + BUDGET
    response, error = call.response, call.error
    call.response = call.error = None
    is_users = True  # whether the plan on top is; looked at only if it is recorded

    while True:
        if interrupts.pending and error is None:
            response, error = await attend(call, response)
        if recorder is not None:
            # Not when a verb has answered: what a plan is told, it is told here. And
            # only the user's own; those above it on the stack are the engine's.
            is_users = len(plans) == 1
            if is_users and error is not None:
                recorder.thrown(error)
            elif is_users and response is not None:
                recorder.sent(response)
        try:
            if error is None:
                msg = plans[-1].send(response)
            else:
                thrown, error = error, None
                if isinstance(thrown, PlanHalt):
                    halt_plan(plans[-1], thrown)
                msg = plans[-1].throw(thrown)
        except StopIteration as stop:
            plans.pop()
            if not plans:
                return stop.value
            response = stop.value
            continue
        except BaseException as exc:
            plans.pop()
            if not plans:
                raise
            error = exc
            continue

        response = None
        try:
            command, obj = msg.command, msg.obj
        except AttributeError:
            error = not_a_message(msg)
            continue
        try:
            now = call.held is None or let_go(call, msg)
            if recorder is not None:
                recorder.message(msg, is_users)
            if not now:
                continue
            if (hook := engine.msg_hook) is not None:
                hook(msg)
            if obj is not None and id(obj) not in seen:
                seen[id(obj)] = obj
            call.last = msg
            cache = call.cache
            if cache is not None and command not in UNCACHEABLE:
                cache.append(msg)
            verb = verbs.get(command)
            if verb is None:
                raise unknown_command(command, verbs)
            response = verb(call, msg)
            if response.__class__ is CoroutineType:
                response = await call.perform(response, msg)
            if monotonic() > deadline:
                # Others on this loop wait no longer than the budget. Also after an
                # await, for what is awaited may have been there already.
                if recorder is not None:
                    recorder.flush()
                await asyncio.sleep(0)
                deadline = monotonic() + BUDGET
        except Interrupted:
            response = None
        except Exception as exc:  # noqa: BLE001 - the plan may handle it
            response, error = None, pause_or_tell(call, exc)


def not_a_message(found: Any) -> NotAPlanError:
    """Return the error for a plan that yielded something else than a message."""
    return NotAPlanError(
        f"the plan yielded {found!r}, which is no message",
        hint="write 'yield from' before a plan that you call, or yield a Msg",
    )


def unknown_command(command: Any, verbs: dict[str, Any]) -> InvalidCommand:
    """Return the error for a verb that is not registered."""
    return InvalidCommand(
        f"{command!r} is no command of this engine; it knows {', '.join(sorted(verbs))}"
    )
