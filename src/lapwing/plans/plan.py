"""Plan objects: a plan that remembers what it was called with.

Owns the decorator `plan` and the object that a decorated function returns.
Must not know messages or engines.
Test: call a decorated function, look at ``args``, iterate it.
"""

import sys
import warnings
from collections.abc import Callable, Generator
from functools import wraps
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Plan(Generic[R]):
    """What a plan function returns: a generator that knows where it comes from.

    Iterating it hands out the generator itself, so that nesting costs nothing. A
    plan that was made and never iterated (a forgotten ``yield from``) warns.

    Attributes:
        func: The function that was called.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
    """

    __slots__ = ("_generator", "_line", "_made_by", "_used", "args", "func", "kwargs")

    def __init__(
        self,
        func: Callable[..., Generator[Any, Any, R]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ):
        self._used = True  # until the generator exists there is nothing to warn of
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self._generator = func(*args, **kwargs)
        # Two frames up is who called the plan function; formatting a whole stack
        # here would cost more than all the rest of a scan's point.
        caller = sys._getframe(2)  # noqa: SLF001 - documented, if underlined
        self._made_by = caller.f_code
        self._line = caller.f_lineno
        self._used = False

    @property
    def __name__(self) -> str:
        return self.func.__name__

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by parameter name, without defaults."""
        return dict(signature(self.func).bind(*self.args, **self.kwargs).arguments)

    def __iter__(self) -> Generator[Any, Any, R]:
        self._used = True
        return self._generator

    def __next__(self) -> Any:
        self._used = True
        return next(self._generator)

    def send(self, value: Any) -> Any:
        """Send a response to the plan; returns its next message."""
        self._used = True
        return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        """Throw an exception into the plan; returns its next message."""
        self._used = True
        return self._generator.throw(*error)

    def close(self) -> None:
        """End the plan where it is."""
        self._used = True
        self._generator.close()

    def __repr__(self) -> str:
        given = [repr(arg) for arg in self.args]
        given += [f"{key}={value!r}" for key, value in self.kwargs.items()]
        return f"{self.func.__name__}({', '.join(given)})"

    def __del__(self) -> None:
        if not getattr(self, "_used", True):
            warnings.warn(
                f"the plan {self.func.__name__} made in {self._made_by.co_filename}, "
                f"line {self._line}, was never iterated; was a 'yield from' or an "
                f"RE(...) forgotten?",
                RuntimeWarning,
                stacklevel=2,
            )


def bare(func: Callable[..., Any]) -> Callable[..., Generator[Any, Any, Any]]:
    """Return the generator function behind a plan function.

    For plans that repeat another one at each point: a plan object costs as much as
    two messages.
    """
    return getattr(func, "__wrapped__", func)


def plan(func: Callable[P, Generator[Any, Any, R]]) -> Callable[P, Plan[R]]:
    """Make a generator function return `Plan` objects."""

    @wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Plan[R]:
        return Plan(func, args, kwargs)

    wrapper._is_plan_ = True  # type: ignore[attr-defined]
    return wrapper
