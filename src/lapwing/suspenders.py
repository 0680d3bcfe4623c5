"""Signals that must be right while plans run: ``from lapwing import suspenders``.

Owns nothing: it is a face of `lapwing.engine.conditions`.
Must not hold code.
Test: the names are those of the room behind.
"""

from lapwing.engine.conditions import (
    SuspendBoolHigh,
    SuspendBoolLow,
    SuspendCeil,
    SuspenderBase,
    SuspendFloor,
    SuspendInBand,
    SuspendOutBand,
    SuspendWhenChanged,
    SuspendWhenOutsideBand,
)

__all__ = [
    "SuspendBoolHigh",
    "SuspendBoolLow",
    "SuspendCeil",
    "SuspendFloor",
    "SuspendInBand",
    "SuspendOutBand",
    "SuspendWhenChanged",
    "SuspendWhenOutsideBand",
    "SuspenderBase",
]
