"""The follower: one sink's way through all journals of a data directory.

Owns which journals the sink follows, how far it is in each, and what it refused.
Must not know threads or when to look; it is told the time.
Test: write journals, turn the clock, call `round`, look at the sink and the places.
"""

import contextlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from lapwing.data.sinks import Sink
from lapwing.data.tail import Tail
from lapwing.errors import DataError, DataPathError, StateError
from lapwing.journal.cursor import START, Cursor, CursorStore
from lapwing.journal.directories import directories
from lapwing.journal.hold import Hold, alive
from lapwing.journal.index import tail_of
from lapwing.journal.reader import Reader

logger = logging.getLogger("lapwing.data")

Others = Literal["all", "ended", "none"]
Begin = Literal["start", "now", "own"]

LOOK_SECONDS = 5.0
"""Time between two looks for journals of other processes."""

GRACE_SECONDS = 5.0
"""Time that a living process has to begin with its own journal for itself."""

_OWN_SECONDS = 0.25  # the same, while another follower has this process's own

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0
"""Seconds after which a sink that raised is tried again: at first, and at most."""


class Follower:
    """Hands the documents of journals to one sink.

    Of a living process's journal only one follower of a sink's name takes care, be it
    in this process or another: it holds a lock.

    Args:
        sink: What takes the documents.
        data_dir: The data directory.
        store: Where the sink's places are kept.
        own: The journal of this process, which it follows first; None for none.
        durable: Returns the number of the last record of ``own`` that may leave the
            process; None: whatever is there.
        others: Which journals of other processes it follows: all of them, those
            whose process has ended, or none.
        begin: Where a sink that is new begins: at the start of all journals, or
            behind what they hold now. "own": each session that adds the sink lets it
            begin with its own journal; of others it only ends what it has begun.
    """

    def __init__(
        self,
        sink: Sink,
        data_dir: Path,
        store: CursorStore,
        own: Path | None = None,
        *,
        durable: Callable[[], int] | None = None,
        others: Others = "all",
        begin: Begin = "start",
    ):
        self.sink = sink
        self._data_dir = data_dir
        self._store = store
        self._own = None if own is None else own.name
        self._durable = {} if own is None else {own.name: durable}
        self._others = others
        self._tails: dict[str, Tail] = {}
        self._first_seen: dict[str, float] = {}
        self._read: dict[str, tuple[int, int]] = {}  # sizes at which nothing is left
        self._unreadable: set[str] = set()  # what was told of
        self._look_at = float("-inf")
        self._look_asked = True  # by any thread
        self._settle_pause = 0.0
        self._settle_at = float("-inf")
        self._settle_wish: float | None = None
        places = {one.directory for one in store.places(sink.name)}
        if begin == "own" or (begin == "now" and not places):
            self._begin_behind(places | {self._own} if begin == "own" else set())

    def _begin_behind(self, begun: Collection[str | None]) -> None:
        """Begin behind what journals hold now, those that are begun excepted."""
        for directory in directories(self._data_dir):
            if directory.name in begun:
                continue
            with (
                contextlib.suppress(DataError, OSError),
                Reader(directory, skip_damaged=True) as reader,
            ):
                self._store.move(self.sink.name, directory, reader.end())

    # ------------------------------------------------------------ going on

    def round(self, now: float) -> float:
        """Offer the sink what has come, and note how far it is.

        Args:
            now: Monotonic time in seconds.

        Returns:
            Seconds until there is more to do; 0 for at once.
        """
        if self._look_asked or now >= self._look_at:
            self._look(now)
        waits = [0.0 if self._look_asked else self._look_at - now]
        if now >= self._settle_at:
            for tail in self._tails.values():
                waits.append(self._advance(tail, now))
        waits.append(self._settle(now))
        return max(0.0, min(waits))

    @property
    def has_news(self) -> bool:
        """Whether there is something to offer that was not refused just now."""
        return any(not tail.pause and self._has_more(tail) for tail in self._mine())

    @property
    def is_behind(self) -> bool:
        """Whether its own journal has more for the sink, or the sink is at work.

        Where there is no own journal, all count.
        """
        if self._settle_wish is not None or self._settle_pause or self._look_asked:
            return True
        tails = self._mine()
        return self._lacks_one or any(t.pause or self._has_more(t) for t in tails)

    @property
    def is_refused(self) -> bool:
        """Whether waiting is of no use: the sink raises, or another follower has it."""
        if self._settle_pause:
            return True
        refused = self._lacks_one or any(tail.pause for tail in self._mine())
        at_work = self._settle_wish is not None or self._look_asked
        return refused and not (at_work or self.has_news)

    @property
    def _lacks_one(self) -> bool:
        """Whether it does not follow all of this process's journals."""
        return any(name not in self._tails for name in tuple(self._durable))

    def _mine(self) -> list[Tail]:
        if self._own is None:
            return list(self._tails.values())
        mine = [self._tails.get(name) for name in tuple(self._durable)]
        return [tail for tail in mine if tail is not None]

    def _has_more(self, tail: Tail) -> bool:
        last = self._last_of(tail)
        return tail.has_more() if last is None else tail.cursor.number <= last

    def _last_of(self, tail: Tail) -> int | None:
        durable = self._durable.get(tail.directory.name)
        return None if durable is None else durable()

    def _advance(self, tail: Tail, now: float) -> float:
        if now < tail.retry_at:
            return tail.retry_at - now
        try:
            more = tail.advance(self.sink, self._last_of(tail))
        except Exception as exc:  # noqa: BLE001 - the sink's own; it is tried again
            tail.pause = _longer(tail.pause)
            tail.retry_at = now + tail.pause
            self._note(tail, exc)
            return tail.pause
        tail.pause = 0.0
        return 0.0 if more and not self.sink.busy else LOOK_SECONDS

    def _settle(self, now: float) -> float:
        """Let the sink keep what it took, and note that; return when to come again."""
        if now < self._settle_at:
            return self._settle_at - now
        try:
            wish = self.sink.settle()
            for tail in self._tails.values():
                self._save(tail)
        except Exception as exc:  # noqa: BLE001 - the sink's own; it is tried again
            self._settle_pause = _longer(self._settle_pause)
            self._settle_at = now + self._settle_pause
            for tail in self._tails.values():
                if tail.cursor != tail.saved[1]:
                    self._note(tail, exc)
            return self._settle_pause
        self._settle_pause, self._settle_at = 0.0, float("-inf")
        self._settle_wish = wish
        return LOOK_SECONDS if wish is None else wish

    def _save(self, tail: Tail) -> None:
        position, seen = tail.position(self.sink.unfinished), tail.cursor
        # A sink that refuses keeps its error beside its place.
        healed = tail.error is not None and not tail.pause
        if (position, seen) == tail.saved and not healed:
            return
        self._store.move(
            self.sink.name,
            tail.directory,
            position,
            None if seen == position else seen,
        )
        tail.saved = (position, seen)
        if tail.pause:
            self._store.fail(self.sink.name, tail.directory, tail.error or "")
        else:
            tail.error = None

    def _note(self, tail: Tail, exc: Exception) -> None:
        text = f"{type(exc).__name__}: {exc}"
        if tail.error is None:
            logger.warning("the sink %s cannot go on: %s", self.sink.name, text)
        tail.error = text
        # It is shown by others only; a full disk must not end this thread.
        with contextlib.suppress(DataPathError):
            self._store.fail(self.sink.name, tail.directory, text)

    # ------------------------------------------------------------ journals

    def adopt(self, directory: Path, durable: Callable[[], int]) -> None:
        """Follow a journal that this process has taken up, as it does its own."""
        self._durable[directory.name] = durable
        self.look_soon()

    def give_back(self, directory: Path) -> None:
        """Treat an adopted journal as that of a process that has ended."""
        self._durable.pop(directory.name, None)
        self.look_soon()

    def look_soon(self) -> None:
        """Look for journals of other processes in the next round."""
        self._look_asked = True

    def _look(self, now: float) -> None:
        self._look_asked = False  # first: who asks from here on, asks for another one
        for step in (self._let_go, lambda: self._take_up(now)):
            try:
                step()
            except (DataError, OSError) as exc:
                logger.warning("the journals in %s: %s", self._data_dir, exc)
        self._look_at = now + (_OWN_SECONDS if self._lacks_one else LOOK_SECONDS)

    def _take_up(self, now: float) -> None:
        """Follow the journals that nobody follows yet for this sink."""
        places = None
        for directory in directories(self._data_dir):
            if directory.name in self._tails:
                continue
            try:
                if not self._wants(directory, now):
                    continue
            except OSError as exc:  # perhaps another person's; but there are more
                if directory.name not in self._unreadable:
                    logger.warning("%s cannot be read: %s", directory, exc)
                self._unreadable.add(directory.name)
                continue
            if places is None:
                found = self._store.places(self.sink.name)
                places = {place.directory: place.cursor for place in found}
            self._follow(directory, places.get(directory.name, START))

    def _let_go(self) -> None:
        """Leave journals that are no more, will not grow, or are somebody else's."""
        for name, tail in list(self._tails.items()):
            if name in self._durable:
                continue
            size = tail_of(tail.directory)
            holder = alive(tail.directory)
            taken = holder is not None and self._others == "ended"
            # Not while the sink is at work: that may be on what this one held.
            at_rest = self._settle_wish is None and tail.error is None
            over = holder is None and at_rest and tail.is_waiting
            if taken or over or not tail.directory.exists():
                self._leave(tail)
                if over:
                    self._read[name] = size

    def _leave(self, tail: Tail) -> None:
        try:
            self.sink.leave(tail.unfinished)
        except Exception as exc:  # noqa: BLE001 - the sink's own; others may try
            self._note(tail, exc)
        del self._tails[tail.directory.name]
        tail.close()

    def _wants(self, directory: Path, now: float) -> bool:
        if directory.name in self._durable:
            return True
        if self._others == "none":
            return False
        if self._read.get(directory.name) == tail_of(directory):
            return False
        if alive(directory) is None:
            return True
        first = self._first_seen.setdefault(directory.name, now)
        return self._others == "all" and now >= first + GRACE_SECONDS

    def _follow(self, directory: Path, cursor: Cursor) -> None:
        claim = directory / "sinks" / self.sink.name
        try:
            if alive(claim) is not None:
                return  # another process, or another follower here, does
            # Each by itself: a journal that was removed just now is not made again.
            for one in (claim.parent, claim):
                one.mkdir(exist_ok=True)
            tail = Tail(directory, cursor, Hold(claim))
        except StateError:
            return  # it was a moment quicker
        except (DataError, OSError) as exc:
            if directory.exists():
                logger.warning("%s cannot be read: %s", directory, exc)
                self._store.fail(self.sink.name, directory, str(exc))
                self._read[directory.name] = tail_of(directory)
            return
        self._tails[directory.name] = tail

    def close(self) -> None:
        """Leave all journals to others; the sink is not closed."""
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()


def _longer(pause: float) -> float:
    return min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * pause))
