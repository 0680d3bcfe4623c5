"""Forms of plans: JSON Schema to build one from, and what it sends as a plan.

Owns the schema of a plan's arguments, and how they become positional or named.
Must not know windows, pages, users, or the functions of plans.
Test: ``plan_schema(description)``, and ``plan_item(description, values)``.
"""

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from inspect import _ParameterKind
from typing import Any

from lapwing.annotation.description import plan_from_dict
from lapwing.annotation.excerpt import shown
from lapwing.annotation.forms_types import NamesInUse, Schema, TypeSchemas
from lapwing.annotation.grammar import syntax_of
from lapwing.annotation.parameters import MISSING, Parameter, PlanModel
from lapwing.annotation.trees import is_listed
from lapwing.annotation.types import ANY
from lapwing.errors import PlanArgumentError

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# Such as "Exposure time [s]." or "Energy [eV]"; "[0, 1]" is no unit.
_UNIT = re.compile(r"\[((?:[^\W\d_]|[%°µ]|1/)[^\[\],;:]{0,19})\]\s*\.?\s*\Z")


def plan_schema(
    described: Mapping[str, Any],
    *,
    allowed_plans: Mapping[str, Any] | None = None,
    allowed_devices: Mapping[str, Any] | None = None,
) -> Schema:
    """Return JSON Schema (draft 2020-12) of a plan's arguments, to build a form from.

    The instance is a dict from the names of parameters to values: of ``*args`` a list,
    of ``**kwargs`` a dict. What the schema accepts, `validate_plan` does, once
    `plan_item` has made a plan of it; but JSON knows no difference between 1.0 and 1.

    Beside JSON Schema's own words there are, for forms: ``x-order`` (parameters in
    order), ``x-kind`` (of a parameter, as Python has it), ``x-unit``, ``x-step``,
    ``x-list`` (the type's name of a list of names), ``x-of`` ("devices", "plans",
    "enums", "functions" or "plans or devices") and ``x-default`` (the text of a
    default that JSON has no value for). ``examples`` are names on offer.

    Args:
        described: The description of the plan, as downloaded.
        allowed_plans: All plans that may be named; None leaves its lists as they are.
        allowed_devices: Likewise for devices.

    Raises:
        PlanArgumentError: It is no description of a plan.
    """
    plan = plan_from_dict(described)
    names = NamesInUse(allowed_plans or {}, allowed_devices or {})
    definitions: dict[str, Schema] = {}
    properties: dict[str, Schema] = {}
    for at, one in enumerate(plan.parameters):
        parameter = _narrowed(one, allowed_plans, allowed_devices)
        schemas = TypeSchemas(
            parameter.annotation,
            _bounds(parameter),
            definitions,
            f"numbers_{at}",
            names,
        )
        properties[one.name] = _property(parameter, schemas, plan)
    return {
        "$schema": DRAFT,
        "title": plan.name,
        **({"description": plan.description} if plan.description else {}),
        "type": "object",
        "properties": properties,
        "required": [one.name for one in plan.parameters if one.required],
        "additionalProperties": False,
        "x-order": list(properties),
        **({"$defs": definitions} if definitions else {}),
    }


def _narrowed(
    parameter: Parameter,
    plans: Mapping[str, Any] | None,
    devices: Mapping[str, Any] | None,
) -> Parameter:
    if parameter.annotation is None:
        return parameter
    annotation = parameter.annotation.narrowed(
        None if devices is None else lambda name: is_listed(name, devices),
        None if plans is None else plans.__contains__,
    )
    return replace(parameter, annotation=annotation)


def _bounds(parameter: Parameter) -> dict[str, float]:
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    return {
        key: bound
        for key, bound in bounds.items()
        if bound is not None and math.isfinite(bound)
    }


def _property(parameter: Parameter, schemas: TypeSchemas, plan: PlanModel) -> Schema:
    annotation = parameter.annotation
    schema = schemas.of(ANY if annotation is None else annotation.type)
    match parameter.kind:
        case _ParameterKind.VAR_POSITIONAL:
            schema = {"type": "array", "items": schema}
        case _ParameterKind.VAR_KEYWORD:
            schema = {
                "type": "object",
                "additionalProperties": schema,
                "propertyNames": {"not": {"enum": _taken(plan)}},
            }
    about: Schema = {"x-kind": parameter.kind.name}
    if parameter.description:
        about["description"] = parameter.description
    if unit := unit_of(parameter):
        about["x-unit"] = unit
    if parameter.step is not None:
        about["x-step"] = parameter.step
    return schema | about | _default(parameter)


