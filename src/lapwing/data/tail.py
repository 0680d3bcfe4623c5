"""The tail: one journal as one sink follows it.

Owns the place in it, and the places at which unfinished runs begin.
Must not know other journals, threads, or where places are kept.
Test: write a journal, advance with a sink that raises at one document.
"""

from collections.abc import Collection
from pathlib import Path

from lapwing.data.pace import breathe
from lapwing.data.sinks import Sink
from lapwing.journal.arrays_in import filled
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import Cursor
from lapwing.journal.hold import Hold
from lapwing.journal.reader import Batch, Reader
from lapwing.journal.segment import segment_indices, segment_path

MOST_AT_ONCE = 2000
"""Records that are offered before the sink is asked to settle."""

_DOCUMENT = int(Kind.DOCUMENT)


class Tail:
    """One journal, read on behalf of one sink.

    Args:
        directory: The journal.
        cursor: Where to begin.
        claim: Keeps other followers of the sink's name away.

    Attributes:
        directory: The journal.
        cursor: The record that is offered next.
        saved: The place that was noted last.
        error: Why the sink refused what it was offered; None if it did not.
        pause: Seconds of the present pause after an error; 0 for none.
        retry_at: Monotonic time at which it is over.
    """

    def __init__(self, directory: Path, cursor: Cursor, claim: Hold):
        self.directory = directory
        self.cursor = self.saved = cursor
        self.error: str | None = None
        self.pause = 0.0
        self.retry_at = float("-inf")
        self._claim = claim
        self._starts: dict[str, Cursor] = {}
        self._stopped: set[str] = set()
        try:
            self._reader = Reader(directory, arrays=False, skip_damaged=True)
        except BaseException:
            claim.release()
            raise

    def advance(self, sink: Sink, last: int | None) -> bool:
        """Offer the documents that follow, until the sink is busy.

        Args:
            sink: Takes them; what it raises is passed on, and the place is then
                before the document that it refused.
            last: Number of the last record to look at; None: whatever is there.

        Returns:
            Whether there may be more.
        """
        if sink.busy:
            return True
        batches, behind = self._reader.read(self.cursor, MOST_AT_ONCE, last)
        for batch in batches:
            if not self._offer(sink, batch):
                return True
            # Records between two frames may be lost: there the place is behind them.
            self._go_to(batch.number + len(batch.records))
            breathe()
        self.cursor = behind
        return bool(batches)

    def _offer(self, sink: Sink, batch: Batch) -> bool:
        """Return whether all of it was offered."""
        number = batch.number
        try:
            for number, record in enumerate(batch.records, batch.number):
                if record[0] != _DOCUMENT:
                    continue
                if sink.busy:
                    self._go_to(number)
                    return False
                name, doc = record[1], filled(record[2], self._reader.fetch)
                if name == "start":
                    self._starts[doc["uid"]] = self.cursor._replace(number=number)
                sink.take(name, doc)
                if name == "stop":
                    self._stopped.add(doc["run_start"])
        except BaseException:
            self._go_to(number)
            raise
        return True

    def _go_to(self, number: int) -> None:
        # The frame is this one or a later one, which is all that a place must say.
        self.cursor = self.cursor._replace(number=number)

    def position(self, unfinished: Collection[str]) -> Cursor:
        """Return where to go on after a crash: before the first unfinished run."""
        if self._starts:
            self._starts = {
                uid: start for uid, start in self._starts.items() if uid in unfinished
            }
            self._stopped &= self._starts.keys()
        else:
            self._stopped.clear()
        # They are in order of their numbers.
        return next(iter(self._starts.values()), self.cursor)

    @property
    def unfinished(self) -> Collection[str]:
        """The unfinished runs, as of the last `position`."""
        return self._starts.keys()

    @property
    def is_waiting(self) -> bool:
        """Whether the unfinished runs all wait for documents that are not there."""
        return not self._stopped and not self.has_more()

    def has_more(self) -> bool:
        """Whether there are whole records behind the place."""
        return bool(self._reader.read(self.cursor, 1)[0])

    def close(self) -> None:
        """Leave the journal to other followers."""
        self._reader.close()
        self._claim.release()


def size_of(directory: Path) -> tuple[int, int]:
    """Return number and size in bytes of a journal's last segment."""
    indices = segment_indices(directory)
    if not indices:
        return (0, 0)
    try:
        return indices[-1], segment_path(directory, indices[-1]).stat().st_size
    except FileNotFoundError:
        return (0, 0)
