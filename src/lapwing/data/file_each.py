"""File each: what sinks share that keep every run in a text file of its own.

Owns the open files, their places, and taking back what was half written.
Must not know what is written in them.
Test: by its sinks, `JsonLinesSink` and `TextSink`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from lapwing.data.paths import exists_error, place_of_run, reserve
from lapwing.data.sinks import checked_name
from lapwing.errors import DataExistsError

Document = Mapping[str, Any]
Form = Callable[[str, Document], bytes]
"""Turns each document of a run, in order, into whole lines; b"" for none."""


class FileEachRun(ABC):
    """A sink that writes every run to a text file of its own, which only grows.

    After a crash the run is read again from its start and its file is written anew. A
    file of another run, or anybody's, is never written over.

    Args:
        directory: Where files go, under the names of `place_of_run`.
        suffix: Ending of their names, such as ``".dat"``.
        name: Name of the sink.
        period: Seconds between two looks at the journal.

    Raises:
        ConfigError: The name cannot be one.
    """

    def __init__(self, directory: str | Path, suffix: str, name: str, period: float):
        self.name = checked_name(name)
        self.period = period
        self.busy = False
        self._directory = Path(directory)
        self._suffix = suffix
        self._files: dict[str, _GrowingFile] = {}
        self._owner: dict[str, str] = {}

    @abstractmethod
    def form(self, start: Document, path: Path) -> Form:
        """Return what turns the documents of a run into lines.

        Args:
            start: Its start document, which is then the first to be turned.
            path: The file.
        """

    @abstractmethod
    def whose(self, path: Path) -> tuple[str, bool]:
        """Say of which run a file is, and whether it is complete.

        Returns:
            The run's uid, ``""`` if too little of it was written to tell, and any other
            text if it is no file of this sink.
        """

    def take(self, name: str, doc: Document) -> None:
        """Take a document; it is written by `settle`.

        Raises:
            DataExistsError: Another file has the name of the run's.
            DataPathError: The file cannot be made.
        """
        if name == "start":
            path = place_of_run(self._directory, doc).with_suffix(self._suffix)
            if self._take_place(path, doc["uid"]):
                self._files[doc["uid"]] = _GrowingFile(path, self.form(doc, path))
        owner = doc.get("descriptor") or doc.get("resource") or ""
        run = doc["uid"] if name == "start" else doc.get("run_start")
        run = run or self._owner.get(owner, "")
        file = self._files.get(run)
        if file is None:
            return  # of a run whose file is complete
        if name in ("descriptor", "resource", "stream_resource"):
            self._owner[doc["uid"]] = run
        file.lines.append(file.form(name, doc))
        file.is_complete = name == "stop"

    def settle(self) -> None:
        """Write what was taken.

        Raises:
            OSError: It does not work; nothing of it is lost.
        """
        for uid, file in list(self._files.items()):
            file.write()
            if file.is_complete:
                self._forget(uid)

    @property
    def unfinished(self) -> Collection[str]:
        """Uids of the runs whose files are not complete."""
        return self._files.keys()

    def leave(self, runs: Collection[str]) -> None:
        """Close the files of runs that perhaps go on elsewhere."""
        for uid in set(runs) & set(self._files):
            self._forget(uid)

    def close(self) -> None:
        """Close all files."""
        self.leave(list(self._files))

    def _forget(self, uid: str) -> None:
        self._files.pop(uid).close()
        self._owner = {one: run for one, run in self._owner.items() if run != uid}

    def _take_place(self, path: Path, uid: str) -> bool:
        """Return whether a run is to be written; False if it is there already.

        Raises:
            DataExistsError: Something else is there.
        """
        try:
            reserve(path)
        except DataExistsError:
            if not path.is_file() or path.is_symlink():
                raise
            owner, is_complete = self.whose(path)
            if owner not in ("", uid):
                raise exists_error(path) from None
            return not is_complete
        return True


class _GrowingFile:
    """A file that only grows by whole lines."""

    def __init__(self, path: Path, form: Form):
        self.form = form
        self.lines: list[bytes] = []
        self.is_complete = False
        self._file: BinaryIO = path.open("wb", buffering=0)
        self._size = 0

    def write(self) -> None:
        text = b"".join(self.lines)
        rest = memoryview(text)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(self._size)
            self._file.seek(self._size)
            raise
        self._size += len(text)
        self.lines.clear()

    def close(self) -> None:
        self._file.close()
