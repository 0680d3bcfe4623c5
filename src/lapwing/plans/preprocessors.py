"""Preprocessors: plans that change what another plan says.

Owns the wrappers for runs, staging, subscriptions and rewinding, and the list of
all wrappers, each of which has a decorator. Must not know engines; they see only
messages and responses. Test: wrap a list of messages, compare.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.documents import new_uid
from lapwing.engine.asides import recorded
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.devices import root_ancestors
from lapwing.plans.endings import (
    contingency_decorator,
    contingency_wrapper,
    finalize_decorator,
    finalize_wrapper,
)
from lapwing.plans.mutators import (
    Messages,
    ensure_generator,
    make_decorator,
    msg_mutator,
    plan_mutator,
    takes_plan,
)
from lapwing.plans.relative import (
    relative_set_decorator,
    relative_set_wrapper,
    reset_positions_decorator,
    reset_positions_wrapper,
)

__all__ = [
    "contingency_decorator",
    "contingency_wrapper",
    "ensure_generator",
    "finalize_decorator",
    "finalize_wrapper",
    "make_decorator",
    "msg_mutator",
    "plan_mutator",
    "relative_set_decorator",
    "relative_set_wrapper",
    "reset_positions_decorator",
    "reset_positions_wrapper",
    "rewindable_decorator",
    "rewindable_wrapper",
    "run_decorator",
    "run_wrapper",
    "stage_decorator",
    "stage_wrapper",
    "subs_decorator",
    "subs_wrapper",
]

# These two stand round every point of every scan, so they are written out instead
# of made from `finalize_wrapper` and `contingency_wrapper`: each level of
# generators between a plan and the engine costs at each message.


@takes_plan
def run_wrapper(
    plan: Messages, *, md: Mapping[str, Any] | None = None
) -> MsgGenerator[str]:
    """Open a run before a plan and close it after, with the status of its end.

    Returns:
        The uid of the run.
    """
    uid = yield Msg("open_run", **dict(md or {}))
    try:
        yield from plan
    except Exception as exc:
        # Whichever engine it is: an order to end says by what status.
        exit_status = getattr(exc, "exit_status", "fail")
        yield Msg("close_run", exit_status=exit_status, reason=str(exc))
        raise
    yield Msg("close_run", exit_status=None, reason=None)
    return uid


@takes_plan
def stage_wrapper(plan: Messages, devices: Sequence[Any]) -> MsgGenerator[Any]:
    """Stage devices before a plan, and unstage them after it in reverse order.

    Devices that are part of others are staged by staging their root.
    """
    roots = root_ancestors(devices)
    try:
        yield from _stage_all("stage", roots)
        result = yield from plan
    except GeneratorExit:
        raise  # a halt: nothing more is to be said
    except BaseException:
        yield from _stage_all("unstage", roots[::-1])
        raise
    yield from _stage_all("unstage", roots[::-1])
    return result


def _stage_all(verb: str, devices: Sequence[Any]) -> MsgGenerator[None]:
    group = recorded(new_uid)
    pending = False
    for device in devices:
        answer = yield Msg(verb, device, group=group)
        pending = pending or hasattr(answer, "add_callback")
    if pending:
        yield Msg("wait", None, group=group)


run_decorator = make_decorator(run_wrapper)
stage_decorator = make_decorator(stage_wrapper)


@takes_plan
def subs_wrapper(plan: Messages, subs: Any) -> MsgGenerator[Any]:
    """Subscribe functions to the documents of a plan.

    Args:
        plan: The plan.
        subs: A function, a list of them, or such by document name.
    """
    wanted = subs if isinstance(subs, Mapping) else {"all": subs}
    tokens: list[Any] = []

    def inner() -> MsgGenerator[Any]:
        for name, funcs in wanted.items():
            for func in [funcs] if callable(funcs) else funcs:
                tokens.append((yield Msg("subscribe", None, func, name)))
        return (yield from plan)

    def end() -> Messages:
        for token in tokens:
            yield Msg("unsubscribe", None, token=token)

    return (yield from finalize_wrapper(inner(), end))


subs_decorator = make_decorator(subs_wrapper)


@takes_plan
def rewindable_wrapper(plan: Messages, rewindable: bool) -> MsgGenerator[Any]:
    """Say that a plan must not be repeated; put back afterwards what was in force.

    Args:
        plan: The plan.
        rewindable: True leaves the plan as it is.
    """
    if rewindable:
        return (yield from plan)
    before = yield Msg("rewindable", None, None)

    def toggle(wanted: Any) -> Messages:
        if before is not False:
            yield Msg("rewindable", None, wanted)

    yield from toggle(False)
    return (yield from finalize_wrapper(plan, lambda: toggle(before)))


rewindable_decorator = make_decorator(rewindable_wrapper)
