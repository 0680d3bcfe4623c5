"""The past: the calls that a journal holds, as they began and ended.

Owns finding them, and handing out the records of one again and again.
Must not know plans, nor what is done about a call that did not end.
Test: write two calls and the begin of a third by hand; read them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lapwing.documents import Document
from lapwing.journal.codec import TELLING, Kind, Record
from lapwing.journal.reader import Reader

_BEGIN, _END, _DOCUMENT = int(Kind.BEGIN), int(Kind.END), int(Kind.DOCUMENT)


@dataclass(frozen=True)
class PastCall:
    """A call, as its journal tells of it.

    It can be iterated over, as often as wanted, for its records.

    Attributes:
        directory: The journal.
        first: Number of its first record.
        stop: Number of the record behind its last.
        begun: What its BEGIN says: ``call``, ``plan_name``, ``identity``, ...
        ended: What its END says; None if it did not end.
        starts: Start documents of its runs.
        stopped: Uids of its runs that have a stop document.
    """

    directory: Path
    first: int
    stop: int
    begun: Document
    ended: Document | None
    starts: tuple[Document, ...]
    stopped: frozenset[str]

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.begun["call"])

    @property
    def plan_name(self) -> str:
        """Name of its plan, or ""."""
        return str(self.begun.get("plan_name", ""))

    @property
    def identity(self) -> Document:
        """What it is to be known by after a crash."""
        return self.begun.get("identity") or {}

    def __iter__(self) -> Iterator[Record]:
        with Reader(self.directory, exact=True) as reader:
            for batch in reader.batches(self.first, self.stop):
                yield from batch.records

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Yield name and content of each of its documents, in order."""
        with Reader(self.directory, exact=True) as reader:
            yield from reader.documents(self.stop - 1, self.first)


def past_calls(directory: str | Path) -> list[PastCall]:
    """Return the calls that a journal holds, in the order in which they began.

    Raises:
        DataError: The journal is damaged.
    """
    found: list[_Growing] = []
    with Reader(directory, arrays=False, exact=True) as reader:
        end = reader.end().number
        for batch in reader.batches(0, end, TELLING):
            for number, record in enumerate(batch.records, batch.number):
                kind = record[0]
                if kind == _BEGIN:
                    if found:
                        found[-1].close(number)
                    found.append(_Growing(number, record[1]))
                elif found and kind == _END:
                    found[-1].ended = record[1]
                    found[-1].close(number + 1)
                elif found and kind == _DOCUMENT:
                    found[-1].take(record[1], record[2])
    if found:
        found[-1].close(end)
    return [one.as_call(Path(directory)) for one in found]


class _Growing:
    """A call that is being read."""

    def __init__(self, first: int, begun: Document):
        self.first = first
        self.begun = begun
        self.stop: int | None = None
        self.ended: Document | None = None
        self.starts: list[Document] = []
        self.stopped: set[str] = set()

    def close(self, stop: int) -> None:
        if self.stop is None:
            self.stop = stop

    def take(self, name: str, doc: dict[str, Any]) -> None:
        if name == "start":
            self.starts.append(doc)
        elif name == "stop":
            self.stopped.add(doc["run_start"])

    def as_call(self, directory: Path) -> PastCall:
        return PastCall(
            directory,
            self.first,
            self.first if self.stop is None else self.stop,
            self.begun,
            self.ended,
            tuple(self.starts),
            frozenset(self.stopped),
        )
