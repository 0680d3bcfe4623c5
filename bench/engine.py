"""What the engine costs: µs per point of ``count`` and ``scan``, side by side.

Three ways to take the same points with devices that do nothing and one
subscriber: Lapwing, Bluesky's RunEngine, and a bare loop that makes the same
calls on the devices. They run in interleaved blocks in one process.

    python bench/engine.py [--points 1000] [--blocks 7] [--json FILE]
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

from harness import Series, arguments, report


class Done:
    """A status that was done before anyone looked."""

    done = True
    success = True

    def add_callback(self, callback: Callable[..., Any]) -> None:
        callback(self)

    def exception(self, timeout: float | None = 0.0) -> None:
        return None


DONE = Done()


class NoOp:
    """A readable that costs next to nothing; scalar ``name``."""

    parent = None

    def __init__(self, name: str):
        self.name = name
        self.hints = {"fields": [name]}
        self.value: float = 0.0

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": self.value, "timestamp": 0.0}}

    def describe(self) -> dict[str, Any]:
        return {self.name: {"source": "bench", "dtype": "number", "shape": []}}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}

    def stage(self) -> list[Any]:
        return [self]

    def unstage(self) -> list[Any]:
        return [self]


class NoOpDetector(NoOp):
    def trigger(self) -> Done:
        return DONE


class NoOpMotor(NoOp):
    def set(self, value: float) -> Done:
        self.value = value
        return DONE


def take(name: str, doc: dict[str, Any]) -> None:
    """Subscribe to documents and do nothing with them."""


def bare_count(det: NoOpDetector, points: int) -> None:
    for _ in range(points):
        det.trigger()
        take("event", det.read())


def bare_scan(det: NoOpDetector, motor: NoOpMotor, points: int) -> None:
    for i in range(points):
        motor.set(i / (points - 1))
        det.trigger()
        take("event", {**det.read(), **motor.read()})


def main() -> None:
    args = arguments(__doc__, points=1000, blocks=7)
    # Bluesky's own dependencies deprecate each other; that is not measured here.
    warnings.simplefilter("ignore")
    import bluesky
    import bluesky.plans

    import lapwing
    import lapwing.plans

    det, motor = NoOpDetector("det"), NoOpMotor("motor")
    engines = {}
    for name, engine_class in (
        ("lapwing", lapwing.RunEngine),
        ("bluesky", bluesky.RunEngine),
    ):
        engines[name] = engine_class({})
        engines[name].subscribe(take)
    RE, BRE = engines["lapwing"], engines["bluesky"]
    # A fast engine gets more points a block, so that each block lasts as long.
    n, fast, bare = args.points, 20 * args.points, 200 * args.points
    variants = [
        ("count", "lapwing", fast, lambda: RE(lapwing.plans.count([det], fast))),
        ("count", "bluesky", n, lambda: BRE(bluesky.plans.count([det], n))),
        ("count", "bare", bare, lambda: bare_count(det, bare)),
        (
            "scan",
            "lapwing",
            fast,
            lambda: RE(lapwing.plans.scan([det], motor, 0, 1, fast)),
        ),
        ("scan", "bluesky", n, lambda: BRE(bluesky.plans.scan([det], motor, 0, 1, n))),
        ("scan", "bare", bare, lambda: bare_scan(det, motor, bare)),
    ]
    series = {
        (plan, who): Series(f"{plan} {who}", "µs/point") for plan, who, *_ in variants
    }
    for block in range(args.blocks + 1):
        for plan, who, points, run in variants:
            start = time.perf_counter()
            run()
            elapsed = (time.perf_counter() - start) / points * 1e6
            if block:  # the first block warms up
                series[plan, who].add(elapsed)
    ratios = {
        f"{plan}: {who} / lapwing": series[plan, who].median
        / series[plan, "lapwing"].median
        for plan in ("count", "scan")
        for who in ("bluesky", "bare")
    }
    report("engine", list(series.values()), ratios, args)


if __name__ == "__main__":
    main()
