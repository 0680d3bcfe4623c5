"""Ready detectors: scalers, MCAs, cameras and others that say what they count.

Owns a class for each kind, and `get_detector`, which tells kinds apart.
Must not know scans, positions or files of runs.
Test: ``tests/system/test_step_detectors.py``, against the simulated beamline.
"""

from lapwing.stepscan.detectors.area import AreaDetector
from lapwing.stepscan.detectors.computed import (
    FirstCounter,
    RatioCounter,
    TextCounter,
    TotalCounter,
)
from lapwing.stepscan.detectors.electrometer import Electrometer
from lapwing.stepscan.detectors.find import (
    KINDS,
    find_detector,
    find_kind,
    get_detector,
    get_kind,
)
from lapwing.stepscan.detectors.mca import McaDetector, MultiMcaDetector
from lapwing.stepscan.detectors.mcs import McsDetector
from lapwing.stepscan.detectors.ready import ReadyDetector
from lapwing.stepscan.detectors.scaler import ScalerDetector
from lapwing.stepscan.detectors.simple import (
    DeviceCounters,
    MotorDetector,
    SimpleDetector,
)

__all__ = [
    "KINDS",
    "AreaDetector",
    "DeviceCounters",
    "Electrometer",
    "FirstCounter",
    "McaDetector",
    "McsDetector",
    "MotorDetector",
    "MultiMcaDetector",
    "RatioCounter",
    "ReadyDetector",
    "ScalerDetector",
    "SimpleDetector",
    "TextCounter",
    "TotalCounter",
    "find_detector",
    "find_kind",
    "get_detector",
    "get_kind",
]
