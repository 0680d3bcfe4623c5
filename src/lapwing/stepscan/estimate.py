"""Estimate: how long a step scan will take, as far as is known before it starts.

Owns the sum of moving, settling and counting.
Must not know how any of it is done.
Test: tests/unit/stepscan/test_estimate.py, with devices that say how long they take.
"""

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from lapwing.errors import DeviceError

if TYPE_CHECKING:
    from lapwing.stepscan.positioner import Positioner
    from lapwing.stepscan.scan import StepScan

POINT_OVERHEAD = 0.003
"""Seconds that a point takes beside moving, settling and counting."""


def seconds_of(scan: "StepScan") -> float:
    """Return how many seconds a scan will take.

    Args:
        scan: Moves of its motors count once they are connected.
    """
    num = scan.check()
    times = np.zeros(num)
    for one in scan.positioners:
        array = one.array
        if array is None or array.dtype.kind == "U":
            continue
        # A velocity of 0 is told, with all else that is wrong, when limits are checked.
        with contextlib.suppress(DeviceError):
            times[0] = max(times[0], _to_start(one))
            times[1:] = np.maximum(times[1:], one.seconds(array[:-1], array[1:]))
    dwell = 0.0 if scan.dwell is None else scan.dwell
    if scan.dwell is None:
        dwell = max((one.dwell_seconds for one in scan.detectors), default=0.0)
    each = scan.pos_settle_time + scan.det_settle_time + POINT_OVERHEAD
    return float(np.sum(times + dwell + each))


def _to_start(one: "Positioner") -> float:
    here = getattr(one.axis, "position", None) if one.connected else None
    if here is None:
        return 0.0
    # Before a scan has begun, relative positions count from where it stands.
    shift = here if one.relative and one.origin is None else 0.0
    return float(one.seconds(here, one.position(0) + shift))
