"""JSON writers: the documents of runs as text files, written as they come.

Owns names of files, what stands in them, and which document goes into which.
Must not know what documents mean beyond how they name their run.
Test: feed them runs, also two at once, and read the files with ``json``.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lapwing.documents import Document, to_json
from lapwing.errors import DataExistsError, DataPathError, DocumentError

_END = b"\n]\n"
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class JSONWriter:
    """Writes each run into a file of its own: a list of ``{"name", "doc"}``.

    The file is valid JSON after each document, also when the process is killed.
    Numpy arrays become lists; NaN and infinity become null. Subscribe it, or call
    it with documents from elsewhere; runs that go on at once are kept apart.

    Args:
        dirname: Directory of the files; it is made if need be.
        filename: Name of the file; None: ``<uid of the run>.json``. With a name
            given there is room for one run only.

    Raises:
        DataPathError: The directory cannot be made, or the name leads out of it.
    """

    suffix = ".json"

    def __init__(self, dirname: str | os.PathLike[str], filename: str | None = None):
        self.directory = _made(Path(dirname))
        self.filename = None if filename is None else _checked(filename)
        self._files: dict[str, IO[bytes]] = {}
        self._run_of: dict[str, str] = {}  # by uid of descriptor or resource

    def __call__(self, name: str, doc: Document) -> None:
        """Write a document at once.

        Raises:
            DataExistsError: There is a file for this run already.
            DataPathError: The file cannot be written.
            DocumentError: The document holds something that JSON cannot.
        """
        if name == "start":
            self._files[doc["uid"]] = self._opened(self.path_of(doc["uid"]))
        run = self._run(name, doc)
        if (file := self._files.get(run)) is None:
            return  # of a run whose start was not seen
        line = _line(name, doc)
        try:
            self._write(file, line)
            file.flush()
        except OSError as exc:
            self._end(run)  # what cannot be written now is not tried again
            raise _cannot(Path(file.name), exc) from exc
        if name == "stop":
            self._end(run)

    def path_of(self, run: str) -> Path:
        """Return the file of a run, by its uid.

        Raises:
            DataPathError: The uid cannot be part of a file's name.
        """
        if self.filename is not None:
            return self.directory / self.filename
        return self.directory / _checked(f"{run}{self.suffix}")

    def close(self) -> None:
        """Close the files of runs that have not ended."""
        for run in list(self._files):
            self._end(run)

    # ------------------------------------------------------------ one file

    def _opened(self, path: Path) -> IO[bytes]:
        try:
            file = path.open("xb")
        except FileExistsError as exc:
            raise DataExistsError(
                f"the documents of a run were to be written to {path}, which exists "
                "already; files are never overwritten",
                hint="move it away, or leave the name to the writer",
                path=str(path),
            ) from exc
        except OSError as exc:
            raise _cannot(path, exc) from exc
        file.write(b"[")
        return file

    def _write(self, file: IO[bytes], line: bytes) -> None:
        if file.tell() > 1:
            file.seek(-len(_END), os.SEEK_END)
            file.write(b",")
        file.write(b"\n" + line + _END)

    # ------------------------------------------------------------ which run

    def _run(self, name: str, doc: Document) -> str:
        """Return the run to which a document belongs; else the one opened last."""
        last = next(reversed(self._files), "")
        if name == "start":
            return doc["uid"]
        if name in ("event", "event_page", "stream_datum"):
            return self._run_of.get(doc.get("descriptor", ""), last)
        if name in ("datum", "datum_page"):
            return self._run_of.get(doc.get("resource", ""), last)
        run = doc.get("run_start", last)
        if name != "stop" and run in self._files:
            self._run_of[doc.get("uid", "")] = run
        return run

    def _end(self, run: str) -> None:
        with suppress(OSError):  # what a file could not take, it cannot at its end
            self._files.pop(run).close()
        self._run_of = {uid: of for uid, of in self._run_of.items() if of != run}


class JSONLinesWriter(JSONWriter):
    """Writes each run into a file of its own: ``{"name", "doc"}`` line by line.

    As `JSONWriter`, but for a given name: a file that is there already is not
    overwritten but continued, so that many runs may stand in one file.

    Args:
        dirname: Directory of the files; it is made if need be.
        filename: Name of the file; None: ``<uid of the run>.jsonl``.
    """

    suffix = ".jsonl"

    def _opened(self, path: Path) -> IO[bytes]:
        if self.filename is None:
            file = super()._opened(path)
            file.seek(0)
            file.truncate()
            return file
        try:
            return path.open("ab")
        except OSError as exc:
            raise _cannot(path, exc) from exc

    def _write(self, file: IO[bytes], line: bytes) -> None:
        file.write(line + b"\n")


def _line(name: str, doc: Document) -> bytes:
    try:
        return to_json({"name": name, "doc": doc})
    except TypeError as exc:
        raise DocumentError(
            f"the {name} document {doc.get('uid', '')} cannot be written as JSON: {exc}"
        ) from exc


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _cannot(directory, exc) from exc
    return directory


def _checked(filename: Any) -> str:
    if not _SAFE_NAME.fullmatch(str(filename)):
        raise DataPathError(
            f"{str(filename)!r} was asked for as a file's name; it must be of letters, "
            "digits, '_', '-' and '.', and stay in its directory",
            path=str(filename),
        )
    return str(filename)


def _cannot(path: Path, exc: OSError) -> DataPathError:
    return DataPathError(
        f"documents cannot be written to {path}: {exc.strerror or exc}; "
        "a directory that can be written is needed",
        path=str(path),
        errno=exc.errno,
    )
