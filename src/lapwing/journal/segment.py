"""A segment: one file of frames, each of many records.

Owns the bytes of a segment's head and of a frame, and how whole ones are found.
Must not know what records say, who writes them, or what other segments there are.
Test: write frames to a file, damage it at any byte, look which ones are whole.

::

    segment   head (24 bytes), then frames
    head      magic (8 bytes), version (u32), crc32 of the two numbers around it (u32),
              number of the first record (u64)
    frame     length of the payload (u32), crc32 of what follows (u32),
              number of the first record (u64), payload: a msgpack array of records

All numbers are little-endian. A frame never holds no record.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from lapwing.errors import DataError

FORMAT = 1
"""Version of the format of segments, and of a journal's directory."""

MAGIC = b"LWJRNL\r\n"  # the line end shows who took it for a text
MOST_BYTES = 2**31
"""Bytes that the payload of a frame may have."""

_HEAD = struct.Struct("<8sIIQ")
_FRAME = struct.Struct("<IIQ")
_NUMBER = struct.Struct("<Q")
_VERSION_AND_NUMBER = struct.Struct("<IQ")
HEAD_BYTES = _HEAD.size
_NO_NUMBER = 2**40  # no journal comes that far
_AHEAD = 256 * 1024  # bytes read at once
_CHECKED_FROM = 8  # length and crc itself are before it

_pack_number, _pack_length_crc = _NUMBER.pack, struct.Struct("<II").pack
_crc32 = zlib.crc32


def head_of_segment(first: int) -> bytes:
    """Return the first bytes of a segment whose first record has this number."""
    crc = _crc32(_VERSION_AND_NUMBER.pack(FORMAT, first))
    return _HEAD.pack(MAGIC, FORMAT, crc, first)


def frame_of(first: int, payload: bytes) -> bytes:
    """Return the frame of packed records, the first of which has this number."""
    number = _pack_number(first)
    crc = _crc32(payload, _crc32(number))
    return b"".join((_pack_length_crc(len(payload), crc), number, payload))


def segment_path(directory: Path, index: int) -> Path:
    """Return the path of a journal's segment; they count from 1."""
    return directory / f"{index:08d}.log"


