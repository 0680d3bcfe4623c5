"""The walk: from frame to frame and from segment to segment.

Owns telling damage from an end that has not been written yet.
Must not unpack records, nor know what they say.
Test: damage, cut or remove segments, or write them meanwhile; walk through.
"""

from bisect import bisect_right
from pathlib import Path
from types import TracebackType
from typing import Self

from lapwing.errors import DataError
from lapwing.journal.cursor import Cursor
from lapwing.journal.segment import (
    HEAD_BYTES,
    Frame,
    Segment,
    segment_indices,
    segment_path,
)

_NEVER = 2**64  # more than any number
_LAST = 2**63


class Walk:
    """Goes through the frames of a journal that may be written meanwhile.

    Args:
        directory: The journal.
        skip_damaged: Whether to go around damage; otherwise it is an error.

    Attributes:
        lost: What was gone around: pairs of the number of the first record that is
            missing and of the first that is there again.
    """

    def __init__(self, directory: Path, *, skip_damaged: bool = False):
        self.directory = directory
        self.lost: list[tuple[int, int]] = []
        self._skip = skip_damaged
        self._segment: Segment | None = None
        self._index = 0  # of that segment
        self._torn: tuple[int, int, int] | None = None  # a tail that is known

    # ------------------------------------------------------------ places

    def place(self, number: int) -> Cursor:
        """Return the place of a record, which may not be there yet."""
        indices = segment_indices(self.directory)
        at = bisect_right(indices, number, key=self._first_number)
        index = indices[at - 1] if at else 1
        segment = self._open(index)
        if segment is None:
            return Cursor(index, HEAD_BYTES, number)
        offset = segment.place_of(number)
        frame = segment.frame_at(offset)
        if frame is None or frame.first > number:
            # The heads of frames that led there were not true.
            offset = HEAD_BYTES
        return Cursor(index, offset, number)

    def end(self) -> Cursor:
        """Return the place behind all that is there.

        Raises:
            DataError: The last segment is damaged, except at its end.
        """
        at = self.place(_LAST)
        first = self._first_number(at.segment)
        if first == _NEVER:
            return at._replace(number=0)
        segment = self._open(at.segment)
        frame = segment.frame_at(at.offset) if segment is not None else None
        return self._to_end(at._replace(number=first if frame is None else frame.first))

    def checked_end(self) -> tuple[Cursor, int]:
        """Return the place behind the last segment, every frame of which is checked.

        Returns:
            The place; its offset is 0 if not even the segment's head is whole. And how
            many bytes of half a frame are behind it.

        Raises:
            DataError: There is damage that is not at the end.
        """
        indices = segment_indices(self.directory)
        if not indices:
            return Cursor(1, 0, 0), 0
        last = indices[-1]
        first = self._first_number(last)
        if first == _NEVER:
            number = self.end().number
            return Cursor(last, 0, number), self._size(last)
        at = self._to_end(Cursor(last, HEAD_BYTES, first))
        return at, self._size(last) - at.offset

    def _to_end(self, at: Cursor) -> Cursor:
        while (step := self.frame(at)) is not None:
            frame, at = step
            at = Cursor(at.segment, frame.end, frame.first + frame.num_records)
        return at

    def _size(self, index: int) -> int:
        return segment_path(self.directory, index).stat().st_size

    def _first_number(self, index: int) -> int:
        """Return the number of a segment's first record; `_NEVER` if not yet known."""
        try:
            with Segment(segment_path(self.directory, index)) as segment:
                return self._first_number_in(segment)
        except FileNotFoundError:
            return _NEVER

    def _first_number_in(self, segment: Segment) -> int:
        try:
            first = segment.first_number()
        except DataError:
            if not self._skip:
                raise
            frame = segment.whole_after(HEAD_BYTES - 1)
            first = None if frame is None else frame.first
        return _NEVER if first is None else first

    # ------------------------------------------------------------ going on

    def frame(self, at: Cursor) -> tuple[Frame, Cursor] | None:
        """Return the frame that holds a record, and its place.

        Args:
            at: The place of the record; or one before, from which it can be found.

        Returns:
            None if the record is not there yet. If records are gone around, the place
            is that of the next record that is there.

        Raises:
            DataError: The journal is damaged there; says what is whole.
        """
        going: Cursor | None = at
        while going is not None:
            at = going
            segment = self._open(at.segment)
            frame = segment.frame_at(at.offset) if segment is not None else None
            if frame is None:
                going = self._behind(segment, at)
            elif frame.first > at.number:
                going = self._lose(at, at._replace(number=frame.first))
            elif frame.first + frame.num_records <= at.number:
                going = at._replace(offset=frame.end)
            else:
                return frame, at
        return None

    def _behind(self, segment: Segment | None, at: Cursor) -> Cursor | None:
        """Return where to go on, where no whole frame is; None: one may come."""
        later = [one for one in segment_indices(self.directory) if one > at.segment]
        following = self._first_number(later[0]) if later else _NEVER
        if segment is None:
            if following == _NEVER:
                return None
            if self._open(at.segment) is not None:
                return at  # it was begun in the meantime, and ended too
        else:
            if segment.frame_at(at.offset) is not None:
                return at  # it was written just before the next segment was begun
            if segment.size() > at.offset:
                return self._behind_bytes(segment, at, later, following)
            if following == _NEVER:
                return None
        there = Cursor(later[0], HEAD_BYTES, max(at.number, following))
        missing = following > at.number or later[0] > at.segment + 1
        return self._lose(at, there) if missing else there

    def _behind_bytes(
        self, segment: Segment, at: Cursor, later: list[int], following: int
    ) -> Cursor | None:
        """Return where to go on behind bytes that are no whole frame."""
        tail = (at.segment, at.offset, segment.size())
        if following == _NEVER and tail == self._torn:
            return None
        frame = segment.whole_after(at.offset)
        if segment.frame_at(at.offset) is not None:
            return at  # it became whole, and others followed it, in the meantime
        if frame is not None:
            number = max(at.number, frame.first)
            return self._lose(at, Cursor(at.segment, frame.offset, number))
        if following == _NEVER:
            self._torn = tail
            return None
        return self._lose(at, Cursor(later[0], HEAD_BYTES, max(at.number, following)))

    def _lose(self, at: Cursor, there: Cursor) -> Cursor:
        """Go on elsewhere, because something is missing."""
        if not self._skip:
            raise self._damaged(at)
        gap = (at.number, there.number)
        if gap[0] < gap[1] and gap not in self.lost[-1:]:
            self.lost.append(gap)
        return there

    def _damaged(self, at: Cursor) -> DataError:
        path = segment_path(self.directory, at.segment)
        before = _count_before(path, at.offset)
        if before is None:
            before = at.number
        after = 0
        with Walk(self.directory, skip_damaged=True) as rest:
            going = at._replace(number=before)
            while (step := rest.frame(going)) is not None:
                frame, there = step
                after += frame.num_records
                going = Cursor(
                    there.segment, frame.end, frame.first + frame.num_records
                )
        return DataError(
            f"the journal is damaged in {path} at byte {at.offset}: {before} records "
            f"before that are whole, and {after} after it",
            hint="Reader(directory, skip_damaged=True) reads what is whole",
            directory=str(self.directory),
            segment=at.segment,
            offset=at.offset,
            before=before,
            after=after,
        )

    def _open(self, index: int) -> Segment | None:
        """Return a segment; None if there is none, or no head in it yet."""
        if self._segment is not None and self._index == index:
            return self._segment
        self.close()
        try:
            segment = Segment(segment_path(self.directory, index))
        except FileNotFoundError:
            return None
        try:
            whole = self._first_number_in(segment) != _NEVER
        except DataError:
            segment.close()
            raise
        if not whole:
            segment.close()
            return None
        self._segment, self._index = segment, index
        return segment

    def close(self) -> None:
        """Close the file that is open; going on opens it again."""
        if self._segment is not None:
            self._segment.close()
        self._segment = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _count_before(path: Path, offset: int) -> int | None:
    """Return how many records there are before a place; None if that is not known."""
    try:
        with Segment(path) as segment:
            number = segment.first_number()
            for frame in segment.frames():
                if frame.offset >= offset:
                    break
                number = frame.first + frame.num_records
    except FileNotFoundError:
        return None
    return number
