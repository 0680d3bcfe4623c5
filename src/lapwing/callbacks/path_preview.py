"""Path preview: what a path comes to, in numbers, before anything moves.

Owns the numbers, which part of a path is looked at, and how long it may be.
Must not know matplotlib, devices, files or command lines.
Test: tests/unit/callbacks/test_path_preview.py; against sums by hand.
"""

from dataclasses import dataclass

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import CompoundGenerator, Points, Trajectory
from lapwing.trajectory.motion import MotionLimits, MotionPlan, MotionSummary

__all__ = ["MARKED", "MOST_POINTS", "PathPreview", "PathSummary", "speed"]

MOST_POINTS = 10_000_000
"""Points that are gone through one by one, which takes a second for each million."""

MARKED = 1000
"""Points up to which each is marked in a picture; more of them would merge."""

BLOCK = 1 << 16

Box = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class PathSummary:
    """A path, or a range of it, in a few numbers.

    Args:
        shape: Points of the whole path in each dimension, slowest first.
        start: Index of the first point that is looked at.
        stop: Index after the last one.
        axes: Names of the axes, slowest first.
        units: Axis to unit.
        box: Axis to its least and its greatest position in the points, bounds
            included; None if the path is too long to look.
        points_time: Seconds of points and delays; NaN if a duration is not given.
        num_gaps: How often a point does not begin where the one before it ended;
            None if the path is too long to look.
        distance: Axis to the way that it goes, in its unit: with motion all of it,
            without it straight through points and gaps; None as `num_gaps`.
        top_speed: Axis to its greatest speed, units a second: with motion all of it,
            without it within points, NaN if no duration is given; None as `num_gaps`.
        motion: What the motion comes to; None if no limits were given.
    """

    shape: tuple[int, ...]
    start: int
    stop: int
    axes: tuple[str, ...]
    units: dict[str, str]
    box: Box | None
    points_time: float
    num_gaps: int | None
    distance: dict[str, float] | None
    top_speed: dict[str, float] | None
    motion: MotionSummary | None

    @property
    def num_points(self) -> int:
        """How many points are looked at."""
        return self.stop - self.start


class PathPreview:
    """A path, or a range of it, as it is shown before anything moves.

    Args:
        trajectory: The path.
        limits: What its axes may do; without them gaps, run-up and run-down are not
            planned.
        start: Index of the first point; negative ones count from the end.
        stop: Index after the last point; the end of the path if not given.

    Attributes:
        trajectory: The path.
        start: Index of the first point.
        stop: Index after the last point.
        motion: The motion from rest to rest; None if no limits were given.
        summary: What it comes to.

    Raises:
        PlanArgumentError: If there is no point in the range; if there are limits and
            more than ten million points; or as `MotionPlan` does.
        LimitError: As `MotionPlan` does.
    """

    def __init__(
        self,
        trajectory: Trajectory,
        limits: MotionLimits | None = None,
        start: int = 0,
        stop: int | None = None,
    ):
        self.trajectory = trajectory
        size = trajectory.size
        self.start, self.stop, _ = slice(start, stop).indices(size)
        if self.start >= self.stop:
            raise PlanArgumentError(
                f"points {start}:{size if stop is None else stop} of a path of {size} "
                "points were asked for; there is none among them"
            )
        self.motion = None
        if limits is not None:
            self.refuse_longer("planned")
            self.motion = MotionPlan(
                trajectory,
                limits,
                self.start,
                self.stop,
                sparse=self.stop - self.start > MARKED,
            )
        self.summary = self._summarize()

    def refuse_longer(self, what: str) -> None:
        """Raise if there are too many points to go through one by one.

        Args:
            what: What was to be done with them, in a word.

        Raises:
            PlanArgumentError: There are.
        """
        num = self.stop - self.start
        if num > MOST_POINTS:
            raise PlanArgumentError(
                f"a path of {num} points was to be {what} for a preview; {MOST_POINTS} "
                "are the most",
                hint="choose a range of its points",
                num_points=num,
            )

    def _summarize(self) -> PathSummary:
        path, axes = self.trajectory, tuple(self.trajectory.axes)
        sums = self._sums() if self.stop - self.start <= MOST_POINTS else None
        motion = self.motion.summary if self.motion is not None else None
        whole = self.stop - self.start == path.size
        time = path.total_time if whole else sums.time if sums else float("nan")
        if motion is not None:
            distance, speed = motion.distance, motion.top_speed
        elif sums is not None:
            distance, speed = _named(axes, sums.distance), _named(axes, sums.speed)
        else:
            distance = speed = None
        return PathSummary(
            shape=tuple(path.shape),
            start=self.start,
            stop=self.stop,
            axes=axes,
            units=dict(path.units),
            box=self._far_box() if sums is None else sums.box(axes),
            points_time=time,
            num_gaps=sums.num_gaps if sums is not None else None,
            distance=distance,
            top_speed=speed,
            motion=motion,
        )

    def _sums(self) -> "_Sums":
        sums = _Sums(len(self.trajectory.axes))
        for points in self.trajectory.blocks(BLOCK, self.start, self.stop):
            sums.add(points)
        return sums

    def _far_box(self) -> Box | None:
        """Return the box of a path too long to look at, if that is computed at once."""
        path = self.trajectory
        whole = self.stop - self.start == path.size
        if not whole or not isinstance(path, CompoundGenerator):
            return None
        still = all(mutator.constant for mutator in path.mutators)
        return path.bounding_box() if still else None


