"""Run files: the files of all runs that are open at a time.

Owns the way of a document to its run, retries, and what went wrong.
Must not know queues or who makes documents; its thread calls `take` and `work`.
Test: hand it documents of interleaved runs, turn the clock, make writing fail.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lapwing.data.consumer import END, FLUSH
from lapwing.data.run_file import RunFile
from lapwing.errors import DataError, DataPathError, DocumentError

Document = Mapping[str, Any]
Outcome = Literal["final", "failed"]
OnTrouble = Callable[[DataError | None], None]

RETRY_SECONDS = 1.0
MOST_PENDING = 100_000
"""Documents in memory beyond which somebody is told that the disk is too slow."""

_REMEMBERED = 1000
_EVENT_KEYS = ("descriptor", "seq_num", "time", "data", "timestamps")


@dataclass(slots=True)
class _Open:
    file: RunFile
    uids: list[str] = field(default_factory=list)
    retry_at: float | None = None


class RunFiles:
    """The sink that keeps documents in HDF5 files, one a run.

    Args:
        period: Seconds between two flushes of a file.
        on_trouble: Called with an error when one comes up, and with None when
            the disk can be written again. Runs in the writer's thread.
    """

    def __init__(self, period: float = 0.25, on_trouble: OnTrouble | None = None):
        self.errors: list[DataError] = []
        self._period = period
        self._on_trouble = on_trouble
        self._open: dict[str, _Open] = {}
        self._owner: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        self._outcome: dict[str, Outcome] = {}
        self._closed: deque[str] = deque()
        self._changed = threading.Condition()
        self._flushes: list[threading.Event] = []
        self._is_behind = False
        self._lost = 0
        self._is_over = False

    def expect(self, run_uid: str, path: Path) -> None:
        """Say where a run will go, before its start document is taken."""
        self._paths[run_uid] = path

    def refuse(self, run_uid: str, error: DataError) -> None:
        """Say that a run that was expected gets no file here."""
        self._note_outcome(run_uid, "failed")
        self._report(error)

    def is_there(self, run_uid: str, path: Path) -> None:
        """Say that the final file of a run is in its place already."""
        self._paths[run_uid] = path
        self._note_outcome(run_uid, "final")

    @property
    def open_runs(self) -> Collection[str]:
        """Uids of the runs whose files are not final."""
        return self._open.keys()

    @property
    def rests(self) -> bool:
        """Whether only new documents make work."""
        return all(run.file.rests for run in self._open.values())

    def hurry(self) -> None:
        """Write at the next `work` what has come so far, of all runs."""
        for run in self._open.values():
            run.file.hurry()

    def leave(self, run_uid: str) -> None:
        """Close the file of a run as it is; its documents will come again."""
        self._forget(run_uid).file.leave()

    def path_of(self, run_uid: str) -> Path:
        """Return the file of a run.

        Raises:
            DataError: There is no such run.
        """
        try:
            return self._paths[run_uid]
        except KeyError:
            raise DataError(
                f"no run {run_uid!r} was recorded here; "
                f"the last {_REMEMBERED} runs are known",
                run_uid=run_uid,
            ) from None

    def wait_closed(self, run_uid: str, timeout: float | None) -> bool:
        """Wait until the final file of a run is there; say whether it is."""
        self.path_of(run_uid)
        with self._changed:
            self._changed.wait_for(
                lambda: run_uid in self._outcome or self._is_over, timeout
            )
            return self._outcome.get(run_uid) == "final"

    def close(self) -> None:
        """Let nobody wait for a run any more: nothing will come that ends one."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def take(self, name: str, doc: Document) -> None:
        """Take a document, or an order (`FLUSH`, `END`)."""
        if name == "start":
            run = RunFile(self._paths[doc["uid"]], doc, self._period)
            self._open[doc["uid"]] = _Open(run)
        elif name == FLUSH:
            self._flushes.append(doc["done"])
            self.hurry()
        elif name == END:
            for run in self._open.values():
                run.file.end()
        else:
            self._route(name, doc)

    def _route(self, name: str, doc: Document) -> None:
        run = self._open.get(self._run_of(doc))
        if run is None:
            self._report(
                DocumentError(
                    f"a {name} document belongs to no open run; it was not written",
                    hint="documents come between their run's start and stop",
                    name=name,
                    document=dict(doc),
                )
            )
            return
        if name in ("descriptor", "resource", "stream_resource"):
            self._owner[doc["uid"]] = run.file.record.start["uid"]
            run.uids.append(doc["uid"])
        if name in ("event", "event_page"):
            missing = [key for key in _EVENT_KEYS if key not in doc]
            if missing:
                self._report(
                    DocumentError(
                        f"an {name} lacks {', '.join(missing)}; it stays text",
                        name=name,
                        document=dict(doc),
                    )
                )
                name = f"invalid_{name}"
        run.file.take(name, doc)

    def _run_of(self, doc: Document) -> str:
        if (run := doc.get("run_start")) is not None:
            return run
        return self._owner.get(doc.get("descriptor") or doc.get("resource") or "", "")

    def work(self, now: float) -> float | None:
        """Write what is due; return the seconds until there is more to do."""
        delays = [self._work_on(uid, now) for uid in list(self._open)]
        pending = self.num_unwritten
        self._watch_backlog(pending)
        if not pending:
            for done in self._flushes:
                done.set()
            self._flushes.clear()
        waits = [delay for delay in delays if delay is not None]
        return min(waits, default=None)

    def _work_on(self, uid: str, now: float) -> float | None:
        run = self._open[uid]
        if run.retry_at is not None and now < run.retry_at:
            return run.retry_at - now
        try:
            delay = run.file.work(now)
        except DataPathError as exc:
            if run.retry_at is None:
                self._report(exc)
            run.retry_at = now + RETRY_SECONDS
            return RETRY_SECONDS
        except (OSError, RuntimeError) as exc:
            self._give_up(uid, exc)
            return 0.0
        if run.retry_at is not None:
            run.retry_at = None
            self._tell(None)
        if run.file.over:
            self._close(uid, "failed" if run.file.rest else "final")
            return None
        return delay

    def _give_up(self, uid: str, cause: Exception) -> None:
        file = self._open[uid].file
        rest = file.give_up()
        error = DataError(
            f"the file {file.path} cannot be written any more ({cause}); "
            f"it holds the run so far, further documents go to {rest}",
            hint="look after the disk, then rebuild the file from both",
            path=str(file.path),
            rest=str(rest),
        )
        error.__cause__ = cause
        self._report(error)

    def _close(self, uid: str, outcome: Outcome) -> None:
        self._forget(uid)
        self._note_outcome(uid, outcome)

    def _forget(self, uid: str) -> _Open:
        run = self._open.pop(uid)
        for owned in run.uids:
            self._owner.pop(owned, None)
        return run

    def _note_outcome(self, uid: str, outcome: Outcome) -> None:
        with self._changed:
            self._outcome[uid] = outcome
            self._closed.append(uid)
            if len(self._closed) > _REMEMBERED:
                oldest = self._closed.popleft()
                self._paths.pop(oldest, None)
                self._outcome.pop(oldest, None)
            self._changed.notify_all()

    def _watch_backlog(self, pending: int) -> None:
        if pending > MOST_PENDING and not self._is_behind:
            self._is_behind = True
            self._report(
                DataError(
                    f"the disk is too slow: {pending} documents wait to be written, "
                    f"at most {MOST_PENDING} should",
                    hint="pause until it has caught up; nothing is lost so far",
                    pending=pending,
                )
            )
        elif self._is_behind and pending < MOST_PENDING // 2:
            self._is_behind = False
            self._tell(None)

    def _report(self, error: DataError) -> None:
        self.errors.append(error)
        self._tell(error)

    def _tell(self, error: DataError | None) -> None:
        if self._on_trouble is not None:
            self._on_trouble(error)

    @property
    def num_unwritten(self) -> int:
        """Number of documents that are not on the disk, not yet or not ever."""
        pending = sum(run.file.num_pending for run in self._open.values())
        return pending + self._lost

    def died(self, cause: BaseException) -> None:
        """Hear that the thread ended by an error that nobody foresaw."""
        lost = self.num_unwritten
        self._lost = lost
        error = DataError(
            f"the writer of run files has failed ({cause!r}); "
            f"{lost} documents are not on the disk",
            hint="start again; the files that are there can be read",
        )
        error.__cause__ = cause
        for uid in list(self._open):
            self._close(uid, "failed")
        self.close()
        self._report(error)
