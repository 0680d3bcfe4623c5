"""Garbage collection while plans run.

Owns the collector's settings while at least one call is in progress.
Must not know what a call does.
Test: enter and leave, look at ``gc.get_threshold`` and ``gc.get_freeze_count``.

A full collection stalls a process that holds many documents by 85 ms and more.
While plans run, what was there before is set aside, collections are rarer, and the
young generation is collected while hardware is waited for anyway.
"""

import gc

THRESHOLDS = (50_000, 20, 50)
"""Collector thresholds while plans run; Python's own are (700, 10, 10)."""
WORTH_IT = 5_000
"""New objects from which a collection while waiting is worth its time."""

_calls = 0
_before: tuple[int, int, int] = (700, 10, 10)


def hold() -> None:
    """A call begins: set aside what is there, collect less often."""
    global _calls, _before
    if _calls == 0:
        _before = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
    _calls += 1


def release() -> None:
    """A call ended: with the last one all is as it was."""
    global _calls
    _calls -= 1
    if _calls == 0:
        gc.unfreeze()
        gc.set_threshold(*_before)


def tidy() -> None:
    """Hardware is being waited for: collect what is young, if there is much."""
    if gc.get_count()[0] > WORTH_IT:
        gc.collect(0)
