"""A long way on a real EPICS motor: `lapwing run far.py`; says when it is moving.

With HOLD in the environment something holds the motor then, so that it moves as long as
nobody stops it.
"""

import os

from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor, EpicsSignal
from lapwing.plans import scan

points = []


class Telling(EpicsMotor):
    """A motor that says when it is on its way."""

    holding = None

    def on_value(self, role, value):
        super().on_value(role, value)
        on_its_way = role == "readback" and points and value.value > 1
        if "HOLD" in os.environ and on_its_way and self.holding is None:
            self.holding = stall.set(1)
            self.holding.add_callback(lambda _: print("MOVING", flush=True))

    async def stop(self, success=True):
        await super().stop(success)
        await stall.set(0)


x = Telling("SIM:X", "x", fields=SIM_FIELDS)
stall = EpicsSignal("SIM:X:STALL", "stall")
det = EpicsCounter("SIM:DET:", "det", counters={"counts": "COUNTS"})
session.connect(x, stall, det)
RE.subscribe(lambda name, doc: points.append(doc), "event")
RE(scan([det], x, 0, 8, 2))
