"""The rules of one group of users: what is allowed, and not forbidden.

Owns how a list of names and patterns is held against plans, devices and functions.
Must not know files, groups, or annotations of plans.
Test: make a rule by hand, and ask it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lapwing.annotation.lists import components_of
from lapwing.annotation.names import matching_devices
from lapwing.annotation.trees import described_trees


@dataclass(frozen=True, slots=True)
class Names:
    """The items of one list: names, and patterns of names.

    Attributes:
        all: Whether everything is in it.
        names: Single names.
        patterns: Patterns of names; of devices `NamePattern`, else `BoundedPattern`.
    """

    all: bool
    names: frozenset[str]
    patterns: tuple[Any, ...]

    def have(self, name: str) -> bool:
        """Return whether a name is in the list."""
        if self.all or name in self.names:
            return True
        return any(pattern.found_in(name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class NameRule:
    """What of plans, or functions, is allowed."""

    allowed: Names
    forbidden: Names

    def allows(self, name: str) -> bool:
        """Return whether one may be used."""
        return self.allowed.have(name) and not self.forbidden.have(name)


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """What of devices and their parts is allowed."""

    allowed: Names
    forbidden: Names

    def kept(self, devices: Mapping[str, Any]) -> dict[str, Any]:
        """Return the devices that are allowed, or have parts that are."""
        if self.allowed.all and not (self.forbidden.names or self.forbidden.patterns):
            return dict(devices)
        trees = described_trees(devices)
        found = set(self.allowed.names)
        for pattern in self.allowed.patterns:
            found.update(matching_devices(pattern, trees))
        without = set(self.forbidden.names)
        for pattern in self.forbidden.patterns:
            without.update(matching_devices(pattern, trees))
        has = _Has(found, without, all=self.allowed.all)
        return _kept_parts(devices, "", has)


@dataclass(frozen=True, slots=True)
class _Has:
    found: set[str]
    without: set[str]
    all: bool

    def __call__(self, path: str) -> bool:
        return (self.all or path in self.found) and path not in self.without


def _kept_parts(parts: Mapping[str, Any], prefix: str, has: _Has) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, described in parts.items():
        if isinstance(described, dict):
            one = _kept(described, f"{prefix}{name}", has)
            if one is not None:
                kept[name] = one
    return kept


def _kept(described: dict[str, Any], path: str, has: _Has) -> dict[str, Any] | None:
    before = components_of(described)
    parts = _kept_parts(before, f"{path}.", has) if before else {}
    excluded = bool(described.get("excluded")) or not has(path)
    if excluded and not parts:
        return None
    same = len(parts) == len(before) and all(
        parts[name] is before[name] for name in parts
    )
    if same and excluded == bool(described.get("excluded")):
        return described
    kept = {key: one for key, one in described.items() if key != "components"}
    if parts:
        kept["components"] = parts
    if excluded:
        kept["excluded"] = True
    return kept


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The rules of one group.

    Attributes:
        plans: Which plans it may use.
        devices: Which devices and parts of devices.
        functions: Which functions.
    """

    plans: NameRule
    devices: DeviceRule
    functions: NameRule
