"""The resume state: where a call that a crash cut off can go on, and with what.

Owns the words for the resume point and for what is open there.
Must not know plans, devices or a disk, nor how it is found out; see `fold`.
Test: fold the records of a call, cut off after each of them.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from lapwing.documents import Document

UNKNOWN: Any = object()
"""The response of a message that made a document, and did not come to an answer."""


@dataclass
class StreamAt:
    """A stream of an open run, as its documents tell.

    Attributes:
        name: Its name.
        descriptor: The last one.
        seq_num: The highest number of its events.
        resources: Data key of each stream_resource, by the resource's uid.
        last: Data of its last event; None if it has none.
        last_record: Number of the record that holds it, from 0.
    """

    name: str
    descriptor: Document
    seq_num: int = 0
    resources: dict[str, str] = field(default_factory=dict)
    last: Document | None = None
    last_record: int = -1


@dataclass
class RunAt:
    """A run that is open where the call was cut off.

    Attributes:
        key: Its run key.
        start: Its start document.
        streams: Its streams, by name.
    """

    key: Hashable
    start: Document
    streams: dict[str, StreamAt] = field(default_factory=dict)


@dataclass(frozen=True)
class ResumeState:
    """What is known of a call that was cut off.

    Attributes:
        index: Number of messages of the plan that stand; the next one is said anew.
        why: Which message the call goes on after.
        response: What the message before answered, where its document alone tells;
            `UNKNOWN` where nothing does.
        begun: What its BEGIN says.
        runs: Its open runs, by uid, in order.
        run_uids: Uids of all its runs.
        ended: Whether it ended after all.
        resumed: With which message each life after the first went on.
        scan_id: The last that was drawn; None if there was none.
        obstacle: Why it cannot go on, in words that follow "because"; None if, as
            far as the records tell, it can.
        disturbed: Names of devices that were set, stopped or kicked off after the
            resume point: where they are is no wonder.
        set_by_engine: Names of devices that only the engine itself has set, for
            example when the plan was suspended.
    """

    index: int
    why: str
    response: Any
    begun: Document
    runs: dict[str, RunAt]
    run_uids: tuple[str, ...]
    ended: bool
    resumed: tuple[int, ...] = ()
    scan_id: int | None = None
    obstacle: str | None = None
    disturbed: frozenset[str] = frozenset()
    set_by_engine: frozenset[str] = frozenset()
