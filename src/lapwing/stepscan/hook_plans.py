"""Hook plans: doing hooks as part of a plan, and never two of them at once.

Owns their order, and how long a function that was cut off is waited for.
Must not know devices, nor when a scan does hooks.
Test: tests/unit/stepscan/test_hooks.py, with an engine that is aborted.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from lapwing.engine.asides import recorded
from lapwing.messages import Msg, MsgGenerator
from lapwing.stepscan.hook_kinds import Hook, Kind, arguments_of, kind_of

if TYPE_CHECKING:
    from lapwing.stepscan.hooks import Hooks

logger = logging.getLogger("lapwing.stepscan")

LONGEST_WAIT = 30.0
"""Seconds that hooks wait for a function that an abort has cut off in its midst."""


def run_hooks(
    owners: Iterable["Hooks"],
    name: str,
    errors: list[Exception] | None = None,
    **known: Any,
) -> MsgGenerator[None]:
    """Do the hooks of several owners, in order.

    A thread cannot be cut off: if a hook's function still runs, since an abort came
    in its midst, its end is waited for before; after `LONGEST_WAIT` a warning names
    it, and the hooks are done beside it.

    Args:
        owners: Positioners, detectors, the scan.
        name: Which hook.
        errors: If given, a hook that fails adds its error and the rest follow.
        **known: What they may take.
    """
    owners = list(owners)
    yield from noting(errors, lambda: _until_functions_end(owners))
    for owner in owners:
        if (hook := owner.hook(name)) is not None:
            yield from noting(errors, partial(_run_hook, owner, name, hook, known))


def noting(
    errors: list[Exception] | None, what: Callable[[], MsgGenerator[None]]
) -> MsgGenerator[None]:
    """Do something; note its error, so that the rest can be done too.

    Args:
        errors: Takes the error; None: it is raised.
        what: A plan.
    """
    try:
        yield from what()
    except Exception as exc:
        if errors is None:
            raise
        errors.append(exc)


def _run_hook(
    owner: "Hooks", name: str, hook: Hook, known: dict[str, Any]
) -> MsgGenerator[None]:
    work = partial(hook, **arguments_of(hook, **known))
    kind = kind_of(hook)
    owner.known = known
    try:
        if kind == "plan":
            yield from work()
        else:
            yield from awaited_in_a_plan(owner, name, work, kind)
    finally:
        owner.known = {}


def awaited_in_a_plan(
    owner: "Hooks", name: str, work: Callable[[], Any], kind: Kind
) -> MsgGenerator[Any]:
    """Do a function, in a thread, or a coroutine function, and wait for its end.

    Args:
        owner: Whose hook it is.
        name: Which hook.
        work: Calls it.
        kind: What it is.

    Returns:
        What it returned.
    """
    outcome: list[Any] = []
    errors: list[Exception] = []
    begin = owner.awaiting(name, work, kind)
    begun: list[bool] = []

    async def do() -> None:
        try:
            if begun and kind == "coroutine function":
                # It was cancelled by a pause, but not a function that it waited for.
                await owner.functions.ended()
            begun.append(True)
            outcome.append(await begin())
        except Exception as exc:  # noqa: BLE001 - a hook may raise anything
            errors.append(exc)

    yield Msg("wait_for", None, [do])
    recorded(lambda: _raise_first(errors))
    return outcome[-1] if outcome else None


def _raise_first(errors: list[Exception]) -> None:
    if errors:
        raise errors[0]


def _until_functions_end(owners: list["Hooks"]) -> MsgGenerator[None]:
    def running() -> list[str]:
        return [title for one in owners for title in one.functions.titles]

    async def ended() -> None:
        ends = [asyncio.ensure_future(one.functions.ended()) for one in owners]
        _, pending = await asyncio.wait(ends, timeout=LONGEST_WAIT)
        for one in pending:
            one.cancel()

    titles = recorded(running)
    if not titles:
        return
    logger.info("waiting for the end of %s", ", ".join(titles))
    try:
        yield Msg("wait_for", None, [ended])
    finally:
        for title in recorded(running):
            logger.warning("%s still runs, and what follows is done beside it", title)
