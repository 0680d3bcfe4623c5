"""The decorator that annotates the parameters of a plan.

Owns what `parameter_annotation_decorator` accepts, and where it is kept.
Must not know types, docstrings, devices or lists of plans.
Test: decorate a function; look at ``_custom_parameter_annotation_``, or be refused.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any, TypeVar

from lapwing.annotation.checks import is_bound
from lapwing.annotation.excerpt import shown
from lapwing.annotation.extent import check_extent
from lapwing.errors import PlanArgumentError

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "_custom_parameter_annotation_"
"""Where the annotation is kept; the queue server of others keeps it there too."""

_TYPE_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*\Z")
_TOP = ("description", "parameters")
_TEXTS = ("description", "annotation")
_LISTS = ("devices", "plans", "enums")
_NUMBERS = ("min", "max", "step")
_SWITCHES = ("convert_plan_names", "convert_device_names")
_ALLOWED = (*_TEXTS, *_LISTS, "default", *_NUMBERS, *_SWITCHES)


def parameter_annotation_decorator(annotation: Mapping[str, Any]) -> Callable[[F], F]:
    """Describe a plan and its parameters for those who submit it to a queue.

    The function itself stays as it is: what is said here changes how a plan is
    listed, checked and shown, never how it runs when it is called from Python.

    Args:
        annotation: ``{"description": str, "parameters": {NAME: {...}}}``, all of it
            optional. For each parameter: ``description`` and ``annotation`` (the text
            of a type, such as ``"typing.List[Detectors]"``); ``devices``, ``plans``
            and ``enums`` (each names types and lists their members, or patterns of
            them); ``default``; ``min``, ``max`` and ``step`` (numbers, in the unit of
            the parameter); ``convert_plan_names`` and ``convert_device_names``.

    Returns:
        A decorator that returns the function which it was given.

    Raises:
        PlanArgumentError: The annotation has another form, or names a parameter that
            the function does not have. A `ValueError` too.

    ::

        @parameter_annotation_decorator({
            "parameters": {
                "detectors": {
                    "annotation": "typing.List[Detectors]",
                    "devices": {"Detectors": ["det1", ":^cam"]},
                },
                "exposure": {"min": 0.001, "max": 10},
            }
        })
        def snap(detectors, exposure: float = 1.0): ...
    """
    _check(annotation)
    kept = _copied(annotation)

    def decorate(func: F) -> F:
        _check_names(func, kept.get("parameters", {}))
        setattr(func, ATTRIBUTE, _copied(kept))
        return func

    return decorate


def annotation_of(func: Callable[..., Any]) -> Mapping[str, Any]:
    """Return what a decorator, ours or the queue server's, has said of a plan.

    Raises:
        PlanArgumentError: Somebody has put something else there.
    """
    annotation = getattr(func, ATTRIBUTE, None)
    if annotation is None:
        return {}
    _check(annotation)
    return annotation


def _check_names(func: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
    known = list(signature(func).parameters)
    for name in parameters:
        if name not in known:
            plan = getattr(func, "__name__", repr(func))
            raise PlanArgumentError(
                f"the annotation of plan {plan!r} describes a parameter {shown(name)}, "
                f"which it does not have; it has {_listed(known) or 'none'}",
                plan=plan,
                parameter=name,
                allowed=known,
            )


def _check(annotation: Any) -> None:
    check_extent("the annotation of a plan", annotation)
    _check_keys("the annotation of a plan", annotation, _TOP)
    if "description" in annotation:
        _check_is(str, "text", "description", annotation["description"])
    parameters = annotation.get("parameters", {})
    if not isinstance(parameters, Mapping):
        raise _refusal("parameters", parameters, "a dict")
    for name, described in parameters.items():
        _check_is(str, "text", "the name of a parameter", name)
        _check_parameter(name, described)


def _check_parameter(name: str, described: Any) -> None:
    place = f"parameters[{shown(name)}]"
    _check_keys(place, described, _ALLOWED)
    for key, value in described.items():
        where = f"{place}[{key!r}]"
        if key in _TEXTS:
            _check_is(str, "text", where, value)
        elif key in _LISTS:
            _check_lists(where, value)
        elif key in _NUMBERS:
            _check_number(where, value)
        elif key in _SWITCHES:
            _check_is(bool, "True or False", where, value)
    low, high = described.get("min", -math.inf), described.get("max", math.inf)
    if low > high:
        raise _refusal(f"{place}['min']", low, f"a number up to its max, {high}")


def _check_keys(place: str, value: Any, allowed: Iterable[str]) -> None:
    if not isinstance(value, Mapping):
        raise _refusal(place, value, "a dict")
    for key in value:
        if key not in allowed:
            raise PlanArgumentError(
                f"{place} has a key {shown(key)}; allowed are {_listed(allowed)}",
                key=key,
                allowed=list(allowed),
            )


def _check_lists(place: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise _refusal(place, value, "a dict of lists of names")
    for name, members in value.items():
        if not isinstance(name, str) or not _TYPE_NAME.match(name):
            raise _refusal(place, name, "a type name: letters, digits and _")
        if not isinstance(members, (list, tuple)):
            raise _refusal(f"{place}[{shown(name)}]", members, "a list of names")
        for member in members:
            _check_is(str, "text", f"a member of {place}[{shown(name)}]", member)


def _check_number(place: str, value: Any) -> None:
    if not is_bound(value):
        raise _refusal(place, value, "a finite number")


def _check_is(kind: type, words: str, place: str, value: Any) -> None:
    if not isinstance(value, kind):
        raise _refusal(place, value, words)


def _refusal(place: str, value: Any, wanted: str) -> PlanArgumentError:
    return PlanArgumentError(
        f"{place} is {shown(value)}; it must be {wanted}", value=value, allowed=wanted
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _copied(value: Any) -> Any:
    """Copy what contains; what is contained may be a device, which is no copy's."""
    match value:
        case Mapping():
            return {key: _copied(one) for key, one in value.items()}
        case list():
            return [_copied(one) for one in value]
        case tuple():
            return tuple(_copied(one) for one in value)
        case _:
            return value
