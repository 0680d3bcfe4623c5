"""From a plan function to its model: header, docstring and decorator in one.

Owns what comes before what, and the faults of authors, told with file and line.
Must not know names of devices, files or users; lists are expanded by who calls.
Test: ``read_plan(function)`` and look at its parameters.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from lapwing.annotation.checks import fault_in, out_of_range
from lapwing.annotation.decorator import annotation_of
from lapwing.annotation.description import LONGEST_DEFAULT
from lapwing.annotation.docstrings import Docstring, read_docstring
from lapwing.annotation.excerpt import shown
from lapwing.annotation.extent import check_extent
from lapwing.annotation.hints import hint_text
from lapwing.annotation.parameters import MISSING, Annotation, Parameter, PlanModel
from lapwing.annotation.words import words_for_range
from lapwing.errors import PlanArgumentError

Expand = Callable[[Iterable[str]], Iterable[str]]
"""Turns names and patterns of names into names."""


def read_plan(
    func: Callable[..., Any],
    name: str | None = None,
    *,
    expand_devices: Expand | None = None,
    expand_plans: Expand | None = None,
) -> PlanModel:
    """Read what a plan is and takes from its header, docstring and decorator.

    The decorator's word comes before the header's and the docstring's. A hint of the
    header that is not understood is passed over.

    Args:
        func: The plan.
        name: What it is called in the namespace; its own name if not given.
        expand_devices: Turns the names and patterns of a list of devices into names;
            patterns are left out if not given.
        expand_plans: Likewise for plans.

    Raises:
        PlanArgumentError: The decorator's type is not known here, a default is no
            literal or breaks the decorator's own type or range, or a decorator
            gives a default which the header lacks. Names plan, parameter, file and
            line.
    """
    name = name or str(getattr(func, "__name__", "plan"))
    try:
        return _Reader(func, name, expand_devices, expand_plans).model()
    except PlanArgumentError as error:
        path, line = place_of(func)
        raise PlanArgumentError(
            f"plan {name!r} ({path}, line {line}): {error.args[0]}",
            **{**error.context, "plan": name, "file": path, "line": line},
        ) from error


def place_of(func: Callable[..., Any]) -> tuple[str, int]:
    """Return file and line of a function; ("?", 0) if it has none."""
    code = getattr(_written(func), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else ("?", 0)


def _written(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that somebody wrote: what a partial or a wrapper calls."""
    while isinstance(func, partial):
        func = func.func
    func = inspect.unwrap(func)
    return func if inspect.isroutine(func) else type(func).__call__


def literal_text(value: Any) -> str | None:
    """Return a value as a Python literal that means it, or None if there is none."""
    try:
        check_extent("the value", value)
        text = repr(value)
        if len(text) > LONGEST_DEFAULT:
            return None
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None  # also a PlanArgumentError, which is a ValueError
    return text


