"""What the journal costs an engine: a point of `count` and of `scan`.

With the journal as a session makes it (a log on the disk, its thread that syncs, no
sinks), beside the same engine without. Then how long single points take, with the
journal's own writes timed apart, while the disk is quiet and while it is busy.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import Intervals, NoOpDetector, NoOpMotor, take
from harness import Series
from journal_log import busy_disk

from lapwing import RunEngine
from lapwing.journal.log import Log
from lapwing.journal.transcript import Transcript
from lapwing.plans import count, scan

DET, MOTOR = NoOpDetector("det"), NoOpMotor("motor")
PLANS: dict[str, Callable[[int], Any]] = {
    "count": lambda points: count([DET], points),
    "scan": lambda points: scan([DET], MOTOR, 0, 1, points),
}


class TimedLog(Log):
    """A log that times its own writes, in microseconds."""

    series: Series | None = None

    def write(self, records: Sequence[Any]) -> int:
        start = time.perf_counter()
        number = super().write(records)
        if self.series is not None:
            self.series.add((time.perf_counter() - start) * 1e6)
        return number


@contextmanager
def engine_with(directory: Path) -> Iterator[tuple[RunEngine, TimedLog]]:
    """Give an engine with a journal, and the journal's log."""
    with TimedLog(directory) as log:
        transcript = Transcript(log)
        log.before_sync = transcript.write
        RE = engine()
        RE.engine.recorder = transcript
        yield RE, log
        transcript.write()


def engine() -> RunEngine:
    RE = RunEngine({})
    RE.subscribe(take)
    return RE


def per_point(RE: RunEngine, plan: Any, points: int) -> float:
    start = time.perf_counter()
    RE(plan)
    return (time.perf_counter() - start) / points * 1e6


def cost_of_points(points: int, pairs: int) -> tuple[list[Series], dict[str, float]]:
    """Run both engines in turn; the ratio is the median of those of the pairs."""
    found: list[Series] = []
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind, plan in PLANS.items():
            without, with_journal = (
                Series(f"{kind}: {who}", "µs") for who in ("without", "with journal")
            )
            plain = engine()
            with engine_with(Path(name) / kind) as (RE, log):
                for pair in range(pairs + 1):
                    costs = [
                        per_point(one, plan(points), points) for one in (plain, RE)
                    ]
                    if pair:  # the first one warms up
                        without.add(costs[0])
                        with_journal.add(costs[1])
                size = sum(path.stat().st_size for path in log.directory.glob("*.log"))
            found += [without, with_journal]
            ratios[f"{kind}: with journal / without"] = statistics.median(
                two / one
                for one, two in zip(without.values, with_journal.values, strict=True)
            )
            ratios[f"{kind}: bytes an event"] = size / (pairs + 1) / points
    return found, ratios


def single_points(points: int) -> list[Series]:
    """Time single points of a scan, and the writes that fall into them."""
    with tempfile.TemporaryDirectory() as name:
        found = _single_points(Path(name) / "quiet", points, "disk quiet")
        with busy_disk(Path(name)):
            return found + _single_points(Path(name) / "busy", points, "disk busy")


def _single_points(directory: Path, points: int, where: str) -> list[Series]:
    without, with_journal, writes = (
        Series(f"{what}, {where}", "µs")
        for what in ("point without", "point with journal", "its writes")
    )
    with engine_with(directory) as (RE, log):
        log.series = writes
        for _ in range(10):  # in turn, as the disk is never busy evenly
            for one, series in ((engine(), without), (RE, with_journal)):
                timer = Intervals()
                token = one.subscribe(timer)
                one(PLANS["scan"](points // 10))
                one.unsubscribe(token)
                timer.fill(series)
    return [without, with_journal, writes]
