"""A range of points as PVT points: rows, the gaps between them, run-up and run-down.

Owns the order of PVT points, and the checks of what axes do between them.
Must not know blocks of a stream, controllers, devices or clocks.
Test: a range cut anywhere gives the same PVT points; each limit is held.
"""

from dataclasses import dataclass

import numpy as np

from lapwing.trajectory.motion.hermite import Segments
from lapwing.trajectory.motion.limits import LimitArrays, MotionLimits
from lapwing.trajectory.motion.pvt import PvtBlock, UserProgram
from lapwing.trajectory.motion.rows import RowRules, Rows, find_rows
from lapwing.trajectory.motion.turnarounds import Turnarounds, turn_around
from lapwing.trajectory.points import Bools, Floats, Ints, Points

__all__ = [
    "ROW",
    "RUN_DOWN",
    "RUN_UP",
    "TURN",
    "WHENS",
    "Assembly",
    "Stretch",
    "assemble",
    "check",
]

WHENS = ["", "the turnaround before ", "the run-up to ", "the run-down after "]
ROW, TURN, RUN_UP, RUN_DOWN = range(4)
"""The kinds of ways that lead to PVT points; of each, `WHENS` has the words."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Points that follow each other, with their neighbours in the same motion.

    Args:
        points: The points, with one before and one after where there are such.
        begin: Which is the first that is meant: 0 if the motion begins with it, or 1.
        end: Which is the one after the last that is meant.
        first: Number of ``points[0]`` in its trajectory.
    """

    points: Points
    begin: int
    end: int
    first: int

    @property
    def run_up(self) -> bool:
        """Whether the motion begins with the first point."""
        return self.begin == 0

    @property
    def run_down(self) -> bool:
        """Whether the motion ends with the last point."""
        return self.end == len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """The PVT points of a stretch, and what a summary needs of it.

    Args:
        block: All of its PVT points.
        in_row: Which of them end a segment within a point, (num_pvt,).
        joint: Which of them are bounds between joined points, (num_pvt,).
        when: Which of the kinds of ways leads to them, (num_pvt,).
        owner: Which of the points of the stretch they belong to, (num_pvt,).
        gaps: The gaps before its points, but for a run-up.
    """

    block: PvtBlock
    in_row: Bools
    joint: Bools
    when: Ints
    owner: Ints
    gaps: Turnarounds


def assemble(
    stretch: Stretch, motion: MotionLimits, limits: LimitArrays, rules: RowRules
) -> Assembly:
    """Plan the PVT points of a stretch; `check` is still to be done.

    Raises:
        PlanArgumentError: If a point has no duration, or is faster than an axis is.
    """
    rows = find_rows(stretch.points, motion, limits, rules, stretch.first)
    layout = _Layout(stretch, rows, motion, limits)
    block, in_row = layout.block, layout.when == ROW
    return Assembly(
        block=block,
        in_row=in_row,
        joint=in_row & (block.user_program == UserProgram.POINT),
        when=layout.when,
        owner=layout.owner + stretch.begin,
        gaps=layout.gaps,
    )


def check(
    assembly: Assembly, stretch: Stretch, limits: LimitArrays
) -> tuple[Floats, Floats]:
    """Check all that axes do between the PVT points of a stretch.

    Returns:
        The positions at which axes turn round on the way to each PVT point, in order;
        see `Segments.turns`.

    Raises:
        PlanArgumentError: If a point asks for more than its axes can do.
        LimitError: If an axis would go beyond a soft limit.
    """
    segments = assembly.block.segments()
    _check_rows(segments, assembly.in_row, assembly.owner, stretch, limits)
    turns = segments.turns()
    places = (segments.x0, *turns, segments.x1)
    limits.refuse_beyond(
        np.minimum(np.minimum(*places[:2]), np.minimum(*places[2:])),
        np.maximum(np.maximum(*places[:2]), np.maximum(*places[2:])),
        WHENS,
        assembly.when,
        stretch.points,
        stretch.first,
        assembly.owner,
    )
    return turns


def _check_rows(
    segments: Segments,
    in_row: Bools,
    owner: Ints,
    stretch: Stretch,
    limits: LimitArrays,
) -> None:
    """Check what the controller's cubics make of points, between their bounds."""
    # Within gaps limits are held by construction.
    some = Segments(
        segments.x0[in_row],
        segments.v0[in_row],
        segments.x1[in_row],
        segments.v1[in_row],
        segments.time[in_row],
    )
    named = stretch.points, stretch.first, owner[in_row]
    limits.refuse_faster(some.peak_velocity(), "velocity", *named)
    limits.refuse_faster(some.peak_acceleration(), "acceleration", *named)


