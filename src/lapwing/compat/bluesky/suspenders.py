"""Bluesky's suspenders: a face of `lapwing.engine.conditions`.

Owns what Bluesky's users reach for beyond our own suspenders.
Must not decide when a plan is suspended.
Test: Bluesky's own tests of them.
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
