"""The document reader: documents of a journal, quickly, from any place on.

Owns passing over what is no document, and putting in large arrays, one document at a
time. Must not know who reads, or which runs there are.
Test: compare with a `Reader`, which unpacks all.
"""

from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from lapwing.documents import Document
from lapwing.errors import DataError
from lapwing.journal.arrays import fetch_array
from lapwing.journal.codec import ArrayRef, Decoder
from lapwing.journal.cursor import Cursor
from lapwing.journal.hold import read_about
from lapwing.journal.walk import Walk


class Found(NamedTuple):
    """A document in a journal.

    Attributes:
        number: Number of its record.
        name: Its name.
        doc: Its content; large arrays are still references, see
            `DocumentReader.filled`.
    """

    number: int
    name: str
    doc: Document


class DocumentReader:
    """Reads the documents of one journal, a frame at a time.

    It is some three times as quick as a `Reader`, who unpacks messages too. Like that
    one it takes no lock. What is damaged is gone around. Not to be shared by threads.

    Args:
        directory: The journal.

    Raises:
        DataError: The journal is of another version.
    """

    def __init__(self, directory: str | Path):
        self.directory = Path(directory)
        self._walk = Walk(self.directory, skip_damaged=True)
        self._decoder = Decoder()
        read_about(self.directory)

    @property
    def lost(self) -> list[tuple[int, int]]:
        """What could not be read so far; see `Reader.lost`."""
        return list(self._walk.lost)

    def read(
        self, cursor: Cursor, last: int | None = None, containing: bytes = b""
    ) -> tuple[list[Found], Cursor] | None:
        """Return the documents in the frame at a place, and where to go on.

        Args:
            cursor: The place.
            last: Number of the last record to look at; None: whatever is there.
            containing: Bytes without which a frame holds nothing of interest.

        Returns:
            None if there is no more yet.

        Raises:
            DataError: The frame holds no records, although its checksum fits.
        """
        step = self._walk.frame(cursor)
        if step is None or (last is not None and step[1].number > last):
            return None
        frame, at = step
        count = frame.num_records
        if last is not None:
            count = min(count, last + 1 - frame.first)
        payload: bytes | memoryview = frame.payload
        if containing:
            payload = bytes(payload)
        found: list[Found] = []
        if not containing or containing in payload:
            found = self._documents(payload, frame.first, at.number, count)
        if count == frame.num_records:
            return found, Cursor(at.segment, frame.end, frame.first + count)
        return found, Cursor(at.segment, frame.offset, frame.first + count)

    def _documents(
        self, payload: Any, first: int, number: int, count: int
    ) -> list[Found]:
        try:
            found = self._decoder.documents(payload, number - first, count)
        except ValueError as exc:
            raise DataError(
                f"records from {first} on in {self.directory} cannot be unpacked: "
                f"{exc}",
                directory=str(self.directory),
            ) from exc
        return [Found(first + index, name, doc) for index, name, doc in found]

    def has_more(self, cursor: Cursor) -> bool:
        """Whether there are whole records at a place, or behind it."""
        return self._walk.frame(cursor) is not None

    def filled(self, doc: Document) -> Document:
        """Return a document with its large arrays put in.

        To be asked for one document after the other: all arrays of a frame at once
        could be more than there is memory.

        Raises:
            DataError: An array is not there, or damaged.
        """
        data = doc.get("data")
        # An event is looked at quickly: its arrays are values of data, not deeper.
        if isinstance(data, dict) and type(doc.get("seq_num")) is int:
            if ArrayRef not in map(type, data.values()):
                return doc
            return {**doc, "data": self._filled(data)}
        return self._filled(doc)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, ArrayRef):
            return fetch_array(self.directory, value)
        if isinstance(value, dict):
            return {key: self._filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        return value

    def close(self) -> None:
        """Close the file that is open; reading opens it again."""
        self._walk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
