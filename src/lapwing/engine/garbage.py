"""Garbage collection while plans run.

Owns the collector's settings while at least one call is in progress.
Must not know what a call does.
Test: enter and leave, look at ``gc.get_threshold``.

A full collection stalls a process that holds many documents by 60 ms and more.
While plans run, collections are rarer and never full, and what is young is
collected while hardware is waited for anyway. Nothing is frozen: ``gc.freeze`` at
each call took nothing off the longest stall, but sets the collector's counters
back, so that what many short calls leave behind would never be collected.
"""

import gc

THRESHOLDS = (50_000, 20, 1_000_000)
"""Collector thresholds while plans run; Python's own are (700, 10, 10)."""
WORTH_IT = 5_000
"""New objects from which a collection while waiting is worth its time."""

_calls = 0
_before: tuple[int, int, int] = (700, 10, 10)


def hold() -> None:
    """A call begins: collect less often."""
    global _calls, _before
    if _calls == 0:
        _before = gc.get_threshold()
        gc.set_threshold(*THRESHOLDS)
    _calls += 1


def release() -> None:
    """A call ended: with the last one all is as it was."""
    global _calls
    _calls -= 1
    if _calls == 0:
        gc.set_threshold(*_before)


def tidy() -> None:
    """Hardware is being waited for: collect what is young, if there is much."""
    new, collections, _ = gc.get_count()
    if new > WORTH_IT and gc.isenabled():
        gc.collect(1 if collections > THRESHOLDS[1] else 0)
