"""Step scans: lists of positions, and what is done at each of them.

Owns positioners, triggers, counters, detectors and the scan that is made of them.
Must not know sessions, files or command lines.
Test: ``tests/system/test_step_scan.py``, against the simulated beamline.
"""

from lapwing.stepscan.counter import Counter, MotorCounter, SumCounter
from lapwing.stepscan.detector import Detector, Detectors
from lapwing.stepscan.loop import BadPoint, step_scan
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan, mesh
from lapwing.stepscan.trigger import Trigger
from lapwing.stepscan.xafs import XafsRegion, xafs_points

__all__ = [
    "BadPoint",
    "Counter",
    "Detector",
    "Detectors",
    "MotorCounter",
    "Positioner",
    "StepScan",
    "SumCounter",
    "Trigger",
    "XafsRegion",
    "mesh",
    "step_scan",
    "xafs_points",
]
