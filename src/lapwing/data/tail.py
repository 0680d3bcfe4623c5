"""The tail: one journal as one sink follows it.

Owns the place in it, and the places at which unfinished runs begin.
Must not know other journals, threads, or where places are kept.
Test: write a journal, advance with a sink that raises at one document.
"""

from collections.abc import Collection
from pathlib import Path

from lapwing.data.pace import breathe
from lapwing.data.sinks import Sink
from lapwing.journal.cursor import Cursor
from lapwing.journal.document_reader import DocumentReader, Found
from lapwing.journal.hold import Hold

MOST_AT_ONCE = 2000
"""Records that are offered before the sink is asked to settle."""


class Tail:
    """One journal, read on behalf of one sink.

    Args:
        directory: The journal.
        cursor: Where to begin.
        claim: Keeps other followers of the sink's name away.

    Attributes:
        directory: The journal.
        cursor: The record that is offered next.
        saved: The place that was noted last, and how far it had read then.
        error: Why the sink refused what it was offered; None if it did not.
        pause: Seconds of the present pause after an error; 0 for none.
        retry_at: Monotonic time at which it is over.
    """

    def __init__(self, directory: Path, cursor: Cursor, claim: Hold):
        self.directory = directory
        self.cursor = cursor
        self.saved = (cursor, cursor)
        self.error: str | None = None
        self.pause = 0.0
        self.retry_at = float("-inf")
        self._claim = claim
        self._starts: dict[str, Cursor] = {}
        self._stopped: set[str] = set()
        try:
            self._reader = DocumentReader(directory)
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
        stop = self.cursor.number + MOST_AT_ONCE
        while not sink.busy and self.cursor.number < stop:
            read = self._reader.read(self.cursor, last)
            if read is None:
                return False
            found, behind = read
            if self._offer(sink, found):
                self.cursor = behind
            breathe()
        return True

    def _offer(self, sink: Sink, documents: list[Found]) -> bool:
        """Return whether all of them were offered."""
        number = self.cursor.number
        try:
            for number, name, doc in documents:
                if sink.busy:
                    self._go_to(number)
                    return False
                if name == "start":
                    self._starts[doc["uid"]] = self.cursor._replace(number=number)
                sink.take(name, self._reader.filled(doc))
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
        return self._reader.has_more(self.cursor)

    def close(self) -> None:
        """Leave the journal to other followers."""
        self._reader.close()
        self._claim.release()
