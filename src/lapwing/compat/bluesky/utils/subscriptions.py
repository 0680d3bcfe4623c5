"""Subscriptions: who hears which documents, in all the forms it may be given.

Owns the one normal form, a dict of lists, and the descriptors that keep it.
Must not know engines.
Test: normalise each form; set the descriptors' attributes, and look.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from lapwing.errors import PlanArgumentError

SUBS_NAMES = ["all", "start", "stop", "event", "descriptor"]

Subscriptions = dict[str, list[Callable[..., Any]]]


def normalize_subs_input(subs: Any) -> Subscriptions:
    """Return subscribers by the name of the documents, as lists.

    Args:
        subs: None, a function, several, or either of these by name.

    Raises:
        PlanArgumentError: A name is none of documents, or a subscriber cannot be
            called.
    """
    normal: Subscriptions = {name: [] for name in SUBS_NAMES}
    if subs is None:
        return normal
    given = dict(subs) if isinstance(subs, Mapping) else {"all": subs}
    for name, funcs in given.items():
        if name not in SUBS_NAMES:
            raise PlanArgumentError(
                f"there are no subscriptions named {name!r}; there are {SUBS_NAMES}"
            )
        several = [funcs] if callable(funcs) else _listed(funcs)
        if wrong := [func for func in several if not callable(func)]:
            raise PlanArgumentError(
                f"subscribers must be functions, but {wrong} were given"
            )
        normal[name].extend(several)
    return normal


def _listed(funcs: Any) -> list[Any]:
    if isinstance(funcs, Iterable):
        return list(funcs)
    raise PlanArgumentError(f"subscribers must be functions, but {funcs!r} was given")


def update_sub_lists(out: Subscriptions, inp: Mapping[str, Iterable[Any]]) -> None:
    """Add subscribers by name to others."""
    for name, funcs in inp.items():
        out.setdefault(name, []).extend(funcs)


def apply_sub_factories(
    factories: Mapping[str, Iterable[Callable[[Any], Any]]], plan: Any
) -> Subscriptions:
    """Return the subscribers that factories make for a plan, by name.

    Args:
        factories: Functions from a plan to a list of subscribers, or None.
        plan: The plan.
    """
    made: Subscriptions = {}
    for name, several in factories.items():
        lists = (factory(plan) for factory in several)
        made[name] = [func for funcs in lists for func in funcs or ()]
    return made


class DefaultSubs:
    """An attribute of a class that keeps subscribers in normal form, for all of it."""

    def __init__(self, default: Any = None):
        self._value = normalize_subs_input(default)

    def __get__(self, instance: Any, owner: type) -> Subscriptions:
        return self._value

    def __set__(self, instance: Any, value: Any) -> None:
        self._value = normalize_subs_input(value)


class Subs:
    """An attribute that keeps subscribers in normal form, for each instance."""

    def __init__(self, default: Any = None):
        self._default = default
        self._values: WeakKeyDictionary[Any, Subscriptions] = WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type) -> Subscriptions:
        if instance is None:
            return normalize_subs_input(self._default)
        if instance not in self._values:
            self._values[instance] = normalize_subs_input(self._default)
        return self._values[instance]

    def __set__(self, instance: Any, value: Any) -> None:
        self._values[instance] = normalize_subs_input(value)
