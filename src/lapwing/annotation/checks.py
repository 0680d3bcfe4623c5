"""Checks of values: against a type, and against a range.

Owns how strictly a value must be of its type, and how a fault in it is told.
Must not know plans, parameters or devices.
Test: ``check_of(parse_type(text))(value)``, and ``fault_in(type, value)`` where not.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lapwing.annotation.excerpt import shown
from lapwing.annotation.types import (
    Either,
    Entries,
    Exactly,
    Fixed,
    Items,
    Named,
    Plain,
    Reference,
    Type,
    alternatives,
    is_loose,
    parts_of,
    takes_all,
)
from lapwing.annotation.words import words_for

Check = Callable[[Any], bool]

# Each part a name that does not begin with "_": what is private stays so.
_FUNCTION_NAME = re.compile(r"[^\W\d_]\w*(\.[^\W\d_]\w*)*\Z")
LONGEST_PATH = 120
_SETS = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a value is not what it must be.

    Attributes:
        path: The way to it, such as "[2]['a']"; "" for the whole value.
        value: What stands there.
        wanted: What may stand there, in words.
        type: The type that it should have.
    """

    path: str
    value: Any
    wanted: str
    type: Type


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


_PLAIN: dict[str, Check] = {
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": _is_number,
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "bytes": lambda value: isinstance(value, bytes),
    "complex": lambda value: isinstance(value, complex),
    "None": lambda value: value is None,
    "Any": lambda value: True,
    "Hashable": _is_hashable,
}


def check_of(wanted: Type) -> Check:
    """Compile a type into a check; True means that the value is of it.

    Whole numbers are numbers, bools are not, and a number is never a text. A list
    may stand where a tuple or set is wanted, and a tuple where a list is. For a set
    its items are of one kind, each there once. Between alternatives
    the first that has an Iterable in it decides about lists and dicts, and an Iterable
    about texts, unless ``str`` comes before it.
    """
    match wanted:
        case Plain(name):
            return _PLAIN[name]
        case Named(_, members):
            return lambda value: isinstance(value, str) and value in members
        case Reference() as reference:
            return _is_function_name if reference.function else _PLAIN["str"]
        case Items(item, _, unique):
            return _set_check(item) if unique else _list_check(check_of(item))
        case Fixed(items):
            return _fixed_check(tuple(check_of(item) for item in items))
        case Entries(key, value):
            return _entries_check(check_of(key), check_of(value))
        case Either(members):
            return _either_check(alternatives(members))
        case Exactly(values):
            exact = frozenset((type(value), value) for value in values)
            return lambda value: _is_hashable(value) and (type(value), value) in exact
    return lambda value: False


def _is_function_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= 1000
        and _FUNCTION_NAME.match(value) is not None
    )


def _list_check(check: Check) -> Check:
    def is_list(value: Any) -> bool:
        return isinstance(value, (list, tuple)) and all(map(check, value))

    return is_list


def _set_check(item: Type) -> Check:
    check = check_of(item)
    mixed = item == Plain("float")
    # The queue server takes several names only when a hash, new in each process, has
    # them in the order in which they are given; so several can never be relied on.
    most = 1 if any(isinstance(part, Named) for part in parts_of(item)) else None

    def is_set(value: Any) -> bool:
        if not isinstance(value, _SETS) or not all(map(check, value)):
            return False
        if not all(map(_is_hashable, value)) or len(set(value)) < len(value):
            return False
        one_kind = mixed or len(set(map(type, value))) <= 1
        return one_kind and (most is None or len(value) <= most)

    return is_set


def _fixed_check(checks: tuple[Check, ...]) -> Check:
    def is_fixed(value: Any) -> bool:
        if not isinstance(value, (list, tuple)) or len(value) != len(checks):
            return False
        return all(check(one) for check, one in zip(checks, value, strict=True))

    return is_fixed


