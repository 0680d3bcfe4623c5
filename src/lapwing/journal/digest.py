"""The digest: what the index keeps of a journal's records.

Owns which records count, finding them without unpacking all, and counting events.
Must not know who asks for the index, or when it is read on.
Test: with the index; compare with a journal of which all is unpacked.
"""

import json
import sqlite3
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgpack
import orjson

from lapwing.journal.codec import TELLING, Decoder, Kind, Record
from lapwing.journal.cursor import Cursor
from lapwing.journal.hold import read_about
from lapwing.journal.segment import Frame
from lapwing.journal.walk import Walk

_BEGIN, _END, _DOCUMENT = int(Kind.BEGIN), int(Kind.END), int(Kind.DOCUMENT)
_LEFT = int(Kind.LEFT)

_EVENT = b"\x93\x06\xa5event"
_LEAVES = b"\x91\x0d"  # how the record is packed that a process writes last


class Digest:
    """Writes into the index what the records of one journal say.

    Args:
        connection: The index, in a transaction.
        directory: The journal.
        rank: That of the journal's last run so far.
        was_left: Whether its last record so far says that its process has left.

    Attributes:
        was_left: The same, by now.
        rank: Time by which the last run is ordered; it never goes back.

    Raises:
        DataError: The journal is of another version.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        rank: float,
        *,
        was_left: bool = False,
    ):
        self.rank = rank
        self.was_left = was_left
        self._db = connection
        self._directory = directory.name
        read_about(directory)
        self._walk = Walk(directory, skip_damaged=True)
        self._decoder = Decoder()
        self._at = Cursor(0, 0, 0)
        self._call, self._call_first = self._open_call()
        self._num_events = self._open_streams()
        self._grown: set[str] = set()

    def _open_call(self) -> tuple[str | None, int]:
        row = self._db.execute(
            "SELECT uid, first FROM calls WHERE directory = ? AND status = 'open' "
            "ORDER BY first DESC LIMIT 1",
            (self._directory,),
        ).fetchone()
        return (None, -1) if row is None else (row[0], row[1])

    def _open_streams(self) -> dict[str, int]:
        rows = self._db.execute(
            "SELECT descriptor, num_events FROM streams JOIN runs ON run = runs.uid "
            "WHERE streams.directory = ? AND runs.last IS NULL",
            (self._directory,),
        )
        return dict(rows.fetchall())

    def read(self, cursor: Cursor, until: float) -> tuple[Cursor, bool]:
        """Take in what follows a place.

        Args:
            cursor: The place.
            until: Monotonic time at which to pause, in seconds.

        Returns:
            The place behind it, and whether there may be more.
        """
        more = False
        while (step := self._walk.frame(cursor)) is not None:
            frame, self._at = step
            self._take(frame)
            end = frame.first + frame.num_records
            cursor = Cursor(self._at.segment, frame.end, end)
            if time.monotonic() > until:
                more = True
                break
        for uid in self._grown:
            self._db.execute(
                "UPDATE streams SET num_events = ? WHERE descriptor = ?",
                (self._num_events[uid], uid),
            )
        self._grown.clear()
        return cursor, more

    def _take(self, frame: Frame) -> None:
        payload = bytes(frame.payload)
        self.was_left = payload.endswith(_LEAVES) and (
            self._decoder.unpack(payload)[-1] == [_LEFT]
        )
        if TELLING.search(payload) is None and self._count(payload):
            return
        for number, record in enumerate(self._decoder.unpack(payload), frame.first):
            if number >= self._at.number:
                self._look_at(number, record)

    def _count(self, payload: bytes) -> bool:
        """Count the events in a frame by the last of each stream.

        Returns:
            False if that cannot be told without unpacking all of it.
        """
        if _EVENT not in payload:
            return True
        for uid in self._num_events:
            place = payload.rfind(uid.encode())
            if place < 0:
                continue
            begin = payload.rfind(_EVENT, 0, place)
            event = None if begin < 0 else _unpack_one(payload[begin:])
            if event is None or event.get("descriptor") != uid:
                return False
            self._count_event(uid, event["seq_num"])
        return True

    def _count_event(self, uid: str, number: int) -> None:
        if number > self._num_events.get(uid, number):
            self._num_events[uid] = number
            self._grown.add(uid)

    # ------------------------------------------------------------ records

    def _look_at(self, number: int, record: Record) -> None:
        kind = record[0]
        if kind == _DOCUMENT:
            self._look_at_document(number, record[1], record[2])
        elif kind == _BEGIN:
            self._begin(number, record[1])
        elif kind == _END and self._call is not None:
            self._end(number, record[1])

    def _look_at_document(self, number: int, name: str, doc: Any) -> None:
        if name == "event":
            self._count_event(doc["descriptor"], doc["seq_num"])
        elif name == "event_page" and doc["seq_num"]:
            self._count_event(doc["descriptor"], max(doc["seq_num"]))
        elif name == "start":
            self._start(number, doc)
        elif name == "descriptor":
            self._describe(number, doc)
        elif name == "stop":
            self._stop(number, doc)

    def _begin(self, number: int, info: Any) -> None:
        self._call, self._call_first = str(info.get("call")), number
        self._db.execute(
            "INSERT OR REPLACE INTO calls VALUES "
            "(?, ?, NULL, ?, ?, ?, ?, NULL, 'open', NULL)",
            (
                self._directory,
                number,
                self._call,
                info.get("plan_name"),
                _json(info.get("identity") or {}),
                info.get("time"),
            ),
        )

    def _end(self, number: int, info: Any) -> None:
        self._db.execute(
            "UPDATE calls SET last = ?, end_time = ?, status = ?, reason = ? "
            "WHERE directory = ? AND first = ?",
            (
                number,
                info.get("time"),
                str(info.get("exit_status")),
                info.get("reason"),
                self._directory,
                self._call_first,
            ),
        )
        self._call = None

    def _start(self, number: int, doc: Any) -> None:
        # A clock that is put back must not put a run before earlier ones.
        self.rank = max(self.rank, float(doc["time"]))
        scan_id = doc.get("scan_id")
        is_number = isinstance(scan_id, int) and -(2**63) <= scan_id < 2**63
        self._db.execute(
            "INSERT OR REPLACE INTO runs VALUES "
            "(?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
            (
                doc["uid"],
                scan_id if is_number else None,
                _text(doc.get("plan_name")),
                _json(doc),
                doc["time"],
                self.rank,
                self._directory,
                self._call,
                self._at.segment,
                self._at.offset,
                number,
            ),
        )

    def _describe(self, number: int, doc: Any) -> None:
        uid = doc["uid"]
        self._num_events[uid] = 0
        self._db.execute(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            (
                uid,
                doc["run_start"],
                doc.get("name", "primary"),
                self._directory,
                self._at.segment,
                self._at.offset,
                number,
            ),
        )

    def _stop(self, number: int, doc: Any) -> None:
        run = doc["run_start"]
        self._db.execute(
            "UPDATE runs SET stop_time = ?, exit_status = ?, reason = ?, "
            "last_segment = ?, last_offset = ?, last = ? WHERE uid = ?",
            (
                doc.get("time"),
                str(doc.get("exit_status")),
                _text(doc.get("reason")),
                self._at.segment,
                self._at.offset,
                number,
                run,
            ),
        )
        over = self._db.execute("SELECT descriptor FROM streams WHERE run = ?", (run,))
        for (uid,) in over.fetchall():
            count = self._num_events.pop(uid, None)
            if count is not None:
                self._grown.discard(uid)
                self._db.execute(
                    "UPDATE streams SET num_events = ? WHERE descriptor = ?",
                    (count, uid),
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._walk.close()


def _unpack_one(packed: bytes) -> dict[str, Any] | None:
    """Return the event with which some bytes begin; None if it is none after all."""
    unpacker = msgpack.Unpacker(
        ext_hook=lambda code, data: None,
        strict_map_key=False,
        unicode_errors="surrogatepass",
        max_buffer_size=0,
    )
    unpacker.feed(packed)
    try:
        record = unpacker.unpack()
    except (ValueError, msgpack.UnpackException):
        return None
    doc = record[2]
    return doc if isinstance(doc, dict) and "seq_num" in doc else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def _json(value: Any) -> str:
    """Return a value as JSON; what JSON cannot say stands there as its repr."""
    try:
        return orjson.dumps(value, default=repr, option=_OPTIONS).decode()
    except (TypeError, UnicodeEncodeError):  # a huge integer, half a character
        return json.dumps(value, default=repr, skipkeys=True)
