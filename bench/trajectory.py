"""What points of a trajectory cost, side by side with scanspec 1.

In interleaved blocks of one process: all points of a snaked grid of 1000 by 1000 in
blocks of 4000, ours made anew each time, scanspec's from dimensions that are there.
Then, ours alone: the last 4000 points of a spiral of 10^7, from its description on;
what a point costs in blocks for several kinds of paths; and the memory that both take.

    python bench/trajectory.py [--blocks 15] [--json FILE]
"""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from harness import Series, arguments, report
from scanspec.core import Path
from scanspec.specs import Fly, Linspace, Spiral

from lapwing.trajectory import (
    CircularROI,
    CompoundGenerator,
    LineGenerator,
    RandomOffsetMutator,
    ROIExcluder,
    SpiralGenerator,
    Trajectory,
)

BLOCK = 4000
SPIRAL_RADIUS = 1784.2  # 10^7 points, a step of 1 apart


def grid(num: int = 1000, **more: Any) -> CompoundGenerator:
    lines = [
        LineGenerator("y", "mm", -1, 1, num),
        LineGenerator("x", "mm", -1, 1, num, True),
    ]
    return CompoundGenerator(lines, duration=0.1, **more)


def spiral() -> SpiralGenerator:
    return SpiralGenerator(["x", "y"], "mm", [0, 0], SPIRAL_RADIUS)


def circle() -> CompoundGenerator:
    return grid(excluders=[ROIExcluder([CircularROI([0, 0], 1)], ["x", "y"])])


def noisy() -> CompoundGenerator:
    return grid(mutators=[RandomOffsetMutator(1, ["x", "y"], [0.01, 0.01])])


def run(blocks: Iterator[Any]) -> int:
    return sum(len(block) for block in blocks)


def theirs(dimensions: list[Any]) -> Iterator[Any]:
    path = Path(dimensions)
    while len(path):
        yield path.consume(BLOCK)


def snaked_spec() -> Any:
    return Fly(0.1 @ (Linspace("y", -1, 1, 1000) * ~Linspace("x", -1, 1, 1000)))


def timed(action: Callable[[], Any]) -> float:
    gc.collect()
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def peak(action: Callable[[], Any]) -> float:
    """Return the most memory that an action takes, in MB."""
    gc.collect()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def grids(blocks: int) -> tuple[list[Series], dict[str, float]]:
    ours, peer = Series("grid, Lapwing", "ms"), Series("grid, scanspec", "ms")
    dimensions = snaked_spec().calculate()
    for _ in range(blocks):
        ours.add(1e3 * timed(lambda: run(grid().blocks(BLOCK))))
        peer.add(1e3 * timed(lambda: run(theirs(dimensions))))
    ratios = {
        "grid: Lapwing / scanspec": ours.median / peer.median,
        "grid, memory of 50 blocks, MB": peak(
            lambda: run(grid().blocks(BLOCK, 0, 50 * BLOCK))
        ),
        "grid, memory of all blocks, MB": peak(lambda: run(grid().blocks(BLOCK))),
        "grid, memory of scanspec's, MB": peak(
            lambda: run(theirs(snaked_spec().calculate()))
        ),
    }
    return [ours, peer], ratios


def last_of_spiral(blocks: int) -> tuple[list[Series], dict[str, float]]:
    series = Series("last 4000 of 10^7 on a spiral", "ms")
    for _ in range(4 * blocks):
        series.add(1e3 * timed(lambda: spiral().slice(-BLOCK)))
    spec = Fly(Spiral("x", 0, 2 * SPIRAL_RADIUS, 1, "y", 0))
    prepared = timed(spec.calculate)
    ratios = {
        "points of the spiral": float(spiral().size),
        "last 4000, memory, MB": peak(lambda: spiral().slice(-BLOCK)),
        "the same, scanspec, prepared in ms": 1e3 * prepared,
    }
    return [series], ratios


def kinds(blocks: int) -> list[Series]:
    paths: dict[str, Trajectory] = {
        "snaked grid": grid(),
        "circle in the grid": circle(),
        "grid, random offsets": noisy(),
        "spiral, its last 10^6": spiral(),
    }
    paths["circle in the grid"].slice(0, 1)  # so that it is counted before
    found = []
    for name, path in paths.items():
        series = Series(f"a point, {name}", "µs")
        start = max(0, path.size - 10**6)
        for _ in range(max(1, blocks // 2)):
            seconds = timed(lambda p=path, s=start: run(p.blocks(BLOCK, s)))
            series.add(1e6 * seconds / (path.size - start))
        found.append(series)
    counting = Series("a point, counted in a circle", "µs")
    for _ in range(max(1, blocks // 2)):
        counting.add(1e6 * timed(lambda: circle().prepare()) / 10**6)
    return [*found, counting]


def main() -> None:
    args = arguments(__doc__, blocks=15)
    series, ratios = grids(args.blocks)
    more, facts = last_of_spiral(args.blocks)
    series += [*more, *kinds(args.blocks)]
    selection = circle().dimensions[0].selection
    if selection is not None:
        facts["index of the circle in 10^6 points, kB"] = selection.nbytes / 1e3
    report("Trajectories", series, ratios | facts, args)


if __name__ == "__main__":
    main()
