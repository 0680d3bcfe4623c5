"""What goes wrong in tests: `lapwing run faults.py KIND`, a plan of about a second."""

import os
import random
import sys

from lapwing import plan_stubs as bps
from lapwing.devices import SoftDetector, SoftMotor
from lapwing.plans import count, scan

x = SoftMotor("x", velocity=20.0)
det = SoftDetector("det", lambda: 100 * x.position)


def wandering():
    """Go wherever chance leads: nobody can say that again."""
    yield from bps.open_run()
    for _ in range(100):
        yield from bps.checkpoint()
        yield from bps.mv(x, random.random())
        yield from bps.trigger_and_read([det, x])
    yield from bps.close_run()


def heard(name, doc):
    if name == "event":
        print(f"HEARD {doc['seq_num']}", flush=True)


def broken(name, doc):
    raise RuntimeError(f"no {name} is welcome")


kind = sys.argv[1]
if kind == "slow":
    x.velocity = 2.0
if kind == "sink":
    session.sink("broken", broken)
    RE(count([det], 50))
elif kind == "counts":
    for number in range(3):
        RE(count([det], 30, delay=0.01), by=os.getpid(), number=number)
else:
    RE.subscribe(heard)
    RE(wandering() if kind == "wandering" else scan([det], x, 0, 10, 41))
