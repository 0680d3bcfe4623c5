"""Given: which devices a plan was given, before it says anything.

Owns looking through its arguments, and what in them makes a call not resumable.
Must not know messages, nor call anything on a device.
Test: plans with devices in lists, in plans and behind decorators.
"""

from collections.abc import Iterator, Mapping
from inspect import getgeneratorstate
from types import GeneratorType
from typing import Any

_VERBS = ("read", "set", "trigger", "kickoff", "stage")
_MOST = 1000
"""Things to look at; beyond them a plan was given a list of numbers."""


def devices_in(plan: Any) -> list[Any]:
    """Return the devices among the arguments of a plan that was not begun.

    Lists, dicts and plans among the arguments are looked through; so are the
    arguments of a generator, such as one that a preprocessor made.
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    waiting = [plan]
    while waiting and len(seen) < _MOST:
        thing = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if _is_device(thing):
            found[id(thing)] = thing
        else:
            waiting += _within(thing)
    return list(found.values())


def obstacle_in(plan: Any) -> str | None:
    """Say what will keep a call of this plan from being resumed, if it can be told.

    A device is known by its name when the plan is run again after a crash.
    """
    by_name: dict[str, Any] = {}
    for device in devices_in(plan):
        name = getattr(device, "name", None)
        if not isinstance(name, str) or not name:
            return f"the device {type(device).__name__} has no name"
        if by_name.setdefault(name, device) is not device:
            return f"two of its devices are named {name!r}"
    return None


def _is_device(thing: Any) -> bool:
    return not isinstance(thing, type) and any(
        callable(getattr(type(thing), verb, None)) for verb in _VERBS
    )


def _within(thing: Any) -> Iterator[Any]:
    if isinstance(thing, str | bytes):
        return
    if isinstance(thing, GeneratorType):
        if getgeneratorstate(thing) == "GEN_CREATED" and thing.gi_frame is not None:
            yield from thing.gi_frame.f_locals.values()
    elif isinstance(thing, Mapping):
        yield from thing.values()
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from thing
    elif hasattr(thing, "func") and hasattr(thing, "kwargs"):  # a plan object
        yield from thing.args
        yield from thing.kwargs.values()


def as_typed(plan: Any) -> str | None:
    """Return a plan as one would type it, ``scan([det], x, 0, 2, 21)``.

    Devices stand there by their names. None for what is no plan object, since
    nobody knows any more how it was called.
    """
    if not (hasattr(plan, "func") and hasattr(plan, "kwargs")):
        return None
    given = [_text(value) for value in plan.args]
    given += [f"{key}={_text(value)}" for key, value in plan.kwargs.items()]
    return f"{plan.func.__name__}({', '.join(given)})"


_LONGEST = 20  # a list of positions is shown by its ends


def _text(value: Any) -> str:
    if _is_device(value):
        return str(getattr(value, "name", None) or f"<{type(value).__name__}>")
    if isinstance(value, list | tuple):
        texts = [_text(one) for one in value[:_LONGEST]]
        if len(value) > _LONGEST:
            texts = [*texts[:2], "...", _text(value[-1])]
        left, right = "[]" if isinstance(value, list) else "()"
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{left}{', '.join(texts)}{comma}{right}"
    if isinstance(value, dict):
        pairs = (f"{key!r}: {_text(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if (typed := as_typed(value)) is not None:
        return typed
    if callable(value):
        return str(getattr(value, "__name__", None) or type(value).__name__)
    text = repr(value)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}..."


_MOST_TEXT = 100
