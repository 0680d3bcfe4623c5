"""Contexts: how plans were put together before there were preprocessors; deprecated.

Owns stacks of plans, and context managers that put one before and one after.
Must not know engines.
Test: fill a stack, look at its messages.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from lapwing.compat.bluesky.utils import (
    normalize_subs_input,
    root_ancestor,
    separate_devices,
)
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.mutators import ensure_generator
from lapwing.plans.stubs import trigger_and_read

PlanStack = MutableSequence[Any]

__all__ = [
    "baseline_context",
    "event_context",
    "monitor_context",
    "planify",
    "run_context",
    "stage_context",
    "subs_context",
]


def planify(func: Callable[..., Iterable[Any]]) -> Callable[..., MsgGenerator[Any]]:
    """Make of a function that returns several plans one that runs them in turn.

    It returns what the last of them returned.
    """

    @wraps(func)
    def planified(*args: Any, **kwargs: Any) -> MsgGenerator[Any]:
        answer = None
        for plan in func(*args, **kwargs):
            answer = yield from ensure_generator(plan)
        return answer

    return planified


@contextmanager
def subs_context(plan_stack: PlanStack, subs: Any) -> Iterator[None]:
    """Subscribe callbacks to the documents of the plans that are added within.

    Args:
        plan_stack: What plans are added to.
        subs: A function, several, or either by the name of documents.
    """
    _warn("subs_context", "subs_wrapper")
    tokens: list[Any] = []

    def subscribe() -> MsgGenerator[None]:
        for name, funcs in normalize_subs_input(subs).items():
            for func in funcs:
                tokens.append((yield Msg("subscribe", None, func, name)))

    def unsubscribe() -> MsgGenerator[None]:
        for token in tokens:
            yield Msg("unsubscribe", None, token=token)

    plan_stack.append(subscribe())
    try:
        yield
    finally:
        plan_stack.append(unsubscribe())


@contextmanager
def run_context(
    plan_stack: PlanStack, *, md: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Open a run round the plans that are added within.

    Args:
        plan_stack: What plans are added to.
        md: Metadata.
    """
    _warn("run_context", "run_wrapper")
    plan_stack.append([Msg("open_run", None, **dict(md or {}))])
    try:
        yield
    finally:
        plan_stack.append([Msg("close_run")])


@contextmanager
def event_context(plan_stack: PlanStack, name: str = "primary") -> Iterator[None]:
    """Make one event of what is read within.

    Args:
        plan_stack: What plans are added to.
        name: Name of the stream.
    """
    _warn("event_context", "create and save")
    plan_stack.append([Msg("create", None, name=name)])
    try:
        yield
    finally:
        plan_stack.append([Msg("save")])


@contextmanager
def stage_context(plan_stack: PlanStack, devices: Iterable[Any]) -> Iterator[None]:
    """Stage devices round the plans that are added within.

    Args:
        plan_stack: What plans are added to.
        devices: The devices.
    """
    _warn("stage_context", "stage_wrapper")
    roots = separate_devices([root_ancestor(device) for device in devices])
    plan_stack.append([Msg("stage", device) for device in roots])
    try:
        yield
    finally:
        plan_stack.append([Msg("unstage", device) for device in reversed(roots)])


@contextmanager
def baseline_context(
    plan_stack: PlanStack, devices: Iterable[Any], name: str = "baseline"
) -> Iterator[None]:
    """Read devices before and after the plans that are added within.

    Args:
        plan_stack: What plans are added to.
        devices: The devices.
        name: Name of the stream.
    """
    _warn("baseline_context", "baseline_wrapper")
    listed = list(devices)
    plan_stack.append(trigger_and_read(listed, name=name))
    try:
        yield
    finally:
        plan_stack.append(trigger_and_read(listed, name=name))


@contextmanager
def monitor_context(plan_stack: PlanStack, signals: Any) -> Iterator[None]:
    """Record all changes of signals during the plans that are added within.

    Args:
        plan_stack: What plans are added to.
        signals: The signals, or a dict from signals to names of streams.
    """
    _warn("monitor_context", "monitor_during_wrapper")
    named = signals if isinstance(signals, Mapping) else dict.fromkeys(signals)
    plan_stack.append([Msg("monitor", s, name=name) for s, name in named.items()])
    try:
        yield
    finally:
        plan_stack.append([Msg("unmonitor", signal) for signal in named])


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated; use {new}", stacklevel=4)
