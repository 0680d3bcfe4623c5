"""Rewriting: plans with something added to, changed in or left out of each message.

Owns wrappers for metadata, run keys, staging, suspenders and counting times.
Must not know engines; they see only messages and responses.
Test: wrap a list of messages, compare.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.engine.asides import recorded
from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.device_stubs import unstage_all
from lapwing.plans.devices import ancestry
from lapwing.plans.endings import finalize_wrapper
from lapwing.plans.mutators import (
    Messages,
    ensure_generator,
    make_decorator,
    msg_mutator,
    plan_mutator,
    takes_plan,
)
from lapwing.plans.stubs import mv, new_group

__all__ = [
    "configure_count_time_decorator",
    "configure_count_time_wrapper",
    "inject_md_decorator",
    "inject_md_wrapper",
    "lazily_stage_decorator",
    "lazily_stage_wrapper",
    "pchain",
    "set_run_key_decorator",
    "set_run_key_wrapper",
    "stub_decorator",
    "stub_wrapper",
    "suspend_decorator",
    "suspend_wrapper",
]


def pchain(*args: Messages) -> MsgGenerator[tuple[Any, ...]]:
    """Run plans one after the other; returns what they returned.

    Args:
        *args: The plans.
    """
    results = []
    for plan in args:
        results.append((yield from ensure_generator(plan)))
    return tuple(results)


@takes_plan
def inject_md_wrapper(plan: Messages, md: Mapping[str, Any]) -> MsgGenerator[Any]:
    """Add metadata to each run of a plan, on top of what the plan says itself.

    Args:
        plan: The plan.
        md: The metadata.
    """

    def inject(msg: Msg) -> Msg:
        if msg.command != "open_run":
            return msg
        return msg._replace(kwargs={**msg.kwargs, **md})

    return (yield from msg_mutator(plan, inject))


@takes_plan
def stub_wrapper(plan: Messages) -> MsgGenerator[dict[str, Any]]:
    """Make of a plan a part of another's run: leave out its runs and its staging.

    Returns:
        The metadata of the runs that were left out.
    """
    metadata: dict[str, Any] = {}

    def leave_out(msg: Msg) -> Msg | None:
        if msg.command == "open_run":
            metadata.update(msg.kwargs)
        if msg.command in ("open_run", "close_run", "stage", "unstage"):
            return None
        return msg

    yield from msg_mutator(plan, leave_out)
    return metadata


@takes_plan
def set_run_key_wrapper(plan: Messages, run: Any) -> MsgGenerator[Any]:
    """Say by a key which run the messages of a plan concern.

    Args:
        plan: The plan; messages that have a key keep it.
        run: The key; anything but None.

    Raises:
        PlanArgumentError: ``run`` is None.
    """
    if run is None:
        raise PlanArgumentError("run ID can not be None: that is the run without a key")

    def keyed(msg: Msg) -> Msg:
        return msg._replace(run=run) if msg.run is None else msg

    return (yield from msg_mutator(plan, keyed))


@takes_plan
def suspend_wrapper(plan: Messages, suspenders: Any) -> MsgGenerator[Any]:
    """Let suspenders watch during a plan.

    Args:
        plan: The plan.
        suspenders: A suspender, or several.
    """
    watching = suspenders if isinstance(suspenders, Sequence) else [suspenders]

    def inner() -> MsgGenerator[Any]:
        for suspender in watching:
            yield Msg("install_suspender", None, suspender)
        return (yield from plan)

    ending = [Msg("remove_suspender", None, suspender) for suspender in watching]
    return (yield from finalize_wrapper(inner(), ending))


_NEEDS_STAGING = ("read", "set", "trigger", "kickoff")


@takes_plan
def lazily_stage_wrapper(plan: Messages) -> MsgGenerator[Any]:
    """Stage each device before it is first used, and unstage all at the end."""
    staged: list[Any] = []
    known: set[int] = set()

    def stage_first(msg: Msg) -> tuple[Messages | None, Messages | None]:
        if msg.command not in _NEEDS_STAGING or id(msg.obj) in known:
            return None, None
        root = ancestry(msg.obj)[-1]
        if id(root) in known:
            return None, None

        def head() -> MsgGenerator[Any]:
            group = new_group("stage")
            answer = yield Msg("stage", root, group=group)
            staged.append(root)
            # The old style tells all that were staged with it.
            parts = answer if isinstance(answer, list | tuple) else []
            known.update(map(id, [root, msg.obj, *parts]))
            if hasattr(answer, "add_callback"):
                yield Msg("wait", None, group=group)
            return (yield msg)

        return head(), None

    def end() -> Messages:
        return unstage_all(*staged[::-1])

    return (yield from finalize_wrapper(plan_mutator(plan, stage_first), end))


@takes_plan
def configure_count_time_wrapper(
    plan: Messages, time: float | None
) -> MsgGenerator[Any]:
    """Set the counting time of all that have one, and put it back at the end.

    Args:
        plan: The plan.
        time: Seconds; None leaves them as they are. Devices that have a signal
            ``count_time`` are concerned, before they are first used.
    """
    if time is None:
        return (yield from plan)
    before: dict[int, tuple[Any, Any]] = {}

    def set_first(msg: Msg) -> tuple[Messages | None, Messages | None]:
        signal = getattr(msg.obj, "count_time", None)
        if signal is None or id(signal) in before:
            return None, None

        def head() -> MsgGenerator[Any]:
            before[id(signal)] = signal, recorded(signal.get)
            yield from mv(signal, time)
            return (yield msg)

        return head(), None

    def back() -> Messages:
        for signal, was in before.values():
            yield from mv(signal, was)

    return (yield from finalize_wrapper(plan_mutator(plan, set_first), back))


inject_md_decorator = make_decorator(inject_md_wrapper)
stub_decorator = make_decorator(stub_wrapper)
set_run_key_decorator = make_decorator(set_run_key_wrapper)
suspend_decorator = make_decorator(suspend_wrapper)
lazily_stage_decorator = make_decorator(lazily_stage_wrapper)
configure_count_time_decorator = make_decorator(configure_count_time_wrapper)
