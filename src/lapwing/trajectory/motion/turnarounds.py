"""Gaps between points: all axes go from one velocity and place to others together.

Owns the common time of a gap in ticks, and its PVT points, for many gaps at once.
Must not know trajectories, soft limits, controllers' programs or clocks.
Test: gaps of any kind: ends, limits, whole ticks, and the least time.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.motion.limits import LimitArrays
from lapwing.trajectory.motion.profiles import NUM_KNOTS, Profiles, solve
from lapwing.trajectory.motion.ramps import Times, common_time, possible_times
from lapwing.trajectory.points import Floats, Ints

__all__ = ["Turnarounds", "turn_around"]

_EDGE = 1e-9
_MOST_TRIES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Turnarounds:
    """The PVT points of some gaps, one gap after the other.

    Args:
        gap: Which gap each is in, from 0, (num_points,).
        time: Seconds since the PVT point before it, whole ticks, (num_points,).
        position: (num_points, num_axes). The last of each gap is its end, exactly.
        velocity: (num_points, num_axes), as `position`.
        ticks: How long each gap takes, (num_gaps,).
        least: The closed-form least of it, not rounded up to ticks, (num_gaps,).
        slowest: Column of the axis that takes longest in each gap, (num_gaps,).
    """

    gap: Ints
    time: Floats
    position: Floats
    velocity: Floats
    ticks: Floats
    least: Floats
    slowest: Ints


def turn_around(
    start: tuple[Floats, Floats],
    end: tuple[Floats, Floats],
    limits: LimitArrays,
    tick: float,
    at_least: Floats,
) -> Turnarounds:
    """Plan gaps, each in the least number of ticks in which all axes can be there.

    All times are whole ticks, and no motion of cubics on whole ticks is quicker: it
    takes the closed form rounded up to ticks, and seldom one tick more (ADR 0022).

    Args:
        start: Positions and velocities, each (num_gaps, num_axes).
        end: Positions and velocities, as `start`.
        limits: Of the axes; no velocity may be beyond them.
        tick: Seconds.
        at_least: Seconds that each gap lasts anyway, (num_gaps,).
    """
    step = limits.acceleration * tick
    v0, v1 = start[1] / step, end[1] / step
    distance = (end[0] - start[0]) / (step * tick)
    moves = (v0, v1, distance, np.broadcast_to(limits.velocity / step, v0.shape))
    times = possible_times(*moves)
    least = common_time(times, np.maximum(at_least / tick, 1.0))
    profiles, ticks = _least_profiles(moves, times, _up(least))
    gap, when, position, velocity = _as_points(profiles, ticks, start, end, tick, step)
    same_gap = np.diff(gap, prepend=-1) == 0
    time = np.where(same_gap, np.diff(when, prepend=0.0), when)
    return Turnarounds(
        gap=gap,
        time=time * tick,
        position=position,
        velocity=velocity,
        ticks=ticks,
        least=least * tick,
        slowest=times.least.argmax(axis=1),
    )


def _least_profiles(
    moves: tuple[Floats, ...], times: Times, ticks: Floats
) -> tuple[Profiles, Floats]:
    """Find the profiles of all axes, and the ticks that they need, from a guess up."""
    shape = moves[0].shape
    knots, velocity = np.zeros((2, *shape, NUM_KNOTS))
    extra = np.zeros((*shape, NUM_KNOTS + 1))
    left = np.arange(len(ticks))
    for _ in range(_MOST_TRIES):
        flat = (one[left].ravel() for one in moves)
        solved = solve(*flat, np.repeat(ticks[left], shape[1]))
        knots[left] = solved.knots.reshape(len(left), *knots.shape[1:])
        velocity[left] = solved.velocity.reshape(len(left), *knots.shape[1:])
        extra[left] = solved.extra.reshape(len(left), *extra.shape[1:])
        left = left[~solved.found.reshape(len(left), shape[1]).all(axis=1)]
        if not left.size:
            found = np.ones(shape, dtype=bool)
            return Profiles(knots, velocity, extra, found), ticks
        # Few moves have no profile of whole ticks, mostly because the next whole tick
        # is past the longest direct time of an axis.
        ticks[left] = _up(common_time(times.some(left), ticks[left] + 1))
    raise PlanArgumentError(
        f"no turnaround of up to {float(ticks[left[0]]):g} ticks was found; the tick "
        "must be shorter than the time in which axes reach their velocities"
    )


def _as_points(
    profiles: Profiles,
    ticks: Floats,
    start: tuple[Floats, Floats],
    end: tuple[Floats, Floats],
    tick: float,
    step: Floats,
) -> tuple[Ints, Floats, Floats, Floats]:
    """Return gap, ticks since its start, position and velocity of each PVT point.

    There is one wherever the acceleration of any axis changes, and at the end.
    """
    nodes = _nodes(profiles, ticks, start, end, tick, step)

    # All axes' knots in order, each time once.
    knots = profiles.knots.reshape(len(ticks), len(step) * NUM_KNOTS)
    merged = np.sort(np.concatenate([knots, ticks[:, None]], axis=1), axis=1)
    gap, which = np.nonzero(np.diff(merged, axis=1, prepend=0.0) > 0)
    when = merged[gap, which]
    # The part of its profile that each axis is in then.
    part = (when[:, None, None] >= profiles.knots[gap]).sum(axis=2)
    at = (gap[:, None], np.arange(len(step)), part)
    since = when[:, None] - nodes.time[at]
    speed = nodes.velocity[at]
    velocity = speed + nodes.slope[at] * since
    position = nodes.position[at] + (speed + velocity) / 2 * since * tick
    # What rounding leaves is spread over the gap: in one short segment it would ask
    # for an acceleration.
    missing = end[0] - nodes.position[:, :, -1]
    position += missing[gap] * (when / ticks[gap])[:, None]
    at_end = when == ticks[gap]
    position[at_end], velocity[at_end] = end
    return gap, when, position, velocity


class _Nodes(NamedTuple):
    """Beginnings and ends of the parts of profiles, (num_gaps, num_axes, num_nodes).

    Args:
        time: In ticks.
        velocity: Units a second.
        position: In the unit of the axis.
        slope: By how much the velocity grows a tick after each but the last.
    """

    time: Floats
    velocity: Floats
    position: Floats
    slope: Floats


def _nodes(
    profiles: Profiles,
    ticks: Floats,
    start: tuple[Floats, Floats],
    end: tuple[Floats, Floats],
    tick: float,
    step: Floats,
) -> _Nodes:
    shape = (*start[0].shape, 1)
    zero, last = np.zeros(shape), np.broadcast_to(ticks[:, None, None], shape)
    time = np.concatenate([zero, profiles.knots, last], axis=2)
    at_knots = profiles.velocity * step[:, None]
    at_knots = np.where(profiles.knots > 0, at_knots, start[1][:, :, None])
    velocity = np.concatenate(
        [start[1][:, :, None], at_knots, end[1][:, :, None]], axis=2
    )
    lasts = np.diff(time, axis=2)
    ways = (velocity[:, :, 1:] + velocity[:, :, :-1]) / 2 * lasts * tick
    ways += profiles.extra * (step * tick)[:, None]
    done = np.concatenate([zero, ways.cumsum(axis=2)], axis=2)
    slope = np.diff(velocity, axis=2) / np.where(lasts > 0, lasts, 1.0)
    return _Nodes(time, velocity, start[0][:, :, None] + done, slope)


def _up(ticks: Floats) -> Floats:
    """Round up, but not for what is rounding itself."""
    return np.ceil(ticks - _EDGE * np.maximum(ticks, 1.0))
