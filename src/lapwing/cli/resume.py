"""``lapwing resume``: goes on with a script whose process died.

Owns choosing what to go on with, showing what would move, and asking.
Must not know how a plan is replayed.
Test: kill ``lapwing run`` in mid-scan, and resume it.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lapwing.config import Settings
from lapwing.engine.preview import Preview
from lapwing.errors import ConfigError
from lapwing.session.recover import Leftover, Resumption, close, leftovers
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
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data are.")
@click.option("--yes", is_flag=True, help="Do not ask before anything moves.")
@click.option("--close", "closing", is_flag=True, help="Close it instead.")
def command(which: str | None, data_dir: Path | None, yes: bool, closing: bool) -> None:
    """Go on with what a process left unfinished that died, from its last point.

    WHICH is a scan_id, or the beginning of the uid of a run or a call; without it,
    the newest is taken. What will move is shown first, and you are asked.
    """
    settings = Settings.from_environment(os.environ, data_dir=data_dir)
    found = leftovers(settings.data_dir)
    _say_all(found)
    chosen = _choose(found, which)
    if chosen is None:
        _catch_up(settings.data_dir)
        return
    if closing:
        _close(chosen, settings.data_dir)
    else:
        _resume(chosen, settings.data_dir, yes)


def _resume(chosen: Leftover, data_dir: Path, yes: bool) -> None:
    identity = chosen.identity
    if identity.get("mode") != "command":
        raise ConfigError(
            f"{_name(chosen)} was started at a prompt, which cannot be run again",
            hint="in a session: RE.resume_from(ID, plan), with the plan as it was "
            "called; or 'lapwing resume --close'",
        )
    _warn_if_changed(identity)
    resumption = Resumption(chosen, lambda preview: _agreed(preview, yes))
    words = list(identity["words"])
    again = Again(words, resumption, data_dir.resolve())
    if Path(identity["cwd"]).is_dir():
        os.chdir(identity["cwd"])
    click.echo(f">>> lapwing {' '.join(words)}")
    from lapwing.cli.main import cli

    cli.main(words, prog_name="lapwing", obj=again, standalone_mode=False)


def _choose(found: list[Leftover], which: str | None) -> Leftover | None:
    if which is None:
        if not found:
            click.echo("Nothing was left unfinished.")
            return None
        return found[-1]
    matching = [one for one in found if one.has(which)]
    if len(matching) != 1:
        what = "nothing" if not matching else f"{len(matching)} things"
        raise ConfigError(
            f"{what} that is unfinished goes by {which!r}",
            hint="'lapwing runs' lists all runs; without ID the newest is resumed",
        )
    return matching[0]


def _say_all(found: list[Leftover]) -> None:
    for one in found:
        click.echo(f"unfinished: {_name(one)}")


def _name(one: Leftover) -> str:
    call = one.open_call
    if call is None:
        words = " ".join(one.identity.get("words", ()))
        return f"{one.directory.name}, lapwing {words} (between two plans)"
    scans = ", ".join(f"scan {start.get('scan_id')}" for start in call.starts)
    return f"{call.uid[:8]}, {call.plan_name or 'a plan'} ({scans or 'no run yet'})"


def _close(chosen: Leftover, data_dir: Path) -> None:
    closed = close(chosen, "closed by 'lapwing resume --close' after its process died")
    _catch_up(data_dir)
    click.echo(f"closed: {_name(chosen)}; runs: {', '.join(closed) or 'none was open'}")


def _catch_up(data_dir: Path) -> None:
    """Let the files of what has ended be finished."""
    with session(data_dir, table=False, progress=False, peaks=False) as current:
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
    return click.confirm("Go on?", default=False)
