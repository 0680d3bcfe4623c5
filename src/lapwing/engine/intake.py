"""Intake: what a user may hand to an engine, and what it makes of that.

Owns turning plans into generators and subscribers into pairs.
Must not run anything.
Test: each form that is accepted, and some that are not.
"""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from lapwing.engine.dispatcher import Subscriber
from lapwing.errors import NotAPlanError, PlanSignatureError
from lapwing.messages import Msg

Subscribers = Subscriber | Iterable[Subscriber] | dict[str, Any] | None


def as_generator(plan: Any) -> Generator[Msg, Any, Any]:
    """Return a generator of messages for whatever may stand for a plan.

    Raises:
        NotAPlanError: It cannot.
    """
    if isinstance(plan, Msg):
        return _say_all([plan])
    if isinstance(plan, str | bytes | dict) or not hasattr(plan, "__iter__"):
        raise NotAPlanError(
            f"{plan!r} is no plan; a plan is a generator of messages, a list of "
            f"messages or a single message"
        )
    iterator = iter(plan)
    return iterator if hasattr(iterator, "send") else _say_all(iterator)


def _say_all(messages: Iterable[Msg]) -> Generator[Msg, Any, None]:
    for msg in messages:  # noqa: UP028 - what is sent must not go to the iterable
        yield msg


def flatten_subscribers(subs: Subscribers) -> list[tuple[str, Subscriber]]:
    """Return pairs of document name and subscriber.

    Raises:
        PlanSignatureError: One is no function.
    """
    by_name: Any = subs if isinstance(subs, Mapping) else {"all": subs}
    flat: list[tuple[str, Subscriber]] = []
    for name, funcs in by_name.items():
        flat.extend((name, func) for func in _functions(funcs))
    return flat


def _functions(given: Any) -> list[Subscriber]:
    if given is None or callable(given):
        return [] if given is None else [given]
    listed = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    functions: list[Any] = list(given) if listed else [given]
    for func in functions:
        if not callable(func):
            raise PlanSignatureError(
                f"{func!r} was given to hear documents, but is no function of "
                f"(name, document)",
                hint="RE(plan, func), RE(plan, [func, ...]) or RE(plan, "
                "{'event': func}); metadata are given by name: RE(plan, sample='A')",
            )
    return functions
