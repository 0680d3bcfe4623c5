"""``lapwing sinks``: how far whatever reads the journals has come.

Owns how lags are shown.
Must not know sinks.
Test: with sinks that are up to date, behind, and failing.
"""

from pathlib import Path

import click
import orjson
from rich.table import Table
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
from lapwing.data.lags import Lag, lags


@click.command("sinks")
@data_dir_option
@click.option("--all", "show_all", is_flag=True, help="Journals that are read, too.")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def command(data_dir: Path | None, show_all: bool, as_json: bool) -> None:
    """Show how far each sink is behind the journals, and its last error.

    A sink is what takes data out of the journal: the writer of HDF5 files, and every
    function given to session.sink(name, function).
    """
    found = lags(data_dir_of(data_dir))
    if as_json:
        click.echo(orjson.dumps([_plain(lag) for lag in found]).decode())
        return
    if not found:
        click.echo("No sink has read any journal yet.")
        return
    fed = any(lag.fed_by is not None for lag in found)
    names = ["sink", "journal", "records", "bytes", "when", *["fed by"][: int(fed)]]
    listed = table(*names, right=("records", "bytes"))
    for name in dict.fromkeys(lag.sink for lag in found):
        of_sink = [lag for lag in found if lag.sink == name]
        shown = [lag for lag in of_sink if show_all or _matters(lag)]
        for lag in shown:
            _add(listed, lag)
        num = len(of_sink) - len(shown)
        if num:
            rest = Text(f"{num} read to the end", "dim")
            listed.add_row(plain(name), rest, plain(0), plain("0 B"))
    console().print(listed)
    _show_errors(found)


def _show_errors(found: list[Lag]) -> None:
    last: dict[tuple[str, str], float] = {}
    for lag in found:
        if lag.last_error is not None:
            key = (lag.sink, lag.last_error)
            last[key] = max(last.get(key, 0.0), lag.time or 0.0)
    for (name, error), when in last.items():
        text = Text(f"\n{name}, {moment(when, seconds=True)}: ")
        console().print(text.append(error, "red"))


def _matters(lag: Lag) -> bool:
    behind = lag.num_records or lag.last_error is not None
    return bool(behind) or lag.fed_by is not None or lag.writer is not None


def _add(listed: Table, lag: Lag) -> None:
    listed.add_row(
        plain(lag.sink),
        plain(lag.directory.name),
        Text(str(lag.num_records), "yellow" if lag.num_records else ""),
        plain(size(lag.num_bytes)),
        plain(moment(lag.time)),
        *([] if lag.fed_by is None else [plain(f"pid {lag.fed_by.pid}")]),
    )


def _plain(lag: Lag) -> dict[str, object]:
    return {
        "sink": lag.sink,
        "journal": str(lag.directory),
        "num_records": lag.num_records,
        "num_bytes": lag.num_bytes,
        "fed_by": None if lag.fed_by is None else lag.fed_by.pid,
        "written_by": None if lag.writer is None else lag.writer.pid,
        "last_error": lag.last_error,
        "time": lag.time,
    }
