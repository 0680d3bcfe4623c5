"""The JSON lines sink: one text file a run, a document a line.

Owns the form of these files, and how one tells whose they are.
Must not know journals or HDF5.
Test: feed it, kill the process in mid-run, feed it again from the run's start.
"""

from pathlib import Path

from lapwing.data.file_each import Document, FileEachRun, Form
from lapwing.data.lines import decode, encode

_BEGIN = b'["start",'


class JsonLinesSink(FileEachRun):
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
        super().__init__(directory, ".jsonl", name, period)

    def form(self, start: Document, path: Path) -> Form:
        """Return what turns each document into one line."""
        return encode

    def whose(self, path: Path) -> tuple[str, bool]:
        """Say of which run a file is, and whether it is complete."""
        with path.open("rb") as file:
            first = last = b""
            for line in file:
                first = first or line
                last = line
        kind, uid = _name_and_uid(first)
        owner = uid if kind in ("start", "") else "another's"
        return owner, _name_and_uid(last)[0] == "stop"


def _name_and_uid(line: bytes) -> tuple[str, str]:
    # A killed process may have left a part of the first line, or none of it.
    if not line.endswith(b"\n") and _BEGIN.startswith(line.lstrip()[: len(_BEGIN)]):
        return "", ""
    try:
        name, doc = decode(line)
        return str(name), str(doc["uid"])
    except (ValueError, TypeError, KeyError):
        return "nothing that is known", ""
