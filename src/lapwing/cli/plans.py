"""``lapwing plans``: what can be said of files of plans without running them.

Owns the commands, and how findings are shown.
Must not run or import the files.
Test: call it with files that are right, wrong, and no Python.
"""

import sys
from pathlib import Path

import click

from lapwing.plans.durable_check import check_durable
from lapwing.plans.form_check import check_form, list_plans
from lapwing.plans.source_text import Finding


@click.group("plans")
def command() -> None:
    """Look at files of plans without running them."""


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
        plans, findings = list_plans(text), check_form(text)
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
