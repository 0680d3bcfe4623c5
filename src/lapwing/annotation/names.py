"""Lists of names of devices and plans, in which some of the names are patterns.

Owns the grammar of patterns (``:``, ``+``, ``-``, ``?``, ``depth=``, ``__MOTOR__``).
Must not know annotations, files or users; a device is a tree to it.
Test: ``select_devices(items, trees)`` and ``select_plans(items, names)``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lapwing.annotation.excerpt import shown
from lapwing.annotation.patterns import BoundedPattern
from lapwing.annotation.trees import DeviceTree
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


def select_devices(
    items: Iterable[str], devices: Mapping[str, DeviceTree]
) -> list[str]:
    """Return the names of a list, with patterns replaced by the names that they match.

    Args:
        items: Names such as ``"det1"`` and ``"stage.x"``, which stay whether or not
            there is such a device, and patterns such as ``":^sim:-^mt:?^x$:depth=2"``.
        devices: The trees of all devices, by name.

    Returns:
        Each name once, sorted without regard to capitals.

    Raises:
        PlanArgumentError: An item is neither a name nor a pattern.
    """
    found: set[str] = set()
    for item in items:
        match parse_name(item):
            case str(name):
                found.add(name)
            case pattern:
                found.update(matching_devices(pattern, devices))
    return in_order(found)


def select_plans(items: Iterable[str], plans: Iterable[str]) -> list[str]:
    """Return the names of a list of plans, with patterns replaced by names.

    Args:
        items: Names, and patterns of one level such as ``":_count$"``.
        plans: The names of all plans.

    Returns:
        Each name once, sorted without regard to capitals.

    Raises:
        PlanArgumentError: An item is neither, or has what only devices can have.
    """
    found: set[str] = set()
    known = list(plans)
    for item in items:
        parsed = parse_plan_name(item)
        if isinstance(parsed, str):
            found.add(parsed)
        else:
            found.update(name for name in known if parsed.found_in(name))
    return in_order(found)


def in_order(names: Iterable[str]) -> list[str]:
    """Return names sorted without regard to capitals, always in the same order."""
    found = sorted(names)
    found.sort(key=str.upper)  # "_" after the letters, as the queue server has it
    return found


class NameLists:
    """Devices and plans that lists of names are held against, many times over.

    What a pattern matches is kept, because plans of one profile share theirs; make
    a new one when devices or plans have changed.

    Args:
        devices: The trees of all devices, by name.
        plans: The names of all plans.
    """

    def __init__(self, devices: Mapping[str, DeviceTree], plans: Iterable[str] = ()):
        self._devices = dict(devices)
        self._plans = list(plans)
        self._found: dict[tuple[str, str], list[str]] = {}

    def devices(self, items: Iterable[str]) -> list[str]:
        """Return the names of a list of devices, as `select_devices` does."""
        return self._all("devices", items)

    def plans(self, items: Iterable[str]) -> list[str]:
        """Return the names of a list of plans, as `select_plans` does."""
        return self._all("plans", items)

    def _all(self, kind: str, items: Iterable[str]) -> list[str]:
        names: set[str] = set()
        for item in items:
            found = self._found.get((kind, item))
            if found is None:
                if kind == "devices":
                    found = select_devices([item], self._devices)
                else:
                    found = select_plans([item], self._plans)
                self._found[kind, item] = found
            names.update(found)
        return in_order(names)


# ------------------------------------------------------------------ the grammar


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


# ------------------------------------------------------------------ the search


def matching_devices(
    pattern: NamePattern, devices: Mapping[str, DeviceTree]
) -> Iterator[str]:
    """Yield the full names of all devices and parts that a pattern matches.

    Only what matches a level is looked into for the next one.
    """
    found: list[tuple[str, DeviceTree]] = [("", _Root(devices))]
    for level in pattern.levels:
        is_found = level.pattern.found_in
        found = [
            (f"{path}.{name}" if path else name, part)
            for path, tree in found
            for name, part in tree.children()
            if is_found(name)
        ]
        if level.included:
            yield from [path for path, _ in _kept(pattern.keyword, found)]
    if pattern.full is not None:
        for path, tree in found:
            below = _below(tree, pattern.full, pattern.depth)
            prefix = f"{path}." if path else ""
            yield from (prefix + rest for rest, _ in _kept(pattern.keyword, below))


def _below(
    tree: DeviceTree, full: BoundedPattern, depth: int
) -> Iterator[tuple[str, DeviceTree]]:
    """Yield dotted name, from here, and tree of all that matches below a tree."""
    level: list[tuple[str, DeviceTree]] = [("", tree)]
    for _ in range(depth):
        level = [
            (f"{path}.{name}" if path else name, part)
            for path, whole in level
            for name, part in whole.children()
        ]
        if not level:
            return
        yield from ((path, part) for path, part in level if full.found_in(path))


def _kept(
    keyword: str, found: Iterable[tuple[str, DeviceTree]]
) -> Iterable[tuple[str, DeviceTree]]:
    if not keyword:
        return found
    return ((path, tree) for path, tree in found if _is_kind(tree, keyword))


def _is_kind(tree: DeviceTree, keyword: str) -> bool:
    match keyword:
        case "DETECTOR":
            return tree.readable and not tree.movable
        case "MOTOR":
            return tree.readable and tree.movable
        case "READABLE":
            return tree.readable
        case "MOVABLE":
            return tree.movable
    return tree.flyable


class _Root:
    """The namespace, as if it were a device: its devices are its parts."""

    readable = movable = flyable = False

    def __init__(self, devices: Mapping[str, DeviceTree]):
        self._devices = devices

    def children(self) -> Iterator[tuple[str, DeviceTree]]:
        return iter(self._devices.items())
