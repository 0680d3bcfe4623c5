"""PVT points: the times, positions and velocities that a controller is given.

Owns the block of PVT points, and the words of its user programs.
Must not know limits, how the points were planned, controllers, devices or clocks.
Test: make blocks by hand, sample them, join them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.motion.hermite import Segments
from lapwing.trajectory.points import Floats, Ints

__all__ = ["PvtBlock", "UserProgram"]


class UserProgram(IntEnum):
    """What begins at a PVT point, for the controller's outputs to tell detectors.

    The numbers are those that the motion programs for the PMAC's trajectory scan use.
    """

    NONE = 0
    """Nothing new: on the way through a gap or a long point."""
    POINT = 1
    """A point of the trajectory, at its lower bound."""
    GAP = 2
    """A gap, at the upper bound of the point before it."""
    MIDPOINT = 4
    """The second half of a point, at its midpoint."""
    END = 8
    """Rest, after everything."""


@dataclass(frozen=True, slots=True, eq=False)
class PvtBlock:
    """PVT points that follow each other; between them axes move by cubics.

    Args:
        axes: Names of the axes, in the order of the columns.
        time: Seconds since the PVT point before it, above 0, float64 (num_pvt,).
        position: Units of the axes, float64 (num_pvt, num_axes).
        velocity: Units of the axes a second, as `position`.
        user_program: `UserProgram` numbers, int64 (num_pvt,): what begins there. 1 is
            a point, 2 a gap, 4 the second half of a point, 8 the rest at the end, and
            0 nothing new.
        completed: How many points of the trajectory, counted from its first, are
            behind when this PVT point is reached, int64 (num_pvt,).
        start_position: Where axes are before the first PVT point, (num_axes,).
        start_velocity: How fast they are then, (num_axes,).
        start_completed: How many points are behind then.
    """

    axes: tuple[str, ...]
    time: Floats
    position: Floats
    velocity: Floats
    user_program: Ints
    completed: Ints
    start_position: Floats
    start_velocity: Floats
    start_completed: int

    def __len__(self) -> int:
        return len(self.time)

    @property
    def total_time(self) -> float:
        """Seconds from the start to the last PVT point."""
        return float(self.time.sum())

    def elapsed(self) -> Floats:
        """Return the seconds from the start to each PVT point."""
        return self.time.cumsum()

    def segments(self) -> Segments:
        """Return the cubics that lead to each of the PVT points."""
        return Segments(
            np.concatenate([self.start_position[None], self.position[:-1]]),
            np.concatenate([self.start_velocity[None], self.velocity[:-1]]),
            self.position,
            self.velocity,
            self.time[:, None],
        )

    def sample(self, times: Floats) -> tuple[Floats, Floats]:
        """Return positions and velocities at any times.

        Args:
            times: Seconds since the start, from 0 to `total_time`, (num_times,).

        Returns:
            Both (num_times, num_axes).
        """
        elapsed = self.elapsed()
        at = np.minimum(np.searchsorted(elapsed, times), len(self) - 1)
        whole = self.segments()
        some = Segments(
            whole.x0[at], whole.v0[at], whole.x1[at], whole.v1[at], whole.time[at]
        )
        part = 1 - (elapsed[at] - times) / self.time[at]
        return some.at(np.clip(part, 0.0, 1.0)[:, None])

    @classmethod
    def join(cls, blocks: Sequence["PvtBlock"]) -> "PvtBlock":
        """Put blocks one after the other.

        Raises:
            PlanArgumentError: If there is none, or if their axes differ.
        """
        if not blocks or any(block.axes != blocks[0].axes for block in blocks):
            raise PlanArgumentError(
                "PVT blocks of the same axes can be joined, at least one; these have "
                f"{[block.axes for block in blocks]}"
            )
        if len(blocks) == 1:
            return blocks[0]
        return cls(
            axes=blocks[0].axes,
            start_position=blocks[0].start_position,
            start_velocity=blocks[0].start_velocity,
            start_completed=blocks[0].start_completed,
            time=np.concatenate([block.time for block in blocks]),
            position=np.concatenate([block.position for block in blocks]),
            velocity=np.concatenate([block.velocity for block in blocks]),
            user_program=np.concatenate([block.user_program for block in blocks]),
            completed=np.concatenate([block.completed for block in blocks]),
        )
