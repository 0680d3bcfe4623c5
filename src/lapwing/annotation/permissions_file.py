"""The form of ``user_group_permissions.yaml``, and what is wrong with it in which line.

Owns the schema of the file: groups, keys, lists of names, patterns and null.
Must not know what rules are held against.
Test: tests/unit/annotation/test_permissions.py, file by file.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lapwing.annotation.excerpt import shown
from lapwing.annotation.name_patterns import NamePattern, parse_name, parse_plan_name
from lapwing.annotation.patterns import BoundedPattern
from lapwing.annotation.permissions_rules import (
    DeviceRule,
    GroupRules,
    NameRule,
    Names,
)
from lapwing.annotation.yaml_text import file_fault, line_of
from lapwing.errors import ConfigError, PlanArgumentError

MOST_PATTERNS = 2000
ROOT = "root"
"""The group whose rules hold for all groups, before their own."""

_KINDS = ("plans", "devices", "functions")
_KEYS = tuple(f"{verb}_{kind}" for kind in _KINDS for verb in ("allowed", "forbidden"))


class RuleReader:
    """Turns the content of the file into rules, and tells faults with their lines.

    Args:
        path: Where it comes from, for errors.
        text: The YAML that it was read from, to tell lines; or None.
    """

    def __init__(self, path: Path | str, text: bytes | None):
        self.path = path
        self.text = text
        self.num_patterns = 0

    def _fault(self, place: Sequence[str | int], why: str) -> ConfigError:
        line = line_of(self.text, place) if self.text is not None else None
        where = "".join(
            f"[{step}]" if isinstance(step, int) else f"{'.' if at else ''}{step}"
            for at, step in enumerate(place)
        )
        return file_fault(self.path, f"{where}: {why}" if where else why, line)

    def groups(self, content: Any) -> dict[str, GroupRules]:
        """Return the rules of all groups, by name.

        Raises:
            ConfigError: The content has another form, or a pattern is none.
        """
        self._keys((), content, ("user_groups",))
        groups = content.get("user_groups")
        if not isinstance(groups, Mapping):
            raise self._fault(
                ("user_groups",) if "user_groups" in content else (),
                f"'user_groups' is {shown(groups)}; it must be a dict of groups",
            )
        rules = {name: self._group(name, one) for name, one in groups.items()}
        if ROOT not in rules:
            raise self._fault(
                ("user_groups",),
                "group 'root' is missing; it says what holds for all groups",
            )
        return rules

    def _group(self, name: Any, group: Any) -> GroupRules:
        place = ("user_groups", name)
        if not isinstance(name, str):
            raise self._fault(place[:1], f"group {shown(name)} must be named by a text")
        self._keys(place, group, _KEYS)
        names = {key: self._names((*place, key), group.get(key, ())) for key in _KEYS}
        return GroupRules(
            plans=NameRule(names["allowed_plans"], names["forbidden_plans"]),
            devices=DeviceRule(names["allowed_devices"], names["forbidden_devices"]),
            functions=NameRule(
                names["allowed_functions"], names["forbidden_functions"]
            ),
        )

    def _keys(self, place: tuple[Any, ...], value: Any, allowed: Iterable[str]) -> None:
        if not isinstance(value, Mapping):
            raise self._fault(place, f"{shown(value)} stands there; it must be a dict")
        for key in value:
            if key not in allowed:
                raise self._fault(
                    (*place, key),
                    f"there is no such key; allowed are {', '.join(allowed)}",
                )

    def _names(self, place: tuple[Any, ...], items: Any) -> Names:
        if not isinstance(items, (list, tuple)):
            raise self._fault(
                place,
                f"{shown(items)} stands there; it must be a list of names, patterns "
                f"or null",
            )
        names: set[str] = set()
        patterns: list[NamePattern | BoundedPattern] = []
        for at, item in enumerate(items):
            if item is None and at == 0:
                continue
            match self._item((*place, at), item):
                case str(name):
                    names.add(name)
                case pattern:
                    patterns.append(pattern)
        if items and items[0] is None:
            # In a list of what is forbidden null means nothing, and the rest is void.
            return Names(place[-1].startswith("allowed"), frozenset(), ())
        return Names(False, frozenset(names), tuple(patterns))

    def _item(
        self, place: tuple[Any, ...], item: Any
    ) -> str | NamePattern | BoundedPattern:
        if item is None:
            raise self._fault(place, "null may only stand first, where it means all")
        if not isinstance(item, str):
            raise self._fault(place, f"{shown(item)} is no name; put it in quotes")
        is_device = place[-2].endswith("devices")
        # A function may be in a module, so that its name has dots.
        read = parse_name if is_device or _is_dotted(place, item) else parse_plan_name
        try:
            found = read(item)
        except PlanArgumentError as error:
            raise self._fault(place, str(error)) from None
        self.num_patterns += not isinstance(found, str)
        if self.num_patterns > MOST_PATTERNS:
            raise self._fault(place, f"there are over {MOST_PATTERNS} patterns")
        return found


def _is_dotted(place: tuple[Any, ...], item: str) -> bool:
    return place[-2].endswith("functions") and ":" not in item
