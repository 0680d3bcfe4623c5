"""Intake: what a user may hand to an engine, and what it makes of that.

Owns turning plans into generators and subscribers into pairs.
Must not run anything.
Test: each form that is accepted, and some that are not.
"""

from collections.abc import Generator, Iterable
from typing import Any

from lapwing.engine.dispatcher import Subscriber
from lapwing.errors import NotAPlanError
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
    """Return pairs of document name and subscriber."""
    by_name: Any = subs if isinstance(subs, dict) else {"all": subs or ()}
    flat: list[tuple[str, Subscriber]] = []
    for name, funcs in by_name.items():
        flat.extend((name, f) for f in ([funcs] if callable(funcs) else funcs))
    return flat
