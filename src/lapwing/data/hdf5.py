"""HDF5: writes the file of each run, while it goes on and for good.

Owns the consumer of documents that people use: queue, thread and files together.
Must not know the engine, nor how documents get into a file.
Test: hand it documents, wait until the run is closed, open the file.
"""

import atexit
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.data.consumer import END, FLUSH, Consumer
from lapwing.data.paths import reserve
from lapwing.errors import DataError, DocumentError, StateError

if TYPE_CHECKING:
    from lapwing.data.run_files import OnTrouble

_LAST_SECONDS = 60.0
_GLANCE = 0.2  # seconds between two looks whether the thread still lives


class Hdf5Writer:
    """Writes every run that it hears of to an HDF5 file of its own.

    Subscribe it to an engine, or call it with documents. It has a thread of its own
    and never holds up whoever calls it; only a start document is looked at at once,
    so that a name that is taken is refused before anything moves.

    The file can be read all the time: ``h5py.File(path, swmr=True)`` while the run
    goes on, anyhow once `wait_closed` says so. While the disk is full or slow,
    documents stay in memory and the caller of ``on_trouble`` is told, who may pause
    the scan; the writer tries again every second.

    Args:
        path_for_run: Says from a start document which file a run goes to, as
            ``functools.partial(run_path, data_dir)`` does.
        period: Seconds between two flushes of a live file.
        on_trouble: Called in the writer's thread with an error when one comes up,
            and with None when it is over.

    Attributes:
        errors: All errors so far, oldest first.
    """

    def __init__(
        self,
        path_for_run: Callable[[Mapping[str, Any]], Path],
        *,
        period: float = 0.25,
        on_trouble: "OnTrouble | None" = None,
    ):
        # h5py takes 0.1 s to load; who writes no file need not wait for it.
        from lapwing.data.run_files import RunFiles

        self._path_for_run = path_for_run
        self._files = RunFiles(period, on_trouble)
        self._consumer = Consumer(self._files, "lapwing-hdf5")
        self._closed = False
        self._lock = threading.Lock()  # of the end: nothing is put behind it
        # A script that forgets to close its writer loses nothing all the same.
        atexit.register(self.close, _LAST_SECONDS)

    @property
    def errors(self) -> list[DataError]:
        """All errors so far, oldest first."""
        return list(self._files.errors)

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document; it must not be changed afterwards.

        Raises:
            DataExistsError: The run's file exists already (start documents only).
            DataPathError: It cannot be made (start documents only).
            DocumentError: A start document has no uid or no time.
            StateError: The writer is closed or has failed.
        """
        with self._lock:
            if self._closed or not self._consumer.alive:
                what = "is closed" if self._closed else "has failed"
                raise StateError(
                    f"the HDF5 writer {what}; it cannot take a {name} document",
                    hint="make a new one",
                )
            if name == "start":
                self._expect(doc)
            self._consumer.put(name, doc)

    def _expect(self, start: Mapping[str, Any]) -> None:
        uid, begun = start.get("uid"), start.get("time")
        if not isinstance(uid, str) or not isinstance(begun, int | float):
            raise DocumentError(
                f"a start document has uid {uid!r} and time {begun!r}; "
                "a text and seconds since 1970 are needed"
            )
        path = Path(self._path_for_run(start))
        reserve(path)
        self._files.expect(uid, path)

    def path_of(self, run_uid: str) -> Path:
        """Return the file of a run, known as soon as its start was taken.

        Raises:
            DataError: There is no such run.
        """
        return self._files.path_of(run_uid)

    def wait_closed(self, run_uid: str, timeout: float | None = None) -> bool:
        """Wait until the final file of a run is in its place.

        Args:
            run_uid: The run, whose stop document was handed over.
            timeout: Seconds to wait; None waits for ever.

        Returns:
            Whether it is; False if it could not be written, see ``errors``.

        Raises:
            DataError: There is no such run.
        """
        return self._files.wait_closed(run_uid, timeout)

    def flush(self, timeout: float | None = None) -> bool:
        """Write all that came so far, so that readers see it.

        Args:
            timeout: Seconds to wait for that; None waits for ever.

        Returns:
            Whether it is on the disk.
        """
        if not self._consumer.alive:
            return not self._num_unwritten()
        done = threading.Event()
        with self._lock:
            if not self._closed:
                self._consumer.put(FLUSH, {"done": done})
        if self._closed:
            return self.close(timeout)
        self._consumer.wake()
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._consumer.alive:
            left = _GLANCE if deadline is None else deadline - time.monotonic()
            if done.wait(max(0.0, min(_GLANCE, left))):
                return True
            if left <= 0:
                return False
        return done.is_set()  # its thread has ended, perhaps by an error

    def close(self, timeout: float | None = None) -> bool:
        """Make final files of all runs, stopped or not, and end the thread.

        It is called at the end of the process by itself.

        Args:
            timeout: Seconds to wait for that; None waits for ever.

        Returns:
            Whether everything is on the disk.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                self._consumer.put(END, {})
        ended = self._consumer.close(timeout)
        if ended:
            atexit.unregister(self.close)
        return ended and not self._num_unwritten()

    def _num_unwritten(self) -> int:
        return self._consumer.num_waiting + self._files.num_unwritten
