"""Rests: what a motion between points at rest comes to, without its PVT points.

Owns the sums over turnarounds from rest to rest, each kind of which is planned once.
Must not know how PVT points are laid out, plots, controllers, devices or clocks.
Test: tests/unit/trajectory/test_motion_rests.py; against the sums over PVT points.

From rest to rest no axis goes beyond the two places, and a grid has few kinds of ways:
a million points are summed up in half a second.
"""

from dataclasses import dataclass

import numpy as np

from lapwing.trajectory.motion.assembly import ROW, RUN_UP, TURN, WHENS, Stretch
from lapwing.trajectory.motion.limits import LimitArrays, MotionLimits
from lapwing.trajectory.motion.rows import RowRules, find_rows
from lapwing.trajectory.motion.summary import Sums
from lapwing.trajectory.motion.turnarounds import Turnarounds, turn_around
from lapwing.trajectory.points import Floats, Ints, Points

__all__ = ["Rests", "at_rest", "plan_rests"]

_ALIKE = 1e-9
"""Of what the greatest acceleration covers in a tick: ways that differ less are one."""

_ODD = 0x9E37_79B9_7F4A_7C15  # its multiples spread over all words of 64 bits


def at_rest(points: Points) -> bool:
    """Tell whether nothing moves within any of the points."""
    return bool(
        (points.lower == points.midpoint).all()
        and (points.upper == points.midpoint).all()
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rests:
    """A stretch of points at rest, and the gaps before them.

    Args:
        stretch: The points.
        after: Before which of the points there are gaps, (num_gaps,).
        kind: Of which kind each gap is, (num_gaps,).
        kinds: One gap of each kind.
        tick: Seconds.
    """

    stretch: Stretch
    after: Ints
    kind: Ints
    kinds: Turnarounds
    tick: float

    def sums(self) -> Sums:
        """Sum up the stretch."""
        stretch, points = self.stretch, self.stretch.points
        near = points.midpoint[: stretch.end]
        ways = points.midpoint[self.after] - points.midpoint[self.after - 1]
        counts = np.bincount(self.kind, minlength=len(self.kinds.ticks))
        points_time = float(points.duration[stretch.begin : stretch.end].sum())
        gaps_time = float((self.kinds.ticks * counts).sum()) * self.tick
        ramps_time = (stretch.run_up + stretch.run_down) * self.tick
        num_axes = len(points.axes)
        waits = np.bincount(self.kinds.slowest, weights=counts, minlength=num_axes)
        return Sums(
            num_gaps=len(self.after),
            points_time=points_time,
            gaps_time=gaps_time,
            total_time=points_time + gaps_time + ramps_time,
            distance=_total(np.abs(ways)),
            low=near.min(axis=0),
            high=near.max(axis=0),
            speed=np.abs(self.kinds.velocity).max(axis=0, initial=0.0),
            waits=waits.astype(np.int64),
        )

    def peaks(self) -> tuple[Floats, Floats]:
        """Return how long each point takes, and how fast axes get on the way to it.

        Returns:
            Seconds of the gap or run-up before each point and of the point,
            (num_points,), and greatest speeds, (num_points, num_axes).
        """
        begin, end = self.stretch.begin, self.stretch.end
        points, row = self.stretch.points, self.after - begin
        lasts = points.duration[begin:end].copy()
        lasts[row] += self.kinds.ticks[self.kind] * self.tick
        lasts[0] += self.stretch.run_up * self.tick
        fastest = np.zeros((end - begin, len(points.axes)))
        if len(row):
            first = np.searchsorted(self.kinds.gap, np.arange(len(self.kinds.ticks)))
            most = np.maximum.reduceat(np.abs(self.kinds.velocity), first, axis=0)
            fastest[row] = most[self.kind]
        return lasts, fastest


def plan_rests(
    stretch: Stretch, motion: MotionLimits, limits: LimitArrays, rules: RowRules
) -> Rests:
    """Plan the gaps between points at rest, and check the points.

    Raises:
        PlanArgumentError: If a point has no duration, or less than a tick.
        LimitError: If a point is beyond a soft limit.
    """
    points, meant = stretch.points, slice(stretch.begin, stretch.end)
    gap = find_rows(points, motion, limits, rules, stretch.first).gap[meant].copy()
    when = np.where(gap, TURN, ROW)
    if stretch.run_up:
        gap[0], when[0] = False, RUN_UP
    places, owner = points.midpoint[meant], np.arange(stretch.begin, stretch.end)
    limits.refuse_beyond(places, places, WHENS, when, points, stretch.first, owner)
    after = np.flatnonzero(gap) + stretch.begin
    least = np.maximum(points.delay_after[after - 1], motion.min_turnaround)
    begins, ends = points.midpoint[after - 1], points.midpoint[after]
    which, kind = _kinds(ends - begins, least, limits, motion.tick)
    rest = np.zeros((len(which), len(limits.axes)))
    kinds = turn_around(
        (begins[which], rest), (ends[which], rest), limits, motion.tick, least[which]
    )
    return Rests(stretch, after, kind, kinds, motion.tick)


def _kinds(
    ways: Floats, least: Floats, limits: LimitArrays, tick: float
) -> tuple[Ints, Ints]:
    """Find which gaps differ from each other by more than rounding.

    Args:
        ways: How far to go, (num_gaps, num_axes).
        least: Seconds that each gap lasts anyway, (num_gaps,).
        limits: Of the axes.
        tick: Seconds.

    Returns:
        The number of one gap of each kind, (num_kinds,), and the kind of each gap,
        (num_gaps,).
    """
    unit = _ALIKE * limits.acceleration * tick**2
    columns = np.column_stack([ways / unit, least / (_ALIKE * tick)])
    words = np.ascontiguousarray(np.rint(columns) + 0.0).view(np.uint64)  # no -0.0
    factors = np.arange(1, words.shape[1] + 1, dtype=np.uint64) * np.uint64(_ODD)
    mixed = ((words ^ (words >> np.uint64(32))) * factors).sum(axis=1)
    _, which, kind = np.unique(mixed, return_index=True, return_inverse=True)
    if (words != words[which[kind]]).any():  # two kinds were mixed to one number
        return np.arange(len(ways)), np.arange(len(ways))
    return which, kind


def _total(table: Floats) -> Floats:
    """Return the sums of columns, which is quicker one by one."""
    return np.array([np.ascontiguousarray(column).sum() for column in table.T])
