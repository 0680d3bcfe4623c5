"""``user_group_permissions.yaml``: which group may use what, and what it then sees.

Owns the rules of groups, and the lists of plans and devices that follow from them.
Must not know users, namespaces, servers, or who belongs to which group.
Test: ``Permissions.from_dict(...)`` and `Permissions.allowed_lists` with any lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lapwing.annotation.excerpt import shown
from lapwing.annotation.permissions_file import ROOT, RuleReader
from lapwing.annotation.permissions_rules import GroupRules
from lapwing.annotation.trees import is_listed
from lapwing.annotation.yaml_text import check_keys, file_fault, parse_yaml
from lapwing.errors import AccessError

LARGEST_FILE = 4 << 20
MOST_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class AllowedLists:
    """What a group may use, described as it may be downloaded.

    Attributes:
        plans: Descriptions of plans, by name; the lists of names in them hold only
            what is allowed, too.
        devices: Descriptions of devices, by name. One that is there only for its
            parts has ``"excluded": True``.
    """

    plans: dict[str, Any] = field(default_factory=dict)
    devices: dict[str, Any] = field(default_factory=dict)


class Permissions:
    """What each group of users may use.

    Make it by `from_dict` or `read_permissions`.
    """

    def __init__(self, content: Mapping[str, Any], rules: Mapping[str, GroupRules]):
        self._content = content
        self._rules = dict(rules)

    @classmethod
    def from_dict(
        cls,
        content: Any,
        *,
        path: Path | str = "user group permissions",
        text: bytes | None = None,
    ) -> "Permissions":
        """Read permissions that are a dict already.

        Args:
            content: ``{"user_groups": {"root": {...}, GROUP: {...}}}``; a group may
                have lists ``allowed_plans``, ``forbidden_plans`` and so for
                ``devices`` and ``functions``, of names, patterns and null.
            path: Where it comes from, for errors.
            text: The YAML that it was read from, to tell lines.

        Raises:
            ConfigError: It has another form, a name or pattern is none, or there is
                no group "root".
        """
        return cls(content, RuleReader(path, text).groups(content))

    @property
    def groups(self) -> list[str]:
        """The names of all groups, "root" among them."""
        return list(self._rules)

    def to_dict(self) -> Mapping[str, Any]:
        """Return the content of the file."""
        return self._content

    def is_function_allowed(self, name: str, group: str) -> bool:
        """Return whether a group may call a function.

        Args:
            name: The name of the function; of one in a module, its dotted name.
            group: The group.

        Raises:
            AccessError: There is no such group.
        """
        return all(rules.functions.allows(name) for rules in self._for(group))

    def allowed_lists(
        self, plans: Mapping[str, Any], devices: Mapping[str, Any], group: str
    ) -> AllowedLists:
        """Return the plans and devices that a group may use, out of all there are.

        Descriptions from which nothing is taken away are the same objects as before;
        none is changed.

        Args:
            plans: Descriptions of all plans, by name.
            devices: Descriptions of all devices, by name.
            group: The group.

        Raises:
            AccessError: There is no such group.
        """
        kept_plans, kept_devices = dict(plans), dict(devices)
        for rules in self._for(group):
            kept_devices = rules.devices.kept(kept_devices)
            kept_plans = {
                name: described
                for name, described in kept_plans.items()
                if rules.plans.allows(name)
            }
        narrowing = _Narrowing(kept_plans, kept_devices)
        return AllowedLists(
            {name: narrowing.plan(one) for name, one in kept_plans.items()},
            kept_devices,
        )

    def _for(self, group: str) -> list[GroupRules]:
        if group not in self._rules:
            raise AccessError(
                f"user group {shown(group)} has no permissions; the groups that have "
                f"are {', '.join(map(repr, self._rules))}",
                hint="ask for the group to be added to the permissions",
                group=group,
                allowed=self.groups,
            )
        return [self._rules[name] for name in dict.fromkeys((ROOT, group))]


def read_permissions(path: Path) -> Permissions:
    """Read ``user_group_permissions.yaml``.

    Raises:
        ConfigError: There is no such file, or something in it is wrong; ``context``
            has ``file`` and ``line``.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise file_fault(path, f"it has more than {LARGEST_FILE >> 20} MB")
        text = path.read_bytes()
    except OSError as error:
        why = f"it cannot be read: {error.strerror or error}"
        raise file_fault(path, why) from error
    content = parse_yaml(text, path, MOST_VALUES)
    if content is None:
        raise file_fault(path, "it is empty")
    check_keys(text, path)
    return Permissions.from_dict(content, path=path, text=text)


class _Narrowing:
    """Takes what is not allowed out of the lists of names in descriptions of plans."""

    def __init__(self, plans: Mapping[str, Any], devices: Mapping[str, Any]):
        self.plans = plans
        self.devices = devices
        self.known: dict[str, bool] = {}

    def has_device(self, name: str) -> bool:
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = is_listed(name, self.devices)
        return found

    def plan(self, described: dict[str, Any]) -> dict[str, Any]:
        before = described.get("parameters") if isinstance(described, dict) else None
        if not isinstance(before, (list, tuple)):
            return described
        parameters = [self.parameter(one) for one in before]
        if all(one is other for one, other in zip(parameters, before, strict=True)):
            return described
        return {**described, "parameters": parameters}

    def parameter(self, described: Any) -> Any:
        annotation = (
            described.get("annotation") if isinstance(described, dict) else None
        )
        if not isinstance(annotation, dict):
            return described
        narrowed = {
            key: self.lists(annotation[key], key)
            for key in ("devices", "plans")
            if isinstance(annotation.get(key), dict)
        }
        if not narrowed:
            return described
        return {**described, "annotation": {**annotation, **narrowed}}

    def lists(self, lists: Mapping[str, Any], key: str) -> dict[str, Any]:
        has = self.has_device if key == "devices" else self.plans.__contains__
        return {
            name: [one for one in names if isinstance(one, str) and has(one)]
            for name, names in lists.items()
            if isinstance(names, (list, tuple))
        }