def _taken(plan: PlanModel) -> list[str]:
    """Return the names that ``**kwargs`` cannot have, for they mean parameters."""
    free = (
        _ParameterKind.POSITIONAL_ONLY,
        _ParameterKind.VAR_POSITIONAL,
        _ParameterKind.VAR_KEYWORD,
    )
    return [one.name for one in plan.parameters if one.kind not in free]


def _default(parameter: Parameter) -> Schema:
    if parameter.default is MISSING:
        return {}
    if _is_json(parameter.default):
        return {"default": _listed(parameter.default)}
    return {"x-default": repr(parameter.default)}


def _is_json(value: Any) -> bool:
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list() | tuple():
            return all(map(_is_json, value))
        case dict():
            keys = all(isinstance(key, str) for key in value)
            return keys and all(map(_is_json, value.values()))
    return False


def _listed(value: Any) -> Any:
    """Return a value with lists for tuples, as JSON has them."""
    if isinstance(value, (list, tuple)):
        return [_listed(one) for one in value]
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return value


def unit_of(parameter: Parameter) -> str:
    """Return the unit of a parameter, or "" if nobody has said it.

    It is the note of the type, as in ``"typing.Annotated[float, 'mm']"``, or what
    stands in brackets at the end of the description, as in "Exposure time [s]".
    """
    text = parameter.annotation.text if parameter.annotation else ""
    if "Annotated" in text:
        for node in ast.walk(syntax_of(text)):
            match node:
                case ast.Subscript(
                    value=ast.Attribute(attr="Annotated"),
                    slice=ast.Tuple(elts=[_, ast.Constant(value=str(unit)), *_]),
                ):
                    return unit
    found = _UNIT.search(parameter.description)
    return found[1].strip() if found else ""


def plan_item(described: Mapping[str, Any], values: Mapping[str, Any]) -> Schema:
    """Return what is to be submitted, from the values of a form.

    Args:
        described: The description of the plan, as downloaded.
        values: Values by the names of parameters; of ``*args`` a list, of
            ``**kwargs`` a dict. What is missing has its default.

    Returns:
        ``{"name": str, "args": list, "kwargs": dict}``.

    Raises:
        PlanArgumentError: A parameter is not known, or one that must be given by
            position is missing; or it is no description of a plan.
    """
    plan = plan_from_dict(described)
    for name in values:
        if name not in plan.by_name:
            raise PlanArgumentError(
                f"plan {plan.name!r} has no parameter {shown(name)}; it has "
                f"{', '.join(plan.by_name) or 'none'}",
                reason="argument",
                plan=plan.name,
                parameter=name,
                allowed=list(plan.by_name),
            )
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    by_position = _by_position(plan, values)
    for at, parameter in enumerate(plan.parameters):
        value = values.get(parameter.name, MISSING)
        if at < by_position:
            args.append(_positional(plan, parameter, value))
        elif value is not MISSING and parameter.kind is _ParameterKind.VAR_POSITIONAL:
            args += value
        elif value is not MISSING and parameter.kind is _ParameterKind.VAR_KEYWORD:
            kwargs |= value
        elif value is not MISSING:
            kwargs[parameter.name] = value
    return {"name": plan.name, "args": args, "kwargs": kwargs}


def _by_position(plan: PlanModel, values: Mapping[str, Any]) -> int:
    """Return how many parameters, from the first, must be given by position."""
    number = 0
    for at, parameter in enumerate(plan.parameters):
        if parameter.kind is _ParameterKind.VAR_POSITIONAL and values.get(
            parameter.name
        ):
            return at
        if parameter.kind is _ParameterKind.POSITIONAL_ONLY:
            number = at + 1 if parameter.name in values else number
    return number


def _positional(plan: PlanModel, parameter: Parameter, value: Any) -> Any:
    found = parameter.default if value is MISSING else value
    if found is MISSING:
        raise PlanArgumentError(
            f"plan {plan.name!r} needs parameter {parameter.name!r}, and others come "
            f"after it",
            reason="argument",
            plan=plan.name,
            parameter=parameter.name,
        )
    return found
