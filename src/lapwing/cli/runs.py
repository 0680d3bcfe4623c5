"""``lapwing runs``: what was recorded, on the command line.

Owns how runs are listed, shown and exported.
Must not know how they are found or read.
Test: record runs, list, show and export them in processes.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson
from rich.text import Text

from lapwing.cli.screen import (
    console,
    data_dir_of,
    data_dir_option,
    duration,
    moment,
    plain,
    table,
)
from lapwing.data.catalogue import Catalogue
from lapwing.data.export import ENDINGS, export_run
from lapwing.data.past_run import PastRun
from lapwing.errors import DataError

_COLOURS = {
    "success": "green",
    "running": "cyan",
    "abort": "yellow",
    "fail": "red",
    "interrupted": "red",
}
_FOR_PATHS = 150
_FROM = {"file": 110, "time": 70, "motors": 60, "id": 48}
"""Widths of a terminal from which on paths, and some columns, are listed at all."""

# Of the metadata these stand elsewhere.
_ELSEWHERE = {"uid", "time", "scan_id", "plan_name", "num_points"}
# These tell programs what to plot; people see them with --json.
_FOR_PROGRAMS = {"hints", "plan_pattern", "plan_pattern_args", "plan_pattern_module"}
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
# A lone -1 is a run, not an option.
_RUN = {"ignore_unknown_options": True}


@click.group("runs", invoke_without_command=True)
@data_dir_option
@click.option("--plan", help="Name of the plan; * and ? may stand for what is unknown.")
@click.option("--motor", help="Name of a motor.")
@click.option("--sample", help="Name of the sample.")
@click.option("--since", help="2026-01-31, '2026-01-31 12:00', yesterday, 3d, 2h.")
@click.option("--until", help="Likewise; a day counts as a whole.")
@click.option("--status", type=click.Choice(list(_COLOURS)), help="How they ended.")
@click.option(
    "--limit", default=20, show_default=True, help="How many at most; 0 for all."
)
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@click.pass_context
def command(
    ctx: click.Context,
    data_dir: Path | None,
    limit: int,
    as_json: bool,
    **wanted: str | None,
) -> None:
    """List runs, the newest last; show or export one.

    Runs that go on are among them, of other processes too.
    """
    ctx.obj = data_dir
    if ctx.invoked_subcommand is not None:
        return
    where = data_dir_of(data_dir)
    with Catalogue(where) as cat:
        found = cat.search(limit=limit or None, **wanted)
        if as_json:
            _print_json([_summary(run) for run in found])
        elif not found:
            some = any(wanted.values())
            none = "No run is like that" if some else "There are no runs yet"
            click.echo(f"{none}, in {where}")
        else:
            _list(found)
            if limit and len(found) == limit < (total := len(cat)):
                click.echo(f"the newest {limit} of {total}; --limit 0 lists all")


def _list(runs: list[PastRun]) -> None:
    screen = console()
    names = ["id", "scan", "plan", "motors", "points", "status", "time", "file"]
    names = [name for name in names if screen.width >= _FROM.get(name, 0)]
    listed = table(*names, right=("scan", "points"), fold=("plan", "motors"))
    for run in runs:
        start = run.entry.start
        motors = ", ".join(str(name) for name in start.get("motors") or ())
        path = _short(run.file)
        wide = screen.width >= _FOR_PATHS
        cells = {
            "id": plain(run.uid[:8]),
            "scan": plain("" if run.scan_id is None else run.scan_id),
            "plan": plain(run.entry.plan_name or ""),
            "motors": plain(motors),
            "points": plain(_points(run)),
            "status": _coloured(run.status),
            "time": plain(moment(run.entry.time)),
            "file": plain(path if wide else os.path.basename(path)),
        }
        listed.add_row(*(cells[name] for name in names))
    screen.print(listed)


def _points(run: PastRun) -> str:
    wanted = run.entry.start.get("num_points")
    taken = run.num_points
    return str(taken) if wanted in (taken, None) else f"{taken}/{wanted}"


def _coloured(status: str) -> Text:
    return Text(status, _COLOURS.get(status, ""))


def _short(path: Path | None) -> str:
    if path is None:
        return ""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


def _summary(run: PastRun) -> dict[str, Any]:
    entry = run.entry
    return {
        "uid": run.uid,
        "scan_id": run.scan_id,
        "plan_name": entry.plan_name,
        "motors": entry.start.get("motors"),
        "detectors": entry.start.get("detectors"),
        "num_points": run.num_points,
        "status": run.status,
        "reason": entry.reason,
        "time": entry.time,
        "stop_time": entry.stop_time,
        "file": None if run.file is None else str(run.file),
        "journal": str(run.directory),
        "call": entry.call_uid,
    }


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, default=repr, option=_OPTIONS).decode())


def find(cat: Catalogue, text: str) -> PastRun:
    """Return the run that a person means by a scan_id, the begin of a uid, or -1.

    Raises:
        DataError: There is none, or more than one.
    """
    if text == "last":
        return cat[-1]
    is_number = text.lstrip("-").isdigit() and len(text) < 8
    if not is_number:
        return cat[text]
    try:
        return cat[int(text)]
    except DataError:
        if text.startswith("-"):
            raise
        try:
            return cat[text]  # uids begin with digits too
        except DataError:
            pass
        raise


# ---------------------------------------------------------------- one run


@command.command("show", context_settings=_RUN)
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@click.pass_obj
def show(data_dir: Path | None, run_id: str, as_json: bool) -> None:
    """Show what is known of a run: ID is a scan_id, the begin of a uid, -1 or last."""
    with Catalogue(data_dir_of(data_dir)) as cat:
        run = find(cat, run_id)
        if as_json:
            streams = {name: run[name].data_keys for name in run.streams}
            _print_json({**_summary(run), "metadata": run.metadata, "streams": streams})
            return
        _show_head(run)
        _show_streams(run)
        _show_metadata(run.start)


def _show_head(run: PastRun) -> None:
    entry, screen = run.entry, console()
    status = run.status
    head = table("key", "value", fold=("value",))
    head.show_header = False
    began = plain(moment(entry.time, seconds=True))
    head.add_row("run", plain("" if run.scan_id is None else run.scan_id))
    head.add_row("plan", plain(entry.plan_name or ""))
    head.add_row("uid", plain(run.uid))
    head.add_row("began", began)
    if entry.stop_time is not None:
        took = duration(entry.stop_time - entry.time)
        ended = moment(entry.stop_time, seconds=True)
        head.add_row("ended", plain(f"{ended}, after {took}"))
    head.add_row("status", _coloured(status))
    if entry.reason:
        head.add_row("reason", plain(entry.reason))
    if status == "interrupted":
        head.add_row("", plain("its process has ended; see: lapwing resume"))
    head.add_row("points", plain(_points(run)))
    head.add_row("file", plain(_short(run.file) or "none in its place"))
    head.add_row("journal", plain(_short(run.directory)))
    screen.print(head)


def _show_streams(run: PastRun) -> None:
    screen = console()
    screen.print("\n[bold]streams[/bold]")
    counts = run.num_events
    listed = table("name", "events", "columns", right=("events",), fold=("columns",))
    listed.show_header = False
    for name, count in counts.items():
        keys = run[name].data_keys.items()
        columns = ", ".join(f"{key}{_unit(told)}" for key, told in keys)
        listed.add_row(plain(f"  {name}"), plain(f"{count} events"), plain(columns))
    screen.print(listed if counts else "  none")


def _unit(told: Mapping[str, Any]) -> str:
    shape = " x ".join(str(one) for one in told.get("shape") or ())
    notes = ", ".join(str(one) for one in (shape, told.get("units")) if one)
    return f" ({notes})" if notes else ""


def _show_metadata(start: Mapping[str, Any]) -> None:
    screen = console()
    screen.print("\n[bold]metadata[/bold]")
    listed = table("key", "value", fold=("value",))
    listed.show_header = False
    for key, value in start.items():
        if key not in _ELSEWHERE | _FOR_PROGRAMS:
            listed.add_row(plain(f"  {key}"), plain(_text(value)))
    screen.print(listed)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, default=repr, option=options).decode()
    except TypeError:  # an integer beyond 64 bits
        return repr(value)


@command.command("export", context_settings=_RUN)
@click.argument("run_id", metavar="ID")
@click.option(
    "--to",
    "path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The file; its ending, one of {', '.join(ENDINGS)}, says in which form.",
)
@click.option("--stream", help="Which stream a CSV or text file gets; else primary.")
@click.pass_obj
def export(data_dir: Path | None, run_id: str, path: Path, stream: str | None) -> None:
    """Write a run from the journal to a file; nothing is written over.

    The HDF5 file equals in its data the one that was written as the run went on.
    """
    with Catalogue(data_dir_of(data_dir)) as cat:
        run = find(cat, run_id)
        export_run(run, path, stream=stream)
        click.echo(f"run {run.scan_id} ({run.uid[:8]}) is in {path}")
