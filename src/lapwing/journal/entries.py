"""Entries: what the index knows of a run, a stream and a call.

Owns their form; they are plain values.
Must not know how they are found.
Test: with the index.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from lapwing.journal.cursor import Cursor


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run.

    Attributes:
        uid: Its uid.
        scan_id: Its number; None if it has none, or it is no number.
        plan_name: Name of the plan; None if it has none.
        start: Its start document, as JSON can say it.
        time: When it began, in seconds since 1970.
        stop_time: When it ended, likewise; None if it did not yet.
        exit_status: "success", "abort" or "fail"; None if it did not end yet.
        reason: Why it ended so.
        directory: Name of the journal's directory.
        call_uid: Uid of the call that made it; None if there was none.
        begin: Place of its start document.
        end: Place of its stop document; None if there is none.
    """

    uid: str
    scan_id: int | None
    plan_name: str | None
    start: dict[str, Any]
    time: float
    stop_time: float | None
    exit_status: str | None
    reason: str | None
    directory: str
    call_uid: str | None
    begin: Cursor
    end: Cursor | None

    @property
    def last(self) -> int | None:
        """Number of the record of its stop document; None if there is none."""
        return None if self.end is None else self.end.number

    @classmethod
    def from_row(cls, row: Any) -> "RunEntry":
        """Return the entry of a row of the table of runs."""
        values = list(row)
        values[3] = json.loads(values[3])
        begin, end = values[10:13], values[13:16]
        values[10:] = [Cursor(*begin), None if end[0] is None else Cursor(*end)]
        return cls(*values)


class StreamEntry(NamedTuple):
    """A descriptor of a run.

    Attributes:
        name: Name of the stream.
        descriptor: Uid of the descriptor.
        num_events: The highest number of an event of it so far.
        place: Where the descriptor is.
    """

    name: str
    descriptor: str
    num_events: int
    place: Cursor


@dataclass(frozen=True, slots=True)
class CallEntry:
    """A call.

    Attributes:
        uid: Its uid.
        plan_name: Name of the plan.
        identity: What it is known by after a crash, as JSON can say it.
        begin_time: When it began, in seconds since 1970.
        end_time: When it ended; None if it did not yet.
        status: "open", or its exit_status.
        reason: Why it ended so.
        directory: Name of the journal's directory.
        first: Number of its first record.
        last: Number of its last; None if it did not end yet.
    """

    uid: str
    plan_name: str | None
    identity: dict[str, Any]
    begin_time: float | None
    end_time: float | None
    status: str
    reason: str | None
    directory: str
    first: int
    last: int | None

    @classmethod
    def from_row(cls, row: Any) -> "CallEntry":
        """Return the entry of a row of the table of calls."""
        uid, plan, identity, *rest = row
        return cls(uid, plan, json.loads(identity), *rest)
