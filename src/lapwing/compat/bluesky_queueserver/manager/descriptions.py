"""Descriptions of plans as Python's signatures, and as texts for windows.

Owns what clients of the queue server ask of a downloaded description.
Must not evaluate anything in it: types stay texts.
Test: tests/unit/compat/test_queueserver.py.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from inspect import BoundArguments, Signature
from inspect import Parameter as Header
from typing import Any

from lapwing.annotation.description import plan_from_dict
from lapwing.annotation.parameters import MISSING


def construct_parameters(
    param_list: Sequence[Mapping[str, Any]], *, params_decoded: object = None
) -> list[Header]:
    """Return parameters of a plan as those of a signature.

    Args:
        param_list: ``parameters`` of a description of a plan.
        params_decoded: Taken for the queue server's sake.

    Returns:
        Name, kind and default of each; its type as text.

    Raises:
        PlanArgumentError: It is no description.
    """
    model = plan_from_dict({"name": "", "parameters": list(param_list)})
    return [
        Header(
            one.name,
            one.kind,
            default=Header.empty if one.default is MISSING else one.default,
            annotation=one.annotation.text if one.annotation else Any,
        )
        for one in model.parameters
    ]


def bind_plan_arguments(
    *,
    plan_args: Sequence[Any],
    plan_kwargs: Mapping[str, Any],
    plan_parameters: Mapping[str, Any],
) -> BoundArguments:
    """Sort the arguments of a plan to its parameters; their values are not checked.

    Args:
        plan_args: Those given by position.
        plan_kwargs: Those given by name.
        plan_parameters: The description of the plan.

    Raises:
        TypeError: They do not fit, as a call in Python would say.
        PlanArgumentError: It is no description.
    """
    signature = Signature(construct_parameters(plan_parameters.get("parameters", ())))
    return signature.bind(*plan_args, **plan_kwargs)


def format_text_descriptions(
    item_parameters: Mapping[str, Any], *, use_html: bool = False
) -> dict[str, Any]:
    """Return texts about a plan and its parameters, as a window shows them.

    Args:
        item_parameters: The description of the plan.
        use_html: Whether to write HTML; what authors wrote stays text in it.

    Returns:
        ``{"description": str, "parameters": {NAME: str}}``; {} for {}.
    """
    if not item_parameters:
        return {}
    write = _Html() if use_html else _Plain()
    plan = [write.fact("Name", item_parameters.get("name"))]
    plan += write.lines(item_parameters.get("description"))
    return {
        "description": write.joined(plan),
        "parameters": {
            one["name"]: write.joined(_about(one, write))
            for one in item_parameters.get("parameters", ())
        },
    }


def _about(one: Mapping[str, Any], write: "_Plain") -> Iterable[str]:
    annotation = one.get("annotation", {})
    yield write.fact("Name", one["name"])
    yield write.fact("Type", annotation.get("type"))
    for key in ("devices", "plans", "enums"):
        for name, names in annotation.get(key, {}).items():
            yield write.members(name, names)
    yield write.fact("Default", one.get("default"))
    bounds = [key for key in ("min", "max", "step") if key in one]
    if bounds:
        yield " ".join(write.fact(key.capitalize(), one[key]) for key in bounds)
    yield from write.lines(one.get("description"))


class _Plain:
    """Writes plain text."""

    def fact(self, label: str, value: Any) -> str:
        return f"{label}: {'-' if value is None else value}"

    def members(self, name: str, names: Iterable[str]) -> str:
        return f"{name}: {tuple(names)}"

    def lines(self, text: str | None) -> list[str]:
        return text.splitlines() if text else []

    def joined(self, lines: Iterable[str]) -> str:
        return "\n".join(lines)


class _Html(_Plain):
    """Writes HTML, in which nothing of the text is a tag."""

    def fact(self, label: str, value: Any) -> str:
        shown = "-" if value is None else html.escape(str(value), quote=False)
        return f"<i>{label}:</i> <b>{shown}</b>"

    def members(self, name: str, names: Iterable[str]) -> str:
        shown = html.escape(str(tuple(names)), quote=False)
        return f"<b>{html.escape(name)}:</b> {shown}"

    def lines(self, text: str | None) -> list[str]:
        return [html.escape(line, quote=False) for line in super().lines(text)]

    def joined(self, lines: Iterable[str]) -> str:
        return "<br>".join(lines)
