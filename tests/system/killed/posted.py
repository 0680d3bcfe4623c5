"""A step scan that posts and is killed: `lapwing run posted.py`; its IOC lives on."""

from lapwing.epics import SIM_FIELDS
from lapwing.stepscan import Counter, Detector, Positioner, StepScan, Trigger
from lapwing.stepscan.posting import INFO, SSCAN, Poster

x = Positioner("SIM:X", [n / 10 for n in range(12)], name="x", fields=SIM_FIELDS)
det = Detector(
    Trigger("SIM:DET:TRIG"),
    [Counter("SIM:DET:COUNTS", "counts")],
    dwell="SIM:DET:DWELL",
    label="det",
)


def tell(scan, num_points, data):
    print(f"POINT {num_points}", flush=True)
    if 7 < num_points < 12:
        # Each of the points that follow takes a fifth of a second and more.
        likely = 0.2 < scan.progress.time_left / (12 - num_points) < 2
        print(f"LEFT {num_points}: {likely}", flush=True)


scan = StepScan(
    [x],
    detectors=[det],
    dwell=0.02,
    # Longer than what passes between two postings.
    pos_settle_time=0.2,
    data_callback=tell,
    listeners=[Poster("SIM:scan1:", SSCAN), Poster("SIM:scan:", INFO)],
)
RE(scan.plan())
