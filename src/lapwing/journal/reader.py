"""The reader: records of a journal, from any place on.

Owns turning frames into records, from the very record that was asked for.
Must not know who writes them, nor what they say, except which are documents.
Test: read while another process writes; begin anywhere; read a few at a time.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from lapwing.documents import Document
from lapwing.errors import DataError
from lapwing.journal.arrays import fetch_array
from lapwing.journal.codec import ArrayRef, Decoder, Kind, Record
from lapwing.journal.cursor import START, Cursor
from lapwing.journal.hold import read_about
from lapwing.journal.segment import Frame
from lapwing.journal.walk import Walk

MOST_AT_ONCE = 10_000
_NEVER = 2**64  # more than any number
_DOCUMENT = int(Kind.DOCUMENT)


class Batch(NamedTuple):
    """Records that follow each other.

    Attributes:
        number: Number of the first.
        records: The records.
    """

    number: int
    records: list[Record]


class Reader:
    """Reads one journal, in any process, while it is written or afterwards.

    Takes no lock and never holds up the writer. Half a frame at the end is no error:
    there is no more yet, and never will be if its process has died. Not to be shared
    by threads.

    Args:
        directory: The journal.
        arrays: Whether to put in the arrays that are kept beside the records;
            otherwise their `ArrayRef` stands there, for `fetch`.
        skip_damaged: Whether to read what is whole of a damaged journal.
        exact: Whether numbers of numpy's are again what they were, as a plan wants
            them; else they are Python's.

    Raises:
        DataError: The journal is of another version.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        arrays: bool = True,
        skip_damaged: bool = False,
        exact: bool = False,
    ):
        self.directory = Path(directory)
        self._walk = Walk(self.directory, skip_damaged=skip_damaged)
        self._decoder = Decoder(self.fetch if arrays else None, exact=exact)
        read_about(self.directory)

    @property
    def lost(self) -> list[tuple[int, int]]:
        """What could not be read so far, with ``skip_damaged``.

        Pairs of the number of the first record that is missing, and of the first that
        is there again.
        """
        return list(self._walk.lost)

    def read(
        self,
        cursor: Cursor = START,
        max_records: int = MOST_AT_ONCE,
        last: int | None = None,
    ) -> tuple[list[Batch], Cursor]:
        """Return what follows a place, and where to go on.

        Args:
            cursor: Where to begin.
            max_records: How many records to return at most, >= 1.
            last: Number of the last record to return, for example of the last durable
                one; None: whatever there is.

        Returns:
            Batches, none if there is no more yet; and the place behind them.

        Raises:
            DataError: The journal is damaged; says where, and what is whole.
        """
        limit = _NEVER if last is None else last + 1
        batches: list[Batch] = []
        while (step := self._step(cursor, max_records, limit)) is not None:
            batch, cursor = step
            batches.append(batch)
            max_records -= len(batch.records)
        return batches, cursor

    def _step(
        self,
        cursor: Cursor,
        most: int,
        limit: int,
        containing: re.Pattern[bytes] | None = None,
    ) -> tuple[Batch, Cursor] | None:
        """Return what is left of a frame, and the place behind it.

        Args:
            cursor: Where to begin.
            most: How many records to return at most.
            limit: Number behind the last that may be returned.
            containing: What is found in a frame that is of interest; of others none.
        """
        if (
            most <= 0
            or cursor.number >= limit
            or (step := self._walk.frame(cursor)) is None
        ):
            return None
        frame, at = step
        if at.number >= limit:  # what was asked for is lost
            return None
        stop = min(at.number + most, limit)
        is_wanted = containing is None or containing.search(frame.payload)
        records = self._records(frame) if is_wanted else []
        end = frame.first + frame.num_records
        if end <= stop:
            behind = Cursor(at.segment, frame.end, end)
        else:
            behind = Cursor(at.segment, frame.offset, stop)
        if at.number > frame.first or end > stop:
            records = records[at.number - frame.first : behind.number - frame.first]
        return Batch(at.number, records), behind

    def records(
        self, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, Record]]:
        """Yield number and content of each record that is there.

        Args:
            start: Number of the first.
            stop: Number behind the last; None: all that there are by then.

        Raises:
            DataError: The journal is damaged; says where, and what is whole.
        """
        for batch in self.batches(start, stop):
            yield from enumerate(batch.records, batch.number)

    def batches(
        self,
        start: int = 0,
        stop: int | None = None,
        containing: re.Pattern[bytes] | None = None,
    ) -> Iterator[Batch]:
        """Yield the records that are there, as many at a time as were written at once.

        Args:
            start: Number of the first.
            stop: Number behind the last; None: all that there are by then.
            containing: What is found in the packed records of a batch that is wanted;
                others are not unpacked, and come as batches of none.

        Raises:
            DataError: The journal is damaged; says where, and what is whole.
        """
        cursor = self.from_number(start)
        limit = _NEVER if stop is None else stop
        # A frame at a time: who collects garbage finds little of it alive.
        while (step := self._step(cursor, _NEVER, limit, containing)) is not None:
            batch, cursor = step
            yield batch

    def documents(
        self, last: int | None = None, start: int = 0
    ) -> Iterator[tuple[str, Document]]:
        """Yield name and content of each document.

        Args:
            last: Number of the last record to look at; None: all that there are.
            start: Number of the first record to look at.

        Raises:
            DataError: The journal is damaged; says where, and what is whole.
        """
        for _, record in self.records(start, None if last is None else last + 1):
            if record[0] == _DOCUMENT:
                yield record[1], record[2]

    def from_number(self, number: int) -> Cursor:
        """Return the place of a record, which may not be there yet.

        Raises:
            DataError: A segment's head is damaged.
        """
        return START if number == 0 else self._walk.place(number)

    def end(self) -> Cursor:
        """Return the place behind all that is there; its number counts the records.

        Raises:
            DataError: The last segment is damaged.
        """
        return self._walk.end()

    def fetch(self, ref: ArrayRef) -> Any:
        """Return an array that a record refers to.

        Raises:
            DataError: It is not there, or damaged.
        """
        return fetch_array(self.directory, ref)

    def _records(self, frame: Frame) -> list[Record]:
        try:
            return self._decoder.unpack(frame.payload)
        except ValueError as exc:
            raise DataError(
                f"records {frame.first} to {frame.first + frame.num_records - 1} of "
                f"{self.directory} cannot be unpacked: {exc}",
                directory=str(self.directory),
            ) from exc

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
