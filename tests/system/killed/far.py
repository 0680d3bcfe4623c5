"""A long way on a real EPICS motor: `lapwing run far.py`; says when it is moving."""

from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor
from lapwing.plans import scan

points = []


class Telling(EpicsMotor):
    """A motor that says when it is on its way."""

    def on_value(self, role, value):
        super().on_value(role, value)
        if role == "readback" and points and 1 < value.value < 2:
            print("MOVING", flush=True)


x = Telling("SIM:X", "x", fields=SIM_FIELDS)
det = EpicsCounter("SIM:DET:", "det", counters={"counts": "COUNTS"})
session.connect(x, det)
RE.subscribe(lambda name, doc: points.append(doc), "event")
RE(scan([det], x, 0, 8, 2))
