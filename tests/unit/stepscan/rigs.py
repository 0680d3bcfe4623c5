"""A time scan of a device that is no PV's, and an engine: what tests look at."""

import asyncio

from lapwing.engine import device_loop
from lapwing.stepscan import StepScan
from lapwing.stepscan.progress import Silent


class Counts:
    """A device of no step scan, so that no PV is needed."""

    name, parent = "counts", None

    def __init__(self):
        self.reads = 0
        self.at_read = {}

    def describe(self):
        return {"n": {"source": "test", "dtype": "number", "shape": []}}

    def read(self):
        self.reads += 1
        self.at_read.pop(self.reads, lambda: None)()
        return {"n": {"value": float(self.reads), "timestamp": 0.0}}


class Heard(Silent):
    """Notes what a scan says."""

    def __init__(self):
        self.said = []

    def state(self, text):
        self.said.append(text)

    def message(self, text):
        self.said.append(text)


class Rig:
    """A time scan of a soft device, and an engine that keeps its documents."""

    def __init__(self, engine, num_points=5, **options):
        self.counts, self.heard, self.documents = Counts(), Heard(), []
        self.scan = StepScan(
            detectors=[self.counts],
            npts=num_points,
            listeners=[self.heard],
            **options,
        )
        self.engine = engine
        engine.subscribe(lambda name, doc: self.documents.append((name, doc)))

    def at_point(self, number, act):
        self.counts.at_read[number] = act

    @property
    def taken(self):
        return [doc["data"]["n"] for name, doc in self.documents if name == "event"]

    @property
    def stop(self):
        (doc,) = [doc for name, doc in self.documents if name == "stop"]
        return doc


def run(coroutine):
    """Run a coroutine where the engine is, whichever loop earlier tests have left.

    On another loop it would be told things later, and events would not wake it.
    """
    return device_loop.call(coroutine, timeout=30)


async def until(condition):
    """Let the event loop go on until something is the case."""
    while not condition():  # noqa: ASYNC110 - it is to be true without more ado
        await asyncio.sleep(0)
