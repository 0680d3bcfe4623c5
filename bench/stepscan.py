"""What a point of an EPICS step scan costs, side by side with its peers.

A real IOC on the loopback, instant motor, no dwell. At each point: one positioner is
set with put-callback, one trigger is fired with put-callback, and the positioner, four
scalars and a waveform of 2048 doubles are read. Three ways in interleaved blocks of one
process: a bare loop of aioca calls, Lapwing's StepScan with one subscriber, and
Bluesky's RunEngine with ophyd-async's EPICS devices. Then how a StepScan's cost and
memory grow with its points, and with its positioners.

    python bench/stepscan.py [--points 500] [--blocks 7] [--long 100000] [--json FILE]
"""

import gc
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Series, arguments, report

from lapwing.sim.beamline import Beamline

NAMES = ["POS", "S1", "S2", "S3", "S4", "WAVE"]


def take(name: str, doc: Any) -> None:
    """Subscribe to documents and do nothing with them."""


def bare_loop(prefix: str) -> Callable[[int], None]:
    """Return what does the same operations with aioca, and nothing else."""
    import aioca

    from lapwing.engine import device_loop

    pvs = [prefix + name for name in NAMES]

    async def points(num: int) -> None:
        for i in range(num):
            await aioca.caput(f"{prefix}POS", float(i % 7), wait=True)
            await aioca.caput(f"{prefix}TRIG", 1, wait=True)
            # With the time of each value, as an event needs it.
            await aioca.caget(pvs, format=aioca.FORMAT_TIME)

    return lambda num: device_loop.call(points(num))


def step_scan(prefix: str, num_positioners: int = 1) -> Callable[[int], None]:
    """Return what does a StepScan of so many points."""
    from lapwing import RunEngine
    from lapwing.stepscan import Counter, Positioner, StepScan, Trigger

    RE = RunEngine({})
    RE.subscribe(take)
    names = ["POS", *(f"P{n:02}" for n in range(1, 31))][:num_positioners]

    def points(num: int) -> None:
        places = np.arange(num) % 7
        positioners = [Positioner(prefix + name, places) for name in names]
        counters = [Counter(prefix + name) for name in NAMES[1:]]
        RE(StepScan(positioners, [Trigger(f"{prefix}TRIG")], counters).plan())

    return points


def bluesky_scan(prefix: str) -> Callable[[int], None]:
    """Return what does a list_scan with Bluesky and ophyd-async."""
    import bluesky.plans as bp
    from bluesky.run_engine import RunEngine
    from ophyd_async.core import AsyncStatus, StandardReadable, init_devices
    from ophyd_async.epics.core import epics_signal_r, epics_signal_rw

    where = f"ca://{prefix}"

    class Motor(StandardReadable):
        def __init__(self, name: str = ""):
            self.position = epics_signal_rw(float, f"{where}POS")
            super().__init__(name)
            self.add_readables([self.position])

        @AsyncStatus.wrap
        async def set(self, value: float) -> None:
            await self.position.set(value)

    class Detector(StandardReadable):
        def __init__(self, name: str = ""):
            self.start = epics_signal_rw(int, f"{where}TRIG")
            with self.add_children_as_readables():
                for number in range(1, 5):
                    signal = epics_signal_r(float, f"{where}S{number}")
                    setattr(self, f"s{number}", signal)
                from ophyd_async.core import Array1D

                self.wave = epics_signal_r(Array1D[np.float64], f"{where}WAVE")
            super().__init__(name)

        @AsyncStatus.wrap
        async def trigger(self) -> None:
            await self.start.set(1)

    RE = RunEngine({})
    RE.subscribe(take)
    with init_devices():
        motor, det = Motor("motor"), Detector("det")
    axis: Any = motor

    def points(num: int) -> None:
        RE(bp.list_scan([det], axis, _places(num)))

    return points


def _places(num: int) -> Any:
    return (np.arange(num) % 7).astype(float).tolist()


def cost(run: Callable[[int], None], points: int) -> float:
    """Return microseconds a point."""
    began = time.perf_counter()
    run(points)
    return (time.perf_counter() - began) / points * 1e6


def memory() -> float:
    """Return megabytes that this process has now."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def long_scans(prefix: str, points: int) -> list[Series]:
    """Return cost and growth of memory of a long scan, and of one of many axes."""
    found = []
    for num_axes, num in ((1, points), (30, points // 100)):
        run = step_scan(prefix, num_axes)
        run(200)
        label = f"{num_axes} x {num:,} points"
        each, grown = Series(label, "µs a point"), Series(f"{label}: memory", "MB")
        before = memory()
        each.add(cost(run, num))
        grown.add(memory() - before)
        found += [each, grown]
    return found


def main() -> None:
    args = arguments(__doc__, points=500, blocks=7, long=100000)
    with Beamline.start() as beamline:
        os.environ.update(beamline.environment)
        prefix = f"{beamline.prefix}FAST:"
        runs = {
            "bare aioca loop": bare_loop(prefix),
            "Lapwing StepScan": step_scan(prefix),
            "Bluesky, ophyd-async": bluesky_scan(prefix),
        }
        series = {name: Series(name, "µs a point") for name in runs}
        for run in runs.values():
            run(50)
        for _ in range(args.blocks):
            for name, run in runs.items():
                series[name].add(cost(run, args.points))
        bare, ours, theirs = (one.median for one in series.values())
        ratios = {
            "StepScan / bare aioca (bar 1.3)": ours / bare,
            "Bluesky / StepScan (bar 3)": theirs / ours,
        }
        grown = long_scans(prefix, args.long) if args.long else []
        report("step scan", [*series.values(), *grown], ratios, args)


if __name__ == "__main__":
    main()
