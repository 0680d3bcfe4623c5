"""``lapwing scan``: step scans that files define.

Owns the commands, and what is shown and asked before a scan begins.
Must not know what may stand in a file, nor how a scan is done.
Test: tests/unit/cli/test_scan.py; real ones in tests/system/test_scan_command.py.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from lapwing.callbacks.durations import duration
from lapwing.cli.resume import Again, session_of
from lapwing.cli.run import ask
from lapwing.cli.signals import orderly_end
from lapwing.config import Settings
from lapwing.engine import device_loop
from lapwing.epics import clients
from lapwing.errors import ConfigError, RunEngineInterrupted
from lapwing.session.session import Session
from lapwing.stepscan.definition import DefinitionFile, read, schema, unknown_kinds
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.survey import describe, problems_of

_FILE = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_OFFLINE = click.option("--offline", is_flag=True, help="Ask no PV; only read FILE.")
_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600.0),
    default=5.0,
    show_default=True,
    help="Seconds within which PVs must answer.",
)


@click.group("scan")
def command() -> None:
    """Run, check and estimate step scans that files of YAML or JSON define."""


@command.command("run")
@_FILE
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data go.",
)
@click.option("--yes", is_flag=True, help="Do not ask before the scan begins.")
@click.option("--plots", type=click.Path(path_type=Path), help="Where pictures go.")
@click.option("--live-plot", is_flag=True, help="Show each run as it grows.")
@click.option("--table/--no-table", default=True, help="Whether to print events.")
def run(
    file: Path,
    data_dir: Path | None,
    yes: bool,
    plots: Path | None,
    live_plot: bool,
    table: bool,
) -> None:
    """Run the step scan that FILE defines.

    Each run goes into an HDF5 file and, beside it, into a text file in columns. At a
    terminal you are asked before it begins. If it pauses, by Ctrl-C or because a
    device is lost, you are asked how to go on; if it is killed, see lapwing resume.
    """
    told = read(file)
    scan = told.scan(data_dir=_where(data_dir))
    made = session_of(
        data_dir,
        file,
        table=table,
        plot_dir=plots,
        live_plot=live_plot,
        text_files=True,
    )
    with orderly_end(), made as current:
        current.RE.on_pause = ask
        if not _agreed(current, told, scan, yes):
            return
        try:
            for _ in range(told.definition.repeat):
                current.RE(scan.plan())
        except RunEngineInterrupted as exc:
            click.secho(str(exc), fg="red", err=True)
            sys.exit(1)


def _where(data_dir: Path | None) -> Path:
    """Return the directory of all data."""
    again = click.get_current_context().find_object(Again)
    if again is not None:
        return again.data_dir
    return Settings.from_environment(os.environ, data_dir=data_dir).data_dir


def _agreed(current: Session, told: DefinitionFile, scan: StepScan, yes: bool) -> bool:
    """Say what will be done, and ask whoever is there."""
    # Whoever resumes is shown first where everything stands, and asked then.
    current.connect(scan)
    if click.get_current_context().find_object(Again) is not None:
        return True
    _show(told, scan)
    if yes or not sys.stdin.isatty():
        return True
    try:
        return click.confirm("Start?", default=True)
    except click.Abort:  # Ctrl-C
        click.echo()
        return False


def _show(told: DefinitionFile, scan: StepScan) -> None:
    click.echo(_title(told, scan))
    for line in describe(scan):
        click.echo(line)


def _title(told: DefinitionFile, scan: StepScan) -> str:
    times = told.definition.repeat
    repeat = f", {times} times" if times > 1 else ""
    return (
        f"{scan.name}: {scan.num_points} point{'' if scan.num_points == 1 else 's'}"
        f"{repeat}, about {duration(scan.estimate() * times)}"
    )


@command.command("check")
@_FILE
@_OFFLINE
@_TIMEOUT
def check(file: Path, offline: bool, timeout: float) -> None:
    """Say what is wrong with FILE, if anything; nothing is moved.

    The file is read, and all PVs are asked: whether they answer, and whether all
    positions are within limits. The exit status is 1 if something is wrong.
    """
    try:
        told = read(file)
        scan = told.scan(ask=not offline)
    except ConfigError as exc:
        problems = exc.context.get("problems", ())
        _end_with(problems if len(problems) > 1 else [str(exc)])
        return
    with _asked(scan, offline, timeout) as problems:
        _show(told, scan)
    _say_what_was_not_asked(told, offline)
    _end_with(problems)


def _end_with(problems: Sequence[str]) -> None:
    for problem in problems:
        click.secho(problem, fg="red")
    if problems:
        sys.exit(1)
    click.secho("nothing found", fg="green")


@contextmanager
def _asked(scan: StepScan, offline: bool, timeout: float) -> Iterator[list[str]]:
    """Ask all PVs of a scan; what they tell is known within the block."""
    if offline:
        yield []
        return
    try:
        yield device_loop.call(problems_of(scan, timeout))
    finally:
        device_loop.call(clients.close(), timeout=10)


def _say_what_was_not_asked(told: DefinitionFile, offline: bool) -> None:
    if not offline:
        return
    unknown = unknown_kinds(told.definition)
    text = "PVs were not asked: limits are not known, and moves not counted"
    if unknown:
        text += f"; the kind of {', '.join(unknown)} is not known either"
    click.secho(text, fg="yellow")


@command.command("estimate")
@_FILE
@_OFFLINE
@_TIMEOUT
def estimate(file: Path, offline: bool, timeout: float) -> None:
    """Say how long the scan that FILE defines will take; nothing is moved.

    Moves count where motors say how fast they are: for that they are asked.
    """
    told = read(file)
    scan = told.scan(ask=not offline)
    with _asked(scan, offline, timeout) as problems:
        click.echo(_title(told, scan))
    _say_what_was_not_asked(told, offline)
    if problems:
        _end_with(problems)


@command.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of files that define scans, for editors and programs."""
    click.echo(json.dumps(schema(), indent=2))
