"""A prompt with SPEC's commands: `python spec.py DATA_DIR WHAT`, on a beamline."""

import sys

import lapwing
from lapwing.epics import SIM_FIELDS
from lapwing.stepscan import Counter, Detector, Positioner, Trigger
from lapwing.stepscan.spec_commands import SpecCommands

counts = Counter("SIM:DET:COUNTS", "counts")
det = Detector(Trigger("SIM:DET:TRIG"), [counts], label="det", dwell="SIM:DET:DWELL")
x = Positioner("SIM:X", name="x", fields=SIM_FIELDS)

with lapwing.session(sys.argv[1], text_files=True) as session:
    spec = SpecCommands(session, {"x": x, "y": "SIM:Y"}, [det], pos_settle_time=0.02)
    spec.export(globals())
    if sys.argv[2] == "scan":
        umv(x, 1, y, 0)
        dscan(x, -2, 2, 40, 0.03)
    elif sys.argv[2] == "go on":
        session.RE.resume_from(1, spec.plans.dscan(x, -2, 2, 40, 0.03), yes=True)
        wa()
    else:
        ct(0.02)
        umv("SIM:X", 3)
        lup("SIM:X", -0.5, 0.5, 4, 0.02)
        mesh(x, 0, 1, 2, y, 0, 1, 1, 0.02)
