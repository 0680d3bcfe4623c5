"""Motion plans: a range of a trajectory as PVT points, in blocks or at once.

Owns the range, its check as a whole before anything moves, and the stream of blocks.
Must not know controllers, devices, clocks, plots or files.
Test: tests/property/test_motion.py; blocks of any size are the same motion.
"""

from collections.abc import Iterator

from lapwing.errors import PlanArgumentError, StateError
from lapwing.trajectory.interface import BLOCK, Trajectory
from lapwing.trajectory.motion.assembly import Assembly, Stretch, assemble, check
from lapwing.trajectory.motion.limits import MotionLimits
from lapwing.trajectory.motion.pvt import PvtBlock
from lapwing.trajectory.motion.rests import Rests, at_rest, plan_rests
from lapwing.trajectory.motion.rows import RowRules
from lapwing.trajectory.motion.streams import cut_long, drop_collinear
from lapwing.trajectory.motion.summary import MotionSummary, Sums, Survey, sum_up
from lapwing.trajectory.points import Floats, Points

__all__ = ["MotionPlan"]


class MotionPlan:
    """The motion through a range of a trajectory, from rest to rest.

    Axes go through each point from its lower to its upper bound in exactly its
    duration. They are at their velocities when the first point begins (run-up), and
    come to rest after the last one (run-down). Between points that are not joined all
    axes turn round in one common time, the least whole number of ticks in which each
    of them can, within its limits. All of the range is checked when the plan is made:
    speeds, accelerations, and the soft limits on every way.

    Memory does not grow with the range; time to make it does, about a second for
    each million points.

    Args:
        trajectory: Whatever has points; or the points.
        limits: What the axes may do, and the controller's tick.
        start: Index of the first point; the run-up ends at its lower bound.
        stop: Index after the last point; the end of the trajectory if not given.
        part: Whether a gap is put between joined points where their velocities differ
            more than can be made up for within them. If not, that is an error.
        midpoints: Whether the middle of each point is a PVT point.
        sparse: Whether bounds between points that go on at the same velocity are left
            out.

    Attributes:
        axes: Names of the axes, in the order of columns.
        start: Index of the first point.
        stop: Index after the last point.
        at_rest: Whether nothing moves within any point.
        summary: Times, distances and extremes of the whole motion.

    Raises:
        PlanArgumentError: If there is no point or no axis; if an axis has no limits;
            if a point has no duration, or one of less than a tick; if a point is
            faster than an axis can be, or asks for more acceleration.
        LimitError: If an axis would go beyond a soft limit, on any way.
    """

    def __init__(
        self,
        trajectory: Trajectory | Points,
        limits: MotionLimits,
        start: int = 0,
        stop: int | None = None,
        *,
        part: bool = False,
        midpoints: bool = False,
        sparse: bool = False,
    ):
        if not isinstance(limits, MotionLimits):
            raise PlanArgumentError(
                f"the limits of a motion are {limits!r}; MotionLimits are needed"
            )
        self._source = trajectory
        self.axes = tuple(trajectory.axes)
        self.limits = limits
        self.start, self.stop, _ = slice(start, stop).indices(len(trajectory))
        self._rules = RowRules(part=part, midpoints=midpoints)
        self._sparse = sparse
        if not self.axes or self.start >= self.stop:
            raise PlanArgumentError(
                f"a motion from point {self.start} to before point {self.stop} of "
                f"{len(trajectory)} with the axes {self.axes} was asked for; it needs "
                "at least one point and one axis"
            )
        self._limits = limits.of(self.axes)
        self._only: Assembly | None = None  # kept where all fits into one block
        self.at_rest = True
        self.summary = self._survey()

    @property
    def start_position(self) -> Floats:
        """Where axes have to be, at rest, before the motion begins, (num_axes,)."""
        return self._start_position

    def blocks(self, num_points: int = BLOCK) -> Iterator[PvtBlock]:
        """Go through the PVT points in blocks, each begun where the last one ended.

        Args:
            num_points: Points of the trajectory in a block, at least 1. A block has
                more PVT points than that where there are gaps, and less if sparse.

        Raises:
            PlanArgumentError: If a block is to have less than one point.
        """
        if num_points < 1:
            raise PlanArgumentError(
                f"blocks of {num_points} points were asked for; 1 is the least"
            )
        made = self._assemblies(num_points)
        if self._sparse:
            blocks = drop_collinear((one.block, one.joint) for one in made)
        else:
            blocks = (one.block for one in made)
        return cut_long(blocks, self.limits.tick, self.limits.max_segment)

    def pvt(self) -> PvtBlock:
        """Return all PVT points at once."""
        return PvtBlock.join(list(self.blocks()))

    def peaks(self, num_points: int = BLOCK) -> Iterator[tuple[Floats, Floats]]:
        """Go through the speeds on the way to points at rest, without PVT points.

        Args:
            num_points: Points in a block, at least 1.

        Yields:
            Seconds at which each point ends, (num_points,), and the greatest speeds
            on the way to it, (num_points, num_axes), units a second.

        Raises:
            StateError: Something moves within points: see `at_rest`.
        """
        if not self.at_rest:
            raise StateError(
                "speeds between points at rest were asked for, but axes move within "
                "points; go through `blocks`"
            )
        end = 0.0
        for stretch in self._stretches(num_points):
            lasts, fastest = self._rests(stretch).peaks()
            ends = end + lasts.cumsum()
            yield ends, fastest
            end = float(ends[-1])

    def _survey(self) -> MotionSummary:
        survey = Survey(self._limits)
        for stretch in self._stretches(BLOCK):
            survey.add(self._sum_up(stretch))
        return survey.summary(self.stop - self.start)

    def _sum_up(self, stretch: Stretch) -> Sums:
        """Check a stretch, and sum it up."""
        short, rest = self.stop - self.start <= BLOCK, at_rest(stretch.points)
        self.at_rest &= rest
        if rest and not short:
            sums = self._rests(stretch).sums()
            begins = stretch.points.midpoint[0]
        else:
            assembly = self._assemble(stretch)
            sums = sum_up(assembly, check(assembly, stretch, self._limits))
            begins = assembly.block.start_position
            if short:
                self._only = assembly
        if stretch.run_up:
            self._start_position = begins
        return sums

    def _rests(self, stretch: Stretch) -> Rests:
        return plan_rests(stretch, self.limits, self._limits, self._rules)

    def _assemblies(self, num_points: int) -> Iterator[Assembly]:
        if self._only is not None and num_points >= self.stop - self.start:
            yield self._only
        else:
            yield from map(self._assemble, self._stretches(num_points))

    def _assemble(self, stretch: Stretch) -> Assembly:
        return assemble(stretch, self.limits, self._limits, self._rules)

    def _stretches(self, num_points: int) -> Iterator[Stretch]:
        for begin in range(self.start, self.stop, num_points):
            end = min(begin + num_points, self.stop)
            first, last = max(begin - 1, self.start), min(end + 1, self.stop)
            points = self._source[first:last]
            yield Stretch(points, begin - first, end - first, first)