def _entries_check(key: Check, entry: Check) -> Check:
    def is_dict(value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        return all(map(key, value)) and all(map(entry, value.values()))

    return is_dict


def _either_check(members: Sequence[Type]) -> Check:
    checks = tuple(map(check_of, members))
    loose = [at for at, one in enumerate(members) if is_loose(one)]
    if not loose:
        return lambda value: any(check(value) for check in checks)
    lists = checks[loose[0]]
    texts = _checks_of_texts(members)

    def is_any(value: Any) -> bool:
        if isinstance(value, str):
            return any(check(value) for check in texts)
        if isinstance(value, (*_SETS, Mapping)):
            return lists(value)
        return any(check(value) for check in checks)

    return is_any


def _checks_of_texts(members: Sequence[Type]) -> list[Check]:
    """Return the checks for texts: none that comes after an Iterable counts."""
    iterables = [at for at, one in enumerate(members) if takes_all(one)]
    if not iterables:
        return [check_of(one) for one in members]
    return [
        check_of(one)
        for one in members[: iterables[0]]
        if isinstance(one, (Reference, Exactly)) or one == Plain("str")
    ]


def fault_in(wanted: Type, value: Any, path: str = "") -> Fault | None:
    """Return the first place at which a value is not of a type, or None.

    In a list or a dict the place is told to the item; between alternatives, to the
    one that came furthest.
    """
    if check_of(wanted)(value):
        return None
    inner = None
    match wanted:
        case Items(item) if isinstance(value, (list, tuple)):
            inner = _fault_in_items([item] * len(value), value, path)
        case Fixed(items) if isinstance(value, (list, tuple)):
            if len(value) == len(items):
                inner = _fault_in_items(items, value, path)
        case Entries(key, entry) if isinstance(value, Mapping):
            inner = _fault_in_entries(key, entry, value, path)
        case Either(members):
            faults = [fault_in(member, value, path) for member in members]
            deeper = [one for one in faults if one and one.path != path]
            if deeper:
                inner = max(deeper, key=lambda one: len(one.path))
    return inner or Fault(path, value, words_for(wanted), wanted)


def _fault_in_items(
    types: Sequence[Type], value: Sequence[Any], path: str
) -> Fault | None:
    checks = {wanted: check_of(wanted) for wanted in set(types)}
    for at, (wanted, one) in enumerate(zip(types, value, strict=True)):
        if not checks[wanted](one):
            return fault_in(wanted, one, f"{path}[{at}]")
    return None


def _fault_in_entries(
    key: Type, entry: Type, value: Mapping[Any, Any], path: str
) -> Fault | None:
    key_check, entry_check = check_of(key), check_of(entry)
    for name, one in value.items():
        if not key_check(name):
            return fault_in(key, name, f"{path} key {shown(name)}")
        if not entry_check(one):
            return fault_in(entry, one, f"{path}[{shown(name)}]")
    return None


def is_bound(value: Any) -> bool:
    """Return whether a value can be the end of a range: a finite number, no bool."""
    return _is_number(value) and abs(value) <= sys.float_info.max


def out_of_range(value: Any, low: float, high: float) -> tuple[str, Any] | None:
    """Return path and value of a number outside [low, high], or None.

    Lists, tuples and values of dicts are searched, at any depth; keys and what is no
    number are passed over. NaN is in no range. A bool is no number.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (int, float)):
            # NaN compares as false; and it is in no range.
            if not low <= one <= high and not isinstance(one, bool):
                return _place_of(one, value), one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, _SETS):
            waiting += one
    return None


def _place_of(wanted: Any, value: Any) -> str:
    """Return the path to an object that is somewhere in a value."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, one = waiting.pop()
        if one is wanted:
            return path
        inner: Iterable[tuple[Any, Any]] = ()
        if isinstance(one, Mapping):
            inner = one.items()
        elif isinstance(one, _SETS):
            inner = enumerate(one)
        # A path is for people; one of thousands of steps is cut.
        waiting += [
            (f"{path}[{shown(key)}]" if len(path) < LONGEST_PATH else path, item)
            for key, item in inner
        ]
    return ""
