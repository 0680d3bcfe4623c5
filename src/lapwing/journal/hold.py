"""The hold: which process a journal's directory belongs to.

Owns the files ``lock`` and ``journal.json``, and the question who lives.
Must not know records or segments.
Test: hold a directory here, ask from another process, end the first one.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
import weakref
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from lapwing.errors import DataError, DataPathError, StateError
from lapwing.journal.segment import FORMAT, check_format

LOCK = "lock"
ABOUT = "journal.json"
_TRIES = 10  # who asks whether we live holds the lock for some microseconds
_BETWEEN_TRIES = 0.01
_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


class Holder(NamedTuple):
    """The process that a journal belongs to.

    Attributes:
        pid: Its number; 0 if it cannot be read.
        host: The machine that it runs on.
    """

    pid: int
    host: str


class Hold:
    """Holds a directory for this process, until it is released or the process ends.

    Args:
        directory: It must exist.

    Raises:
        StateError: Another process, or another part of this one, holds it.
        DataPathError: It cannot be held.
    """

    def __init__(self, directory: Path):
        self.directory = directory
        self._fd: int | None = None
        for _ in range(_TRIES):
            self._fd = _try_lock(directory)
            if self._fd is not None:
                _holds.add(self)
                return
            time.sleep(_BETWEEN_TRIES)
        raise _held(directory)

    def release(self) -> None:
        """Let others have it."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def _try_lock(directory: Path) -> int | None:
    """Return the locked file; None if another has it."""
    path = directory / LOCK
    fd = -1
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_ino == os.stat(path).st_ino:
            text = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
            os.ftruncate(fd, os.pwrite(fd, text.encode(), 0))
            return fd
        os.close(fd)  # it was removed at this very moment
    except OSError as exc:
        if fd >= 0:
            os.close(fd)
        if exc.errno not in _BUSY:
            raise _cannot(directory, exc) from exc
    return None


def _held(directory: Path) -> StateError:
    pid, host = _read_holder(directory / LOCK)
    return StateError(
        f"the journal {directory} belongs to process {pid} on {host}, which runs; "
        "a journal has one process",
        hint="end that process, or let this one have a journal of its own",
        directory=str(directory),
        pid=pid,
        host=host,
    )


def _cannot(directory: Path, exc: OSError) -> DataPathError:
    return DataPathError(
        f"the journal {directory} cannot be held: {exc.strerror}; a directory that "
        "can be written, on a file system that knows flock, is needed",
        directory=str(directory),
        errno=exc.errno,
    )


def _read_holder(path: Path) -> Holder:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(told["pid"]), str(told["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0, "a machine that cannot be told")


def alive(directory: str | Path) -> Holder | None:
    """Return the process that writes this journal; None if none does any more."""
    path = Path(directory) / LOCK
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in _BUSY:
            return _read_holder(path)
        raise _cannot(Path(directory), exc) from exc
    finally:
        os.close(fd)
    return None


# A forked child has the lock too, and would keep it when its parent has died.
_holds: weakref.WeakSet[Hold] = weakref.WeakSet()


def _release_all() -> None:
    for hold in _holds:
        hold.release()


os.register_at_fork(after_in_child=_release_all)


def read_about(directory: Path) -> dict[str, Any]:
    """Return what ``journal.json`` says; an empty dict if there is none.

    Raises:
        DataError: The journal is of another version, or the file is damaged.
    """
    path = directory / ABOUT
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as exc:
        raise DataError(
            f"{path} cannot be read: {exc}; JSON is expected", path=str(path)
        ) from exc
    check_format(about.get("format"), path)
    return about


def write_about(directory: Path, clock: Callable[[], float]) -> None:
    """Note in ``journal.json`` who writes this journal from now on.

    Raises:
        OSError: It cannot be written, and is as it was.
    """
    about = read_about(directory)
    process = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": clock(),
        "lapwing": _version(),
    }
    if about:
        about.setdefault("adopted", []).append(process)
    else:
        about = {"format": FORMAT, **process}
    path = directory / ABOUT
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            json.dump(about, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def _version() -> str:
    try:
        return version("lapwing")
    except PackageNotFoundError:
        return "unknown"
