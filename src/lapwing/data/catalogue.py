"""The catalogue: all runs of a data directory, to be found and read.

Owns looking runs up, and searching by what their metadata say.
Must not know HDF5 files; it reads the journal, also while runs go on.
Test: write journals, look up and search; compare with the documents.
"""

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lapwing.data.past_run import PastRun
from lapwing.data.when import When, parse_when
from lapwing.errors import DataError
from lapwing.journal.entries import RunEntry
from lapwing.journal.index import Index


class Catalogue:
    """All runs of a data directory: ``cat[-1]``, ``cat[12]``, ``cat["3f9a"]``.

    The newest comes last. Every question is answered as of now, so that runs that go
    on, here or in another process, are among them.

    Args:
        data_dir: The data directory.
        clock: Returns seconds since 1970, for "yesterday" and the like.

    Attributes:
        index: The index that it asks.
    """

    def __init__(self, data_dir: str | Path, *, clock: Callable[[], float] = time.time):
        self.index = Index(data_dir)
        self._clock = clock
        self._finalizer = weakref.finalize(self, self.index.close)

    def __len__(self) -> int:
        self.index.update()
        return self.index.num_runs()

    def __iter__(self) -> Iterator[PastRun]:
        self.index.update()
        for entry in reversed(self.index.runs()):
            yield PastRun(self, entry)

    def __getitem__(self, key: int | str) -> PastRun:
        """Return a run.

        Args:
            key: A negative number counts from the newest run, -1; another one is a
                scan_id, of which the newest run counts; a text is the begin of a uid.

        Raises:
            DataError: There is none, or several uids begin so.
        """
        self.index.update()
        if isinstance(key, str):
            return PastRun(self, self._of_uid(key))
        if isinstance(key, bool) or not isinstance(key, int):
            raise DataError(
                f"a run cannot be looked up by {key!r}; -1, a scan_id or the begin of "
                "a uid is needed",
                hint="search(...) finds runs by their metadata",
            )
        if key < 0:
            entry = self.index.newest(-key)
            if entry is None:
                num = self.index.num_runs()
                raise DataError(f"there is no run {key}: there are {num} runs")
            return PastRun(self, entry)
        found = self.index.with_scan_id(key)
        if not found:
            raise DataError(
                f"there is no run with scan_id {key} in {self.index.data_dir}",
                hint="cat[-1] is the newest run",
            )
        return PastRun(self, found[0])

    def _of_uid(self, prefix: str) -> RunEntry:
        found = self.index.with_prefix(prefix) if prefix else []
        if not found:
            raise DataError(
                f"no uid of a run in {self.index.data_dir} begins with {prefix!r}"
            )
        exact = [entry for entry in found if entry.uid == prefix]
        if len(found) > 1 and not exact:
            some = ", ".join(entry.uid[: len(prefix) + 8] for entry in found[:5])
            raise DataError(
                f"{len(found)} or more uids begin with {prefix!r}: {some}; one is "
                "needed",
                hint="give more letters",
            )
        return (exact or found)[0]

    def search(
        self,
        *,
        plan: str | None = None,
        motor: str | None = None,
        detector: str | None = None,
        sample: str | None = None,
        since: When | None = None,
        until: When | None = None,
        status: str | None = None,
        limit: int | None = None,
        **metadata: Any,
    ) -> list[PastRun]:
        """Return the runs for which all of it is so, the newest last.

        Texts are compared without regard to case, and may have ``*`` and ``?`` for
        what is not known: ``plan="*grid*"``.

        Args:
            plan: Name of the plan.
            motor: Name of one of its motors.
            detector: Name of one of its detectors.
            sample: Name of the sample: metadata ``sample``, ``sample["name"]`` or
                ``sample_name``.
            since: When it began at the earliest; see `parse_when`.
            until: When it began at the latest; a day counts as a whole.
            status: "success", "abort", "fail", "running" or "interrupted".
            limit: How many to return at most; the newest are.
            **metadata: Any other key of the start document.

        Raises:
            DataError: A time cannot be understood.
        """
        self.index.update()
        now = self._clock()
        entries = self.index.runs(
            None if since is None else parse_when(since, now),
            None if until is None else parse_when(until, now, end=True),
        )
        wanted = {"plan_name": plan, "motors": motor, "detectors": detector, **metadata}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        found: list[PastRun] = []
        for entry in entries:
            if limit is not None and len(found) >= limit:
                break
            if not all(_fits(entry.start.get(k), value) for k, value in wanted.items()):
                continue
            if sample is not None and not _is_of_sample(entry.start, sample):
                continue
            run = PastRun(self, entry)
            if status is None or _fits(run.status, status):
                found.append(run)
        return found[::-1]

    def close(self) -> None:
        """Let go of the index; it is done by itself when nobody uses it any more."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Catalogue of {self.index.data_dir}: {len(self)} runs>"


def _is_of_sample(start: Mapping[str, Any], wanted: str) -> bool:
    return any(_fits(start.get(key), wanted) for key in ("sample", "sample_name"))


def _fits(value: Any, wanted: Any) -> bool:
    """Whether a piece of metadata is, has or is named what is wanted."""
    if isinstance(value, Mapping) and not isinstance(wanted, Mapping):
        return _fits(value.get("name"), wanted)
    if isinstance(value, list) and not isinstance(wanted, list | tuple):
        return any(_fits(one, wanted) for one in value)
    if isinstance(wanted, str):
        return isinstance(value, str) and fnmatchcase(value.lower(), wanted.lower())
    return value == (list(wanted) if isinstance(wanted, tuple) else wanted)
