"""The description of a plan as a dict: what files hold and clients download.

Owns the form in which ``existing_plans_and_devices.yaml`` describes a plan.
Must not know functions, files or users.
Test: ``plan_from_dict(plan_to_dict(model)) == model``.
"""

import ast
from collections.abc import Mapping
from inspect import _ParameterKind
from typing import Any

from lapwing.annotation.checks import is_bound
from lapwing.annotation.excerpt import shown
from lapwing.annotation.grammar import syntax_of
from lapwing.annotation.parameters import (
    MISSING,
    Annotation,
    Parameter,
    PlanModel,
)
from lapwing.errors import PlanArgumentError

LONGEST_DEFAULT = 50_000
_LISTS = ("devices", "plans", "enums")
_BOUNDS = {"min": "minimum", "max": "maximum", "step": "step"}
_SWITCHES = ("convert_plan_names", "convert_device_names")


def plan_to_dict(plan: PlanModel) -> dict[str, Any]:
    """Return the description of a plan, as clients of the queue server read it.

    It is made of texts, bools, whole numbers, lists and dicts only, in an order that
    is always the same. Defaults and numbers are texts of Python literals.
    """
    described: dict[str, Any] = {
        "name": plan.name,
        "properties": {"is_generator": plan.is_generator},
        "parameters": [_parameter_to_dict(one) for one in plan.parameters],
    }
    if plan.module:
        described["module"] = plan.module
    if plan.description:
        described["description"] = plan.description
    return described


def _parameter_to_dict(one: Parameter) -> dict[str, Any]:
    kind = {"name": one.kind.name, "value": int(one.kind)}
    described: dict[str, Any] = {"name": one.name, "kind": kind}
    if one.description:
        described["description"] = one.description
    if one.annotation is not None:
        described["annotation"] = _annotation_to_dict(one.annotation)
        described |= _conversions_to_dict(one)
    for switch in _SWITCHES:
        if getattr(one, switch) is not None:
            described[switch] = getattr(one, switch)
    if one.default is not MISSING:
        described["default"] = repr(one.default)
        if one.default_in_decorator:
            described["default_defined_in_decorator"] = True
    for key, attribute in _BOUNDS.items():
        if (bound := getattr(one, attribute)) is not None:
            described[key] = _number_text(bound)
    return described


def _number_text(number: float) -> str:
    """Write a bound; 2.0 as "2", as the queue server does."""
    whole = isinstance(number, float) and number.is_integer()
    return str(int(number)) if whole else repr(number)


def _annotation_to_dict(annotation: Annotation) -> dict[str, Any]:
    described: dict[str, Any] = {"type": annotation.text}
    for key in _LISTS:
        if lists := getattr(annotation, key):
            described[key] = {name: list(names) for name, names in lists.items()}
    return described


def _conversions_to_dict(one: Parameter) -> dict[str, bool]:
    """Say what built-in types do by themselves; the author's word comes after."""
    described: dict[str, bool] = {}
    references = one.annotation.references if one.annotation else ()
    if any(reference.plan for reference in references):
        described["convert_plan_names"] = True
    if any(reference.device for reference in references):
        described["convert_device_names"] = True
    if one.names_functions:
        described["eval_expressions"] = True
    return described


def plan_from_dict(described: Any) -> PlanModel:
    """Read the description of a plan, ours or the queue server's.

    Nothing in it is evaluated: a default is a literal, a type is parsed.

    Raises:
        PlanArgumentError: It is no description; says what in it is at fault.
    """
    _check(described, Mapping, "the description of a plan", "a dict")
    name = described.get("name", "")
    _check(name, str, "the name of a plan", "text")
    where = f"the description of plan {shown(name)}"
    parameters = described.get("parameters", ())
    _check(parameters, (list, tuple), f"'parameters' in {where}", "a list")
    read = tuple(_parameter_from_dict(one, where) for one in parameters)
    if len({one.name for one in read}) != len(read):
        raise PlanArgumentError(f"{where} has two parameters of one name")
    properties = described.get("properties", {})
    is_generator = isinstance(properties, Mapping) and properties.get("is_generator")
    return PlanModel(
        name=name,
        parameters=read,
        description=_text(described, "description", where),
        module=_text(described, "module", where),
        is_generator=bool(is_generator),
    )