def speed(value: float, unit: str) -> str:
    """Return a speed with its unit, such as "5 mm/s"."""
    return f"{value:g} {unit}/s" if unit else f"{value:g}/s"


class _Sums:
    """Sums over points, block by block."""

    def __init__(self, num_axes: int):
        self.distance = np.zeros(num_axes)
        self.speed = np.full(num_axes, np.nan)  # until a duration is seen
        self.num_gaps, self.time = 0, 0.0
        self._low = np.full(num_axes, np.inf)
        self._high = np.full(num_axes, -np.inf)
        self._end: np.ndarray | None = None  # of the block before

    def add(self, points: Points) -> None:
        """Add the points that follow."""
        given = points.duration > 0
        seconds = np.where(given, points.duration, np.nan)
        self.time += float((seconds + points.delay_after).sum())
        self.num_gaps += int(points.gap[1:].sum())
        for column in range(len(points.axes)):
            self._add_axis(column, points, seconds)
        if self._end is not None:
            self.num_gaps += int(points.gap[0])
            self.distance += np.abs(points.lower[0] - self._end)
        self._end = points.upper[-1]

    def _add_axis(self, column: int, points: Points, seconds: np.ndarray) -> None:
        # Axis by axis: numpy is ten times slower down the columns of narrow tables.
        lower, middle, upper = (
            np.ascontiguousarray(table[:, column])
            for table in (points.lower, points.midpoint, points.upper)
        )
        way = np.abs(middle - lower).sum() + np.abs(upper - middle).sum()
        self.distance[column] += way + np.abs(lower[1:] - upper[:-1]).sum()
        speeds = np.abs(upper - lower) / seconds
        self.speed[column] = np.fmax(self.speed[column], np.fmax.reduce(speeds))
        for part in (lower, middle, upper):
            self._low[column] = min(self._low[column], part.min())
            self._high[column] = max(self._high[column], part.max())

    def box(self, axes: tuple[str, ...]) -> Box:
        """Return the least and the greatest position of each axis."""
        pairs = zip(self._low.tolist(), self._high.tolist(), strict=True)
        return dict(zip(axes, pairs, strict=True))


def _named(axes: tuple[str, ...], values: np.ndarray) -> dict[str, float]:
    return dict(zip(axes, values.tolist(), strict=True))
