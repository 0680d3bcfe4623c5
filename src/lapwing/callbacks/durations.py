"""Durations: lengths of time as people read them, and when something will end.

Owns the wording and the estimate of the time left.
Must not know a clock: it is told the time.
Test: tell it the times of points and ask when the rest will be done.
"""

import math

_WEIGHT = 0.15  # of the newest interval: about the last dozen points count


def duration(seconds: float) -> str:
    """Return a length of time as people say it: "0.8 s", "1:02 min", "1:02:03 h"."""
    if not math.isfinite(seconds) or seconds < 0:
        return "? s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02} h"
    return f"{minutes}:{rest:02} min"


class Pace:
    """How fast points come, from the intervals between those that came.

    Newer intervals weigh more, so that the estimate follows a change of speed,
    and the first few weigh alike, so that it does not hang on the very first.

    Args:
        now: The time at which the run began, in seconds of any clock.
    """

    def __init__(self, now: float):
        self._at = now
        self._done = 0
        self._num_intervals = 0
        self.interval: float | None = None

    def note(self, done: int, now: float) -> None:
        """Note that so many points are done now, in seconds of the clock."""
        fresh = done - self._done
        if fresh > 0:
            self._learn((now - self._at) / fresh)
        self._done, self._at = done, now

    def left(self, total: int, now: float) -> float | None:
        """Return the seconds to go until all points are done; None if unknown.

        It counts down between points, too, but never below what the points
        after the next one need.

        Args:
            total: Number of points of the run.
            now: The time, in seconds of the clock.
        """
        if self.interval is None:
            return None
        to_go = max(0, total - self._done)
        ahead = to_go * self.interval - (now - self._at)
        return max(ahead, (to_go - 1) * self.interval, 0.0)

    def _learn(self, interval: float) -> None:
        self._num_intervals += 1
        if self.interval is None:
            self.interval = interval
        elif self._num_intervals == 2:
            # The first interval holds all that comes before the first point.
            self.interval = interval
        else:
            weight = max(_WEIGHT, 1 / (self._num_intervals - 1))
            self.interval += weight * (interval - self.interval)
