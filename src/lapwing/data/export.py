"""Export: a run as a file of another form.

Owns what each ending of a file name means, and that nothing is written over.
Must not know how a run is found.
Test: export a run in each form, read it back.
"""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from lapwing.data.lines import encode, encode_value
from lapwing.data.past_run import PastRun
from lapwing.data.paths import reserve
from lapwing.data.text_writer import TextWriter
from lapwing.errors import DataError, DataExistsError, DataPathError

TEXT_ENDINGS = (".dat", ".xdi", ".txt")
ENDINGS = (".h5", ".csv", ".json", ".jsonl", *TEXT_ENDINGS)


def export_run(run: PastRun, path: str | Path, *, stream: str | None = None) -> Path:
    """Write a run from the journal to a file, whose ending says in which form.

    ``.h5``: its NeXus file; ``.csv``: the points of one stream, a line each, arrays as
    JSON; ``.json``: all documents as a list of ``[name, document]``; ``.jsonl``: the
    same, one a line; ``.dat``, ``.xdi``, ``.txt``: the points of one stream in columns
    with a legend, for `read_text`.

    Args:
        run: The run.
        path: The file; there must be none.
        stream: Which stream goes into the CSV or text file; None: ``primary``, or the
            only one.

    Returns:
        The path.

    Raises:
        DataExistsError: A file is there already.
        DataPathError: It cannot be made.
        DataError: The ending is unknown, or there is no such stream.
    """
    path = Path(path)
    if os.path.lexists(path):
        raise DataExistsError(
            f"{path} is there already; nothing is written over",
            hint="give another name",
            path=str(path),
        )
    if path.suffix == ".h5":
        return run.write_hdf5(path)
    if path.suffix == ".csv":
        name = _stream_of(run, stream)
        return _write(path, lambda file: _write_csv(run, name, file))
    if path.suffix == ".json":
        return _write(path, lambda file: _write_json(run, file))
    if path.suffix == ".jsonl":
        return _write(path, lambda file: _write_lines(run, file))
    if path.suffix in TEXT_ENDINGS:
        name = _stream_of(run, stream)
        return _write(path, lambda file: _write_text(run, name, path, file))
    raise DataError(
        f"{path} does not say in which form to export; a name that ends in "
        f"{', '.join(ENDINGS)} does",
        path=str(path),
    )


def _stream_of(run: PastRun, stream: str | None) -> str:
    names = run.streams
    if stream is not None:
        return run[stream].name
    return names[0] if len(names) == 1 else run.primary.name


def _write(path: Path, write: Callable[[IO[str]], None]) -> Path:
    reserve(path)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        path.unlink(missing_ok=True)
        raise DataPathError(
            f"{path} cannot be written: {exc.strerror or exc}",
            hint="give a place where there is room",
        ) from exc
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _write_csv(run: PastRun, name: str, file: IO[str]) -> None:
    columns = run[name].read()
    rows = csv.writer(file)
    rows.writerow(columns)
    cells = [_cells(column) for column in columns.values()]
    rows.writerows(zip(*cells, strict=True))


def _cells(column: "np.ndarray[Any, Any]") -> list[Any]:
    if column.ndim == 1 and column.dtype.kind != "O":
        return column.tolist()
    return [
        value
        if isinstance(value, str | int | float)
        else encode_value(value).decode().strip()
        for value in column
    ]


def _write_text(run: PastRun, stream: str, path: Path, file: IO[str]) -> None:
    hdf5 = os.path.relpath(run.place, path.parent)
    writer = TextWriter(run.start, hdf5, stream)
    file.writelines(writer.write(name, doc) for name, doc in run.documents())


def _write_json(run: PastRun, file: IO[str]) -> None:
    separator = "[\n"
    for name, doc in run.documents():
        file.write(separator + encode(name, doc).decode().strip())
        separator = ",\n"
    file.write("\n]\n")


def _write_lines(run: PastRun, file: IO[str]) -> None:
    for name, doc in run.documents():
        file.write(encode(name, doc).decode())
