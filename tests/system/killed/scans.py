"""What is killed: `lapwing run scans.py KIND ...`; plans of half a second, by kind.

Devices are simulated, so that they have forgotten everything when a process dies;
what is counted depends on the positions alone, so that a scan which was killed can
be compared with one that was not.
"""

import asyncio
import itertools
import sys

from lapwing import plan_stubs as bps
from lapwing import preprocessors as bpp
from lapwing.devices import SoftDetector, SoftMotor, SoftSignal
from lapwing.plans import count, grid_scan, rel_scan, scan

START = {"x": 0.5, "y": -1.0}
x = SoftMotor("x", START["x"], velocity=20.0)
y = SoftMotor("y", START["y"], velocity=20.0)
det = SoftDetector("det", lambda: 100 * x.position + y.position)
signal = SoftSignal("signal", 0.0)


def interleaved():
    """Two runs at once, of which one has its event open while the other saves."""
    yield from bps.stage_all(x, det)
    for key in ("a", "b"):
        yield from bpp.set_run_key_wrapper(bps.open_run({"half": key}), key)
    for i in range(12):
        yield from bps.checkpoint()
        yield from bps.mv(x, i)
        yield from bpp.set_run_key_wrapper(bps.create("primary"), "a")
        yield from bpp.set_run_key_wrapper(bps.read(x), "a")
        yield from bpp.set_run_key_wrapper(one_event(det), "b")
        yield from bpp.set_run_key_wrapper(bps.read(det), "a")
        yield from bpp.set_run_key_wrapper(bps.save(), "a")
    for key in ("a", "b"):
        yield from bpp.set_run_key_wrapper(bps.close_run(), key)
    yield from bps.unstage_all(x, det)


def one_event(*objs):
    yield from bps.create("primary")
    for obj in objs:
        yield from bps.read(obj)
    yield from bps.save()


def monitored():
    """A scan during which a signal is monitored that changes with each point."""
    steps, values = scan([det], x, 0, 8, 15), itertools.count(1)

    def change(msg):
        if msg.command != "checkpoint":
            return None, None
        return None, bps.abs_set(signal, next(values), wait=True)

    return bpp.monitor_during_wrapper(bpp.plan_mutator(steps, change), [signal])


def paused():
    """A scan that pauses by itself after some points, and is resumed at once."""
    return with_at(scan([det], x, 0, 8, 15), 7, bps.pause)


def suspended():
    """A scan that is suspended for some tenths of a second after some points."""

    def suspend():
        async def soon():
            await asyncio.sleep(0.3)

        RE.request_suspend(soon, justification="the shutter is closed")
        yield from bps.null()

    return with_at(scan([det], x, 0, 8, 15), 7, suspend)


def with_at(plan, point, what):
    checkpoints = 0

    def insert(msg):
        nonlocal checkpoints
        checkpoints += msg.command == "checkpoint"
        if msg.command == "checkpoint" and checkpoints == point:
            return None, what()
        return None, None

    return bpp.plan_mutator(plan, insert)


KINDS = {
    "scan": lambda: scan([det], x, 0, 8, 21),
    "rel_scan": lambda: rel_scan([det], x, -2, 2, 17),
    "count": lambda: count([det], 12, delay=0.08),
    "grid": lambda: grid_scan([det], y, 0, 2, 4, x, 0, 2, 6, snake_axes=True),
    "interleaved": interleaved,
    "monitored": monitored,
    "paused": paused,
    "suspended": suspended,
}

session.RE.on_pause = lambda result: "resume"
print("READY", flush=True)
for number, kind in enumerate(sys.argv[1:]):
    if number:  # all is as it was at the beginning
        RE(bps.mv(x, START["x"], y, START["y"]))
        RE(bps.trigger(det, wait=True))
    RE(KINDS[kind](), kind=kind)
