"""From a plan as submitted to a call: names become devices, plans and functions.

Owns which strings become objects, and how a dotted name is followed to one.
Must not know queues, files or users; evaluates nothing.
Test: ``prepare_plan(plan, namespace=..., ...)`` with objects of any kind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import _ParameterKind, ismodule
from typing import Any

from lapwing.annotation.excerpt import shown
from lapwing.annotation.parameters import MISSING, Parameter, PlanModel
from lapwing.annotation.trees import is_listed
from lapwing.annotation.types import Plain, parts_of
from lapwing.annotation.validate import check_plan
from lapwing.errors import PlanArgumentError

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Namespace:
    """The objects that names may stand for.

    Attributes:
        devices: Devices by name; a dotted name leads on to their parts.
        plans: Plan functions by name.
        functions: What the dotted names of functions begin with: functions, and
            modules that have them.
    """

    devices: Mapping[str, Any] = field(default_factory=dict)
    plans: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PreparedPlan:
    """A plan function and the arguments to call it with.

    Attributes:
        name: The plan's name.
        function: The plan function.
        args: Positional arguments, names replaced by objects.
        kwargs: The others, with the defaults that only the decorator knows.
        meta: Metadata for the runs; of several dicts, the first that has a key wins.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Any:
        """Call the plan function."""
        return self.function(*self.args, **self.kwargs)


def prepare_plan(
    plan: Mapping[str, Any],
    *,
    namespace: Namespace,
    allowed_plans: Mapping[str, Any],
    allowed_devices: Mapping[str, Any],
    allows_function: Callable[[str], bool] = lambda name: False,
) -> PreparedPlan:
    """Check a plan and replace the names in its arguments by objects.

    A parameter without a type has every string replaced that names an allowed device,
    part of a device or plan; one with lists of names, those of its lists; one with
    ``__DEVICE__`` and its kin, what these stand for; all others, none. A string that
    names nothing stays a string. Lists, tuples and values of dicts are gone through,
    keys of dicts are not.

    Args:
        plan: As for `lapwing.annotation.validate_plan`.
        namespace: The objects.
        allowed_plans: Descriptions of the plans that the submitter may use.
        allowed_devices: Descriptions of the devices that the submitter may use.
        allows_function: Whether the function of a dotted name may be used.

    Raises:
        PlanArgumentError: The plan is not valid, is not in the namespace, or names a
            function that is not there or not allowed.
    """
    bound = check_plan(
        plan, allowed_plans=allowed_plans, allowed_devices=allowed_devices
    )
    function = namespace.plans.get(bound.name)
    if function is None or bound.model is None:
        raise PlanArgumentError(
            f"plan {bound.name!r} is allowed but is not in the environment",
            hint="update the environment",
            reason="unknown",
            plan=bound.name,
        )
    replacing = _Replacing(namespace, allowed_plans, allowed_devices, allows_function)
    values = {
        name: replacing.within(bound.model.by_name[name], value)
        for name, value in bound.arguments.items()
    }
    for parameter in bound.model.parameters:
        if parameter.default_in_decorator and parameter.name not in values:
            values[parameter.name] = replacing.within(parameter, parameter.default)
    args, kwargs = _call(bound.model, values, len(plan.get("args", ())))
    return PreparedPlan(bound.name, function, args, kwargs, _meta(plan))


def _meta(plan: Mapping[str, Any]) -> dict[str, Any]:
    meta = plan.get("meta", {})
    dicts: Sequence[Mapping[str, Any]] = [meta] if isinstance(meta, Mapping) else meta
    merged: dict[str, Any] = {}
    for one in reversed(dicts):
        merged |= one
    return merged


