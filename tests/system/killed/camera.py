"""A step scan of a camera that showed live images before: `lapwing run camera.py`."""

from lapwing.epics import SIM_FIELDS
from lapwing.stepscan import AreaDetector, Positioner, StepScan

x = Positioner("SIM:X", [0, 0.2, 0.4, 0.6], name="x", fields=SIM_FIELDS)
camera = AreaDetector("SIM:CAM:", label="cam")
scan = StepScan(
    [x],
    detectors=[camera],
    dwell=0.02,
    data_callback=lambda scan, point, data: print(f"POINT {point}", flush=True),
)
RE(scan.plan())
