"""Tracing: spans around plans, if OpenTelemetry is there.

Owns ``tracer`` and ``trace_plan``, which do nothing without OpenTelemetry.
Must not need it, nor set it up: that is the user's.
Test: a traced plan says what the plan says; with and without the library.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Tracer(Protocol):
    """What starts a span; OpenTelemetry's tracers do."""

    def start_as_current_span(
        self, name: str, *args: Any, **kwargs: Any
    ) -> AbstractContextManager[Any]:
        """Return a context that is the span."""
        ...


class _NoTracer:
    def start_as_current_span(
        self, name: str, *args: Any, **kwargs: Any
    ) -> AbstractContextManager[Any]:
        return nullcontext()


def _usual_tracer() -> Tracer:
    try:
        from opentelemetry.trace import get_tracer
    except ModuleNotFoundError:
        return _NoTracer()
    return get_tracer("bluesky.tracing")


tracer = _usual_tracer()
"""The tracer of the stand-in."""


def trace_plan(
    tracer: Tracer, span_name: str
) -> Callable[
    [Callable[P, Generator[Any, Any, R]]], Callable[P, Generator[Any, Any, R]]
]:
    """Put a span around each run of a plan, from its first message to its end.

    Args:
        tracer: What starts the span.
        span_name: What the span is called.
    """

    def wrap(
        func: Callable[P, Generator[Any, Any, R]],
    ) -> Callable[P, Generator[Any, Any, R]]:
        @wraps(func)
        def traced(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, R]:
            with tracer.start_as_current_span(span_name):
                return (yield from func(*args, **kwargs))

        return traced

    return wrap
