"""``lapwing resume``: goes on with a script whose process died.

Owns choosing what to go on with, showing what would move, and asking.
Must not know how a plan is replayed.
Test: kill ``lapwing run`` in mid-scan, and resume it.
"""

import hashlib
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from lapwing.cli.screen import data_dir_of
from lapwing.config import Settings
from lapwing.data.catalogue import Catalogue
from lapwing.engine.preview import Preview
from lapwing.session.leftovers import Leftover, choose, leftovers
from lapwing.session.recover import Resumption, close
from lapwing.session.session import Session, session


@dataclass
class Again:
    """What a command is told that is run again, to go on with what it did.

    Attributes:
        words: The command line, without the name of the program.
        resumption: What it goes on with.
        data_dir: Where its data are.
    """

    words: list[str]
    resumption: Resumption
    data_dir: Path


def session_of(
    data_dir: Path | None, file: Path | None = None, **options: Any
) -> Session:
    """Make the session of a command, so that the command can be resumed.

    Args:
        data_dir: Where data go; None to choose as usual.
        file: A script that it runs; a change of it is told at a resume.
        **options: Of `lapwing.session`.
    """
    again = click.get_current_context().find_object(Again)
    identity: dict[str, Any] = {
        "mode": "command",
        "words": sys.argv[1:] if again is None else again.words,
        "cwd": str(Path.cwd()),
    }
    if file is not None:
        identity |= {"file": str(file.resolve()), "sha256": _hash(file)}
    if again is None:
        return session(data_dir, identity=identity, **options)
    return session(
        again.data_dir, identity=identity, resume=again.resumption, **options
    )


@click.command("resume")
@click.argument("which", required=False)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data are.",
)
@click.option("--yes", is_flag=True, help="Do not ask before anything moves.")
@click.option("--close", "closing", is_flag=True, help="Close it instead.")
def command(which: str | None, data_dir: Path | None, yes: bool, closing: bool) -> None:
    """Go on with what a process left unfinished that died, from its last point.

    WHICH is a scan_id, or the beginning of the uid of a run or a call; without it,
    the newest is taken. What will move is shown first, and you are asked.
    """
    settings = Settings.from_environment(os.environ, data_dir=data_dir_of(data_dir))
    found = leftovers(settings.data_dir)
    if not found and which is None:
        for one in leftovers(settings.data_dir, living=True):
            pid = 0 if one.holder is None else one.holder.pid
            click.echo(f"goes on in process {pid}: {one.title}")
        click.echo(f"Nothing was left unfinished, in {settings.data_dir}")
        if settings.data_dir.is_dir():  # to look must not make one
            _catch_up(settings)
        return
    left = found[-1] if which is None else choose(settings.data_dir, which)
    _say_others(found, left)
    if closing:
        _close(left, settings)
    elif left.identity.get("mode") == "command":
        _resume(left, settings.data_dir, yes)
    else:
        _propose(left)


def _resume(left: Leftover, data_dir: Path, yes: bool) -> None:
    identity = left.identity
    _warn_if_changed(identity)
    resumption = Resumption(left, lambda preview: _agreed(preview, yes))
    words = list(identity["words"])
    again = Again(words, resumption, data_dir.resolve())
    if Path(identity["cwd"]).is_dir():
        os.chdir(identity["cwd"])
    click.echo(f"resuming: {left.title}")
    click.echo(f">>> lapwing {shlex.join(words)}")
    from lapwing.cli.main import cli

    cli.main(words, prog_name="lapwing", obj=again, standalone_mode=False)


def _propose(left: Leftover) -> None:
    """Say what to type at a prompt, which nobody can do for a person."""
    click.echo(f"{left.title} was started at a prompt. To go on with it, start one,")
    click.echo("make its devices as they were, and type:\n")
    click.echo(f"  {left.way_on}\n")
    click.echo(f"To close it instead: {left.command} --close")


def _say_others(found: list[Leftover], left: Leftover) -> None:
    for one in found:
        if one is not left:
            click.echo(f"also unfinished: {one.title}; go on: {one.way_on}")


def _close(left: Leftover, settings: Settings) -> None:
    closed = close(left, "closed by 'lapwing resume --close' after its process died")
    _catch_up(settings)
    click.echo(f"closed: {left.title}")
    with Catalogue(settings.data_dir) as cat:
        for uid in closed:
            click.echo(f"data: {cat[uid].file}")


def _catch_up(settings: Settings) -> None:
    """Let the files of what has ended be finished."""
    quiet = replace(settings, unfinished="leave")
    # Of text files those are finished that were begun.
    with Session(
        quiet, table=False, progress=False, peaks=False, text_files=True
    ) as current:
        current.feeds.catch_up(60)


def _warn_if_changed(identity: Mapping[str, Any]) -> None:
    file = identity.get("file")
    if file is not None and _hash(Path(file)) != identity.get("sha256"):
        click.secho(
            f"{file} has changed since; if it now says something else, that is "
            "found out before anything moves.",
            fg="yellow",
        )


def _hash(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _agreed(preview: Preview, yes: bool) -> bool:
    """Show what will be done, and ask."""
    click.echo(str(preview))
    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("Nobody is here to be asked; --yes goes on without.")
        return False
    try:
        return click.confirm("Go on?", default=False)
    except click.Abort:  # Ctrl-C
        click.echo()
        return False
