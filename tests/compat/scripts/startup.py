"""A script as users of Bluesky write it, with no word about Lapwing.

Run by `test_real_devices` with ``lapwing run --compat``. It starts what it needs:
classic ophyd's and ophyd-async's devices, an engine, table and plots, metadata.
"""

import sys
from pathlib import Path

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import ophyd.sim
from bluesky import RunEngine
from bluesky.callbacks.best_effort import BestEffortCallback
from bluesky.callbacks.json_writer import JSONLinesWriter
from bluesky.preprocessors import SupplementalData
from bluesky.run_engine import call_in_bluesky_event_loop
from event_model import RunRouter
from ophyd_async.core import StaticPathProvider, UUIDFilenameProvider, init_devices
from ophyd_async.plan_stubs import ensure_connected
from ophyd_async.sim import PatternGenerator, SimBlobDetector, SimStage

FOLDER = Path(sys.argv[1])

RE = RunEngine({"beamline_id": "X1"})
RE.subscribe(BestEffortCallback())
RE.subscribe(JSONLinesWriter(str(FOLDER)))
sd = SupplementalData()
RE.preprocessors.append(sd)

with init_devices():
    pattern = PatternGenerator()
    stage = SimStage(pattern)
    blob = SimBlobDetector(StaticPathProvider(UUIDFilenameProvider(), FOLDER), pattern)

hw = ophyd.sim.hw(save_path=str(FOLDER))
sd.baseline.append(hw.motor1)
seen = []


def factory(name, doc):
    return [lambda name, doc: seen.append(name)], []


RE.subscribe(RunRouter([factory]))


@bpp.run_decorator(md={"purpose": "alignment"})
def align(motor, det):
    for place in (-0.1, 0, 0.1):
        yield from bps.mv(motor, place)
        reading = yield from bps.trigger_and_read([det, motor])
        assert reading[motor.name]["value"] == place
    yield from bps.mv(motor, 0)
    return "aligned"


def quicken():
    for axis in (stage.x, stage.y):
        yield from ensure_connected(axis)
        yield from bps.mv(axis.velocity, 100, axis.acceleration_time, 0.001)


RE(quicken())
uids = [
    *RE(bp.scan([hw.det], hw.motor, -1, 1, 5), sample="gold"),
    *RE(align(hw.motor2, hw.det2)),
    *RE(bp.grid_scan([blob], stage.x, 0, 1, 2, stage.y, 0, 1, 2)),
    *RE(bp.count([hw.img, hw.det], 2)),
]
assert len(set(uids)) == 4
assert RE.md["scan_id"] == 4
assert seen.count("start") == seen.count("stop") == 4
assert call_in_bluesky_event_loop(stage.x.user_readback.get_value()) == 1
print("at the end", RE.state, len(uids))  # noqa: T201 - as users do
