"""Leftovers: what processes have left unfinished that died.

Owns finding them quickly, by the index, and the words for each.
Must not know what is done about them; `recover` does.
Test: journals of processes that ended in order, died, and live.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lapwing.config import Settings
from lapwing.errors import StateError
from lapwing.journal.directories import journal_root
from lapwing.journal.entries import CallEntry, RunEntry
from lapwing.journal.hold import Holder, alive
from lapwing.journal.index import Index


@dataclass(frozen=True)
class OpenRun:
    """A run of a call that did not end.

    Attributes:
        uid: Its uid.
        scan_id: Its number, if it has one.
        num_points: Events so far, in its primary stream, or in its longest.
        wanted: How many there were to be; None if that is not known.
    """

    uid: str
    scan_id: Any
    num_points: int
    wanted: int | None

    def __str__(self) -> str:
        points = f"{self.num_points} points"
        if self.wanted is not None:
            points = f"{self.num_points} of {self.wanted} points"
        return f"scan {self.scan_id}, {points}"


@dataclass(frozen=True)
class Leftover:
    """What a process has left that died, or was killed.

    Attributes:
        directory: Its journal.
        last: Its last call.
        runs: The runs of that call that have no stop document.
        names: By what else that call is known: uids and numbers of all of its runs.
        holder: The living process in which it goes on; None if there is none.
    """

    directory: Path
    last: CallEntry
    runs: tuple[OpenRun, ...]
    names: tuple[str, ...]
    holder: Holder | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last call did not end; else it died between two of a script."""
        return self.last.status == "open"

    @property
    def identity(self) -> Mapping[str, Any]:
        """What its calls are known by."""
        return self.last.identity

    @property
    def id(self) -> str:
        """By what a person names it: the scan_id of its run, or the call's uid."""
        ids = [run.scan_id for run in self.runs if run.scan_id is not None]
        return str(ids[0]) if ids else self.last.uid[:8]

    def has(self, which: str) -> bool:
        """Whether it is known by a scan_id, or by the beginning of a uid."""
        if which in self.names:
            return True
        if which.isdecimal() and len(which) < 8:
            return False  # a number that is wrong must not be some uid by chance
        uids = (self.directory.name, self.last.uid, *self.names)
        return any(len(uid) > 8 and uid.startswith(which) for uid in uids)

    @property
    def title(self) -> str:
        """What it is: ``grid_scan (scan 2, 16 of 49 points)``."""
        plan = self.last.plan_name or "a plan"
        if not self.is_open:
            return f"{self._command} (it died after {plan}, between two plans)"
        runs = "; ".join(map(str, self.runs)) or "no run was open"
        return f"{plan} ({runs})"

    @property
    def _command(self) -> str:
        return "lapwing " + " ".join(map(str, self.identity.get("words", ())))

    @property
    def command(self) -> str:
        """The command that is about it; other words may follow."""
        data_dir = self.directory.parent.parent
        usual = Settings.from_environment(os.environ).data_dir
        where = (
            "" if data_dir.resolve() == usual.resolve() else f" --data-dir {data_dir}"
        )
        return f"lapwing resume {self.id}{where}"

    @property
    def way_on(self) -> str:
        """What to type, to go on with it."""
        if self.identity.get("mode") == "command":
            return self.command
        plan = self.identity.get("plan") or "..., the plan as it was called"
        name = self.id if self.id.isdecimal() and len(self.id) < 8 else repr(self.id)
        return f"RE.resume_from({name}, {plan})"


def leftovers(data_dir: str | Path, *, living: bool = False) -> list[Leftover]:
    """Return what processes have left in a data directory, the oldest first.

    A process that lives has left nothing; nor has one that ended in order, with all
    of its calls ended; nor has a prompt at which nothing went on.

    Args:
        data_dir: The data directory.
        living: Return what goes on in living processes instead.

    Raises:
        DataPathError: The index cannot be used.
    """
    found = []
    root = journal_root(data_dir)
    if not root.is_dir():
        return found
    with Index(data_dir) as index:
        index.update()
        calls = [last for last, _ in index.last_calls()]
        holders = {last.directory: alive(root / last.directory) for last in calls}
        # Again: one that has ended in order since then has said so before it ended.
        index.update()
        for last, was_left in index.last_calls():
            again = last.identity.get("mode") == "command" and not was_left
            begun = last.directory in holders  # else only just now, and it lives
            if not begun or (not again and last.status != "open"):
                continue
            holder = holders[last.directory]
            if (holder is not None) == living:
                directory = root / last.directory
                found.append(_leftover(index, directory, last, holder))
    return sorted(found, key=lambda left: left.last.begin_time or 0.0)


def _leftover(
    index: Index, directory: Path, last: CallEntry, holder: Holder | None
) -> Leftover:
    entries = index.of_call(last.uid)[::-1]
    return Leftover(
        directory,
        last,
        tuple(_open_run(index, run) for run in entries if run.end is None),
        tuple(str(name) for run in entries for name in (run.uid, run.scan_id)),
        holder,
    )


def _open_run(index: Index, run: RunEntry) -> OpenRun:
    counts = {one.name: one.num_events for one in index.streams(run.uid)}
    count = counts.get("primary", max(counts.values(), default=0))
    wanted = run.start.get("num_points")
    return OpenRun(
        run.uid, run.scan_id, count, wanted if isinstance(wanted, int) else None
    )


def choose(data_dir: str | Path, which: str | int) -> Leftover:
    """Return the one that a person means.

    Raises:
        StateError: None is known by that name, or several are; or it goes on in a
            living process.
    """
    found = leftovers(data_dir)
    matching = [one for one in found if one.has(str(which))]
    if len(matching) == 1:
        return matching[0]
    for one in leftovers(data_dir, living=True):
        if one.has(str(which)) and not matching:
            raise is_alive(one)
    what = "nothing that is unfinished goes"
    if matching:
        what = f"{len(matching)} unfinished things go"
    there = "; ".join(f"{one.id}: {one.title}" for one in found) or "nothing"
    raise StateError(
        f"{what} by {str(which)!r}; there is {there}",
        hint="'lapwing runs' lists all runs",
    )


def is_alive(one: Leftover) -> StateError:
    """Return the error of a call that goes on in a living process."""
    pid, host = one.holder or (0, "")
    return StateError(
        f"{one.title} goes on in process {pid} on {host}; what goes on cannot be "
        "resumed or closed by another process",
        hint="wait for its end, or end that process",
        pid=pid,
        host=host,
    )
