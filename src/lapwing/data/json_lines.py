"""The JSON lines sink: one text file a run, a document a line.

Owns the open text files, and taking back what was half written.
Must not know journals or HDF5.
Test: feed it, kill the process in mid-run, feed it again from the run's start.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from lapwing.data.lines import decode, encode
from lapwing.data.paths import exists_error, place_of_run, reserve
from lapwing.data.sinks import checked_name
from lapwing.errors import DataExistsError

_SUFFIX = ".jsonl"


class JsonLinesSink:
    """Writes every run to a text file of its own: ``["event", {...}]``, line by line.

    After a crash the run is read again from its start and its file is written anew. A
    file of another run, or anybody's, is never written over.

    Args:
        directory: Where files go, under the names of `place_of_run`.
        name: Name of the sink.
        period: Seconds between two looks at the journal.

    Raises:
        ConfigError: The name cannot be one.
    """

    def __init__(
        self, directory: str | Path, *, name: str = "json-lines", period: float = 0.5
    ):
        self.name = checked_name(name)
        self.period = period
        self.busy = False
        self._directory = Path(directory)
        self._files: dict[str, _TextFile] = {}
        self._owner: dict[str, str] = {}

    def take(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document; it is written by `settle`.

        Raises:
            DataExistsError: Another file has the name of the run's.
            DataPathError: The file cannot be made.
        """
        if name == "start":
            path = place_of_run(self._directory, doc).with_suffix(_SUFFIX)
            if _take_place(path, doc["uid"]):
                self._files[doc["uid"]] = _TextFile(path)
        owner = doc.get("descriptor") or doc.get("resource") or ""
        run = doc["uid"] if name == "start" else doc.get("run_start")
        run = run or self._owner.get(owner, "")
        file = self._files.get(run)
        if file is None:
            return  # of a run whose file is complete
        if name in ("descriptor", "resource", "stream_resource"):
            self._owner[doc["uid"]] = run
        file.lines.append(encode(name, doc))
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


class _TextFile:
    """A file that only grows by whole lines."""

    def __init__(self, path: Path):
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


def _take_place(path: Path, uid: str) -> bool:
    """Return whether a run is to be written; False if it is there already.

    Raises:
        DataExistsError: Something else is there.
    """
    try:
        reserve(path)
    except DataExistsError:
        if not path.is_file() or path.is_symlink():
            raise
        first, last = _ends(path)
        if first and first != ["start", uid]:
            raise exists_error(path) from None
        return not (last and last[0] == "stop")
    return True


def _ends(path: Path) -> tuple[list[str], list[str]]:
    """Return name and uid of the first and the last document in a file."""
    with path.open("rb") as file:
        first = last = b""
        for line in file:
            first = first or line
            last = line
    return _name_and_uid(first), _name_and_uid(last)


def _name_and_uid(line: bytes) -> list[str]:
    if not line:
        return []
    try:
        name, doc = decode(line)
        return [name, doc["uid"]]
    except (ValueError, TypeError, KeyError):
        return ["nothing that is known", ""]
