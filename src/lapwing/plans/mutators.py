"""Mutators: plans whose messages another function changes, message by message.

Owns `plan_mutator` and `msg_mutator`, and what all preprocessors are made with.
Must not know engines; a mutator sees only messages and responses.
Test: mutate a list of messages, compare.
"""

from collections.abc import Callable, Generator, Iterable
from functools import wraps
from types import GeneratorType
from typing import Any, Concatenate, ParamSpec, TypeVar

from lapwing.errors import NotAPlanError
from lapwing.messages import Msg, MsgGenerator

P = ParamSpec("P")
R = TypeVar("R")
Messages = Iterable[Msg]
PlanFunction = Callable[..., Messages]


def ensure_generator(plan: Any) -> Generator[Msg, Any, Any]:
    """Return a generator for a plan, an iterable of messages, or one message.

    Raises:
        NotAPlanError: It is none of these.
    """
    if isinstance(plan, GeneratorType):
        return plan  # nearly always
    if isinstance(plan, Msg):
        return _say_all([plan])
    if isinstance(plan, str | bytes) or not hasattr(plan, "__iter__"):
        raise NotAPlanError(
            f"{plan!r} is no plan; a plan is a generator of messages, a list of "
            f"messages or a single message"
        )
    iterator = iter(plan)
    return iterator if hasattr(iterator, "send") else _say_all(iterator)


def takes_plan(
    wrapper: Callable[Concatenate[Any, P], R],
) -> Callable[Concatenate[Messages, P], R]:
    """Make a wrapper take its first argument over at once, as a generator.

    A plan that is wrapped is in good hands: if what comes before it fails, it was
    not forgotten, and must not warn that it was never run.
    """

    @wraps(wrapper)
    def taking(plan: Messages, *args: P.args, **kwargs: P.kwargs) -> R:
        return wrapper(ensure_generator(plan), *args, **kwargs)

    return taking


def _say_all(messages: Messages) -> MsgGenerator[None]:
    for msg in messages:  # noqa: UP028 - what is sent must not go to the iterable
        yield msg


def make_decorator(
    wrapper: Callable[..., MsgGenerator[Any]],
) -> Callable[..., Callable[[PlanFunction], Callable[..., MsgGenerator[Any]]]]:
    """Make of ``wrapper(plan, *args)`` a decorator ``deco(*args)`` of functions."""

    @wraps(wrapper)
    def with_arguments(*args: Any, **kwargs: Any) -> Any:
        def decorate(func: PlanFunction) -> Callable[..., MsgGenerator[Any]]:
            @wraps(func)
            def decorated(*a: Any, **k: Any) -> MsgGenerator[Any]:
                return (yield from wrapper(func(*a, **k), *args, **kwargs))

            return decorated

        return decorate

    return with_arguments


# Of the plans that stand on each other in `plan_mutator`: the generator, what follows
# it, and, of a tail, in a tuple the response that the plan below gets at its end.
_Level = tuple[Generator[Msg, Any, Any], Messages | None, tuple[Any] | None]


@takes_plan
def plan_mutator(
    plan: Generator[Msg, Any, Any],
    msg_proc: Callable[[Msg], tuple[Messages | None, Messages | None]],
) -> MsgGenerator[Any]:
    """Put plans in the place of, or after, messages of a plan.

    Args:
        plan: The plan to change.
        msg_proc: Gives, for each message, a ``head`` that takes its place (and
            whose last response the plan gets) and a ``tail`` that follows it;
            None leaves the message as it is. Messages of heads and tails are
            looked at as well, but the message itself only once. What it raises
            is thrown into the plan.

    Returns:
        What the plan returned.
    """
    stack: list[_Level] = [(plan, None, None)]
    handled: dict[int, Msg] = {}  # kept alive, so that an id stays one message's own
    response: Any = None
    error: Exception | None = None
    while True:
        thrown, error = error, None
        try:
            msg = _next_of(stack[-1][0], response, thrown)
        except StopIteration as stop:
            if len(stack) == 1:
                return stop.value
            response = _leave(stack, response)
            continue
        except Exception as exc:
            _, tail, _ = stack.pop()
            _discard(tail)
            if not stack:
                raise
            error = exc
            continue
        try:
            head, tail = (None, None) if id(msg) in handled else msg_proc(msg)
            if head is None and tail is None:
                response = yield msg
                continue
            handled[id(msg)] = msg
            start = _say_all([msg]) if head is None else ensure_generator(head)
            stack.append((start, tail, None))
            response = None
        except GeneratorExit:
            _close_all(stack)
            raise
        except Exception as exc:  # noqa: BLE001 - the plan may handle it
            error = exc


def _next_of(
    plan: Generator[Msg, Any, Any], response: Any, error: Exception | None
) -> Msg:
    return plan.send(response) if error is None else plan.throw(error)


def _leave(stack: list[_Level], response: Any) -> Any:
    """Go on after a head or tail that is over; return what comes next is sent."""
    _, tail, held = stack.pop()
    if held is not None:
        (response,) = held
    if tail is None:
        return response
    stack.append((ensure_generator(tail), None, (response,)))
    return None


def _close_all(stack: list[_Level]) -> None:
    """End all plans where they are, the innermost first."""
    for plan, tail, _ in reversed(stack):
        _discard(tail)
        plan.close()


def _discard(plan: Messages | None) -> None:
    """Let go of a plan that is not going to be run."""
    if (close := getattr(plan, "close", None)) is not None:
        close()


@takes_plan
def msg_mutator(
    plan: Generator[Msg, Any, Any], msg_proc: Callable[[Msg], Msg | None]
) -> MsgGenerator[Any]:
    """Change or leave out single messages of a plan.

    Args:
        plan: The plan to change.
        msg_proc: Gives the message to say instead; None leaves it out, and the
            plan is sent None. What it raises is thrown into the plan.
    """
    response: Any = None
    error: Exception | None = None
    while True:
        thrown, error = error, None
        try:
            msg = _next_of(plan, response, thrown)
        except StopIteration as stop:
            return stop.value
        response = None
        try:
            if (changed := msg_proc(msg)) is not None:
                response = yield changed
        except GeneratorExit:
            plan.close()
            raise
        except Exception as exc:  # noqa: BLE001 - the plan may handle it
            error = exc
