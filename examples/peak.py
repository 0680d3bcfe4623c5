"""Find a peak on the simulated beamline and go to its centre.

In one terminal ``lapwing sim``; in another, with the variables that it prints,
``lapwing run examples/peak.py``, which puts ``RE`` and ``session`` at hand.
"""

from lapwing.epics import SIM_FIELDS, EpicsCounter, EpicsMotor
from lapwing.plan_stubs import mv
from lapwing.plans import rel_list_scan, scan

x = EpicsMotor("SIM:X", "x", fields=SIM_FIELDS)
det = EpicsCounter("SIM:DET:", "det", counters={"counts": "COUNTS"})
session.connect(x, det)

RE(scan([det], x, -5, 5, 51), sample="copper foil")
centre = session.best.peaks["det_counts"].centre
RE(mv(x, centre))
RE(rel_list_scan([det], x, [-0.2, -0.1, 0, 0.1, 0.2]))
print(f"the centre is at {centre:.3f} mm")