def segment_indices(directory: Path) -> list[int]:
    """Return which segments there are, in order."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    stems = (name[:-4] for name in names if name.endswith(".log"))
    return sorted(int(stem) for stem in stems if stem.isdigit())


class Frame(NamedTuple):
    """A whole frame.

    Attributes:
        first: Number of its first record.
        num_records: How many records it holds.
        offset: Byte in the segment at which it begins.
        end: Byte behind it.
        payload: The packed records; do not keep it, the buffer behind it is shared.
    """

    first: int
    num_records: int
    offset: int
    end: int
    payload: memoryview


class Segment:
    """One segment, open for reading, by whom it may be written meanwhile.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is none.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = path.open("rb", buffering=0)
        self._fd = self._file.fileno()
        self._buffer = memoryview(b"")  # what was read ahead
        self._at = 0  # where in the file it begins

    def size(self) -> int:
        """Return how many bytes there are now."""
        return os.fstat(self._fd).st_size

    def first_number(self) -> int | None:
        """Return the number of the first record; None if the head is not whole yet.

        Raises:
            DataError: This is no segment, or one of another version.
        """
        head = os.pread(self._fd, HEAD_BYTES, 0)
        # Zeros are what a power cut leaves of a file that had just been made.
        if len(head) < HEAD_BYTES or not any(head):
            return None
        magic, version, crc, first = _HEAD.unpack(head)
        if magic != MAGIC:
            raise DataError(
                f"{self.path} begins with {magic!r}; a segment of a journal begins "
                f"with {MAGIC!r}",
                path=str(self.path),
            )
        check_format(version, self.path)
        if crc != _crc32(_VERSION_AND_NUMBER.pack(version, first)):
            raise DataError(
                f"the head of {self.path} is damaged; its checksum does not fit",
                path=str(self.path),
            )
        return first

    def frame_at(self, offset: int) -> Frame | None:
        """Return the frame that begins there; None if it is not whole (yet)."""
        found = self._frame_at(offset)
        if found is None and self._buffer:
            # What was read ahead may be older than what is there.
            self._buffer = memoryview(b"")
            found = self._frame_at(offset)
        return found

    def _frame_at(self, offset: int) -> Frame | None:
        if not self._has(offset, offset + _FRAME.size):
            return None
        start = offset - self._at
        length, crc, first = _FRAME.unpack_from(self._buffer, start)
        end = offset + _FRAME.size + length
        if not length or not self._has(offset, end):
            return None
        start, stop = offset - self._at, end - self._at
        if _crc32(self._buffer[start + _CHECKED_FROM : stop]) != crc:
            return None
        payload = self._buffer[start + _FRAME.size : stop]
        return Frame(first, _count(payload), offset, end, payload)

    def _has(self, start: int, end: int) -> bool:
        """Have these bytes of the file in the buffer; return whether they are there."""
        if self._at <= start and end <= self._at + len(self._buffer):
            return True
        if end > self.size():  # a length that is not true may be huge
            return False
        self._buffer = memoryview(os.pread(self._fd, max(end - start, _AHEAD), start))
        self._at = start
        return end - start <= len(self._buffer)

    def frames(self, offset: int = HEAD_BYTES) -> Iterator[Frame]:
        """Yield the whole frames from a place on, until there is one that is not."""
        while (frame := self.frame_at(offset)) is not None:
            yield frame
            offset = frame.end

    def place_of(self, number: int, offset: int = HEAD_BYTES) -> int:
        """Return where the frame of a record begins, without unpacking anything.

        Looks at heads of frames only, so the answer is to be checked. If the record
        is not there, it is where the last frame begins.
        """
        place, last = offset, -1
        while self._has(offset, offset + _FRAME.size):
            length, _, first = _FRAME.unpack_from(self._buffer, offset - self._at)
            if not length or not last < first <= number:
                break
            place, last = offset, first
            offset += _FRAME.size + length
        return place

    def whole_after(self, offset: int) -> Frame | None:
        """Return the first whole frame that begins behind a place, wherever it is."""
        try:
            least = self.first_number() or 0
            most = least + self.size()  # a record takes a byte or more
        except DataError:
            least, most = 0, _NO_NUMBER
        for start in range(offset + 1, self.size(), _AHEAD):
            data = os.pread(self._fd, _AHEAD + _FRAME.size, start)
            for at in _candidates(data, least, most):
                if (frame := self.frame_at(start + at)) is not None:
                    return frame
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_format(version: object, path: Path) -> None:
    """Refuse a journal that is written in a way that is not known here.

    Raises:
        DataError: It is of another version.
    """
    if version != FORMAT:
        raise DataError(
            f"{path} is written in format {version} of the journal; this version of "
            f"Lapwing reads format {FORMAT}",
            hint="use the version of Lapwing that wrote it, or a newer one",
            path=str(path),
            format=version,
        )


def _count(payload: memoryview) -> int:
    """Return the length of a msgpack array."""
    kind = payload[0]
    if 0x90 <= kind <= 0x9F:
        return kind & 0x0F
    if kind == 0xDC:
        return int.from_bytes(payload[1:3], "big")
    if kind == 0xDD:
        return int.from_bytes(payload[1:5], "big")
    raise DataError(f"a frame holds no list of records; it begins with {kind:#04x}")


def _candidates(data: bytes, least: int, most: int) -> list[int]:
    """Return where in some bytes the head of a frame may begin."""
    found: list[int] = []
    for shift in range(8):
        size = (len(data) - _CHECKED_FROM - shift) // 8
        if size <= 0:
            break
        numbers = np.frombuffer(data, "<u8", size, _CHECKED_FROM + shift)
        fitting = np.flatnonzero((numbers >= least) & (numbers <= most)) * 8 + shift
        found += [int(at) for at in fitting if any(data[at : at + 4])]
    return sorted(found)
