"""Mismatch: the words for a plan that says something else than before.

Owns how a recorded message and one that is said now are written beside each other.
Must not know what is the same; see `compare`.
Test: replay plans that differ, look at what the error says.
"""

from collections.abc import Collection, Mapping
from typing import Any

from lapwing.errors import ReplayMismatchError
from lapwing.journal.codec import (
    CallableRef,
    Decoder,
    Encoder,
    ObjectRef,
    Opaque,
    Record,
)
from lapwing.messages import Msg


def mismatch(index: int, recorded: Record, now: Any) -> ReplayMismatchError:
    """Return the error that shows a recorded message and what the plan says now."""
    live = _as_recorded(now) if isinstance(now, Msg) else None
    same = set() if live is None else _same_keywords(recorded[3], now.kwargs)
    before = _written(recorded, same)
    says = now if live is None else _written(live, same)
    return ReplayMismatchError(
        f"message {index + 1} of the plan was {before}, and is now {says}",
        index=index,
    )


def _as_recorded(msg: Msg) -> Record:
    return Decoder(exact=True).unpack(Encoder().pack([msg]))[0]


def _same_keywords(recorded: Mapping[str, Any], live: Mapping[str, Any]) -> set[str]:
    """Return the keywords that need not be shown, for they are the same."""
    return {
        key
        for key in recorded.keys() & live.keys()
        if repr(recorded[key]) == repr(live[key])
    }


def _written(message: Record, without: Collection[str] = ()) -> str:
    """Return a message as one would write it down."""
    command, obj, args, kwargs, run = message
    parts = [] if obj is None else [getattr(obj, "name", None) or repr(obj)]
    parts += [_value_text(one) for one in args]
    parts += [
        f"{key}={_value_text(one)}" for key, one in kwargs.items() if key not in without
    ]
    parts += ["..."] if any(key in without for key in kwargs) else []
    parts += [] if run is None else [f"run={run!r}"]
    return f"{command}({', '.join(parts)})"


def _value_text(value: Any) -> str:
    if isinstance(value, ObjectRef | CallableRef):
        return value.name
    if isinstance(value, Opaque):
        return value.text
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else repr(value)
