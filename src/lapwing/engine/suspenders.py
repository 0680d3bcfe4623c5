"""Suspending: the plan waits while something outside is not as it must be.

Owns what the engine says to itself while a plan is suspended.
Must not know which signals matter, nor why; suspenders know that.
Test: request a suspension with an event, set the event.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lapwing.errors import RunEngineControlException
from lapwing.messages import Msg, MsgGenerator

logger = logging.getLogger("lapwing.engine")

PlanOrFunction = Iterable[Msg] | Callable[[], Iterable[Msg]] | None


@dataclass(frozen=True, slots=True, eq=False)
class Suspension:
    """What the plan waits for, and what is done before and after.

    Attributes:
        until: Gives an awaitable that is done when the plan may go on; called
            again if the wait is interrupted.
        pre_plan: Done before waiting.
        post_plan: Done after waiting, before the plan goes on.
        justification: Why, in one sentence.
    """

    until: Callable[[], Awaitable[Any]]
    pre_plan: PlanOrFunction = None
    post_plan: PlanOrFunction = None
    justification: str = ""


class Suspenders:
    """The suspenders that watch over an engine."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def install(self, suspender: Any, face: Any) -> None:
        """Let one watch, during and between plans of the engine ``face``."""
        if suspender not in self.all:
            self.all.append(suspender)
            try:
                suspender.install(face)
            except BaseException:
                self.all.remove(suspender)  # so that it can be installed later
                raise

    def remove(self, suspender: Any) -> None:
        """Let one watch no more."""
        if suspender in self.all:
            self.all.remove(suspender)
            suspender.remove()

    def tripped(self) -> list[Callable[[], Awaitable[Any]]]:
        """Return what must be waited for before a plan may start."""
        futures: list[Callable[[], Awaitable[Any]]] = []
        for suspender in tuple(self.all):  # another thread may remove one
            waits, why = suspender.get_futures()
            futures.extend(waits)
            if waits:
                logger.warning("the plan waits: %s", why)
        return futures


def suspended(suspension: Suspension, *, rewindable: bool) -> MsgGenerator[None]:
    """Say what is done while the plan is suspended; the engine's own plan.

    Args:
        suspension: What to wait for.
        rewindable: Whether what the plan does may be repeated, once it goes on.
    """
    yield Msg("_start_suspender", None, suspension.justification)
    yield Msg("rewindable", None, False)
    try:
        yield from _messages(suspension.pre_plan)
        yield from waited_for([suspension.until])
    except RunEngineControlException:
        raise  # the plan ends: nothing is to go on
    except Exception:
        yield Msg("_resume_from_suspender")
        raise
    yield Msg("_resume_from_suspender")
    yield from _messages(suspension.post_plan)
    yield Msg("rewindable", None, rewindable)


def waited_for(makers: list[Callable[[], Awaitable[Any]]]) -> MsgGenerator[None]:
    """Wait until all of these are over; a failure of one is the plan's.

    Another suspension may interrupt the wait; then it begins again.
    """
    while (tasks := (yield Msg("wait_for", None, makers))) is None:
        pass
    for task in tasks:
        task.result()


def _messages(plan: PlanOrFunction) -> MsgGenerator[None]:
    if plan is None:
        return
    plan = plan() if callable(plan) else plan
    iterator = iter(plan)
    if hasattr(iterator, "send"):
        yield from iterator
        return
    for msg in iterator:  # noqa: UP028 - what is sent must not go to the iterable
        yield msg