class _Reader:
    def __init__(
        self,
        func: Callable[..., Any],
        name: str,
        expand_devices: Expand | None,
        expand_plans: Expand | None,
    ):
        self.func = func
        self.name = name
        self.said = annotation_of(func)
        written = _written(func)
        documented = func if inspect.isroutine(func) else written
        self.docstring: Docstring = read_docstring(documented.__doc__)
        self.scope = getattr(written, "__globals__", {})
        self.module = getattr(
            written if isinstance(func, partial) else func, "__module__", None
        )
        self.expand = {
            "devices": expand_devices or _without_patterns,
            "plans": expand_plans or _without_patterns,
            "enums": tuple,
        }

    def model(self) -> PlanModel:
        header = _signature(self.func).parameters.values()
        own = self.said.get("parameters", {})
        unknown = sorted(set(own) - {one.name for one in header})
        if unknown:
            raise PlanArgumentError(
                f"the annotation describes parameters that the plan does not have: "
                f"{', '.join(map(shown, unknown))}"
            )
        return PlanModel(
            name=self.name,
            parameters=tuple(
                self.parameter(one, own.get(one.name, {})) for one in header
            ),
            description=self.said.get("description") or self.docstring.summary,
            module=self.module or "",
            is_generator=inspect.isgeneratorfunction(self.func),
        )

    def parameter(self, header: inspect.Parameter, own: Mapping[str, Any]) -> Parameter:
        try:
            found = Parameter(
                name=header.name,
                kind=header.kind,
                description=own.get("description")
                or self.docstring.parameters.get(header.name, ""),
                annotation=self.annotation(header, own),
                default=_default(header, own),
                default_in_decorator="default" in own,
                minimum=own.get("min"),
                maximum=own.get("max"),
                step=own.get("step"),
                convert_plan_names=own.get("convert_plan_names"),
                convert_device_names=own.get("convert_device_names"),
            )
            if found.default_in_decorator:
                self.check_default(found, own)
        except PlanArgumentError as error:
            raise PlanArgumentError(
                f"parameter {header.name!r}: {error.args[0]}",
                **{**error.context, "parameter": header.name},
            ) from error
        return found

    def annotation(
        self, header: inspect.Parameter, own: Mapping[str, Any]
    ) -> Annotation | None:
        if "annotation" in own:
            found = Annotation(own["annotation"], **self.lists(own))
            _check_type_and_lists(found)
            return found
        if header.annotation is inspect.Parameter.empty:
            return None
        text = hint_text(header.annotation, self.scope)
        return Annotation(text) if text else None

    def lists(self, own: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
        return {
            key: {
                name: tuple(expand(names)) for name, names in own.get(key, {}).items()
            }
            for key, expand in self.expand.items()
        }

    def check_default(self, found: Parameter, own: Mapping[str, Any]) -> None:
        """Hold a decorator's default against the decorator's type and range."""
        if found.default is None:
            return
        if "annotation" in own and found.annotation and not self.left_out(own):
            fault = fault_in(found.annotation.type, found.default)
            if fault:
                raise PlanArgumentError(
                    f"the default{fault.path} is {shown(fault.value)}; "
                    f"it must be {fault.wanted}",
                    value=fault.value,
                    allowed=fault.wanted,
                )
        if found.range and (outside := out_of_range(found.default, *found.range)):
            allowed = words_for_range(found.minimum, found.maximum)
            raise PlanArgumentError(
                f"the default{outside[0]} is {shown(outside[1])}; it must be {allowed}",
                value=outside[1],
                allowed=found.range,
            )

    def left_out(self, own: Mapping[str, Any]) -> bool:
        """Whether a pattern was not expanded, so that lists may lack members."""
        return any(
            ":" in name
            for key in ("devices", "plans")
            if self.expand[key] is _without_patterns
            for names in own.get(key, {}).values()
            for name in names
        )


def _without_patterns(names: Iterable[str]) -> list[str]:
    explicit = {name.strip() for name in names if ":" not in name}
    return sorted(sorted(explicit), key=str.upper)


def _signature(func: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        # A hint that cannot be evaluated there is one that is not understood.
        from annotationlib import Format

        return inspect.signature(func, annotation_format=Format.FORWARDREF)
    return inspect.signature(func)


def _default(header: inspect.Parameter, own: Mapping[str, Any]) -> Any:
    default = MISSING if header.default is inspect.Parameter.empty else header.default
    if "default" in own:
        if default is MISSING:
            raise PlanArgumentError(
                "the decorator gives a default, but the header of the function does "
                "not; both must"
            )
        default = own["default"]
    if default is not MISSING and literal_text(default) is None:
        where = "decorator" if "default" in own else "header"
        raise PlanArgumentError(
            f"the default in the {where} is {shown(default)}, a "
            f"{type(default).__name__}, which no list can hold; give the decorator a "
            f"default of texts, finite numbers, bools, None, lists or dicts, of at "
            f"most {LONGEST_DEFAULT} characters",
            value=shown(default),
        )
    return default


def _check_type_and_lists(annotation: Annotation) -> None:
    used = annotation.used  # which reads the type, and refuses what is none
    for name in annotation.members:
        if name not in used:
            raise PlanArgumentError(
                f"the list {shown(name)} is defined, but the type "
                f"{shown(annotation.text)} "
                f"does not mention it"
            )
