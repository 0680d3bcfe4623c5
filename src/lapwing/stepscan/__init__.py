"""Step scans: lists of positions, and what is done at each of them.

Owns positioners, triggers, counters, detectors and the scan that is made of them.
Must not know sessions, files or command lines.
Test: ``tests/system/test_step_scan.py``, against the simulated beamline.
"""

from lapwing.stepscan.counter import Counter, MotorCounter, SumCounter
from lapwing.stepscan.detector import Detector, Detectors
from lapwing.stepscan.detectors import (
    AreaDetector,
    DeviceCounters,
    Electrometer,
    McaDetector,
    McsDetector,
    MotorDetector,
    MultiMcaDetector,
    ScalerDetector,
    SimpleDetector,
    find_detector,
    get_detector,
)
from lapwing.stepscan.loop import step_scan
from lapwing.stepscan.meshes import mesh
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.posting import INFO, SSCAN, Poster
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.taking import BadPoint
from lapwing.stepscan.trigger import Trigger
from lapwing.stepscan.xafs import XafsRegion, xafs_points

__all__ = [
    "INFO",
    "SSCAN",
    "AreaDetector",
    "BadPoint",
    "Counter",
    "Detector",
    "Detectors",
    "DeviceCounters",
    "Electrometer",
    "McaDetector",
    "McsDetector",
    "MotorCounter",
    "MotorDetector",
    "MultiMcaDetector",
    "Positioner",
    "Poster",
    "ScalerDetector",
    "SimpleDetector",
    "StepScan",
    "SumCounter",
    "Trigger",
    "XafsRegion",
    "find_detector",
    "get_detector",
    "mesh",
    "step_scan",
    "xafs_points",
]
