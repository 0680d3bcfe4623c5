"""Cubic Hermite segments: what a controller does between two PVT points.

Owns the position on the way, where axes turn round, and their peaks, in closed form.
Must not know points of a trajectory, limits, ticks, controllers or clocks.
Test: against fine samples of the same cubic.

A segment takes h seconds from position x0 and velocity v0 to x1 and v1. With s from 0
to 1 and d = x1 - x0 it is x(s) = x0 + c1 s + c2 s² + c3 s³, where c1 = h v0,
c2 = 3 d - h (2 v0 + v1) and c3 = h (v0 + v1) - 2 d, 0 at constant acceleration.
"""

from dataclasses import dataclass

import numpy as np

from lapwing.trajectory.points import Floats

__all__ = ["Segments"]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Cubic segments of some axes.

    Args:
        x0: Positions at the start, (num_segments, num_axes).
        v0: Velocities at the start, units a second.
        x1: Positions at the end.
        v1: Velocities at the end.
        time: Seconds, above 0, (num_segments, 1).
    """

    x0: Floats
    v0: Floats
    x1: Floats
    v1: Floats
    time: Floats

    def _cubic(self) -> tuple[Floats, Floats, Floats]:
        distance, c1, c1_end = (
            self.x1 - self.x0,
            self.time * self.v0,
            self.time * self.v1,
        )
        return c1, 3 * distance - 2 * c1 - c1_end, c1 + c1_end - 2 * distance

    def at(self, part: Floats) -> tuple[Floats, Floats]:
        """Return positions and velocities at a part of each segment.

        Args:
            part: From 0, the start, to 1, the end; (num_segments, 1).
        """
        c1, c2, c3 = self._cubic()
        position = self.x0 + part * (c1 + part * (c2 + part * c3))
        return position, (c1 + part * (2 * c2 + part * 3 * c3)) / self.time

    def turns(self) -> tuple[Floats, Floats]:
        """Return the positions at which axes turn round within segments, in order.

        There are at most two; one that is not there is given as the start.
        """
        c1, c2, c3 = self._cubic()
        root = np.sqrt(np.maximum(c2 * c2 - 3 * c1 * c3, 0.0))
        q = -(c2 + np.copysign(root, c2))
        with np.errstate(divide="ignore", invalid="ignore"):
            first, second = _inside(q / (3 * c3)), _inside(c1 / q)
        found = []
        for s in (np.minimum(first, second), np.maximum(first, second)):
            found.append(self.x0 + s * (c1 + s * (c2 + s * c3)))
        return found[0], found[1]

    def peak_velocity(self) -> Floats:
        """Return the greatest speed within each segment, >= 0."""
        c1, c2, c3 = self._cubic()
        with np.errstate(divide="ignore", invalid="ignore"):
            s = _inside(-c2 / (3 * c3))
        middle = np.abs(c1 + s * (2 * c2 + s * 3 * c3)) / self.time
        return np.maximum(middle, np.maximum(np.abs(self.v0), np.abs(self.v1)))

    def peak_acceleration(self) -> Floats:
        """Return the greatest acceleration within each segment, >= 0.

        What the rounding of positions makes of it is left out.
        """
        _, c2, c3 = self._cubic()
        rounding = (
            8 * np.finfo(float).eps * np.maximum(np.abs(self.x0), np.abs(self.x1))
        )
        peak = np.maximum(np.abs(c2), np.abs(c2 + 3 * c3)) - 3 * rounding
        return 2 * np.maximum(peak, 0.0) / self.time**2


def _inside(part: Floats) -> Floats:
    """Return 0 for what is not inside the segment."""
    return np.where((part > 0) & (part < 1), part, 0.0)
