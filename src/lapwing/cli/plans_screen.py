"""Plans as people read them: what they are for, and what their parameters may be.

Owns the words and the tables.
Must not know where the descriptions of plans come from.
Test: tests/unit/cli/test_plans_list.py.
"""

from collections.abc import Iterable, Iterator
from inspect import _ParameterKind

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lapwing.annotation.excerpt import shown
from lapwing.annotation.forms import unit_of
from lapwing.annotation.parameters import MISSING, Parameter, PlanModel
from lapwing.annotation.words import words_for
from lapwing.cli.screen import plain, table

_SHORT = 8  # names, which the words for a type have room for
_STARS = {_ParameterKind.VAR_POSITIONAL: "*", _ParameterKind.VAR_KEYWORD: "**"}
_GIVEN = {
    _ParameterKind.POSITIONAL_ONLY: "by position",
    _ParameterKind.KEYWORD_ONLY: "by name",
}


def plan_table(plans: Iterable[PlanModel]) -> Table:
    """Return a table of plans: their names, what must be given, what they are for."""
    made = table("plan", "needs", "about", fold=["needs", "about"])
    for plan in plans:
        made.add_row(
            plain(plan.name), plain(_needs(plan)), plain(_first_sentence(plan))
        )
    return made


def _needs(plan: PlanModel) -> str:
    several = _ParameterKind.VAR_POSITIONAL
    return ", ".join(
        f"*{one.name}" if one.kind is several else one.name
        for one in plan.parameters
        if one.required or one.kind is several
    )


def _first_sentence(plan: PlanModel) -> str:
    words = " ".join(plan.description.split())
    return words.partition(". ")[0].removesuffix(".")


def show_plan(screen: Console, plan: PlanModel) -> None:
    """Print all there is to say of a plan."""
    heading = Text(plan.name, style="bold")
    if plan.module:
        heading.append(f"   {plan.module}", style="not bold dim")
    screen.print(heading)
    if plan.description:
        words = " ".join(plan.description.split())
        screen.print(Padding(plain(words), (0, 0, 0, 2)))
    if not plan.parameters:
        screen.print(Text("  It takes no arguments.", style="dim"))
        return
    made = table("parameter", "may be", "default", "about", fold=["may be", "about"])
    for one in plan.parameters:
        made.add_row(
            plain(_STARS.get(one.kind, "") + one.name),
            plain(_may_be(one)),
            _default(one),
            _about(one),
        )
    screen.print()
    screen.print(Padding(made, (0, 0, 0, 2)))
    for kind, name, names in _long_lists(plan):
        about = Text(f"{name}, {len(names)} {kind}: ", style="bold")
        screen.print()
        screen.print(Padding(about.append_text(plain(", ".join(names))), (0, 0, 0, 2)))


def _long_lists(plan: PlanModel) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the lists that are cut short in the table."""
    for one in plan.parameters:
        for kind in ("devices", "plans", "enums"):
            lists = getattr(one.annotation, kind, {})
            for name, names in lists.items():
                if len(names) > _SHORT:
                    yield kind, name, names


def _may_be(one: Parameter) -> str:
    words = "anything" if one.annotation is None else words_for(one.annotation.type)
    if one.range:
        low, high = one.range
        least = "" if one.minimum is None else f" from {low:g}"
        most = "" if one.maximum is None else f" to {high:g}"
        words += f",{least}{most}"
    unit = unit_of(one)
    if unit:
        words += f" {unit}" if one.range else f", in {unit}"
    return words if one.step is None else f"{words}, in steps of {one.step:g}"


def _default(one: Parameter) -> Text:
    if one.required:
        return Text("required", style="bold")
    return plain("" if one.default is MISSING else shown(one.default))


def _about(one: Parameter) -> Text:
    about = plain(" ".join(one.description.split()))
    if one.kind in _GIVEN:
        about.append(f"{' ' if about else ''}({_GIVEN[one.kind]})", style="dim")
    return about
