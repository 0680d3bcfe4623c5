"""Arguments of a plan, sorted to its parameters, and each of them checked.

Owns the rules of Python's calls, and a check of each value, made once per plan.
Must not know users, lists of devices, or what becomes of the values.
Test: ``CompiledPlan(model).check(args, kwargs)`` gives them by parameter, or raises.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import _ParameterKind
from typing import Any

from lapwing.annotation import faults
from lapwing.annotation.checks import Check, check_of, fault_in, out_of_range
from lapwing.annotation.parameters import Has, Parameter, PlanModel

_POSITIONAL = (_ParameterKind.POSITIONAL_ONLY, _ParameterKind.POSITIONAL_OR_KEYWORD)
_BY_NAME = (_ParameterKind.POSITIONAL_OR_KEYWORD, _ParameterKind.KEYWORD_ONLY)


def _has_all(name: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Compiled:
    """One parameter, with its check made."""

    parameter: Parameter
    check: Check | None
    range: tuple[float, float] | None
    listed: bool

    def raise_if_wrong(self, value: Any, call: "_Call") -> None:
        if self.check is not None and not self.check(value):
            self._raise_type_fault(self.parameter, value, call, "")
        if self.listed:
            self._raise_if_not_there(value, call)
        if self.range is not None:
            outside = out_of_range(value, *self.range)
            if outside is not None:
                raise faults.of_range(self.parameter, *outside, call.plan)

    def _raise_if_not_there(self, value: Any, call: "_Call") -> None:
        """Check again with shorter lists, if it has names that these would not have."""
        annotation = self.parameter.annotation
        if annotation is None or not any(
            (name in annotation.listed["devices"] and not call.has_device(name))
            or (name in annotation.listed["plans"] and not call.has_plan(name))
            for name in _texts_in(value)
        ):
            return
        narrowed = annotation.narrowed(call.has_device, call.has_plan)
        if not check_of(narrowed.type)(value):
            parameter = replace(self.parameter, annotation=narrowed)
            hint = "the plan lists it, but the allowed devices and plans do not"
            self._raise_type_fault(parameter, value, call, hint)

    @staticmethod
    def _raise_type_fault(
        parameter: Parameter, value: Any, call: "_Call", hint: str
    ) -> None:
        fault = parameter.annotation and fault_in(parameter.annotation.type, value)
        if fault:
            raise faults.of_type(parameter, fault, call.plan, hint)


@dataclass(frozen=True, slots=True)
class _Call:
    """For whom a plan is checked: which devices and plans there are for them."""

    plan: str
    has_device: Has
    has_plan: Has


def _texts_in(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += one
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one


class CompiledPlan:
    """A plan whose arguments can be checked in microseconds.

    Args:
        model: The plan.

    Raises:
        PlanArgumentError: A type in it is in no grammar of ours.
    """

    def __init__(self, model: PlanModel):
        self.model = model
        compiled = [_compile(parameter) for parameter in model.parameters]
        self._positional = [c for c in compiled if c.parameter.kind in _POSITIONAL]
        self._by_name = {
            c.parameter.name: c for c in compiled if c.parameter.kind in _BY_NAME
        }
        several = {c.parameter.kind: c for c in compiled}
        self._rest = several.get(_ParameterKind.VAR_POSITIONAL)
        self._others = several.get(_ParameterKind.VAR_KEYWORD)
        self._required = [c.parameter.name for c in compiled if c.parameter.required]

    def check(
        self,
        args: Any,
        kwargs: Any,
        *,
        has_device: Has = _has_all,
        has_plan: Has = _has_all,
    ) -> dict[str, Any]:
        """Sort arguments to parameters and check each.

        Args:
            args: A list or tuple.
            kwargs: A dict with texts as keys.
            has_device: Whether a device that a list of the plan names may be used.
            has_plan: Likewise for a plan.

        Returns:
            The values that were given, by parameter; those of ``*args`` as a tuple,
            those of ``**kwargs`` as a dict.

        Raises:
            PlanArgumentError: One is missing, is not known, is given twice, or is not
                what it must be. ``context`` has plan, parameter, value, path (to the
                place in the value), allowed and nearest.
        """
        name = self.model.name
        if not isinstance(args, (list, tuple)):
            raise faults.of_form(name, "args", args, "a list")
        if not isinstance(kwargs, Mapping):
            raise faults.of_form(name, "kwargs", kwargs, "a dict")
        call = _Call(name, has_device, has_plan)
        found = self._take_positional(args, call)
        others = self._take_named(kwargs, found, call)
        missing = [name for name in self._required if name not in found]
        if missing:
            raise faults.missing(self.model, missing)
        if others and self._others is not None:
            for value in others.values():
                self._others.raise_if_wrong(value, call)
            found[self._others.parameter.name] = others
        return found

    def _take_positional(self, args: Sequence[Any], call: _Call) -> dict[str, Any]:
        plan, found = call.plan, {}
        for one, value in zip(self._positional, args, strict=False):
            one.raise_if_wrong(value, call)
            found[one.parameter.name] = value
        rest = args[len(self._positional) :]
        if rest and self._rest is None:
            raise faults.too_many(plan, args, len(self._positional))
        if rest and self._rest is not None:
            for value in rest:
                self._rest.raise_if_wrong(value, call)
            found[self._rest.parameter.name] = tuple(rest)
        return found

    def _take_named(
        self, kwargs: Mapping[Any, Any], found: dict[str, Any], call: _Call
    ) -> dict[str, Any]:
        """Add what is given by name; return what ``**kwargs`` is to take."""
        others: dict[str, Any] = {}
        for key, value in kwargs.items():
            one = self._by_name.get(key) if isinstance(key, str) else None
            if one is None:
                if self._is_refused(key, found):
                    raise faults.not_known(self.model, key, list(self._by_name))
                others[key] = value
                continue
            if key in found:
                raise faults.given_twice(self.model.name, key, value)
            one.raise_if_wrong(value, call)
            found[key] = value
        return others

    def _is_refused(self, key: Any, found: Mapping[str, Any]) -> bool:
        if self._others is None or not isinstance(key, str):
            return True
        # Python gives it to ``**kwargs``; whoever names it means the parameter.
        meant = self.model.by_name.get(key)
        by_position = meant and meant.kind is _ParameterKind.POSITIONAL_ONLY
        return bool(by_position) and key not in found


def _compile(parameter: Parameter) -> _Compiled:
    annotation = parameter.annotation
    check = check_of(annotation.type) if annotation else None
    listed = annotation is not None and any(annotation.listed.values())
    return _Compiled(parameter, check, parameter.range, listed)
