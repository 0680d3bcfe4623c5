"""Retention: which old journals may go, and removing them.

Owns the rules by which journals are kept, and who else may need one.
Must not know what is in a journal, except calls that did not end.
Test: hold one journal, leave a call open in another, let a sink lag; prune.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lapwing.errors import ConfigError, DataError, StateError
from lapwing.journal.cursor import Place
from lapwing.journal.directories import (
    Journal,
    cannot,
    journal_root,
    journals,
    open_calls,
)
from lapwing.journal.hold import Hold
from lapwing.journal.reader import Reader

_GOING = ".removed-"
_DAY = 86400.0
_KEEP = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "w": 7.0, "week": 7.0, "weeks": 7.0}
_BYTES = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}


@dataclass(frozen=True, slots=True)
class Keep:
    """Which journals to keep; what is kept by none of these rules may go.

    Attributes:
        days: Those begun in this many days.
        count: This many of the newest.
        num_bytes: The newest, as long as they are no larger than this together.
    """

    days: float | None = None
    count: int | None = None
    num_bytes: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Keep":
        """Return what a user means by ``"30 days"``, ``"20"`` or ``"5 GB"``.

        Raises:
            ConfigError: It is none of these.
        """
        found = _KEEP.fullmatch(text.strip())
        amount, unit = (float(found[1]), found[2].lower()) if found else (0.0, "?")
        if unit in _DAYS:
            return cls(days=amount * _DAYS[unit])
        if unit in _BYTES:
            return cls(num_bytes=amount * _BYTES[unit])
        if not unit and amount == int(amount):
            return cls(count=int(amount))
        raise ConfigError(
            f'{text!r} does not say what to keep; "30 days", "20" (journals) or '
            '"5 GB" would'
        )

    def reason(self, journal: Journal, newer: int, size: int, now: float) -> str | None:
        """Return why a journal is kept; None if it may go.

        Args:
            journal: The journal.
            newer: How many newer ones there are.
            size: Bytes of it and of all newer ones.
            now: Seconds since the epoch.
        """
        started = journal.started
        if self.days is not None and (
            started is None or started > now - self.days * _DAY
        ):
            return f"it was begun in the last {self.days:g} days"
        if self.count is not None and newer < self.count:
            return f"it is among the newest {self.count}"
        if self.num_bytes is not None and size <= self.num_bytes:
            return f"it and those newer are not larger than {self.num_bytes:.0f} bytes"
        return None


class Kept(NamedTuple):
    """A journal that stays, and why."""

    directory: Path
    reason: str


class Pruned(NamedTuple):
    """What `prune` did.

    Attributes:
        removed: Journals that are no more.
        kept: Journals that are there still, each with the reason.
        num_bytes: Room that was made.
    """

    removed: list[Path]
    kept: list[Kept]
    num_bytes: int


def prune(
    data_dir: str | Path,
    keep: Keep,
    *,
    places: Iterable[Place] = (),
    force: bool = False,
    dry_run: bool = False,
    clock: Callable[[], float] = time.time,
) -> Pruned:
    """Remove old journals, except those that somebody needs yet.

    A journal of a living process, a damaged one, and one with a call that did not end
    always stay; one that a sink has not read to its end stays unless forced.

    Args:
        data_dir: The data directory.
        keep: Which ones to keep in any case.
        places: Of all sinks, ``CursorStore(...).places()``. A sink that has a place
            in any journal is taken to read all.
        force: Whether to go over sinks that lag.
        dry_run: Whether only to say what would be removed.
        clock: Returns seconds since the epoch.

    Raises:
        DataPathError: One cannot be removed.
    """
    _finish_removing(journal_root(data_dir))
    known = [] if force else list(places)
    pruned = Pruned([], [], 0)
    size = made = 0
    for newer, journal in enumerate(reversed(journals(data_dir))):
        size += journal.num_bytes
        reason = keep.reason(journal, newer, size, clock()) or _needed(journal, known)
        if reason is None and not dry_run:
            reason = _remove(journal.directory)
        if reason is None:
            made += journal.num_bytes
            pruned.removed.append(journal.directory)
        else:
            pruned.kept.append(Kept(journal.directory, reason))
    return pruned._replace(num_bytes=made)


def _needed(journal: Journal, places: list[Place]) -> str | None:
    """Return why somebody needs a journal; None if nobody does."""
    if journal.holder is not None:
        return f"process {journal.holder.pid} on {journal.holder.host} writes it"
    try:
        if calls := open_calls(journal.directory):
            return f"{len(calls)} call(s) in it did not end; resume or close them"
        with Reader(journal.directory) as reader:
            end = reader.end().number
    except DataError as exc:
        return f"it cannot be read: {exc}"
    if not end:
        return None
    read = {
        place.sink: place.cursor.number
        for place in places
        if place.directory == journal.directory.name
    }
    for sink in sorted({place.sink for place in places}):
        if read.get(sink, 0) < end:
            return f"{sink} has read {read.get(sink, 0)} of its {end} records"
    return None


def _remove(directory: Path) -> str | None:
    """Remove a journal; return why it could not be, if somebody just took it."""
    try:
        hold = Hold(directory)
    except StateError as exc:
        return str(exc)
    try:
        # Renamed first: whoever dies in the middle leaves no half journal.
        directory.rename(directory.with_name(_GOING + directory.name))
    except OSError as exc:
        raise cannot(f"the journal {directory} cannot be removed", exc) from exc
    finally:
        hold.release()
    _finish_removing(directory.parent)
    return None


def _finish_removing(root: Path) -> None:
    for path in root.glob(_GOING + "*"):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            continue  # another process does the same
        except OSError as exc:
            raise cannot(f"the journal {path} cannot be removed", exc) from exc
