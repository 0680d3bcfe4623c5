"""Lists of names of devices and plans, in which some of the names are patterns.

Owns the search for what a pattern matches, and the order of what is found.
Must not know annotations, files or users; a device is a tree to it.
Test: ``select_devices(items, trees)`` and ``select_plans(items, names)``.
"""

from collections.abc import Iterable, Iterator, Mapping

from lapwing.annotation.name_patterns import NamePattern, parse_name, parse_plan_name
from lapwing.annotation.patterns import BoundedPattern
from lapwing.annotation.trees import DeviceTree


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
