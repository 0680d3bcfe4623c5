"""Rebuild: the HDF5 file of a run, made again from its documents.

Owns writing a whole file at once, under any name that is free.
Must not know where the documents come from.
Test: write a run's file as it goes on, rebuild it, compare all data.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lapwing.data.paths import reserve
from lapwing.data.run_file import RunFile
from lapwing.errors import DocumentError

_MOST_DOCUMENTS = 4000
_MOST_BYTES = 64 * 1024**2


def rebuild(documents: Iterable[tuple[str, Mapping[str, Any]]], path: Path) -> Path:
    """Write the HDF5 file of a run, equal in data to the one that was written live.

    Args:
        documents: Name and content of all documents of one run, the start first.
            Without a stop the file holds the run so far.
        path: The file; there must be none.

    Returns:
        The path.

    Raises:
        DataExistsError: A file is there already.
        DataPathError: It cannot be made, or the disk is full; nothing is left.
        DocumentError: There is no start document.
    """
    going = iter(documents)
    name, start = next(going, ("", {}))
    if name != "start":
        raise DocumentError(
            f"a file cannot be made of a run that begins with {name or 'nothing'}; "
            "a start document must come first"
        )
    reserve(path)
    file = RunFile(path, start, period=0.0)
    try:
        num_bytes = 0
        for name, doc in going:
            file.take(name, doc)
            num_bytes += _num_bytes(doc)
            if file.num_pending > _MOST_DOCUMENTS or num_bytes > _MOST_BYTES:
                num_bytes = 0
                _write(file)
        file.end()
        while not file.over:
            file.work(time.monotonic())
    except BaseException:
        file.leave()
        for left in (path, path.with_name(path.name + ".part")):
            left.unlink(missing_ok=True)
        raise
    return path


def _write(file: RunFile) -> None:
    while file.num_pending:
        file.hurry()
        file.work(time.monotonic())


def _num_bytes(doc: Mapping[str, Any]) -> int:
    data = doc.get("data")
    if not isinstance(data, Mapping):
        return 0
    return sum(getattr(value, "nbytes", 0) for value in data.values())
