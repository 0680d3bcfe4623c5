"""Paths: where the file of a run goes, and whether anything can go there.

Owns the names of run files and the check made before anything moves.
Must not know how a file is written, nor import h5py.
Test: give it temporary directories, a file in the way, a full disk.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lapwing.errors import DataExistsError, DataPathError

NEED_BYTES = 64 * 1024**2
"""Free bytes that `check_writable` asks for if not told otherwise."""

_LONGEST_PART = 80


def run_path(data_dir: str | os.PathLike[str], start_doc: Mapping[str, Any]) -> Path:
    """Say which file a run goes to; the file does not exist yet.

    Args and Returns: as `place_of_run`.

    Raises:
        DataExistsError: A file of that name is there already.
    """
    path = place_of_run(data_dir, start_doc)
    if os.path.lexists(path):
        raise exists_error(path)
    return path


def place_of_run(
    data_dir: str | os.PathLike[str], start_doc: Mapping[str, Any]
) -> Path:
    """Say which file a run goes to, whether or not it is there.

    Args:
        data_dir: Directory of all data.
        start_doc: The run's start document: ``uid``, ``time`` (seconds since
            1970) and, if there are any, ``scan_id`` and ``plan_name``.

    Returns:
        ``data_dir/YYYY/MM/DD/{scan_id:06d}_{plan_name}_{uid8}.h5``, with the
        local date of the start. Without a scan_id 000000, without a plan_name
        ``run``. Nothing is created.
    """
    day = datetime.fromtimestamp(start_doc["time"])
    scan_id = start_doc.get("scan_id")
    number = f"{scan_id:06d}" if isinstance(scan_id, int) else _part(scan_id, "000000")
    name = _part(start_doc.get("plan_name"), "run")
    uid = _part(start_doc["uid"], "")[:8]
    path = Path(data_dir, f"{day:%Y}", f"{day:%m}", f"{day:%d}")
    return path / f"{number}_{name}_{uid}.h5"


def reserve(path: Path) -> None:
    """Take a name for a run: make its directories and an empty file.

    Raises:
        DataExistsError: A file of that name is there already.
        DataPathError: It cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError as exc:
        if os.path.lexists(path):
            raise exists_error(path) from exc
        raise _cannot(path.parent, exc) from exc
    except OSError as exc:
        raise _cannot(path, exc) from exc


def check_writable(
    data_dir: str | os.PathLike[str], need_bytes: int = NEED_BYTES
) -> None:
    """Refuse, before anything moves, a place that cannot take the data.

    The directory is made if need be, and a small file is really written there,
    synced and removed: permissions alone say little (root may write anywhere,
    but not on a read-only file system).

    Args:
        data_dir: Directory of all data.
        need_bytes: Free bytes that must be there.

    Raises:
        DataPathError: It cannot be made or written, or is too full. Context:
            ``directory``, ``need_bytes``, ``free_bytes`` where known.
    """
    directory = Path(data_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as exc:
        raise _cannot(directory, exc) from exc
    if free < need_bytes:
        raise full_error(directory, need_bytes, free)
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".probe-") as probe:
            probe.write(b"lapwing" * 64)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full_error(directory, need_bytes, free) from exc
        raise _cannot(directory, exc) from exc


def exists_error(path: Path) -> DataExistsError:
    """Say that a file is in the way."""
    return DataExistsError(
        f"the run's file {path} exists already; files are never overwritten",
        hint="move it away, or give the run a scan_id of its own",
        path=str(path),
    )


def full_error(directory: Path, need_bytes: int, free_bytes: int) -> DataPathError:
    """Say that a disk is full."""
    return DataPathError(
        f"the data directory {directory} has {free_bytes / 1e6:.1f} MB free; "
        f"{need_bytes / 1e6:.1f} MB are needed",
        hint="make room there, or set LAPWING_DATA_DIR to another disk",
        directory=str(directory),
        need_bytes=need_bytes,
        free_bytes=free_bytes,
    )


def _cannot(path: Path, exc: OSError) -> DataPathError:
    return DataPathError(
        f"data cannot be written to {path}: {exc.strerror or exc}; "
        "a directory that can be written is needed",
        hint="mend its permissions, or set LAPWING_DATA_DIR to another directory",
        directory=str(path),
        errno=exc.errno,
    )


def _part(value: Any, default: str) -> str:
    text = re.sub(r"[^A-Za-z0-9._-]+", "_", "" if value is None else str(value))
    return text.strip("._")[:_LONGEST_PART] or default
