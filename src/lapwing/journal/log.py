"""The log: records go to the disk, in order, and come back after a crash.

Owns the directory of one engine process: who has it, its segments, what is durable.
Must not know what records say, or who reads them.
Test: write, cut the file at any byte, open it again; fill the disk; kill the process.
"""

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from lapwing.documents import Document
from lapwing.errors import ConfigError, DataPathError, StateError
from lapwing.journal.cursor import Cursor
from lapwing.journal.hold import Hold, read_about, write_about
from lapwing.journal.reader import Reader
from lapwing.journal.reserve import Reserve
from lapwing.journal.segment import HEAD_BYTES
from lapwing.journal.walk import Walk
from lapwing.journal.writer import SegmentWriter

MB = 2**20


class Log:
    """The journal of one engine process: an endless list of records on disk.

    Records are numbered from 0, without gaps. Any thread may call any method.

    Args:
        directory: Made if need be. One that is there is gone on with, if no living
            process has it: a torn frame at its end is cut off.
        durability: What ``durable`` promises of a record. ``"process"``: it outlives
            this process. ``"power"``: it outlives a power cut.
        segment_bytes: Size above which `rotate_if_large` begins a new segment.
        reserve_bytes: Room that is kept on the disk, so that the last records of a
            call can be written when it is full.
        sync_interval: Seconds between two syncs by a thread of its own; 0: none,
            the owner calls `sync`.
        before_sync: Called by that thread before each sync, to write what waits. It
            must not raise, nor must callbacks: that ends the thread, and from then on
            every write says so.
        clock: Returns seconds since the epoch, for ``journal.json``.

    Attributes:
        directory: The journal.
        before_sync: As given; may be set later.
        cut_bytes: How much of a torn frame was cut off at the opening.

    Raises:
        StateError: A living process has this directory; it is named.
        DataError: The journal is damaged before its end, or of another version.
        DataPathError: The directory cannot be written to.
        ConfigError: ``durability`` is none of the two.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        durability: Literal["process", "power"] = "process",
        segment_bytes: int = 256 * MB,
        reserve_bytes: int = 16 * MB,
        sync_interval: float = 0.05,
        before_sync: Callable[[], Any] | None = None,
        clock: Callable[[], float] = time.time,
    ):
        if durability not in ("process", "power"):
            raise ConfigError(
                f'durability is {durability!r}; it must be "process" or "power"'
            )
        self.directory = Path(directory)
        self.durability = durability
        self.segment_bytes = segment_bytes
        self.before_sync = before_sync
        self._lock = threading.Lock()  # of the end; never held during a sync
        self._sync_lock = threading.Lock()  # of what is synced; taken before the other
        self._callbacks: list[Callable[[int], Any]] = []
        self._unsynced: str | None = None  # why the last sync failed
        self._broken: str | None = None  # why there will never be one again
        self._closed = False
        self._blocked = False  # whether one of these stands against writing
        self._reserve = Reserve(self.directory, reserve_bytes)
        self._open(clock)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._sync_until_stopped,
            args=(sync_interval,),
            name="lapwing-journal",
            daemon=True,
        )
        if sync_interval > 0:
            self._start()

    def _start(self) -> None:
        try:
            self._thread.start()
        except RuntimeError:  # there are too many, or the process ends
            self._close()
            raise

    def _open(self, clock: Callable[[], float]) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise self._cannot_write(exc, 0) from exc
        self._hold = Hold(self.directory)
        try:
            read_about(self.directory)
            with Walk(self.directory) as walk:
                end, self.cut_bytes = walk.checked_end()
            self._next = end.number
            try:
                write_about(self.directory, clock)
            except OSError as exc:
                # On a full disk what is there must still come to its end.
                if not end.offset:
                    raise self._cannot_write(exc, HEAD_BYTES) from exc
            try:
                self._writer = SegmentWriter(self.directory, end)
            except OSError as exc:
                raise self._cannot_write(exc, HEAD_BYTES) from exc
        except BaseException:
            self._hold.release()
            raise
        self._synced = -1  # nobody knows what a process that died had synced
        self._new_files = True
        self._reserve.restore()

    # ------------------------------------------------------------ writing

    def write(self, records: Sequence[Any]) -> int:
        """Write records, all or none, as one frame.

        Args:
            records: What `codec.Encoder` packs; several at once cost less.

        Returns:
            The number of the last one.

        Raises:
            DataPathError: The disk is full or fails; nothing was written, and a later
                write may succeed.
            StateError: The log is closed.
        """
        if not records:
            return self._next - 1
        with self._lock:
            if self._blocked:
                self._unblock()
            try:
                self._writer.write(records, self._next)
            except OSError as exc:
                self._blocked = self._blocked or self._writer.torn is not None
                need = getattr(exc, "need_bytes", 0)
                raise self._cannot_write(exc, need) from exc
            following = self._next + len(records)
            self._next = following
        if self._callbacks and self.durability == "process":
            self._tell(following - 1)
        return following - 1

    def _unblock(self) -> None:
        """Remove what stands against writing, or say what it is."""
        if self._closed:
            raise StateError(
                f"the journal {self.directory} is closed; a Log that is opened on it "
                "goes on with it",
                directory=str(self.directory),
            )
        if self._writer.torn is not None:
            self._writer.mend()
        reason = self._broken or self._unsynced or self._writer.torn
        self._blocked = reason is not None
        if reason is not None:
            raise DataPathError(
                f"the journal {self.directory} cannot go on: {reason}",
                hint="look after the disk; then resume",
                directory=str(self.directory),
            )

    def _cannot_write(self, exc: OSError, size: int) -> DataPathError:
        """Say what is missing."""
        free = _free_bytes(self.directory)
        need = size + self._reserve.missing_bytes
        missing = max(need - free, 1)
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        return DataPathError(
            f"the journal {self.directory} cannot be written: "
            f"{exc.strerror or exc}; {need} bytes are needed, {free} are free",
            hint=f"free {_amount(missing)} or more on that disk, or of your quota there"
            if full
            else "look after the disk and the permissions there",
            directory=str(self.directory),
            need_bytes=need,
            free_bytes=free,
            missing_bytes=missing if full else 0,
            errno=exc.errno,
        )

    def release_reserve(self) -> None:
        """Give up the room that is kept, so that a stop document can be written."""
        with self._lock:
            if not self._closed:  # else it may be another process's by now
                self._reserve.release()

    def restore_reserve(self) -> bool:
        """Keep room again; return whether there is enough of it now."""
        with self._lock:
            return not self._closed and self._reserve.restore()

    def rotate_if_large(self) -> bool:
        """Begin a new segment if this one is large; return whether it was so.

        To be called between calls. It waits until the old segment is on the disk. If
        there is no room for a new one, the old one is gone on with.
        """
        with self._lock:
            self._writer.forget()
            if self._closed or max(self._writer.end) <= self.segment_bytes:
                return False
        self.sync()
        with self._sync_lock, self._lock:
            if self._blocked or self._synced != self._next - 1:
                return False
            begin = Cursor(self._writer.index + 1, 0, self._next)
            try:
                new = SegmentWriter(self.directory, begin)
            except OSError:
                return False
            old, self._writer, self._new_files = self._writer, new, True
            with suppress(OSError):  # all of it is on the disk
                old.close()
        return True

    # ------------------------------------------------------------ being durable

    @property
    def next_number(self) -> int:
        """Number of the record that is written next."""
        return self._next

    @property
    def durable(self) -> int:
        """Number of the last record that cannot be lost any more; -1 for none."""
        return self._next - 1 if self.durability == "process" else self._synced

    def on_durable(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(durable)`` when it has grown, in whichever thread."""
        self._callbacks.append(callback)

    def _tell(self, number: int) -> None:
        for callback in self._callbacks:
            callback(number)

    def _sync_until_stopped(self, interval: float) -> None:
        while not self._stopped.wait(interval):
            try:
                self.sync()
            except BaseException as exc:
                with self._lock:
                    self._blocked = True
                    self._broken = f"the thread that syncs it ended with {exc!r}"
                raise

    def sync(self) -> None:
        """Write what waits, and have all that is written on the disk.

        If the disk fails, the next write says so, and the next sync tries again.
        """
        if self._closed:
            return
        if self.before_sync is not None:
            self.before_sync()
        with self._sync_lock:
            grown = self._sync()
        if grown and self.durability == "power":
            self._tell(self._synced)

    def _sync(self) -> bool:
        """Return whether more is on the disk than before."""
        with self._lock:
            writer, last, new_files = self._writer, self._next - 1, self._new_files
            if self._closed or (last == self._synced and not new_files):
                return False
            end, again = writer.end, self._unsynced is not None
        try:
            # Nobody closes it now: that takes the sync lock.
            writer.sync(end, again)
            if new_files:
                _sync_directory(self.directory)
        except OSError as exc:
            with self._lock:
                self._blocked = True
                self._unsynced = (
                    f"records {self._synced + 1} to {last} do not reach the disk, "
                    f"{exc.strerror or exc}"
                )
            return False
        # Rotation alone sets it again, and that takes the sync lock.
        self._new_files = False
        self._unsynced = None
        grown, self._synced = last > self._synced, last
        return grown

    # ------------------------------------------------------------ reading, closing

    def reader(self) -> Reader:
        """Return a reader of this journal; whoever asks for it closes it."""
        return Reader(self.directory)

    def documents(self, last: int) -> Iterator[tuple[str, Document]]:
        """Yield name and content of each document up to record number ``last``."""
        with self.reader() as reader:
            yield from reader.documents(last)

    def close(self) -> None:
        """Sync, and leave the directory to others; what was kept in reserve goes.

        Raises:
            DataPathError: The last records may be lost if the power fails.
        """
        if self._closed:
            return
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self.sync()
        finally:
            with self._sync_lock, self._lock:
                self._close()
        if self._unsynced is not None:
            raise DataPathError(
                f"the journal {self.directory} is closed, but {self._unsynced}; they "
                "are lost if the power fails now",
                directory=str(self.directory),
            )

    def _close(self) -> None:
        if self._closed:  # by another thread
            return
        self._closed = self._blocked = True
        with ExitStack() as last_first:  # each, whatever becomes of the others
            last_first.callback(self._hold.release)
            last_first.callback(self._reserve.release)
            last_first.callback(self._writer.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _free_bytes(directory: Path) -> int:
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return 0


def _amount(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size} bytes"
