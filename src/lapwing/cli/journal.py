"""``lapwing journal``: the journals of a data directory, and removing old ones.

Owns how journals are listed, and that nothing is removed without a yes.
Must not know by which rules they are kept.
Test: journals of living and ended processes; prune with and without ``--yes``.
"""

from pathlib import Path

import click
from rich.text import Text

from lapwing.cli.screen import (
    console,
    data_dir_of,
    data_dir_option,
    moment,
    plain,
    size,
    table,
)
from lapwing.data.feed import cursors_path
from lapwing.data.lags import places
from lapwing.journal.cursor import CursorStore
from lapwing.journal.directories import journals
from lapwing.journal.index import Index
from lapwing.journal.retention import Keep
from lapwing.journal.retention import prune as remove_old


@click.group("journal", invoke_without_command=True)
@data_dir_option
@click.pass_context
def command(ctx: click.Context, data_dir: Path | None) -> None:
    """List the journals: one a process, with all that its plans said and recorded."""
    ctx.obj = data_dir
    if ctx.invoked_subcommand is not None:
        return
    where = data_dir_of(data_dir)
    found = journals(where)
    if not found:
        click.echo(f"There is no journal in {where}.")
        return
    listed = table(
        "journal", "begun", "process", "size", "runs", "calls",
        right=("size", "runs"),
    )  # fmt: skip
    with Index(where) as index:
        index.update()
        runs = [run.directory for run in index.runs()]
        for journal in found:
            name = journal.directory.name
            calls = index.calls(name)
            num_open = sum(call.status == "open" for call in calls)
            writer = journal.holder
            listed.add_row(
                plain(name),
                plain(moment(journal.started)),
                Text("ended", "dim") if writer is None else Text(f"pid {writer.pid}"),
                plain(size(journal.num_bytes)),
                plain(runs.count(name)),
                Text(
                    f"{len(calls)}, {num_open} open" if num_open else str(len(calls)),
                    "yellow" if num_open and writer is None else "",
                ),
            )
    console().print(listed)
    total = sum(journal.num_bytes for journal in found)
    click.echo(f"{len(found)} in {where}, {size(total)}")


@command.command("prune")
@click.option(
    "--keep",
    required=True,
    help="What to keep: 30d (days), 20GB (of the newest), or 100 (of the newest).",
)
@click.option("--force", is_flag=True, help="Even what a sink has not read yet.")
@click.option("--yes", is_flag=True, help="Remove; else it is only said what would go.")
@click.pass_obj
def prune(data_dir: Path | None, keep: str, force: bool, yes: bool) -> None:
    """Remove old journals, except those that are needed yet.

    Those of living processes stay, and those with calls that did not end, or that a
    sink has not read. The files of runs stay in any case; without its journal a run
    is no longer in `lapwing runs`.
    """
    where = data_dir_of(data_dir)
    done = remove_old(
        where, Keep.parse(keep), places=places(where), force=force, dry_run=not yes
    )
    listed = table("journal", "", "why", fold=("why",))
    listed.show_header = False
    for directory in done.removed:
        goes = Text("removed" if yes else "would go", "red")
        listed.add_row(plain(directory.name), goes)
    for kept in done.kept:
        listed.add_row(plain(kept.directory.name), "stays", plain(kept.reason))
    console().print(listed)
    num, amount = len(done.removed), size(done.num_bytes)
    if yes and num:
        with CursorStore(cursors_path(where)) as store:
            for directory in done.removed:
                store.forget(directory=directory)
    if yes:
        click.echo(f"{num} removed, {amount} freed")
    else:
        click.echo(f"{num} would go, {amount} would be freed; --yes removes them")
