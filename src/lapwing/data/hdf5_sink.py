"""The HDF5 sink: writes the file of each run from the journal.

Owns which file a run goes to, what may be written over, and when a run is done.
Must not know how documents get into a file, or how they get here.
Test: feed it from a journal, kill the process, feed another one from the same place.
"""

import contextlib
import glob
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.data.paths import place_of_run, reserve
from lapwing.errors import DataError, DataExistsError, DocumentError

if TYPE_CHECKING:
    from lapwing.data.feed import Feed, Feeds
    from lapwing.data.run_files import OnTrouble

MOST_DOCUMENTS = 8000
MOST_BYTES = 64 * 1024**2
"""Documents, and bytes of arrays in them, that may wait in memory to be written."""

Document = Mapping[str, Any]


class Hdf5Sink:
    """Writes every run in the journals to an HDF5 file of its own.

    While a run goes on its file can be read with ``h5py.File(path, swmr=True)``; at
    its stop the final file takes its place. After a crash the run is read again from
    its start, and its file is written anew. A file of another run, or anybody's, is
    never written over.

    To refuse a run whose name is taken before anything moves, subscribe the sink to
    the start documents of the engine: ``RE.subscribe(sink, "start")``.

    Args:
        data_dir: The data directory; see `place_of_run` for the names in it.
        period: Seconds between two flushes of a live file.
        on_trouble: Called in the sink's thread with an error when one comes up, and
            with None when it is over.
    """

    name = "hdf5"

    def __init__(
        self,
        data_dir: str | Path,
        *,
        period: float = 0.25,
        on_trouble: "OnTrouble | None" = None,
    ):
        # h5py takes 0.1 s to load; who writes no file need not wait for it.
        from lapwing.data.run_files import RunFiles

        self.period = period
        self._feed: Feed | None = None
        self._data_dir = Path(data_dir)
        self._files = RunFiles(period, on_trouble)
        self._expected: set[str] = set()
        self._going_on: set[str] = set()
        # Runs of which the journal told first, and why they cannot be written.
        self._heard: dict[str, DataError | None] = {}
        self._lock = threading.Lock()  # of what is expected
        self._ignored: dict[str, list[str]] = {}  # runs, and all that is theirs
        self._ignored_run: dict[str, str] = {}
        self._num_bytes = 0

    def join(self, feeds: "Feeds") -> "Feed":
        """Be fed from the own journal, and from those of processes that ended."""
        self._feed = feeds.add(self, others="ended")
        return self._feed

    # ------------------------------------------------------------ asked by others

    def __call__(self, name: str, doc: Document) -> None:
        """Reserve the name of a run's file; all but start documents are ignored.

        Raises:
            DataExistsError: The file exists already.
            DataPathError: It cannot be made.
            DocumentError: The start document has no uid or no time.
        """
        if name != "start":
            return
        uid, path = _uid(doc), place_of_run(self._data_dir, doc)
        with self._lock:
            if uid in self._going_on:
                return
            if uid in self._heard:
                if (why := self._heard[uid]) is not None:
                    raise why
                return
            reserve(path)
            self._expected.add(uid)
            self._files.expect(uid, path)

    def expect(self, start: Document) -> None:
        """Say that a run of a process that died goes on here; its file is its own."""
        from lapwing.data.live import state_of

        uid, path = _uid(start), place_of_run(self._data_dir, start)
        with self._lock:
            self._going_on.add(uid)
        if state_of(path, uid) == "final":
            self._files.is_there(uid, path)  # its documents will not come again
        else:
            self._files.expect(uid, path)

    @property
    def errors(self) -> list[DataError]:
        """All errors so far, oldest first."""
        return list(self._files.errors)

    def path_of(self, run_uid: str) -> Path:
        """Return the file of a run, known as soon as its start was seen.

        Raises:
            DataError: There is no such run.
        """
        return self._files.path_of(run_uid)

    def wait_closed(self, run_uid: str, timeout: float | None = None) -> bool:
        """Wait until the final file of a run is in its place.

        Args:
            run_uid: The run, whose stop document was made.
            timeout: Seconds to wait; None waits for ever.

        Returns:
            Whether it is; False if it could not be written, see ``errors``.

        Raises:
            DataError: There is no such run.
        """
        self.path_of(run_uid)
        feed = self._feed
        with contextlib.nullcontext() if feed is None else feed.urgent():
            return self._files.wait_closed(run_uid, timeout)

    # ------------------------------------------------------------ fed

    def take(self, name: str, doc: Document) -> None:
        """Take a document, to be written by `settle`."""
        if name == "start":
            self._begin(doc)
        elif not self._is_ignored(name, doc):
            self._files.take(name, doc)
            if name in ("event", "event_page"):
                self._num_bytes += _num_bytes(doc)

    def settle(self) -> float | None:
        """Write what is due, in pieces of some 10 ms; all of it if that is urgent."""
        if self.busy or (self._feed is not None and self._feed.is_urgent):
            self._files.hurry()
        delay = self._files.work(time.monotonic())
        if not self._files.num_unwritten:
            self._num_bytes = 0
        return None if self._files.rests else delay

    @property
    def busy(self) -> bool:
        """Whether as much waits in memory as may."""
        return (
            self._files.num_unwritten > MOST_DOCUMENTS or self._num_bytes > MOST_BYTES
        )

    @property
    def unfinished(self) -> Collection[str]:
        """Uids of the runs whose files are not final."""
        return self._files.open_runs

    def leave(self, runs: Collection[str]) -> None:
        """Close the files of runs that perhaps go on elsewhere."""
        for uid in set(runs) & set(self._files.open_runs):
            self._files.leave(uid)

    def close(self) -> None:
        """Close all files; those of runs that did not end are written anew later."""
        try:
            self.leave(list(self._files.open_runs))
        finally:
            self._files.close()

    def _begin(self, start: Document) -> None:
        """Take a start document, unless the run's file is there or cannot be."""
        uid, path = _uid(start), place_of_run(self._data_dir, start)
        self._listen(uid)
        try:
            done = not self._take_place(uid, path)
        except DataError as exc:
            self._ignored[uid] = []
            self._files.refuse(uid, exc)
            return
        if done:
            self._ignored[uid] = []
            self._files.is_there(uid, path)
            return
        if uid in self._files.open_runs:
            self._files.leave(uid)
        self._files.take("start", start)

    def _take_place(self, uid: str, path: Path) -> bool:
        with self._lock:
            if uid in self._expected:
                self._expected.discard(uid)
                return True
            # The journal may be quicker than who asks for the name in-line.
            self._heard[uid] = None
            self._files.expect(uid, path)
            try:
                return _take_place(path, uid)
            except DataError as exc:
                self._heard[uid] = exc
                raise

    def _is_ignored(self, name: str, doc: Document) -> bool:
        owner = doc.get("descriptor") or doc.get("resource") or ""
        run = doc.get("run_start") or self._ignored_run.get(owner)
        if run not in self._ignored:
            return False
        if name in ("descriptor", "resource", "stream_resource"):
            self._ignored[run].append(doc["uid"])
            self._ignored_run[doc["uid"]] = run
        elif name == "stop":
            self._listen(run)
        return True

    def _listen(self, uid: str) -> None:
        """Ignore a run no more."""
        for owned in self._ignored.pop(uid, ()):
            self._ignored_run.pop(owned, None)


