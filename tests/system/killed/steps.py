"""A step scan that is killed: `lapwing run steps.py`; its IOC lives on."""

from lapwing.epics import SIM_FIELDS
from lapwing.stepscan import (
    Counter,
    Detector,
    Positioner,
    ScalerDetector,
    StepScan,
    Trigger,
    mesh,
)

(rows, columns), breakpoints = mesh(
    ("y", [0, 0.5, 1.0]), ("x", [0, 0.2, 0.4, 0.6, 0.8, 1.0]), snake=True
)
y = Positioner("SIM:Y", rows, name="y", fields=SIM_FIELDS)
x = Positioner("SIM:X", columns, name="x", fields=SIM_FIELDS)
det = Detector(
    Trigger("SIM:DET:TRIG"),
    [Counter("SIM:DET:COUNTS", "counts"), Counter("SIM:DET:SPECTRUM", "spectrum")],
    dwell="SIM:DET:DWELL",
    label="det",
    settings={"SIM:DET:NOISE": "off"},
)
taken = []


async def before():
    print("BEFORE", flush=True)


def tell(scan, num_points, data):
    taken.append(num_points)
    print(f"POINT {num_points}", flush=True)


scan = StepScan(
    [y, x],
    # It learns what there is to read, and its extra PVs, only when it is connected.
    detectors=[det, ScalerDetector("SIM:SCALER:")],
    dwell=0.02,
    breakpoints=breakpoints,
    extra_pvs=["SIM:TEMP1"],
    pre_scan=before,
    at_break=lambda point: print(f"BREAK {point}", flush=True),
    post_scan=lambda: print(f"AFTER {taken}", flush=True),
    data_callback=tell,
)
RE(scan.plan())
print("NOISE", det.before, Counter("SIM:DET:NOISE").read(), flush=True)
