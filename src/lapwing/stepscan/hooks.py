"""Hooks: what positioners, detectors and scans add before, after and at breakpoints.

Owns what may be a hook, and how a plan does one.
Must not know devices.
Test: run a function, a coroutine function and a plan stub as hooks of a plan.
"""

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any

from lapwing.engine.asides import recorded
from lapwing.errors import PlanArgumentError
from lapwing.messages import Msg, MsgGenerator
from lapwing.plans.plan import Plan

Hook = Callable[..., Any]
"""A function, a coroutine function or a plan. It may take ``scan`` and ``point``."""


class Hooks:
    """What has hooks: given as arguments, or by a subclass that overrides them.

    A function runs in a thread of its own, so it may block; a coroutine function runs
    on the device loop; the messages of a plan are the scan's own. A hook that has a
    parameter ``scan`` or ``point`` is given the scan, or the number of points taken.

    Args:
        pre_scan: Done before a scan.
        post_scan: Done after it.
        at_break: Done at each breakpoint.

    Raises:
        PlanArgumentError: One cannot be called.
    """

    def __init__(
        self, pre_scan: Hook | None, post_scan: Hook | None, at_break: Hook | None
    ):
        given = {"pre_scan": pre_scan, "post_scan": post_scan, "at_break": at_break}
        for name, hook in given.items():
            if hook is not None and not callable(hook):
                raise PlanArgumentError(
                    f"{name}={hook!r} cannot be called; a function, a coroutine "
                    "function or a plan is needed"
                )
        self._given: dict[str, Hook | None] = given

    def hook(self, name: str) -> Hook | None:
        """Return a hook by its name, or None if there is none.

        Args:
            name: ``"pre_scan"``, ``"post_scan"`` or ``"at_break"``.
        """
        overridden = getattr(type(self), name) is not getattr(Hooks, name)
        return getattr(self, name) if overridden else self._given[name]

    def pre_scan(self) -> Any:
        """Do what was given to be done before a scan; a subclass may override it."""
        return self._call("pre_scan")

    def post_scan(self) -> Any:
        """Do what was given to be done after a scan; a subclass may override it."""
        return self._call("post_scan")

    def at_break(self) -> Any:
        """Do what was given for breakpoints; a subclass may override it."""
        return self._call("at_break")

    def _call(self, name: str) -> Any:
        hook = self._given[name]
        return None if hook is None else hook(**arguments_of(hook, scan=self))


def arguments_of(hook: Hook, **known: Any) -> dict[str, Any]:
    """Return those of some arguments that a hook has parameters for."""
    try:
        parameters = inspect.signature(hook).parameters.values()
    except (TypeError, ValueError):  # some builtins do not say
        return {}
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return known
    return {one.name: known[one.name] for one in parameters if one.name in known}


def run_hook(hook: Hook, **known: Any) -> MsgGenerator[None]:
    """Do a hook, and wait for its end.

    Args:
        hook: See `Hook`.
        **known: What it may take: ``scan``, ``point``.
    """
    bound = partial(hook, **arguments_of(hook, **known))
    if _makes_messages(hook):
        yield from bound()
        return
    errors: list[Exception] = []

    async def work() -> None:
        try:
            if inspect.iscoroutinefunction(inspect.unwrap(hook)):
                await bound()
                return
            made = await asyncio.to_thread(bound)
            if inspect.isawaitable(made):
                await made
            elif isinstance(made, Generator | Plan):
                raise PlanArgumentError(
                    f"the hook {hook!r} made a plan, which nobody runs",
                    hint="give the plan function itself, without calling it",
                )
        except Exception as exc:  # noqa: BLE001 - a hook may raise anything
            errors.append(exc)

    yield Msg("wait_for", None, [work])
    recorded(lambda: _raise_first(errors))


def _raise_first(errors: list[Exception]) -> None:
    if errors:
        raise errors[0]


def _makes_messages(hook: Hook) -> bool:
    inner = hook.func if isinstance(hook, partial) else hook
    return inspect.isgeneratorfunction(inspect.unwrap(inner))


def run_hooks(
    owners: Iterable[Hooks],
    name: str,
    errors: list[Exception] | None = None,
    **known: Any,
) -> MsgGenerator[None]:
    """Do the hooks of several owners, in order.

    Args:
        owners: Positioners, detectors, the scan.
        name: Which hook.
        errors: If given, a hook that fails adds its error and the rest follow.
        **known: What they may take.
    """
    for owner in owners:
        if (hook := owner.hook(name)) is None:
            continue
        try:
            yield from run_hook(hook, **known)
        except Exception as exc:
            if errors is None:
                raise
            errors.append(exc)
