"""What is said of the arguments of a plan that are wrong.

Owns the words, and what the error carries for programs: plan, parameter, value,
path, allowed, nearest.
Must not know how a fault was found, nor who submitted the plan.
Test: ``tests/unit/annotation/test_validate.py`` reads the messages.
"""

from collections.abc import Sequence
from typing import Any

from lapwing.annotation.checks import Fault
from lapwing.annotation.excerpt import shown
from lapwing.annotation.nearest import nearest
from lapwing.annotation.parameters import Parameter, PlanModel
from lapwing.annotation.types import Named
from lapwing.annotation.words import words_for, words_for_range
from lapwing.errors import PlanArgumentError

MOST_NAMED = 20
"""Parameters that one message names."""

_KINDS = {
    bool: "a bool",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "a dict",
    type(None): "nothing",
}


def of_form(plan: str, key: str, value: Any, wanted: str) -> PlanArgumentError:
    """Return the error for ``args`` or ``kwargs`` that are no list or dict."""
    return PlanArgumentError(
        f"plan {shown(plan)}: {key!r} is {shown(value)}; it must be {wanted}",
        plan=plan,
        value=value,
        allowed=wanted,
    )


def too_many(plan: str, args: Sequence[Any], allowed: int) -> PlanArgumentError:
    """Return the error for more positional arguments than a plan takes."""
    return PlanArgumentError(
        f"plan {shown(plan)} takes {allowed} positional arguments; "
        f"{len(args)} are given",
        plan=plan,
        value=list(args),
        allowed=allowed,
    )


def given_twice(plan: str, parameter: str, value: Any) -> PlanArgumentError:
    """Return the error for an argument that is given by position and by name."""
    return PlanArgumentError(
        f"plan {shown(plan)}: parameter {shown(parameter)} is given twice, by "
        f"position and by name",
        plan=plan,
        parameter=parameter,
        value=value,
    )


def not_known(model: PlanModel, key: Any, allowed: list[str]) -> PlanArgumentError:
    """Return the error for a name that a plan takes no argument by."""
    near = nearest(key, allowed)
    meant = f"; is {near!r} meant?" if near else ""
    has = ", ".join(map(shown, allowed[:MOST_NAMED])) or "none by name"
    if isinstance(key, str) and key in model.by_name:
        says = f"takes parameter {shown(key)} only by position"
    else:
        says = f"has no parameter {shown(key)}; it has {has}{meant}"
    return PlanArgumentError(
        f"plan {shown(model.name)} {says}",
        plan=model.name,
        parameter=key,
        allowed=allowed,
        nearest=near,
    )


def missing(model: PlanModel, names: list[str]) -> PlanArgumentError:
    """Return the error for parameters that no argument was given for."""
    annotations = {name: model.by_name[name].annotation for name in names[:MOST_NAMED]}
    words = {name: one and words_for(one.type) for name, one in annotations.items()}
    if len(names) == 1:
        takes = f"; it takes {words[names[0]]}" if words[names[0]] else ""
        says = f"parameter {shown(names[0])} is missing{takes}"
    else:
        listed = ", ".join(
            f"{shown(name)} ({one})" if one else shown(name)
            for name, one in words.items()
        )
        says = f"{len(names)} parameters are missing: {listed}"
    return PlanArgumentError(
        f"plan {shown(model.name)}: {says}",
        plan=model.name,
        parameter=names[0],
        missing=names,
    )


def of_type(
    parameter: Parameter, fault: Fault, plan: str, hint: str
) -> PlanArgumentError:
    """Return the error for a value that is not of its parameter's type."""
    annotation = parameter.annotation
    members = sorted(fault.type.members) if isinstance(fault.type, Named) else []
    if not members and annotation and isinstance(fault.value, str):
        members = sorted(set().union(*annotation.members.values()))
    near = nearest(fault.value, members)
    meant = f"; is {near!r} meant?" if near else ""
    kind = _KINDS.get(type(fault.value), f"a {type(fault.value).__name__}")
    return PlanArgumentError(
        f"plan {shown(plan)}: parameter {shown(parameter.name)}{fault.path} is "
        f"{shown(fault.value)}, {kind}; it must be {fault.wanted}{meant}",
        hint=hint,
        plan=plan,
        parameter=parameter.name,
        path=fault.path,
        value=fault.value,
        allowed=members or fault.wanted,
        nearest=near,
    )


def of_range(
    parameter: Parameter, path: str, value: Any, plan: str
) -> PlanArgumentError:
    """Return the error for a number that is out of its parameter's range."""
    low, high = parameter.minimum, parameter.maximum
    return PlanArgumentError(
        f"plan {shown(plan)}: parameter {shown(parameter.name)}{path} is "
        f"{shown(value)}, out of range; it must be {words_for_range(low, high)}",
        plan=plan,
        parameter=parameter.name,
        path=path,
        value=value,
        allowed=(low, high),
        nearest=None,
    )
