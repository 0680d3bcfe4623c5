"""The feed: threads that hand documents from the journals to sinks.

Owns when sinks are fed: at once, at their pace, or while somebody waits for them.
Must not know what sinks do, nor how far they are; a follower does.
Test: write a journal in this process, wake the feeds, wait for a sink.
"""

import atexit
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lapwing.data.follower import Begin, Follower, Others
from lapwing.data.sinks import Sink, checked_name
from lapwing.errors import StateError
from lapwing.journal.cursor import CursorStore
from lapwing.journal.directories import journal_root

LAST_SECONDS = 60.0
"""Time that sinks have at the end of the process if nobody closes the feeds."""

_GLANCE = 0.02  # seconds between two looks while somebody waits


def cursors_path(data_dir: str | Path) -> Path:
    """Return the file in which the places of a data directory's sinks are kept."""
    return journal_root(data_dir) / "cursors.sqlite"


class Feed:
    """Feeds one sink, in a thread of its own.

    Args:
        follower: Offers the documents.
    """

    def __init__(self, follower: Follower):
        self.sink = follower.sink
        self._follower = follower
        self._event = threading.Event()
        self._changed = threading.Condition()
        self._idle = False
        self._num_urgent = 0
        self._hurry_asked = self._hurries = False
        # How often somebody asked to be told that the sink has all, and was told.
        self._asked = self._answered = 0
        self._give_up_at: float | None = None
        self._has_ended = False
        self._thread = threading.Thread(
            target=self._run, name=f"lapwing-sink-{self.sink.name}", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        """Say that there is more in the journal; costs next to nothing."""
        if self._idle:
            self._event.set()

    def look_soon(self) -> None:
        """Look now for journals of other processes."""
        self._follower.look_soon()
        self._event.set()

    def adopt(self, directory: Path, durable: Callable[[], int]) -> None:
        """Follow a journal that this process has taken up."""
        self._follower.adopt(directory, durable)
        self._event.set()

    def give_back(self, directory: Path) -> None:
        """Follow an adopted journal as one of a process that has ended."""
        self._follower.give_back(directory)
        self._event.set()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Let the sink have documents at once, and not at its own pace."""
        with self._changed:
            self._num_urgent += 1
        self._event.set()
        try:
            yield
        finally:
            with self._changed:
                self._num_urgent -= 1

    def hurry(self) -> None:
        """Let the sink have at once what there is now; waits for nothing."""
        self._hurry_asked = True
        self._event.set()

    @property
    def is_urgent(self) -> bool:
        """Whether the sink should settle at once, and not when it is due."""
        closing = self._give_up_at is not None
        return self._num_urgent > 0 or self._hurries or closing

    def catch_up(self, timeout: float | None = None) -> bool:
        """Wait until the sink has settled all that this process has journalled.

        Args:
            timeout: Seconds to wait; None waits for ever.

        Returns:
            Whether it has.
        """
        with self._changed:
            self._asked += 1
            number = self._asked
        with self.urgent(), self._changed:
            self._changed.wait_for(
                lambda: self._answered >= number or self._has_ended, timeout
            )
            return self._answered >= number

    def close(self, timeout: float | None) -> bool:
        """Let the sink settle what there is, then end the thread.

        A sink that refuses what it is offered is not waited for.

        Returns:
            Whether it has ended.
        """
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        with self._changed:  # as long as anybody waits, who may be several
            self._give_up_at = max(deadline, self._give_up_at or deadline)
        self._event.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # ------------------------------------------------------------ its thread

    def _run(self) -> None:
        try:
            while not self._is_over(time.monotonic()):
                if self._hurry_asked:
                    self._hurry_asked, self._hurries = False, True
                delay = self._follower.round(time.monotonic())
                if delay > 0:  # it has all there was, or must wait to try again
                    self._hurries = False
                self._pause(delay)
        finally:
            with ExitStack() as last_first:  # each, whatever becomes of the others
                last_first.callback(self._tell_the_end)
                last_first.callback(self._follower.close)
                # First: another follower may go on as soon as the journals are free.
                last_first.callback(self.sink.close)

    def _tell_the_end(self) -> None:
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _is_over(self, now: float) -> bool:
        # First: who asks or closes later may know of later records.
        asked, give_up_at = self._asked, self._give_up_at
        behind = self._follower.is_behind
        if not behind:
            with self._changed:
                self._answered = asked
                self._changed.notify_all()
        if give_up_at is None:
            return False
        return not behind or self._follower.is_refused or now >= give_up_at

    def _pause(self, delay: float) -> None:
        if self._asked != self._answered and not self._follower.is_behind:
            return  # who waits is to be told at once
        hasty = self.is_urgent or self._hurry_asked
        if not hasty:
            # What comes within a period is read together: `wake` does not end this.
            self._event.wait(min(delay, self.sink.period))
            delay -= self.sink.period
        self._idle = True
        # What came before that flag was up has not woken this thread.
        if delay > 0 and (hasty or not self._follower.has_news):
            self._event.wait(min(delay, _GLANCE) if hasty else delay)
        self._idle = False
        self._event.clear()


class Feeds:
    """Feeds sinks from the journals of a data directory.

    Every sink has a thread of its own and a durable place in each journal, so that a
    slow or failing one holds up neither the scan nor the others.

    Args:
        data_dir: The data directory.
        own: The journal of this process; None if it writes none.
        durable: Returns the number of the last record of ``own`` that may leave the
            process, such as ``lambda: log.durable``; None: whatever is there.

    Raises:
        DataPathError: The places of sinks cannot be kept.
    """

    def __init__(
        self,
        data_dir: str | Path,
        own: str | Path | None = None,
        *,
        durable: Callable[[], int] | None = None,
    ):
        self._data_dir = Path(data_dir)
        self._own = None if own is None else Path(own)
        self._durable = durable
        self._store = CursorStore(cursors_path(data_dir))
        self._feeds: dict[str, Feed] = {}
        self._adopted: dict[Path, Callable[[], int]] = {}
        self._closed = False
        self._lock = threading.Lock()  # of these three
        # A script that forgets to close its session loses nothing all the same.
        atexit.register(self.close, LAST_SECONDS)

    def add(
        self, sink: Sink, *, others: Others = "all", begin: Begin = "start"
    ) -> Feed:
        """Feed a sink from now on.

        Args:
            sink: Takes the documents.
            others: Which journals of other processes it gets too: all, those whose
                process has ended, or none.
            begin: Where a sink whose name is new begins: at the start of all
                journals, or behind what they hold now; "own": with the own journal,
                and to others, which it has begun before, it only goes on.

        Raises:
            StateError: There is one of that name, or the feeds are closed.
            ConfigError: Its name cannot be one.
        """
        name = checked_name(sink.name)
        with self._lock:
            if self._closed or name in self._feeds:
                what = "the feeds are closed" if self._closed else "there is one"
                raise StateError(
                    f"a sink {name!r} cannot be added: {what}; each name is taken "
                    "once, before the end",
                    hint="give it another name",
                    sink=name,
                )
            follower = Follower(
                sink,
                self._data_dir,
                self._store,
                self._own,
                durable=self._durable,
                others=others,
                begin=begin,
            )
            for directory, durable in self._adopted.items():
                follower.adopt(directory, durable)
            feed = self._feeds[name] = Feed(follower)
        return feed

    def wake(self, durable: int | None = None) -> None:
        """Say that the journal has grown; to be given to ``Transcript.on_durable``."""
        for feed in tuple(self._feeds.values()):
            feed.wake()

    def look_soon(self) -> None:
        """Say that a journal of another process was taken up, or has ended."""
        for feed in tuple(self._feeds.values()):
            feed.look_soon()

    def adopt(self, directory: Path, durable: Callable[[], int]) -> None:
        """Feed from the journal of a process that died, which this one goes on with.

        Args:
            directory: The journal.
            durable: Returns the number of its last record that may leave the process.
        """
        with self._lock:
            self._adopted[directory] = durable
            for feed in self._feeds.values():
                feed.adopt(directory, durable)

    def give_back(self, directory: Path) -> None:
        """Go on with an adopted journal as with those of others."""
        with self._lock:
            self._adopted.pop(directory, None)
            for feed in self._feeds.values():
                feed.give_back(directory)

    def hurry(self) -> None:
        """Let all sinks have at once what there is now; waits for nothing."""
        for feed in tuple(self._feeds.values()):
            feed.hurry()

    def catch_up(self, timeout: float | None = None) -> bool:
        """Wait until all sinks have settled what this process has journalled."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with ExitStack() as stack:
            feeds = tuple(self._feeds.values())
            for feed in feeds:  # all at once
                stack.enter_context(feed.urgent())
            done = [
                feed.catch_up(
                    None if deadline is None else max(0.0, deadline - time.monotonic())
                )
                for feed in feeds
            ]
        return all(done)

    def close(self, timeout: float | None = LAST_SECONDS) -> bool:
        """Let sinks settle what there is, and end; to be called before `Log.close`.

        Called again, perhaps by another thread, it waits for what has not ended yet.

        Returns:
            Whether all have; what others have not goes on from their place next time.
        """
        with self._lock:
            self._closed = True
        deadline = None if timeout is None else time.monotonic() + timeout
        ended = True
        for feed in self._feeds.values():
            left = None if deadline is None else max(0.1, deadline - time.monotonic())
            ended = feed.close(left) and ended
        if ended:
            self._store.close()
        atexit.unregister(self.close)
        return ended
