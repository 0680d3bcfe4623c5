"""How long axes take from one velocity and place to another, at least.

Owns the closed forms for one axis with constant acceleration, and the common time.
Must not know points, ticks' length, units, controllers or clocks.
Test: against a search through all times; against velocity-profile.

Everything is in units of the controller: times in ticks, velocities in what the axis'
greatest acceleration adds in a tick, distances accordingly. So the greatest
acceleration is 1, and what is left of an axis' limits is its greatest velocity.

An axis goes from velocity v0 to v1 over the distance d. It is quickest if it first
accelerates towards the far side, as long as it may, and then the other way, with

    peak = sqrt(d + (v0² + v1²) / 2),   time = 2 peak - v0 - v1

or, where peak is above the greatest velocity, with a stretch at that. (For the other
direction all signs are turned; it is that if d is below what the direct change from v0
to v1 covers, |v1 - v0| (v0 + v1) / 2.) It may take any longer time, with an exception:
with both velocities in the same direction and less distance than it takes to stop in
between, it can be slowed down only so far. Where it takes longer still, it has to go
back and take another run, with the valley = -sqrt((v0² + v1²) / 2 - d). So the times
that an axis can take are [least, longest direct] and [least with a detour, infinity).
"""

from dataclasses import dataclass

import numpy as np

from lapwing.trajectory.points import Floats, Ints

__all__ = ["Times", "common_time", "possible_times"]

_EDGE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """The times that moves can take, in ticks, float64 of any one shape.

    Args:
        least: The least of all.
        longest_direct: The longest without a detour; inf if any longer one will do.
        least_detour: The least with a detour; `least` if none is ever needed.
    """

    least: Floats
    longest_direct: Floats
    least_detour: Floats

    def some(self, moves: Ints) -> "Times":
        """Return the times of some of the moves."""
        return Times(
            self.least[moves], self.longest_direct[moves], self.least_detour[moves]
        )

    def at_least(self, time: Floats) -> Floats:
        """Return the first possible time that is not below `time`."""
        direct = np.maximum(time, self.least)
        return np.where(
            direct <= self.longest_direct, direct, np.maximum(time, self.least_detour)
        )


def possible_times(v0: Floats, v1: Floats, distance: Floats, v_max: Floats) -> Times:
    """Tell how long moves can take.

    Args:
        v0: Velocity at the start, not beyond `v_max`.
        v1: Velocity at the end, as `v0`.
        distance: How far to go, of either sign.
        v_max: The greatest velocity, above 0.

    Returns:
        Times, each of the shape to which the arguments broadcast.
    """
    change = np.abs(v1 - v0)
    direct = (v0 + v1) * change / 2
    # At equality the direct change is right, and goes where the velocities point.
    even = np.abs(distance - direct) <= 1e-12 * (np.abs(distance) + np.abs(direct))
    sign = np.where(even, v0 + v1 >= 0, distance > direct) * 2.0 - 1.0
    v0, v1, distance = sign * v0, sign * v1, sign * distance
    mean_square = (v0 * v0 + v1 * v1) / 2
    least = _over_peak(distance + mean_square, v_max) - (v0 + v1)
    least = np.maximum(least, change)
    past_stop = np.maximum(mean_square - distance, 0.0)  # the valley squared
    valley = np.sqrt(past_stop)
    slower = np.minimum(v0, v1)
    limited = (past_stop > 0) & (slower > 0) & (slower >= valley * (1 - _EDGE))
    longest = np.where(limited, np.maximum(v0 + v1 - 2 * valley, least), np.inf)
    detour = np.where(limited, _over_peak(past_stop, v_max) + (v0 + v1), least)
    return Times(least, longest, detour)


def _over_peak(peak_squared: Floats, v_max: Floats) -> Floats:
    """Return the time from rest over a peak to rest, stretched at v_max."""
    peak = np.sqrt(np.maximum(peak_squared, 0.0))
    return np.where(peak <= v_max, 2 * peak, v_max + peak_squared / v_max)


def common_time(times: Times, at_least: Floats) -> Floats:
    """Return the least time that all axes can take, as they move together.

    Args:
        times: Of shape (num_moves, num_axes).
        at_least: What each move has to last anyway, (num_moves,).
    """
    common = at_least
    # Each turn either changes nothing or takes at least one axis past its gap.
    for _ in range(times.least.shape[1] + 2):
        needed = times.at_least(common[:, None]).max(axis=1)
        if (needed <= common).all():
            break
        common = needed
    return common
