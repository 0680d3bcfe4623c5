"""A prompt that is killed: `python prompt.py DATA_DIR`, a scan in a session."""

import sys

import lapwing
from lapwing.devices import SoftDetector, SoftMotor
from lapwing.plans import scan

x = SoftMotor("x", velocity=20.0)
det = SoftDetector("det", lambda: 100 * x.position)

with lapwing.session(sys.argv[1], progress=False) as session:
    session.RE(scan([det], x, 0, 10, 21), sample="gold")