class _Layout:
    """Arrays of PVT points in their order, filled kind by kind.

    Each point of the stretch owns the PVT points from the gap or run-up before it to
    its upper bound; the last one owns the run-down, too.
    """

    def __init__(
        self, stretch: Stretch, rows: Rows, motion: MotionLimits, limits: LimitArrays
    ):
        self._stretch, self._rows = stretch, rows
        self._tick, self._limits = motion.tick, limits
        self._meant = slice(stretch.begin, stretch.end)
        self.gaps = self._plan_gaps(motion.min_turnaround)
        self._before_row = np.bincount(
            self._after_gap[self.gaps.gap], minlength=stretch.end - stretch.begin
        )
        self._before_row[0] += stretch.run_up
        middle = rows.middle_needed[self._meant]
        lasts = self._before_row + middle + 1
        self._upper = lasts.cumsum() - 1  # where the PVT point of each upper bound is
        lasts[-1] += stretch.run_down
        self.owner = np.repeat(np.arange(len(lasts)), lasts)
        self._allocate()
        self._put_gaps()
        self._put_rows(middle)
        self._put_run_up()
        self._put_run_down()

    def _allocate(self) -> None:
        total = len(self.owner)
        self.when = np.full(total, ROW)
        self._time = np.empty(total)
        self._position, self._velocity = np.empty((2, total, len(self._limits.axes)))
        self._program = np.full(total, int(UserProgram.NONE))
        self._completed = self.owner + (self._stretch.first + self._stretch.begin)

    @property
    def block(self) -> PvtBlock:
        return PvtBlock(
            axes=self._limits.axes,
            time=self._time,
            position=self._position,
            velocity=self._velocity,
            user_program=self._program,
            completed=self._completed,
            start_position=self._start[0],
            start_velocity=self._start[1],
            start_completed=self._stretch.first + self._stretch.begin,
        )

    def _plan_gaps(self, min_turnaround: float) -> Turnarounds:
        """Plan the gaps before points that are meant, but for the motion's first."""
        points, rows = self._stretch.points, self._rows
        gap = rows.gap[self._meant].copy()
        gap[:1] &= not self._stretch.run_up
        self._after_gap = np.flatnonzero(gap)
        after = self._after_gap + self._stretch.begin
        return turn_around(
            (points.upper[after - 1], rows.upper[after - 1]),
            (points.lower[after], rows.lower[after]),
            self._limits,
            self._tick,
            np.maximum(points.delay_after[after - 1], min_turnaround),
        )

    def _put(
        self,
        at: Ints | int,
        when: int,
        time: Floats | float,
        position: Floats,
        velocity: Floats,
    ) -> None:
        self.when[at] = when
        self._time[at] = time
        self._position[at], self._velocity[at] = position, velocity

    def _put_gaps(self) -> None:
        gap = self.gaps.gap
        nth = np.arange(len(gap)) - np.searchsorted(gap, gap)
        lower = self._upper - self._rows.middle_needed[self._meant] - 1
        begin = lower - self._before_row + 1
        at = begin[self._after_gap[gap]] + nth
        self._put(at, TURN, self.gaps.time, self.gaps.position, self.gaps.velocity)
        self._program[lower[self._after_gap]] = UserProgram.POINT

    def _put_rows(self, middle: Bools) -> None:
        points, rows, meant = self._stretch.points, self._rows, self._meant
        time = points.duration[meant]
        at = self._upper[middle] - 1
        half = time[middle] / 2
        self._put(
            at, ROW, half, points.midpoint[meant][middle], rows.middle[meant][middle]
        )
        self._program[at] = UserProgram.MIDPOINT
        self._put(
            self._upper,
            ROW,
            np.where(middle, time / 2, time),
            points.upper[meant],
            rows.upper[meant],
        )
        last = self._stretch.run_down
        gap_after = np.append(rows.gap, [True] * last)[self._stretch.begin + 1 :]
        gap_after = gap_after[: len(time)]
        self._program[self._upper] = np.where(
            gap_after, UserProgram.GAP, UserProgram.POINT
        )
        self._completed[self._upper] += 1

    def _put_run_up(self) -> None:
        points, rows, begin = self._stretch.points, self._rows, self._stretch.begin
        if not self._stretch.run_up:
            self._start = points.upper[begin - 1], rows.upper[begin - 1]
            return
        velocity, lower = rows.lower[0], points.lower[0]
        time = self._ramp_time(velocity)
        self._put(0, RUN_UP, time, lower, velocity)
        self._program[0] = UserProgram.POINT
        self._start = lower - velocity * time / 2, np.zeros_like(velocity)

    def _put_run_down(self) -> None:
        if not self._stretch.run_down:
            return
        velocity, upper = self._rows.upper[-1], self._stretch.points.upper[-1]
        time = self._ramp_time(velocity)
        self._put(-1, RUN_DOWN, time, upper + velocity * time / 2, 0 * upper)
        self._program[-1] = UserProgram.END
        self._completed[-1] += 1

    def _ramp_time(self, velocity: Floats) -> float:
        """Return the seconds, in whole ticks, in which all axes reach a velocity."""
        ticks = (np.abs(velocity) / (self._limits.acceleration * self._tick)).max()
        return max(1.0, float(np.ceil(ticks - 1e-9 * max(ticks, 1.0)))) * self._tick
