"""Whether a run costs after 10,000 runs and a million events what the first did.

Blocks of many short runs alternate with blocks of one long run; the first tenth of
the blocks is compared with the last tenth. Objects and traced memory are counted at
both ends.

    python bench/steady.py [--runs 10000] [--events 1000000] [--json FILE]
"""

import gc
import statistics
import time
import tracemalloc

from engine import NoOpDetector, take
from harness import Series, arguments, report

from lapwing import RunEngine
from lapwing.plans import count

BLOCKS = 50


def main() -> None:
    args = arguments(__doc__, runs=10_000, events=1_000_000)
    RE = RunEngine({})
    RE.subscribe(take)
    det = NoOpDetector("det")

    def short_runs() -> float:
        start = time.perf_counter()
        for _ in range(args.runs // BLOCKS):
            RE(count([det]))
        return (time.perf_counter() - start) / (args.runs // BLOCKS) * 1e6

    def long_run() -> float:
        start = time.perf_counter()
        RE(count([det], args.events // BLOCKS))
        return (time.perf_counter() - start) / (args.events // BLOCKS) * 1e6

    short_runs()  # what is loaded and cached, is so by now
    long_run()
    gc.collect()
    objects = len(gc.get_objects())
    runs, points = Series("a run of one point", "µs"), Series("a point", "µs")
    for _ in range(BLOCKS):
        runs.add(short_runs())
        points.add(long_run())
    gc.collect()
    grown = len(gc.get_objects()) - objects
    ratios = {
        f"{one.name}: last tenth / first tenth": _drift(one) for one in (runs, points)
    }
    ratios["objects more at the end"] = float(grown)
    ratios["traced bytes more after 1000 further runs"] = float(_traced(RE, det))
    report("steady", [runs, points], ratios, args)


def _drift(series: Series) -> float:
    tenth = max(len(series.values) // 10, 1)
    return statistics.median(series.values[-tenth:]) / statistics.median(
        series.values[:tenth]
    )


def _traced(RE: RunEngine, det: NoOpDetector) -> int:
    tracemalloc.start()
    for _ in range(100):
        RE(count([det]))
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        RE(count([det]))
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


if __name__ == "__main__":
    main()
