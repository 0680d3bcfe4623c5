"""Types of parameters, as trees.

Owns the kinds of types there are, one class for each, and what a tree of them holds.
Must not know how a type is written, nor how a value is checked.
Test: build a tree by hand; ``tests/unit/annotation/test_types.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lapwing.annotation.type_names import BUILT_IN


@dataclass(frozen=True, slots=True)
class Type:
    """A type; each of its subclasses is one production of the grammar."""


@dataclass(frozen=True, slots=True)
class Plain(Type):
    """A value of one kind: "int", "float", "str", "bool", "None", "bytes", ...

    "Any" takes every value and "Hashable" every one that can be a key.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Unsendable(Type):
    """A type of which no value can be sent, such as a range or an iterator."""

    name: str
    inner: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class Items(Type):
    """Any number of items of one type; ``unique`` if it becomes a set."""

    item: Type
    name: str = "list"
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Fixed(Type):
    """As many items as there are types, each of its own."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Entries(Type):
    """A dict; keys and values are checked."""

    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class Either(Type):
    """A value of any of these types."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Exactly(Type):
    """One of these values."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Named(Type):
    """One of a list of names, which the parameter's annotation gives."""

    name: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reference(Type):
    """The name of a plan or device, unchecked: ``__DEVICE__`` and its kin."""

    name: str

    @property
    def device(self) -> bool:
        """Whether it may be a device."""
        return "device" in BUILT_IN[self.name]

    @property
    def plan(self) -> bool:
        """Whether it may be a plan."""
        return "plan" in BUILT_IN[self.name]

    @property
    def function(self) -> bool:
        """Whether it is the dotted name of a function."""
        return "function" in BUILT_IN[self.name]


ANY = Plain("Any")


def parts_of(whole: Type) -> list[Type]:
    """Return a type and all types in it."""
    found: list[Type] = [whole]
    for part in found:
        match part:
            case Items(item):
                found.append(item)
            case Entries(key, value):
                found += [key, value]
            case Fixed(inner) | Either(inner) | Unsendable(_, inner):
                found += inner
    return found


def alternatives(members: Sequence[Type]) -> list[Type]:
    """Return the members of a union, those of unions in it among them."""
    found: list[Type] = []
    for one in members:
        found += alternatives(one.members) if isinstance(one, Either) else [one]
    return found


def takes_all(one: Type) -> bool:
    """Return whether a type is an Iterable, which takes whatever has items."""
    return isinstance(one, Items) and one.name.endswith(".Iterable")


def is_loose(one: Type) -> bool:
    """Return whether a type is an Iterable, or has one in it."""
    return any(map(takes_all, parts_of(one)))
