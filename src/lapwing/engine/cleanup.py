"""Clean-up: leaving the beamline in order when a plan pauses or ends.

Owns stopping what moves, unstaging what is staged, closing what is open.
Must not let one failure keep it from the rest.
Test: end a plan with devices that fail or hang in stop and unstage.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Literal, NoReturn, cast

from lapwing.documents import ExitStatus
from lapwing.engine import device_loop
from lapwing.engine.call import Call
from lapwing.errors import NoReplayAllowed, PlanHalt
from lapwing.messages import Msg
from lapwing.protocols import resolve

logger = logging.getLogger("lapwing.engine")


async def stop_moved(call: Call) -> None:
    """Tell every device that the call has set to stop; all at once."""
    devices = [obj for obj in call.moved.values() if hasattr(obj, "stop")]
    await asyncio.gather(
        *(_within_limit(call, obj, "stop", lambda o=obj: _stop(o)) for obj in devices)
    )


async def _stop(obj: Any) -> None:
    await resolve(obj.stop(success=True))


async def tell_devices(call: Call, verb: Literal["pause", "resume"]) -> None:
    """Tell every device seen so far that the plan pauses, or goes on."""
    for obj in list(call.seen.values()):
        method = getattr(obj, verb, None)
        if method is None or not (hasattr(obj, "pause") and hasattr(obj, "resume")):
            continue
        await _within_limit(call, obj, verb, lambda m=method: _tell(call, m))


async def _tell(call: Call, method: Callable[[], Any]) -> None:
    try:
        await resolve(method())
    except NoReplayAllowed:
        # It cannot repeat what it did: the plan goes on from right here.
        call.mark_checkpoint()


async def clean_up(call: Call) -> None:
    """Do at the end of a call all that the plan has left undone."""
    call.over = True
    try:
        await _leave_in_order(call)
    finally:
        # Also if the loop is being shut down, and cancels all that it still does.
        _close_runs(call)
        for plan in reversed(call.plans):
            close_plan(plan)
        call.plans.clear()


async def _leave_in_order(call: Call) -> None:
    readings = call.ahead.discard()
    if readings:
        await asyncio.wait(readings, timeout=call.engine.cleanup_timeout)
    await stop_moved(call)
    _stop_monitors(call)
    await _collect_leftovers(call)
    for obj in reversed(list(call.staged.values())):
        await _within_limit(call, obj, "unstage", lambda o=obj: _unstage(o))
    call.staged.clear()


def _stop_monitors(call: Call) -> None:
    for monitor in call.monitors.values():
        try:
            monitor.stop()
        except Exception:
            logger.exception("%s failed to end its monitor", monitor.obj.name)
    call.monitors.clear()


async def _collect_leftovers(call: Call) -> None:
    """Take over what was kicked off and not collected; better late than lost."""
    # A motor that flies has nothing to give.
    flights = call.flights.values()
    left = [one for one in flights if hasattr(one.obj, "describe_collect")]
    while left:
        obj, key = left[0].obj, left[0].run
        objs, name = _collected_with(call, obj, key)
        left = [one for one in left if not any(one.obj is other for other in objs)]
        msg = Msg("collect", *objs, run=key, **({} if name is None else {"name": name}))
        await _within_limit(call, obj, "collect", lambda m=msg: _collect(call, m))
    call.flights.clear()


def _collected_with(
    call: Call, obj: Any, key: Hashable
) -> tuple[list[Any], str | None]:
    """Return the devices of the stream into which a device collects, and its name."""
    run = call.runs.get(key)
    for state in run.declared_for(obj) if run is not None else ():
        if len(state.objs) > 1:
            return state.objs, state.name
    return [obj], None


async def _collect(call: Call, msg: Msg) -> None:
    await resolve(call.engine.verbs["collect"](call, msg))


async def _unstage(obj: Any) -> None:
    result = obj.unstage()
    if hasattr(result, "add_callback"):
        await _finished(result)


async def _finished(status: Any) -> None:
    """Wait for any status, of whichever library."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    def tell(*_: Any) -> None:
        device_loop.tell_loop(loop, wake)  # it may end when nobody waits any more

    status.add_callback(tell)
    await future
    if (error := status.exception()) is not None:
        raise error


async def _within_limit(
    call: Call, obj: Any, verb: str, work: Callable[[], Awaitable[None]]
) -> None:
    """Do one piece of clean-up; whatever comes of it, the next one follows."""
    limit = call.engine.cleanup_timeout
    name = getattr(obj, "name", None) or repr(obj)
    watch = asyncio.timeout(limit)
    try:
        async with watch:
            await work()
    except Exception as exc:  # noqa: BLE001 - the rest must be cleaned up too
        if watch.expired():
            logger.error(  # noqa: TRY400 - the time-out's own traceback tells nothing
                "%s has not finished its %s within %s s", name, verb, limit
            )
        else:
            logger.error("%s failed to %s: %s", name, verb, exc)  # noqa: TRY400


def _close_runs(call: Call) -> None:
    status = cast("ExitStatus", call.exit_status)
    for key in list(call.runs):
        run = call.runs.pop(key)
        try:
            run.close(status, call.reason)
        except Exception:
            logger.exception("a subscriber failed at the end of run %s", run.uid)


def close_plan(plan: Any) -> None:
    """End a plan where it stands, whatever it says to that."""
    try:
        plan.close()
    except Exception:
        # Typically "generator ignored GeneratorExit": it yields in its clean-up.
        logger.exception("the plan failed while it was being closed")


def halt_plan(plan: Any, halt: BaseException) -> NoReturn:
    """Throw a halt into a plan, which gets no further, and raise the halt again."""
    try:
        plan.throw(halt)
    except (StopIteration, PlanHalt):
        pass
    except Exception:
        # Python closes the inner ones of nested generators; if such a one yields in
        # its clean-up, the outer one is told "generator ignored GeneratorExit".
        logger.exception("the plan failed while it was being halted")
    else:
        close_plan(plan)  # it said one thing more
    raise halt
