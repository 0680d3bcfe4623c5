"""How deep and how large a value is, told before anybody walks through it.

Owns the bounds of values: of arguments, of annotations and of descriptions.
Must not know types, plans or parameters.
Test: ``check_extent("x", value)`` of lists in themselves, and of aliases of aliases.
"""

from collections.abc import Mapping
from typing import Any

from lapwing.errors import PlanArgumentError

DEEPEST = 200
"""Levels of lists and dicts."""

MOST_REPEATED = 10
"""How many times larger a value may become when what it shares is written out."""

_ROOM = 10_000
_SINGLE = frozenset({str, int, float, bool, type(None)})
_LISTS = (list, tuple, set, frozenset)


def check_extent(what: str, value: Any) -> None:
    """Refuse a value that has no end, or that becomes far larger than it is.

    A list that holds itself has no end. In a YAML file, a few lines of aliases of
    aliases make billions of items. After this check, whoever walks through the value
    does so in a time that is in proportion to what was sent.

    Args:
        what: What it is the value of, for the message.
        value: Lists, tuples, sets and dicts in each other, and anything in them.

    Raises:
        PlanArgumentError: It is deeper than 200 levels, or holds the same parts over
            and over.
    """
    if type(value) in _SINGLE:
        return
    walk = _Walk(what)
    size = walk.size(value, 0)
    if size > _ROOM and size > MOST_REPEATED * walk.seen:
        raise PlanArgumentError(
            f"{what} has {walk.seen} items, which stand in each other so many times "
            f"that they come to more than {_ROOM}; write out what is meant"
        )


class _Walk:
    """One walk through a value, in which each of its parts is gone through once."""

    def __init__(self, what: str):
        self.what = what
        self.seen = 0
        self.sizes: dict[int, int] = {}

    def size(self, value: Any, depth: int) -> int:
        """Return how many items there are when all that is shared is written out."""
        if isinstance(value, _LISTS):
            inner = value
        elif isinstance(value, Mapping):
            inner = value.values()
        else:
            return 1
        size = self.sizes.get(id(value))
        if size is None:
            if depth >= DEEPEST:
                raise PlanArgumentError(
                    f"{self.what} has lists or dicts in each other deeper than "
                    f"{DEEPEST} levels"
                )
            self.seen += len(value)
            size = len(value)
            if not _SINGLE.issuperset(map(type, inner)):
                size += sum(self.size(one, depth + 1) for one in inner)
            self.sizes[id(value)] = size
        return size
