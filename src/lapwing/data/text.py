"""Text: the file of a run in columns, with a legend, as beamlines know it.

Owns which file it is, and how one tells whose it is; the sink that writes it.
Must not know journals; the form of lines is `TextWriter`'s, reading `read_text`'s.
Test: feed a run to the sink, read it back, kill the process in between.
"""

import os
from pathlib import Path

from lapwing.data.file_each import Document, FileEachRun, Form
from lapwing.data.paths import place_of_run
from lapwing.data.text_form import Elsewhere, header_value_of
from lapwing.data.text_reader import read_text
from lapwing.data.text_run import ExtraPVs, TextArray, TextColumn, TextRun
from lapwing.data.text_writer import END_LINE, FIRST_LINE, UID_LINE, TextWriter

__all__ = [
    "Elsewhere",
    "ExtraPVs",
    "TextArray",
    "TextColumn",
    "TextRun",
    "TextSink",
    "read_text",
]

_HEAD_BYTES = 8192
_TAIL_BYTES = 4096


class TextSink(FileEachRun):
    """Writes every run to a text file in columns, beside its HDF5 file, as it goes on.

    A row is a point of the stream ``primary``: positioners first, then counters, then
    time and number of the point. Events of the streams ``baseline`` and ``extra_pvs``
    become blocks of extra PVs between the rows. Arrays stay in the HDF5 file; the
    legend says where. `read_text` reads all of it back.

    After a crash the run is read again from its start and its file is written anew. A
    file of another run, or anybody's, is never written over.

    Args:
        data_dir: The data directory; files are named as `place_of_run` says, with
            the ending ``.dat``.
        name: Name of the sink.
        period: Seconds between two looks at the journal.

    Raises:
        ConfigError: The name cannot be one.
    """

    suffix = ".dat"

    def __init__(
        self, data_dir: str | Path, *, name: str = "text", period: float = 0.25
    ):
        super().__init__(data_dir, self.suffix, name, period)

    def form(self, start: Document, path: Path) -> Form:
        """Return what turns the documents of a run into lines."""
        hdf5 = place_of_run(path.parent, start).name
        writer = TextWriter(start, hdf5)
        return lambda name, doc: writer.write(name, doc).encode("utf-8")

    def whose(self, path: Path) -> tuple[str, bool]:
        """Say of which run a file is, and whether it is complete."""
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(-min(_TAIL_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            tail = file.read()
        last = tail.rstrip(b"\n").rpartition(b"\n")[2]
        is_complete = tail.endswith(b"\n") and last.startswith(END_LINE.encode())
        return _owner(head), is_complete


def _owner(head: bytes) -> str:
    """Return the uid at the head of a file; "" if it breaks off before."""
    first, ends, rest = head.partition(b"\n")
    begin = FIRST_LINE.encode()
    if not ends:
        both = min(len(first), len(begin))
        return "" if first[:both] == begin[:both] else "another's"
    uid_line = UID_LINE.encode()
    line, ends, _ = rest.partition(b"\n")
    if first.startswith(begin) and line.startswith(uid_line) and ends:
        return str(header_value_of(line[len(uid_line) :].decode("utf-8", "replace")))
    cut = not ends and first.startswith(begin)
    return "" if cut and line[: len(uid_line)] == uid_line[: len(line)] else "another's"
