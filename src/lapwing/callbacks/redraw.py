"""Redraw: draws what changed, now and then, and never more than there is time for.

Owns when something is drawn, and the thread that does it meanwhile.
Must not know what is drawn.
Test: give it a clock that you turn, touch it, tick it, count the drawings.
"""

import threading
import time
from collections.abc import Callable

INTERVAL = 0.25
"""Least seconds between two drawings."""

_MOST_SHARE = 0.2  # of the time that drawing may take
_TICK = 0.05


class Redraw:
    """Calls a function that draws, at most every so often, while things change.

    Whoever changes something says so by `touch`, which takes a microsecond; a
    thread draws. A slow drawing is made less often, so that a fifth of the time at
    most goes into it.

    Args:
        draw: Draws what there is now.
        clock: Tells seconds; only differences count.
        interval: Least seconds between two drawings.
        ticking: Whether a thread calls `tick` while there is something to draw.
    """

    def __init__(
        self,
        draw: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = INTERVAL,
        ticking: bool = True,
    ):
        self._draw = draw
        self._clock = clock
        self._interval = interval
        self._ticking = ticking
        self._dirty = False
        self._next = clock() + interval
        self._over: threading.Event | None = None
        self._lock = threading.RLock()  # held while it is drawn
        self._thread_lock = threading.Lock()

    def touch(self) -> None:
        """Say that something changed."""
        self._dirty = True
        if self._ticking and self._over is None:
            self._begin()

    def _begin(self) -> None:
        with self._thread_lock:
            if self._over is not None:
                return  # another thread was quicker
            over = threading.Event()
            threading.Thread(
                target=self._run, args=(over,), name="lapwing-draw", daemon=True
            ).start()
            self._over = over

    def tick(self) -> None:
        """Draw if something changed and it is time to."""
        if self._dirty and self._clock() >= self._next:
            self.now()

    def now(self) -> None:
        """Draw now."""
        with self._lock:
            self._dirty = False
            began = self._clock()
            self._draw()
            took = self._clock() - began
            self._next = began + max(self._interval, took / _MOST_SHARE)

    def finish(self, *, draw: bool = True) -> None:
        """End the thread, until the next `touch`.

        Args:
            draw: Whether what has changed is drawn before.
        """
        with self._thread_lock:
            over, self._over = self._over, None
        if over is not None:
            over.set()
        with self._lock:  # a drawing that goes on is waited for
            if not draw:
                self._dirty = False
            elif self._dirty:
                self.now()  # what changes meanwhile is drawn later

    def _run(self, over: threading.Event) -> None:
        while not over.wait(_TICK):
            self.tick()
