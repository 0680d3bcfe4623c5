"""Hook kinds: whether a hook is a function, a coroutine function or a plan.

Owns what can be told of a hook before it is called.
Must not know whose hook it is, nor how one is done.
Test: tests/unit/stepscan/test_hooks.py.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType
from typing import Any, Literal

Hook = Callable[..., Any]
"""A function, a coroutine function or a plan. It may take ``scan`` and ``point``."""

Kind = Literal["function", "coroutine function", "plan"]


def kind_of(hook: Hook) -> Kind:
    """Return what a hook is.

    Args:
        hook: Anything that can be called; what a decorator or ``functools.partial``
            has wrapped is looked at inside.
    """
    inner = _inside(hook)
    if inspect.isgeneratorfunction(inner):
        return "plan"
    return "coroutine function" if inspect.iscoroutinefunction(inner) else "function"


def arguments_of(hook: Hook, **known: Any) -> dict[str, Any]:
    """Return those of some arguments that a hook has parameters for."""
    try:
        parameters = inspect.signature(hook).parameters.values()
    except (TypeError, ValueError):  # some builtins do not say
        return {}
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return known
    return {one.name: known[one.name] for one in parameters if one.name in known}


def uses_super(hook: Hook, name: str) -> bool:
    """Return whether a method calls ``super()`` for the hook of a name.

    Args:
        hook: A method, as it stands in its class.
        name: Such as ``"pre_scan"``.
    """
    code = getattr(_inside(hook), "__code__", None)
    if code is None or "__class__" not in code.co_freevars:
        return False
    return any(name in one.co_names for one in _codes(code))


def _inside(hook: Hook) -> Hook:
    """Return what is under decorators and partial functions."""
    while isinstance(hook, partial):
        hook = hook.func
    hook = inspect.unwrap(hook)
    if inspect.isroutine(hook) or isinstance(hook, type):
        return hook
    return getattr(hook, "__call__", hook)  # noqa: B004 - an object that is called


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
