"""The one model of a plan's parameters: what checks, forms and files are made from.

Owns the facts about a plan and its parameters, and what follows from them.
Must not know where they come from (a function, a file), nor how they are used.
Test: build one by hand and look at its properties.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from inspect import _ParameterKind
from typing import Any, Final

from lapwing.annotation.grammar import parse_type
from lapwing.annotation.types import Named, Reference, Type, parts_of


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing.MISSING
"""Stands where there is no default."""

Has = Callable[[str], bool]
"""Whether a list has a name."""


@dataclass(frozen=True)
class Annotation:
    """A type of a parameter, and the lists of names that it may mention.

    Attributes:
        text: The type as written, such as "typing.List[Detectors]".
        devices: Names of devices, by the name of the type; sorted.
        plans: Names of plans, likewise.
        enums: Texts, likewise, in the order of the author.
    """

    text: str
    devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plans: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def type(self) -> Type:
        """The type as a tree; read once.

        Raises:
            PlanArgumentError: The text is in no grammar of ours.
        """
        return parse_type(self.text, self.members)

    @cached_property
    def members(self) -> dict[str, frozenset[str]]:
        """What each of the named types may be: devices, plans and texts together."""
        found: dict[str, frozenset[str]] = {}
        for lists in (self.devices, self.plans, self.enums):
            for name, names in lists.items():
                found[name] = found.get(name, frozenset()) | frozenset(names)
        return found

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The unchecked names (``__DEVICE__`` and its kin) in the type."""
        return tuple(t for t in parts_of(self.type) if isinstance(t, Reference))

    @cached_property
    def listed(self) -> dict[str, frozenset[str]]:
        """All names of "devices" and of "plans" in the lists."""
        return {
            key: frozenset(name for names in lists.values() for name in names)
            for key, lists in (("devices", self.devices), ("plans", self.plans))
        }

    def narrowed(self, has_device: Has | None, has_plan: Has | None) -> "Annotation":
        """Return it with only those devices and plans in its lists that there are.

        Args:
            has_device: Whether a device may be named; None keeps all.
            has_plan: Likewise for a plan.
        """
        return Annotation(
            self.text,
            _narrowed(self.devices, has_device),
            _narrowed(self.plans, has_plan),
            self.enums,
        )

    @cached_property
    def used(self) -> frozenset[str]:
        """The named types that the text mentions."""
        return frozenset(t.name for t in parts_of(self.type) if isinstance(t, Named))


def _narrowed(
    lists: Mapping[str, tuple[str, ...]], has: Has | None
) -> Mapping[str, tuple[str, ...]]:
    if has is None:
        return lists
    return {
        key: tuple(name for name in names if has(name)) for key, names in lists.items()
    }


@dataclass(frozen=True)
class Parameter:
    """One parameter of a plan.

    Attributes:
        name: Its name, without stars.
        kind: How it may be given, as Python has it.
        description: What it is, for people; "" if nobody has said it.
        annotation: Its type; None if it may be anything.
        default: Its default, or MISSING.
        default_in_decorator: Whether the default is the decorator's, which the
            function does not know and must be told.
        minimum: The least number allowed, in the unit of the parameter; or None.
        maximum: The greatest number allowed.
        step: A sensible step for forms.
        convert_plan_names: Whether names become plans, if the author has said it.
        convert_device_names: Whether names become devices, likewise.
    """

    name: str
    kind: _ParameterKind = _ParameterKind.POSITIONAL_OR_KEYWORD
    description: str = ""
    annotation: Annotation | None = None
    default: Any = MISSING
    default_in_decorator: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    convert_plan_names: bool | None = None
    convert_device_names: bool | None = None

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        several = (_ParameterKind.VAR_POSITIONAL, _ParameterKind.VAR_KEYWORD)
        return self.default is MISSING and self.kind not in several

    @property
    def range(self) -> tuple[float, float] | None:
        """The range of numbers in it, ends included; None if there is none."""
        if self.minimum is None and self.maximum is None:
            return None
        low = -math.inf if self.minimum is None else self.minimum
        return low, math.inf if self.maximum is None else self.maximum

    @cached_property
    def names_devices(self) -> bool:
        """Whether any allowed device's name in it becomes the device."""
        return self._names("device", self.convert_device_names)

    @cached_property
    def names_plans(self) -> bool:
        """Whether any allowed plan's name in it becomes the plan."""
        return self._names("plan", self.convert_plan_names)

    def _names(self, what: str, said: bool | None) -> bool:
        if said is not None:
            return said
        if self.annotation is None:
            return True
        return any(getattr(one, what) for one in self.annotation.references)

    @property
    def names_functions(self) -> bool:
        """Whether it takes the dotted names of functions."""
        annotation = self.annotation
        return annotation is not None and any(
            one.function for one in annotation.references
        )


@dataclass(frozen=True)
class PlanModel:
    """A plan as those see it who submit it.

    Attributes:
        name: Its name in the namespace of the startup code.
        parameters: Its parameters, in order.
        description: The first paragraph about it; "" if there is none.
        module: The module that it is written in; "" if that is not known.
        is_generator: Whether its function itself is a generator function; one that
            wraps a plan, as ``@plan`` does, is not.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    description: str = ""
    module: str = ""
    is_generator: bool = True

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters by their names."""
        return {parameter.name: parameter for parameter in self.parameters}
