"""The lists of plans and devices that a namespace has, described for everybody.

Owns which parts of devices are listed, and what becomes of plans that are faulty.
Must not know files, users, or where a namespace comes from.
Test: ``describe_namespace(Namespace(...))`` with devices and plans of any kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lapwing.annotation.description import plan_to_dict
from lapwing.annotation.name_patterns import DEEPEST
from lapwing.annotation.names import NameLists
from lapwing.annotation.prepare import Namespace
from lapwing.annotation.signature import place_of, read_plan
from lapwing.annotation.trees import LiveDevice, described_trees
from lapwing.errors import PlanArgumentError

MOST_PARTS = 250_000
"""Parts of one device; one that has more goes in a circle."""


@dataclass(frozen=True, slots=True)
class ExistingLists:
    """All plans and devices that there are, described.

    Attributes:
        plans: Descriptions of plans, by name.
        devices: Descriptions of devices, by name.
        invalid: What is wrong with each plan that was left out, by name.
    """

    plans: dict[str, Any] = field(default_factory=dict)
    devices: dict[str, Any] = field(default_factory=dict)
    invalid: dict[str, PlanArgumentError] = field(default_factory=dict)


def describe_namespace(
    namespace: Namespace,
    *,
    max_depth: int = 0,
    depths: Mapping[str, int] | None = None,
    ignore_invalid_plans: bool = False,
) -> ExistingLists:
    """Describe all plans and devices of a namespace.

    Args:
        namespace: The devices and plans.
        max_depth: Levels of devices and their parts; 0 lists all, 1 no parts.
        depths: Likewise for single devices, by name. An area detector of ophyd has
            so many parts that they are listed only if it is here.
        ignore_invalid_plans: Leave plans that are faulty out, and return why.

    Returns:
        The lists, in the order of the names.

    Raises:
        PlanArgumentError: Plans are faulty; ``context`` has all of them, by name,
            as ``plans``.
    """
    devices = describe_devices(namespace.devices, max_depth=max_depth, depths=depths)
    plans, invalid = describe_plans(namespace.plans, devices)
    if invalid and not ignore_invalid_plans:
        raise _refusal(invalid)
    return ExistingLists(plans, devices, invalid)


def _refusal(invalid: Mapping[str, PlanArgumentError]) -> PlanArgumentError:
    told = "".join(f"\n  {error.args[0]}" for error in invalid.values())
    several = f"{len(invalid)} plans" if len(invalid) > 1 else "a plan"
    return PlanArgumentError(
        f"{several} cannot be listed; mend this, or ignore invalid plans:{told}",
        plans=dict(invalid),
    )


# ------------------------------------------------------------------ plans


def describe_plans(
    plans: Mapping[str, Callable[..., Any]], devices: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, PlanArgumentError]]:
    """Describe plans, with the lists of names in their annotations written out.

    Args:
        plans: The functions, by name.
        devices: The descriptions of all devices, by name.

    Returns:
        The descriptions of those that are right, and what is wrong with the others.
    """
    lists = NameLists(described_trees(devices), plans)
    described: dict[str, Any] = {}
    invalid: dict[str, PlanArgumentError] = {}
    for name in sorted(plans):
        try:
            described[name] = _described_plan(name, plans[name], lists)
        except PlanArgumentError as error:
            invalid[name] = error
        except (TypeError, ValueError) as error:
            invalid[name] = _fault(name, plans[name], str(error))
    return described, invalid


def _described_plan(
    name: str, plan: Callable[..., Any], lists: NameLists
) -> dict[str, Any]:
    model = read_plan(
        plan, name, expand_devices=lists.devices, expand_plans=lists.plans
    )
    described = plan_to_dict(model)
    orjson.dumps(described)  # so that what no file can hold is told with its plan
    return described


def _fault(name: str, plan: Callable[..., Any], why: str) -> PlanArgumentError:
    path, line = place_of(plan)
    return PlanArgumentError(
        f"plan {name!r} ({path}, line {line}): {why}", plan=name, file=path, line=line
    )


# ------------------------------------------------------------------ devices


def describe_devices(
    devices: Mapping[str, Any],
    *,
    max_depth: int = 0,
    depths: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Describe devices and their parts, without making or touching any.

    Args:
        devices: The devices, by name.
        max_depth: As for `describe_namespace`.
        depths: As for `describe_namespace`.

    Raises:
        PlanArgumentError: The parts of a device have no end.
    """
    own = depths or {}
    return {
        name: _Describing(name, name in own).described(
            LiveDevice(devices[name]), own.get(name, max_depth) or DEEPEST
        )
        for name in sorted(devices)
    }


def components_of(described: Any) -> dict[str, Any]:
    """Return the descriptions of a device's parts; what describes none is left out."""
    parts = described.get("components") if isinstance(described, dict) else None
    if not isinstance(parts, dict):
        return {}
    return {
        name: one
        for name, one in parts.items()
        if isinstance(name, str) and isinstance(one, dict)
    }


class _Describing:
    """Describes one device and its parts."""

    def __init__(self, name: str, whole: bool):
        self.name = name
        self.whole = whole
        self.number = 0

    def described(self, device: LiveDevice, levels: int) -> dict[str, Any]:
        self.number += 1
        if self.number > MOST_PARTS:
            raise PlanArgumentError(
                f"device {self.name!r} has more than {MOST_PARTS} parts",
                hint="limit the depth at which its parts are listed",
                device=self.name,
            )
        kind = device.kind
        described: dict[str, Any] = {
            "classname": kind.__name__,
            "module": kind.__module__,
            "is_readable": device.readable,
            "is_movable": device.movable,
            "is_flyable": device.flyable,
        }
        if levels > 1 and (self.whole or not _is_area_detector(kind)):
            parts = {
                name: self.described(part, levels - 1)
                for name, part in device.children()
            }
            if parts:
                described["components"] = parts
        return described


def _is_area_detector(kind: type) -> bool:
    return any(
        one.__name__ == "ADBase" and one.__module__.startswith("ophyd.areadetector")
        for one in kind.__mro__
    )
