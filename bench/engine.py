"""What the engine costs, side by side with Bluesky's RunEngine.

The same work three ways, with devices that do nothing and one subscriber: Lapwing,
Bluesky's RunEngine, and a bare loop that makes the same calls on the devices. They
run in interleaved blocks in one process. Then the spread of single points, and
what 10 detectors with 100 keys cost.

    python bench/engine.py [--points 1000] [--blocks 7] [--json FILE]
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
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
    """A readable that costs next to nothing; scalars ``name``, ``name_1``, ..."""

    parent = None

    def __init__(self, name: str, keys: int = 1):
        self.name = name
        self.keys = [name, *(f"{name}_{i}" for i in range(1, keys))]
        self.hints = {"fields": [name]}
        self.value: float = 0.0

    def read(self) -> dict[str, Any]:
        return {key: {"value": self.value, "timestamp": 0.0} for key in self.keys}

    def describe(self) -> dict[str, Any]:
        spec = {"source": "bench", "dtype": "number", "shape": []}
        return {key: dict(spec) for key in self.keys}

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


def bare_count(dets: list[NoOpDetector], points: int) -> None:
    for _ in range(points):
        for det in dets:
            det.trigger()
        take("event", {key: value for det in dets for key, value in det.read().items()})


def bare_scan(det: NoOpDetector, motor: NoOpMotor, points: int) -> None:
    for i in range(points):
        motor.set(i / (points - 1))
        det.trigger()
        take("event", {**det.read(), **motor.read()})


class Intervals:
    """A subscriber that times single points."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        if name == "event":
            self.times.append(time.perf_counter())

    def fill(self, series: Series) -> None:
        for before, after in zip(self.times, self.times[1:], strict=False):
            series.add((after - before) * 1e6)


@dataclass
class Peer:
    """One of the two systems."""

    name: str
    RE: Any
    plans: Any
    Msg: Any
    points: int  # a block; the faster one gets more, so that blocks last alike


def main() -> None:
    args = arguments(__doc__, points=1000, blocks=7)
    # Bluesky's own dependencies deprecate each other; that is not measured here.
    warnings.simplefilter("ignore")
    import bluesky
    import bluesky.plans

    import lapwing
    import lapwing.plans

    n = args.points
    peers = [
        Peer("lapwing", lapwing.RunEngine({}), lapwing.plans, lapwing.Msg, 20 * n),
        Peer("bluesky", bluesky.RunEngine({}), bluesky.plans, bluesky.Msg, n),
    ]
    det, motor = NoOpDetector("det"), NoOpMotor("motor")
    wide = [NoOpDetector(f"wide{i}", keys=10) for i in range(10)]
    for peer in peers:
        peer.RE.subscribe(take)

    def per_point(work: Callable[[], Any], points: int) -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) / points * 1e6

    kinds = {
        "null message": lambda p, k: p.RE(p.Msg("null") for _ in range(k)),
        "count": lambda p, k: p.RE(p.plans.count([det], k)),
        "scan": lambda p, k: p.RE(p.plans.scan([det], motor, 0, 1, k)),
        "count, 10 detectors": lambda p, k: p.RE(p.plans.count(wide, k)),
    }
    bare = {
        "count": lambda k: bare_count([det], k),
        "scan": lambda k: bare_scan(det, motor, k),
        "count, 10 detectors": lambda k: bare_count(wide, k),
    }
    series = {
        (kind, who): Series(f"{kind}: {who}", "µs")
        for kind in kinds
        for who in ("lapwing", "bluesky", "bare")
        if who != "bare" or kind in bare
    }
    for block in range(args.blocks + 1):
        for kind, work in kinds.items():
            scale = 0.2 if "10" in kind else 1
            costs = {
                p.name: per_point(
                    lambda p=p, w=work, s=scale: w(p, int(p.points * s)),
                    int(p.points * scale),
                )
                for p in peers
            }
            if kind in bare:
                k = int(100 * n * scale)
                costs["bare"] = per_point(lambda k=k, f=bare[kind]: f(k), k)
            if block:  # the first block warms up
                for who, cost in costs.items():
                    series[kind, who].add(cost)
    ratios = {
        f"{kind}: bluesky / lapwing": series[kind, "bluesky"].median
        / series[kind, "lapwing"].median
        for kind in kinds
    }
    spread = []
    for peer in peers:
        timer = Intervals()
        token = peer.RE.subscribe(timer)
        peer.RE(peer.plans.scan([det], motor, 0, 1, 5 * peer.points))
        peer.RE.unsubscribe(token)
        one = Series(f"single points of scan: {peer.name}", "µs")
        timer.fill(one)
        spread.append(one)
    report("engine", [*series.values(), *spread], ratios, args)


if __name__ == "__main__":
    main()