def _call(
    model: PlanModel, values: dict[str, Any], by_position: int
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Sort values into positional arguments and others.

    What was given by position stays so; what can only be given by position too, with
    the defaults of those before it.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    waiting: list[Any] = []
    for at, parameter in enumerate(model.parameters):
        value = values.get(parameter.name, MISSING)
        match parameter.kind:
            case _ParameterKind.VAR_POSITIONAL:
                args += () if value is MISSING else value
            case _ParameterKind.VAR_KEYWORD:
                kwargs |= {} if value is MISSING else value
            case _ParameterKind.POSITIONAL_ONLY:
                waiting.append(parameter.default if value is MISSING else value)
                if value is not MISSING:
                    args, waiting = args + waiting, []
            case _ if value is not MISSING:
                is_next = at < by_position and len(args) == at
                if is_next and parameter.kind is not _ParameterKind.KEYWORD_ONLY:
                    args.append(value)
                else:
                    kwargs[parameter.name] = value
    return tuple(args), kwargs


class _Replacing:
    """Replaces names by objects, for one submitter."""

    def __init__(
        self,
        namespace: Namespace,
        allowed_plans: Mapping[str, Any],
        allowed_devices: Mapping[str, Any],
        allows_function: Callable[[str], bool],
    ):
        self.namespace = namespace
        self.allowed_plans = allowed_plans
        self.allowed_devices = allowed_devices
        self.allows_function = allows_function

    def within(self, parameter: Parameter, value: Any) -> Any:
        """Return the value of a parameter with its names replaced."""
        rule = self.rule(parameter)
        return value if rule is None else _replaced(value, rule)

    def rule(self, parameter: Parameter) -> Callable[[str], Any] | None:
        """Return what becomes of a string of a parameter, or None: nothing does."""
        annotation = parameter.annotation
        listed = annotation.listed if annotation else {"devices": (), "plans": ()}
        all_devices, all_plans = parameter.names_devices, parameter.names_plans
        own_devices = (
            listed["devices"] if parameter.convert_device_names is None else ()
        )
        own_plans = listed["plans"] if parameter.convert_plan_names is None else ()
        functions = parameter.names_functions
        others = _takes_other_names(parameter)
        if not (all_devices or all_plans or own_devices or own_plans or functions):
            return None

        def rule(text: str) -> Any:
            found = _ABSENT
            if all_plans or text in own_plans:
                found = self.plan(text)
            if found is _ABSENT and (all_devices or text in own_devices):
                found = self.device(text)
            if found is _ABSENT and functions:
                found = self.function(text, parameter.name, required=not others)
            return text if found is _ABSENT else found

        return rule

    def plan(self, name: str) -> Any:
        if name not in self.allowed_plans:
            return _ABSENT
        return self.namespace.plans.get(name, _ABSENT)

    def device(self, name: str) -> Any:
        """Return a device, or a part, if both lists and namespace have it."""
        if not is_listed(name, self.allowed_devices):
            return _ABSENT
        root, *parts = name.split(".")
        device = self.namespace.devices.get(root, _ABSENT)
        for part in parts:
            if device is not _ABSENT:
                device = _part(device, part)
        return device

    def function(self, name: str, parameter: str, *, required: bool) -> Any:
        """Follow a dotted name to a function that is allowed."""
        root, *parts = name.split(".")
        found = self.namespace.functions.get(root, _ABSENT)
        if any(part.startswith("_") for part in (root, *parts)):
            found = _ABSENT
        for part in parts:
            inner = getattr(found, part, _ABSENT) if found is not _ABSENT else _ABSENT
            # A module leads to its own submodules, not to what it imports.
            if ismodule(inner) and not _is_submodule(inner, found):
                inner = _ABSENT
            found = inner
        if callable(found) and self.allows_function(name):
            return found
        if not required:
            return _ABSENT
        state = "is not allowed" if callable(found) else "is not known"
        raise PlanArgumentError(
            f"parameter {parameter!r}: function {shown(name)} {state}",
            reason="argument",
            parameter=parameter,
            value=name,
        )


def _takes_other_names(parameter: Parameter) -> bool:
    """Whether a string that names no function may be something else."""
    annotation = parameter.annotation
    if annotation is None:
        return True
    others = [one for one in annotation.references if not one.function]
    plain = Plain("str") in parts_of(annotation.type)
    return bool(others or annotation.members or plain)


def _is_submodule(inner: Any, module: Any) -> bool:
    return ismodule(module) and inner.__name__.startswith(f"{module.__name__}.")


def _part(device: Any, name: str) -> Any:
    """Return a part of a device by its name, which may be no identifier."""
    if name.isidentifier():
        return getattr(device, name, _ABSENT)
    children = getattr(device, "children", None)
    if not callable(children):
        return _ABSENT
    pairs: Any = children()
    return {str(key): child for key, child in pairs}.get(name, _ABSENT)


def _replaced(value: Any, rule: Callable[[str], Any]) -> Any:
    match value:
        case str():
            return rule(value)
        case list():
            return [_replaced(one, rule) for one in value]
        case tuple():
            return tuple(_replaced(one, rule) for one in value)
        case Mapping():
            return {key: _replaced(one, rule) for key, one in value.items()}
    return value
