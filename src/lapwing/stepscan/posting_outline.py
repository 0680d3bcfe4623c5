"""Posting outline: what others are told of a scan before it begins.

Owns the way from a scan's parts to plain names, PVs and positions.
Must not know what of it is posted where.
Test: tests/system/test_step_posting.py, against the simulated beamline.
"""

import numpy as np

from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.posting_state import Axis, Outline, number_of
from lapwing.stepscan.scan import StepScan


def outline_of(scan: StepScan) -> Outline:
    """Return what is known of a scan that is connected.

    Args:
        scan: The scan.
    """
    num_points = scan.num_points
    names = {one.name for one in scan.positioners}
    pvs = {one.name: one.pv for one in scan.counters}
    hinted = scan.point.hints.get("fields", ())
    return Outline(
        scan.name,
        num_points,
        [_axis_of(one) for one in scan.positioners],
        {key: pvs[key] for key in hinted if key in pvs and key not in names},
        [(one.pv, number_of(one.value)) for one in scan.triggers],
        (scan.pos_settle_time, scan.det_settle_time),
        scan.estimate(),
    )


def _axis_of(one: Positioner) -> Axis:
    positions = np.asarray(() if one.extent is None else one.array, float)
    readback = one.axis.channel("readback").pv if one.is_pv else one.pv
    return Axis(one.name, one.pv, readback, one.units, positions, one.relative)
