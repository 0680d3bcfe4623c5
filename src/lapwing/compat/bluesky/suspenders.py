"""Bluesky's suspenders: a face of `lapwing.engine.conditions`.

Owns what Bluesky's users reach for beyond our own suspenders.
Must not decide when a plan is suspended.
Test: Bluesky's own tests of them.
"""

import warnings
from typing import Any

from lapwing.engine.conditions import (
    SuspendBoolHigh,
    SuspendBoolLow,
    SuspendCeil,
    SuspenderBase,
    SuspendFloor,
    SuspendWhenChanged,
    SuspendWhenOutsideBand,
)
from lapwing.engine.conditions import SuspendInBand as _SuspendInBand
from lapwing.engine.conditions import SuspendOutBand as _SuspendOutBand

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


class SuspendInBand(_SuspendInBand):
    """Suspends while a signal is outside a band; deprecated, for its name."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn(
            "SuspendInBand is called SuspendWhenOutsideBand now", stacklevel=2
        )
        super().__init__(*args, **kwargs)


class SuspendOutBand(_SuspendOutBand):
    """Suspends while a signal is inside a band; deprecated."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn("SuspendOutBand is deprecated", stacklevel=2)
        super().__init__(*args, **kwargs)
