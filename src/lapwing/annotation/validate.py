"""Whether a plan may be submitted, by the lists that its submitter may have.

Owns `validate_plan` and `check_plan`; needs the two lists and nothing else.
Must not know startup code, devices, users, ophyd or Bluesky.
Test: hand it descriptions as downloaded, and plans as submitted.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import orjson

from lapwing.annotation.binding import CompiledPlan
from lapwing.annotation.description import plan_from_dict
from lapwing.annotation.excerpt import shown
from lapwing.annotation.extent import check_extent
from lapwing.annotation.nearest import nearest
from lapwing.annotation.parameters import PlanModel
from lapwing.annotation.trees import is_listed
from lapwing.errors import PlanArgumentError

Lists = Mapping[str, Any]

MOST_COMPILED = 4096
MOST_BYTES = 64 << 20
"""Of all descriptions that are kept compiled, as JSON."""
LARGEST_MEASURED = 1 << 16
"""Bytes of a description that is held on to, to know it again."""


@dataclass(frozen=True, slots=True)
class BoundPlan:
    """A plan that was found valid, its arguments sorted to its parameters.

    Attributes:
        name: The plan's name.
        model: What is known of it; None if there was no list to look into.
        arguments: What was given, by parameter; defaults are not filled in.
    """

    name: str
    model: PlanModel | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def validate_plan(
    plan: Any, *, allowed_plans: Lists | None, allowed_devices: Lists | None
) -> tuple[bool, str]:
    """Say whether a plan may be submitted and, if not, why.

    Args:
        plan: ``{"name": str, "args": list, "kwargs": dict, "meta": dict}``; all but
            the name may be missing, other keys are passed over.
        allowed_plans: Descriptions of plans by name, as downloaded; None allows all.
        allowed_devices: Descriptions of devices by name, as downloaded; None allows
            all. Devices that a plan's own lists name must be among them.

    Returns:
        (True, "") or (False, the reason and the plan).
    """
    try:
        check_plan(plan, allowed_plans=allowed_plans, allowed_devices=allowed_devices)
    except PlanArgumentError as error:
        return False, f"Plan validation failed: {error}\nPlan: {shown(plan)}"
    return True, ""


def check_plan(
    plan: Any,
    *,
    allowed_plans: Lists | None,
    allowed_devices: Lists | None = None,
    existing_plans: Lists | None = None,
) -> BoundPlan:
    """Check a plan and sort its arguments to its parameters.

    Args:
        plan: As for `validate_plan`.
        allowed_plans: As for `validate_plan`.
        allowed_devices: As for `validate_plan`.
        existing_plans: All plans there are, if known; an empty dict means that no
            environment was opened yet.

    Raises:
        PlanArgumentError: The plan may not be submitted. ``context`` has ``reason``
            ("form", "unknown", "not_allowed", "not_open" or "argument") and, for an
            argument: plan, parameter, path, value, allowed, nearest.
    """
    name = _checked_form(plan)
    _check_lists(allowed_plans, allowed_devices)
    if allowed_plans is None:
        return BoundPlan(name)
    description = allowed_plans.get(name)
    if description is None:
        raise _not_in_list(name, allowed_plans, existing_plans)
    try:
        check_extent(f"plan {shown(name)}", plan)
        compiled = compiled_plan(description)
        arguments = compiled.check(
            plan.get("args", ()),
            plan.get("kwargs", {}),
            has_device=lambda name: (
                allowed_devices is None or is_listed(name, allowed_devices)
            ),
            has_plan=lambda name: name in allowed_plans,
        )
    except PlanArgumentError as error:
        error.context.setdefault("reason", "argument")
        error.context.setdefault("plan", name)
        _hint_at_device(error, allowed_devices)
        raise
    return BoundPlan(name, compiled.model, arguments)


def _check_lists(plans: Any, devices: Any) -> None:
    for what, given in (("plans", plans), ("devices", devices)):
        if given is not None and not isinstance(given, Mapping):
            raise _form(f"the list of allowed {what}", given, "a dict")


def _checked_form(plan: Any) -> str:
    if not isinstance(plan, Mapping):
        raise _form("the plan", plan, "a dict")
    name = plan.get("name")
    if not isinstance(name, str) or not name:
        raise _form("the name of the plan", name, "text")
    meta = plan.get("meta", {})
    dicts = meta if isinstance(meta, (list, tuple)) else [meta]
    if not all(isinstance(one, Mapping) for one in dicts):
        raise _form("'meta' of the plan", meta, "a dict or a list of dicts")
    return name


def _form(what: str, value: Any, wanted: str) -> PlanArgumentError:
    return PlanArgumentError(
        f"{what} is {shown(value)}; it must be {wanted}",
        reason="form",
        value=value,
        allowed=wanted,
    )


def _not_in_list(
    name: str, allowed: Lists, existing: Lists | None
) -> PlanArgumentError:
    if existing is not None and not existing:
        return PlanArgumentError(
            f"plan {shown(name)} cannot be checked: no environment was opened yet, so "
            f"no plan is known",
            hint="open the environment",
            reason="not_open",
            plan=name,
        )
    if existing is not None and name in existing:
        return PlanArgumentError(
            f"plan {shown(name)} exists but is not in the list of allowed plans",
            hint="ask for it to be allowed to your group",
            reason="not_allowed",
            plan=name,
        )
    near = nearest(name, allowed)
    meant = f"; is {near!r} meant?" if near else ""
    if existing is not None:
        words, reason = "is not known", "unknown"
    elif allowed:
        words, reason = "is not in the list of allowed plans", "unknown"
    else:
        words = (
            "is not in the list of allowed plans, which is empty: either no "
            "environment was opened yet, or your group may run no plan"
        )
        reason = "not_open"
    return PlanArgumentError(
        f"plan {shown(name)} {words}{meant}", reason=reason, plan=name, nearest=near
    )


def _hint_at_device(error: PlanArgumentError, devices: Lists | None) -> None:
    """Tell a device that exists, but not for this parameter, from a slip."""
    value, allowed = error.context.get("value"), error.context.get("allowed")
    if error.hint or not devices:
        return
    if isinstance(value, str) and isinstance(allowed, list):
        root = value.partition(".")[0]
        if root in devices:
            error.hint = f"device {root!r} is known, but not allowed there"


# ------------------------------------------------------------------ compiled once


class _Memory:
    """What is kept of descriptions: the compiled ones, and which were looked at."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[bytes, CompiledPlan] = OrderedDict()
        self._bytes = 0
        self._measured: OrderedDict[int, Any] = OrderedDict()
        self._lock = Lock()

    def is_measured(self, description: Any) -> bool:
        return self._measured.get(id(description)) is description

    def keep_measured(self, description: Any) -> None:
        with self._lock:
            self._measured[id(description)] = description
            if len(self._measured) > MOST_COMPILED:
                self._measured.popitem(last=False)

    def compiled(self, key: bytes) -> CompiledPlan | None:
        return self._compiled.get(key)

    def keep_compiled(self, key: bytes, plan: CompiledPlan) -> None:
        with self._lock:
            if key not in self._compiled:
                self._bytes += len(key)
            self._compiled[key] = plan
            while len(self._compiled) > MOST_COMPILED or self._bytes > MOST_BYTES:
                oldest, _ = self._compiled.popitem(last=False)
                self._bytes -= len(oldest)


_memory = _Memory()


def compiled_plan(description: Any) -> CompiledPlan:
    """Return a description compiled, from memory if it was compiled before.

    The whole description is the key, so one that was changed is compiled anew. How
    large it is, is looked at once for each object, unless it is so large that it
    should not be held on to.

    Raises:
        PlanArgumentError: It is no description of a plan.
    """
    is_new = not _memory.is_measured(description)
    if is_new:
        check_extent("the description of the plan", description)
    try:
        key = orjson.dumps(description)
    except orjson.JSONEncodeError:
        return CompiledPlan(plan_from_dict(description))
    if is_new and len(key) <= LARGEST_MEASURED:
        _memory.keep_measured(description)
    found = _memory.compiled(key)
    if found is None:
        found = CompiledPlan(plan_from_dict(description))
        _memory.keep_compiled(key, found)
    return found
