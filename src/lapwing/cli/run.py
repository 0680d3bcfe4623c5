"""``lapwing run``: runs a script in a session.

Owns the names that a script finds, and what is asked when its plan pauses.
Must not know plans or devices.
Test: run scripts as processes: one that succeeds, one that fails, one that pauses.
"""

import runpy
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from types import TracebackType

import click

from lapwing.cli.resume import session_of
from lapwing.cli.signals import orderly_end
from lapwing.engine.engine import EngineResult
from lapwing.errors import LapwingError, RunEngineInterrupted
from lapwing.session.facade import PauseChoice, RunEngine

HASTE = 1.0
"""Seconds within which further presses of Ctrl-C are taken for one."""

_CHOICES: dict[str, PauseChoice] = {
    "r": "resume",
    "s": "stop",
    "a": "abort",
    "h": "halt",
}
_SKIP: dict[str, PauseChoice] = {"k": "skip", "skip": "skip"}


@click.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data go.",
)
@click.option("--plots", type=click.Path(path_type=Path), help="Where pictures go.")
@click.option("--live-plot", is_flag=True, help="Show each run as it grows.")
@click.option(
    "--table/--no-table",
    default=None,
    help="Whether to print events and peaks; with --compat scripts do so themselves.",
)
@click.option("--compat", is_flag=True, help="Let 'import bluesky' mean Lapwing.")
def command(
    file: Path,
    args: tuple[str, ...],
    data_dir: Path | None,
    plots: Path | None,
    live_plot: bool,
    table: bool | None,
    compat: bool,
) -> None:
    """Run FILE, a Python script, with ARGS; it finds RE and session at hand.

    Each run of a plan goes into a file of its own. If a plan pauses, by Ctrl-C or
    because a device is lost, you are asked how to go on.

    With --compat a script written for Bluesky runs as it is: what it imports from
    bluesky is Lapwing.
    """
    engine_type = _engine_of_bluesky() if compat else RunEngine
    table = not compat if table is None else table
    made = session_of(
        data_dir,
        file,
        table=table,
        peaks=table,
        plot_dir=plots,
        live_plot=live_plot,
        engine_type=engine_type,
    )
    with orderly_end(), made as current:
        current.RE.on_pause = ask
        names = {"RE": current.RE, "session": current}
        sys.argv = [str(file), *args]
        sys.path.insert(0, str(file.resolve().parent))
        sys.excepthook = partial(_show_from_script, str(file))
        try:
            runpy.run_path(str(file), init_globals=names, run_name="__main__")
        except (LapwingError, RunEngineInterrupted) as exc:
            _say_where(exc, file)
            sys.exit(1)


def _engine_of_bluesky() -> type[RunEngine]:
    """Install the stand-in, before anything of the user's is imported."""
    from lapwing.compat import install

    install()
    from lapwing.compat.bluesky.run_engine import RunEngine as BlueskyRunEngine

    return BlueskyRunEngine


def ask(result: EngineResult) -> PauseChoice:
    """Ask the person at the terminal how to go on; abort if there is nobody."""
    click.secho(f"\nThe plan is paused: {result.reason or 'on request'}", fg="yellow")
    if not sys.stdin.isatty():
        click.echo("Nobody is here to be asked, so it is aborted.")
        return "abort"
    skip = ", s[k]ip the next point" if result.can_skip else ""
    question = f"[r]esume{skip}, [s]top, [a]bort or [h]alt? "
    choices = _CHOICES | (_SKIP if result.can_skip else {})
    since, warned = time.monotonic(), False
    while True:
        try:
            answer = input(question)
        except EOFError:
            return "abort"
        except KeyboardInterrupt:
            # Pressed twice to pause at once, it comes here if the plan was quick.
            if warned and time.monotonic() - since > HASTE:
                click.echo()
                return "abort"
            click.echo("\nThe plan is paused. Ctrl-C once more aborts it.")
            since, warned = time.monotonic(), True
            continue
        said = answer.strip().lower()
        if choice := choices.get(said) or choices.get(said[:1]):
            return choice


def _say_where(exc: BaseException, file: Path) -> None:
    """Show an error in one line, with the line of the script that it came from."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(exc.__traceback__)
        if frame.filename == str(file)
    ]
    place = f"{file}, line {lines[-1]}: " if lines else ""
    click.secho(f"{place}{type(exc).__name__}: {exc}", fg="red", err=True)


def _show_from_script(
    file: str,
    kind: type[BaseException],
    exc: BaseException,
    trace: TracebackType | None,
) -> None:
    """Show an error as Python would have without us: from the script's line on."""
    inner = trace
    while inner is not None and inner.tb_frame.f_code.co_filename != file:
        inner = inner.tb_next
    if inner is None and getattr(exc, "filename", None) != file:
        inner = trace  # it is not the script's
    traceback.print_exception(kind, exc, inner)
