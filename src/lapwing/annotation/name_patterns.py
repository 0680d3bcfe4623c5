"""How names of devices and plans are written in a list: as names, or as patterns.

Owns the grammar of patterns (``:``, ``+``, ``-``, ``?``, ``depth=``, ``__MOTOR__``).
Must not know what names there are.
Test: ``parse_name(item)`` gives the name, a `NamePattern`, or says what is at fault.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from lapwing.annotation.excerpt import shown
from lapwing.annotation.patterns import BoundedPattern
from lapwing.errors import PlanArgumentError

DEEPEST = 50
"""Levels of a tree that are looked at; deeper than any device, it ends a circle."""

_NAME = re.compile(r"[^\s.:]+(\.[^\s.:]+)*\Z")
_DEPTH = re.compile(r"depth=(.*)\Z", re.DOTALL)

_KEYWORDS = {
    keyword: name
    for name in ("DETECTOR", "MOTOR", "READABLE", "MOVABLE", "FLYABLE")
    for keyword in (f"__{name}__", f"__{name}S__")
}
"""Singular as the queue server has them, and plural as its manual's examples do."""


@dataclass(frozen=True, slots=True)
class Level:
    """What the names of one level must hold.

    Attributes:
        pattern: Searched in the part's own name.
        included: Whether what matches is in the list; its parts are looked at anyway.
    """

    pattern: BoundedPattern
    included: bool = True


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern of names of devices, or of plans.

    Attributes:
        levels: The levels, from the device down.
        full: Searched in all the rest of the dotted name; None if there is none.
        depth: How many levels ``full`` goes down at most.
        keyword: "DETECTOR", "MOTOR", "READABLE", "MOVABLE", "FLYABLE" or "".
    """

    levels: tuple[Level, ...]
    full: BoundedPattern | None = None
    depth: int = DEEPEST
    keyword: str = ""


@lru_cache(maxsize=2048)
def parse_name(item: str) -> str | NamePattern:
    """Read an item of a list of devices: a name, or a pattern.

    Raises:
        PlanArgumentError: It is neither; says why.
    """
    text = _without_spaces(item)
    if ":" not in text:
        return _checked_name(text)
    keyword, *components = text.split(":")
    if keyword and keyword not in _KEYWORDS:
        raise _fault(text, f"{shown(keyword)} is none of {', '.join(_KEYWORDS)}")
    if not all(components):
        raise _fault(text, "something is missing between, or after, its ':'")
    return _pattern(text, components, _KEYWORDS.get(keyword, ""))


def parse_plan_name(item: str) -> str | BoundedPattern:
    """Read an item of a list of plans: a name, or a pattern of one level.

    Raises:
        PlanArgumentError: It is neither; says why.
    """
    parsed = parse_name(item)
    if isinstance(parsed, str):
        if "." in parsed:
            raise _fault(parsed, "a plan has no parts, so its name has no '.'")
        return parsed
    if parsed.keyword:
        raise _fault(item, f"{parsed.keyword} is for devices, not for plans")
    several = len(parsed.levels) + (parsed.full is not None) != 1
    if several or parsed.depth != DEEPEST:
        raise _fault(item, "a plan has no parts, so its pattern has one ':'")
    return parsed.full or parsed.levels[0].pattern


def _without_spaces(item: str) -> str:
    if not isinstance(item, str):
        raise PlanArgumentError(f"a name is a {type(item).__name__}; it must be text")
    if len(item) > 5000:
        raise PlanArgumentError(f"a name has {len(item)} characters; 5000 is the most")
    return "".join(item.split())


def _checked_name(text: str) -> str:
    if not text:
        raise _fault(text, "it is empty")
    if not _NAME.match(text):
        raise _fault(text, "a name has parts with one '.' between them")
    if any(letter in text for letter in "^$*+?()[]{}|\\"):
        raise _fault(text, "it has letters of a pattern; a pattern begins with ':'")
    return text


def _pattern(text: str, components: list[str], keyword: str) -> NamePattern:
    levels: list[Level] = []
    for at, component in enumerate(components):
        if component[0] == "?":
            full = BoundedPattern(_regex(text, component[1:]))
            depth = _depth(text, components[at + 1 :])
            return NamePattern(tuple(levels), full, depth, keyword)
        if _DEPTH.match(component):
            raise _fault(text, f"{shown(component)} comes only after a ':?'")
        included = component[0] != "-" or at == len(components) - 1
        regex = component[1:] if component[0] in "+-" else component
        levels.append(Level(BoundedPattern(_regex(text, regex)), included))
    return NamePattern(tuple(levels), keyword=keyword)


def _regex(text: str, regex: str) -> str:
    if not regex:
        raise _fault(text, "it has a level without an expression")
    if regex[0] in "?+*":
        raise _fault(text, "'?', '+' and '-' before an expression exclude each other")
    return regex


def _depth(text: str, rest: list[str]) -> int:
    if not rest:
        return DEEPEST
    match = _DEPTH.match(rest[0])
    if len(rest) > 1 or not match:
        raise _fault(text, "after a ':?' only 'depth=N' may come")
    number = match[1]
    if not (number.isascii() and number.isdigit() and 0 < int(number[:9]) < 10**8):
        raise _fault(text, f"its depth is {number[:20]!r}; it must be 1 or more")
    return min(int(number[:9]), DEEPEST)


def _fault(text: str, why: str) -> PlanArgumentError:
    return PlanArgumentError(
        f"{shown(text)} is neither a name nor a pattern of names: {why}",
        value=text[:100],
    )
