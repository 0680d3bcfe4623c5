"""``lapwing plans``: the plans of startup code or a list, and mistakes in files.

Owns the commands, and how findings are shown.
Must not run or import the files that it checks.
Test: call it with files that are right, wrong, and no Python.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from lapwing.annotation.description import plan_from_dict
from lapwing.annotation.forms import plan_schema
from lapwing.annotation.names import select_plans
from lapwing.annotation.parameters import PlanModel
from lapwing.cli.plans_screen import plan_table, show_plan
from lapwing.cli.screen import console, counted
from lapwing.cli.startup import Source, list_options, missing, tell_invalid
from lapwing.errors import PlanArgumentError
from lapwing.plans.durable_check import check_durable
from lapwing.plans.form_check import check_form
from lapwing.plans.form_check import list_plans as plans_in
from lapwing.plans.source_text import Finding


@click.group("plans")
def command() -> None:
    """Look at plans: what there are, what they take, what is wrong with them."""


@command.command("list")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@list_options
@click.option("--json", "as_json", is_flag=True, help="Print the descriptions as JSON.")
def list_plans(source: Source, names: tuple[str, ...], as_json: bool) -> None:
    """List plans: their names, what must be given, and what they are for.

    NAME is a name, or a pattern of names such as ':^count'. Without any all plans are
    listed. The exit status is 1 if a description in a file is faulty.
    """
    lists = source.read()
    plans = lists.plans
    tell_invalid(lists)
    chosen = select_plans(names or plans, plans)
    for name in chosen:
        if name not in plans:
            raise missing("plan", name, plans)
    if as_json:
        listed = {name: plans[name] for name in chosen}
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    models, faults = _read(plans, chosen)
    if models:
        console().print(plan_table(models))
    click.secho(counted(len(models), "plan"), dim=True, err=True)
    for fault in faults:
        click.secho(f"cannot be read: {fault}", fg="red", err=True)
    if faults:
        sys.exit(1)


def _read(
    plans: Mapping[str, Any], chosen: Iterable[str]
) -> tuple[list[PlanModel], list[PlanArgumentError]]:
    """Read descriptions of plans; return those that are right, and all faults."""
    models: list[PlanModel] = []
    faults: list[PlanArgumentError] = []
    for name in chosen:
        try:
            models.append(plan_from_dict(plans[name]))
        except PlanArgumentError as fault:
            faults.append(fault)
    return models, faults


@command.command("show")
@click.argument("name")
@list_options
@click.option(
    "--schema", is_flag=True, help="Print JSON Schema of its arguments, for forms."
)
@click.option("--json", "as_json", is_flag=True, help="Print the description as JSON.")
def show(source: Source, name: str, schema: bool, as_json: bool) -> None:
    """Show a plan: its parameters, what each may be, and its default."""
    if schema and as_json:
        raise click.UsageError("--schema and --json exclude each other.")
    lists = source.read()
    if name in lists.invalid:
        raise lists.invalid[name]
    if name not in lists.plans:
        raise missing("plan", name, lists.plans)
    described = lists.plans[name]
    if schema:
        described = plan_schema(
            described, allowed_plans=lists.plans, allowed_devices=lists.devices
        )
    if schema or as_json:
        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        show_plan(console(), plan_from_dict(described))


@command.command("check")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--durable",
    is_flag=True,
    help="Find what keeps plans from going on after a crash: clocks, random numbers, "
    "files, and devices that are looked at other than by messages or recorded().",
)
def check(files: tuple[Path, ...], durable: bool) -> None:
    """List the plans in each FILE, and find mistakes; of a directory, in all files.

    The files are read, never run. The exit status is 1 if something is found.
    """
    num = sum(_check_file(file, durable) for given in files for file in _files(given))
    if num:
        click.secho(f"{num} finding{'s' if num > 1 else ''}", fg="red")
        sys.exit(1)
    click.secho("nothing found", fg="green")


def _files(given: Path) -> list[Path]:
    return sorted(given.rglob("*.py")) if given.is_dir() else [given]


def _check_file(file: Path, durable: bool) -> int:
    """Show what there is to say of a file; return how many findings."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        plans, findings = plans_in(text), check_form(text)
        if durable:
            findings += check_durable(text)
    except UnicodeDecodeError as exc:
        click.echo(f"{file}: is not text in UTF-8: byte {exc.start} is {exc.reason}")
        return 1
    except (SyntaxError, ValueError) as exc:
        place = f"{getattr(exc, 'lineno', 1)}:{getattr(exc, 'offset', 1)}"
        click.echo(f"{file}:{place}: does not parse: {getattr(exc, 'msg', exc)}")
        return 1
    click.echo(f"{file}: {len(plans) or 'no'} plan{'' if len(plans) == 1 else 's'}")
    for plan in plans:
        click.echo(f"  {plan.line:>4}  {plan.signature}")
        if plan.summary:
            click.secho(f"        {plan.summary}", dim=True)
    for found in sorted(findings, key=lambda one: (one.line, one.column)):
        _show(file, found)
    return len(findings)


def _show(file: Path, found: Finding) -> None:
    where = f" in {found.plan}" if found.plan else ""
    click.echo(f"{file}:{found.line}:{found.column}: {found.construct}{where}")
    click.echo(f"    {found.problem}")
    click.echo(f"    write: {found.instead}")