def _take_place(path: Path, uid: str) -> bool:
    """Take the file of a run, over what a killed process left of it perhaps.

    Returns:
        Whether it is to be written; False if it is there and final.

    Raises:
        DataExistsError: Something else is there.
        DataPathError: It cannot be made.
    """
    try:
        reserve(path)
    except DataExistsError:
        from lapwing.data.live import state_of

        plain = path.is_file() and not path.is_symlink()
        # An empty file is a name that was reserved by a process that was killed then.
        state = "live" if plain and not path.stat().st_size else state_of(path, uid)
        if not plain or state in (None, "side"):
            raise
        if state == "final":
            return False
        for side in path.parent.glob(f"{glob.escape(path.stem)}.*.h5"):
            if state_of(side, uid) == "side":
                side.unlink()
        path.with_name(path.stem + ".rest.jsonl").unlink(missing_ok=True)
    return True


def _uid(start: Document) -> str:
    uid, begun = start.get("uid"), start.get("time")
    if not isinstance(uid, str) or not isinstance(begun, int | float):
        raise DocumentError(
            f"a start document has uid {uid!r} and time {begun!r}; "
            "a text and seconds since 1970 are needed"
        )
    return uid


def _num_bytes(doc: Document) -> int:
    return sum(getattr(value, "nbytes", 0) for value in doc.get("data", {}).values())