def _parameter_from_dict(described: Any, plan: str) -> Parameter:
    _check(described, Mapping, f"a parameter in {plan}", "a dict")
    name = described.get("name")
    _check(name, str, f"the name of a parameter in {plan}", "text")
    where = f"parameter {shown(name)} in {plan}"
    annotation = None
    if "annotation" in described:
        annotation = _annotation_from_dict(described["annotation"], where)
    return Parameter(
        name=name,
        kind=_kind(described.get("kind"), where),
        description=_text(described, "description", where),
        annotation=annotation,
        default=_default(described, where),
        default_in_decorator=described.get("default_defined_in_decorator") is True,
        minimum=_number(described, "min", where),
        maximum=_number(described, "max", where),
        step=_number(described, "step", where),
        convert_plan_names=_switch(described, "convert_plan_names", where),
        convert_device_names=_switch(described, "convert_device_names", where),
    )


def _annotation_from_dict(described: Any, where: str) -> Annotation:
    _check(described, Mapping, f"the annotation of {where}", "a dict")
    text = described.get("type")
    _check(text, str, f"the type of {where}", "text")
    lists: dict[str, dict[str, tuple[str, ...]]] = {}
    for key in _LISTS:
        lists[key] = {}
        given = described.get(key, {})
        _check(given, Mapping, f"{key!r} of {where}", "a dict of lists")
        for name, names in given.items():
            listed = f"list {shown(name)} of {where}"
            _check(names, (list, tuple), listed, "a list")
            for member in names:
                if not isinstance(member, str):
                    _check(member, str, f"a member of {listed}", "text")
            lists[key][str(name)] = tuple(names)
    return Annotation(text, **lists)


def _kind(described: Any, where: str) -> _ParameterKind:
    name = described.get("name") if isinstance(described, Mapping) else None
    for kind in _ParameterKind:
        if kind.name == name:
            return kind
    allowed = ", ".join(kind.name for kind in _ParameterKind)
    raise PlanArgumentError(
        f"the kind of {where} is {shown(described)}; its name must be one of {allowed}"
    )


def _default(described: Mapping[str, Any], where: str) -> Any:
    if "default" not in described:
        return MISSING
    text = described["default"]
    _check(text, str, f"the default of {where}", "the text of a Python literal")
    fault = "it is too long"
    if len(text) <= LONGEST_DEFAULT:
        try:
            return ast.literal_eval(syntax_of(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as err:
            fault = str(err)
    raise PlanArgumentError(
        f"the default of {where} is {shown(text)}; "
        f"it must be a Python literal ({shown(fault)})"
    )


def _number(described: Mapping[str, Any], key: str, where: str) -> float | None:
    """Read a bound: a text such as "1" or "0.5", or the number itself."""
    if key not in described:
        return None
    given = described[key]
    number: float | None = None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        number = given
    elif isinstance(given, str) and len(given) < 400:
        number = _parsed(given)
    if number is None or not is_bound(number):
        raise PlanArgumentError(
            f"{key!r} of {where} is {shown(given)}; it must be a finite number"
        )
    return number


def _parsed(text: str) -> float | None:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _switch(described: Mapping[str, Any], key: str, where: str) -> bool | None:
    given = described.get(key)
    if given is not None:
        _check(given, bool, f"{key!r} of {where}", "true or false")
    return given


def _text(described: Mapping[str, Any], key: str, where: str) -> str:
    given = described.get(key, "")
    _check(given, str, f"{key!r} of {where}", "text")
    return given


def _check(value: Any, kinds: Any, what: str, wanted: str) -> None:
    if not isinstance(value, kinds):
        raise PlanArgumentError(f"{what} is {shown(value)}; it must be {wanted}")
