"""Run file: one run on its way from first document to final file.

Owns the stages of the file: prepared, live, ended, final.
Must not know threads, other runs, or where documents come from.
Test: hand it documents, turn the clock, call ``work`` until it says it is over.

Before the first event of the stream that the run is about (not baseline, not a
monitor) streams may still be declared; a small closed file is written anew then
when something came. With that event the file goes live: SWMR, nothing can be added.
A stream that comes later still gets a file of its own beside it. At the stop (or
`end`) the final NeXus file is written under another name, synced, and put in place.
"""

import os
from collections.abc import Generator, Sequence
from pathlib import Path

from lapwing.data.lines import encode
from lapwing.data.nexus import write_final
from lapwing.data.record import Document, Record
from lapwing.data.recording import Recording
from lapwing.data.room import cut_tail

Named = tuple[str, Document]

MOST_AT_ONCE = 1000
"""Documents written between two flushes at most, so that each takes ~10 ms."""


_LARGEST = 8000


class RunFile:
    """The file of one run.

    Args:
        path: Its final name, which is reserved already.
        start: The start document.
        period: Seconds between two flushes.

    Attributes:
        over: Whether there is nothing more to do.
        rest: The file of JSON lines that takes what HDF5 could not, or None.
    """

    def __init__(self, path: Path, start: Document, period: float = 0.25):
        self.path = path
        self.record = Record(start)
        self.over = False
        self._period = period
        self._part = path.with_name(path.name + ".part")
        self._due: float | None = None
        self._ended = False
        self._main_has_begun = False
        self._early: list[Named] = []  # on the disk, but not in a live file
        self._pending: list[Named] = [("start", start)]
        self._recording: Recording | None = None
        self._final: Generator[None, None, None] | None = None
        self.rest: Path | None = None

    @property
    def num_pending(self) -> int:
        """Number of documents that are not on the disk."""
        return len(self._pending)

    @property
    def rests(self) -> bool:
        """Whether only new documents make work."""
        return not self._pending and not self._ended

    def take(self, name: str, doc: Document) -> None:
        """Take a document of this run; it is written by `work`."""
        self.record.note(name, doc)
        self._pending.append((name, doc))
        if name in ("event", "event_page"):
            found = self.record.stream_of(doc["descriptor"])
            self._main_has_begun |= bool(found and not found[0].is_auxiliary)
        elif name == "stop":
            self._ended = True

    def end(self) -> None:
        """Make the final file with what there is: no stop document will come."""
        self._ended = True

    def hurry(self) -> None:
        """Write at the next `work` what has come so far."""
        self._due = 0.0

    def work(self, now: float) -> float:
        """Do the next piece of work, some 10 ms of it.

        Args:
            now: Monotonic time in seconds.

        Returns:
            Seconds until there is more to do; 0 for at once.

        Raises:
            DataPathError: The disk is full; nothing is lost, call again later.
            OSError, RuntimeError: HDF5 failed; call `give_up`.
        """
        if self._due is None:
            self._due = now + self._period
        if self._pending and (self._ended or now >= self._due):
            self._write()
            if self._pending:
                return 0.0
        if self._ended:
            self._finish()
            return 0.0
        if now >= self._due:
            self._due = now + self._period
        return self._due - now

    def give_up(self) -> Path:
        """Write no more HDF5; what is not yet in the file goes beside it, as text.

        Returns:
            The file of JSON lines that takes it.
        """
        if self._final is not None:
            self._final.close()
            self._final = None
        self.rest = self.path.with_name(self.path.stem + ".rest.jsonl")
        recording = self._recording
        if recording is not None and not recording.on_disk:
            with self.rest.open("ab") as file:
                file.writelines(piece.tobytes() for piece in recording.pieces())
        return self.rest

    def leave(self) -> None:
        """Close what is on the disk, as far as it goes, and do no more."""
        if self._final is not None:
            self._final.close()
            self._final = None
        if self._recording is not None:
            self._recording.close()
        self.over = True

    def _write(self) -> None:
        if self.rest is not None:
            with self.rest.open("ab") as file:
                file.writelines(encode(name, doc) for name, doc in self._pending)
            self._pending = []
            return
        if self._recording is None:
            many = len(self._early) + len(self._pending) > MOST_AT_ONCE
            if not (self._main_has_begun or self._ended or many):
                self._write_snapshot()
                return
            self._go_live()
        # A thread that lags behind is held up once a batch, not once a document.
        batch = self._pending[: max(MOST_AT_ONCE, min(_LARGEST, len(self._pending)))]
        if self._recording is not None:
            self._recording.append(batch)
        del self._pending[: len(batch)]

    def _write_snapshot(self) -> None:
        documents = self._early + self._pending
        self._write_anew(documents).close()
        cut_tail(self._part)
        os.replace(self._part, self.path)
        self._early, self._pending = documents, []

    def _write_anew(self, documents: Sequence[Named]) -> Recording:
        recording = Recording(self._part, self.path, self.record, documents)
        try:
            recording.append(documents)
        except OSError:
            recording.close()
            raise
        return recording

    def _go_live(self) -> None:
        documents = self._early + self._pending
        if self._ended and not self._early:
            # Over before its file was due: it needs none on the disk until then.
            self._recording = Recording(None, self.path, self.record, documents)
            return
        first = documents[:MOST_AT_ONCE]
        recording = self._write_anew(first)
        recording.start_swmr()
        os.replace(self._part, self.path)
        self._recording = recording
        self._early, self._pending = [], documents[len(first) :]

    def _finish(self) -> None:
        if self._recording is None or self.rest is not None:
            self.over = True
            return
        if self._final is None:
            self._final = write_final(self._part, self._recording)
        try:
            for _ in self._final:
                return
        except (OSError, RuntimeError):
            self._final = None
            raise
        os.replace(self._part, self.path)
        _sync_directory(self.path.parent)
        self._recording.close()
        self._recording.remove_sides()
        self.over = True


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
