"""Profiles of velocity that take a given number of ticks, each part whole ticks.

Owns the choice of velocities and ticks for one axis' move, for many moves at once.
Must not know points, ticks' length, units, controllers or clocks.
Test: end points and limits of any profile; the least ticks against all others.

Units are those of `ramps`: ticks, and a greatest acceleration of 1.

A profile goes from v0 to a velocity vm, stays at it, and goes on to v1. For a given
number of ticks n there is one vm for each distance. There are three shapes:

- *even*: the changes take k1 and k3 whole ticks, each at a constant acceleration, so
  distance = (v0 k1 + v1 k3) / 2 + vm (n - (k1 + k3) / 2), which is solved for vm;
- *hard*: where there is no time for that, the changes use all of the acceleration but
  in the tick next to vm, which has what remains. That is linear in vm, too. With a
  constant acceleration in each tick, none covers more distance;
- *utmost*: for the last bit of distance the velocities of hard profiles are at their
  limits, and in the ticks next to vm the acceleration changes linearly, which is still
  one cubic for the controller. None on whole ticks covers more distance: see ADR 0022.

vm of the same move at full acceleration without regard to ticks (the root of a
quadratic) tells how many ticks the changes take; a few more are tried where that
fails by rounding up.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lapwing.trajectory.points import Bools, Floats

__all__ = ["NUM_KNOTS", "Profiles", "solve"]

NUM_KNOTS = 4

_EDGE = 1e-9
"""Rounding that is allowed for, as part of a limit."""


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Velocities that change linearly between knots, of many moves.

    Args:
        knots: When the acceleration changes, in whole ticks since the start, in
            order, float64 (num_moves, NUM_KNOTS). Knots at 0 and several at the same
            time mean nothing.
        velocity: The velocity at each knot, as `knots`.
        extra: How much farther than by the mean of the velocities at its ends each
            part goes, (num_moves, NUM_KNOTS + 1); not 0 only in parts of one tick.
        found: Whether there is a profile, (num_moves,).
    """

    knots: Floats
    velocity: Floats
    extra: Floats
    found: Bools


def solve(
    v0: Floats, v1: Floats, distance: Floats, v_max: Floats, ticks: Floats
) -> Profiles:
    """Find profiles that take a number of ticks each.

    Args:
        v0: Velocities at the start, (num_moves,), not beyond `v_max`.
        v1: Velocities at the end, as `v0`.
        distance: How far to go, (num_moves,).
        v_max: The greatest velocities, (num_moves,).
        ticks: How long each takes, whole numbers from 1, (num_moves,).
    """
    moves = _Moves(v0, v1, distance, v_max, ticks)
    vm = moves.ideal_velocity()
    solved = _Solved(moves)
    up, down = _ceil(np.abs(vm - v0)), _ceil(np.abs(vm - v1))
    solved.try_even(up, down)
    if not solved.profiles.found.all():
        solved.try_more(up, down, vm)
    return solved.profiles


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    v0: Floats
    v1: Floats
    distance: Floats
    v_max: Floats
    ticks: Floats

    def some(self, which: Bools) -> "_Moves":
        return _Moves(
            self.v0[which],
            self.v1[which],
            self.distance[which],
            self.v_max[which],
            self.ticks[which],
        )

    def turned(self, sign: float) -> "_Moves":
        """Return the same moves, or with -1 those in the opposite direction."""
        v0, v1, distance = sign * self.v0, sign * self.v1, sign * self.distance
        return _Moves(v0, v1, distance, self.v_max, self.ticks)

    def ideal_velocity(self) -> Floats:
        """Return vm where all changes are at full acceleration, whatever the ticks."""
        v0, v1, distance, ticks = self.v0, self.v1, self.distance, self.ticks
        change, total = np.abs(v1 - v0), v0 + v1
        spare = ticks - change
        between = np.where(
            spare > _EDGE,
            (distance - change * total / 2) / np.maximum(spare, _EDGE),
            total / 2,
        )
        # Above both or below both: the same root, once with all signs turned.
        sign = np.where(between < np.minimum(v0, v1), -1.0, 1.0)
        b = ticks + sign * total
        c = sign * distance + (v0 * v0 + v1 * v1) / 2
        root = np.sqrt(np.maximum(b * b - 4 * c, 0.0))
        outer = np.where(b > 0, 2 * c / np.maximum(b + root, _EDGE), (b - root) / 2)
        inside = (between >= np.minimum(v0, v1)) & (between <= np.maximum(v0, v1))
        vm = np.where(inside, between, sign * outer)
        return np.clip(vm, -self.v_max, self.v_max)


class _Solved:
    """What was found so far, and what is still to be tried."""

    def __init__(self, moves: _Moves):
        self._moves = moves
        num_moves = len(moves.v0)
        self.profiles = Profiles(
            knots=np.zeros((num_moves, NUM_KNOTS)),
            velocity=np.zeros((num_moves, NUM_KNOTS)),
            extra=np.zeros((num_moves, NUM_KNOTS + 1)),
            found=np.zeros(num_moves, dtype=bool),
        )

    def try_more(self, up: Floats, down: Floats, vm: Floats) -> None:
        """Try what is left where the ticks that suggest themselves do not do."""
        ticks = self._moves.ticks
        for k1, k3 in (
            (up, ticks - up),
            (ticks - down, down),
            (up + 1, down + 1),
            (up + 1, down),
            (up, down + 1),
        ):
            self.try_even(k1, k3)
        self.try_hard(vm)
        self.try_even(ticks - 1, np.ones_like(ticks))
        self.try_even(np.ones_like(ticks), ticks - 1)
        self.try_utmost(1.0)
        self.try_utmost(-1.0)

    def try_even(self, k1: Floats, k3: Floats) -> None:
        """Take the even profile with these ticks for the changes, where it will do."""
        left = ~self.profiles.found
        if not left.any():
            return
        m, k1, k3 = self._moves.some(left), k1[left], k3[left]
        changes = k1 + k3
        steady = np.maximum(m.ticks - changes / 2, 0.5)
        vm = (m.distance - (m.v0 * k1 + m.v1 * k3) / 2) / steady
        good = (changes <= m.ticks) & (k1 >= 0) & (k3 >= 0)
        good &= np.abs(vm - m.v0) <= k1 * (1 + _EDGE) + 1e-12 * m.v_max
        good &= np.abs(vm - m.v1) <= k3 * (1 + _EDGE) + 1e-12 * m.v_max
        good &= np.abs(vm) <= m.v_max * (1 + _EDGE)
        # One acceleration from v0 to v1 needs no knot.
        straight = (changes == m.ticks) & (
            np.abs((vm - m.v0) * k3 - (m.v1 - vm) * k1) <= 1e-10 * changes
        )
        last = m.ticks - k3
        knots = np.stack([k1, k1, last, last], axis=1)
        knots[straight] = 0
        self._take(left, good, knots, [vm, vm, vm, vm])

    def try_hard(self, vm: Floats) -> None:
        """Take the profile of full acceleration where it will do."""
        left = ~self.profiles.found
        if not left.any():
            return
        m, vm = self._moves.some(left), vm[left]
        # vm from one guess of full ticks tells the next, as they are few apart.
        for _ in range(3):
            vm = np.clip(_hard(m, vm).vm, -m.v_max, m.v_max)
        hard = _hard(m, vm)
        good = (hard.hold >= 0) & (np.abs(hard.vm) <= m.v_max * (1 + _EDGE))
        good &= np.abs(hard.vm - hard.after) <= 1 + _EDGE
        good &= np.abs(hard.vm - hard.before) <= 1 + _EDGE
        last = m.ticks - hard.full3
        knots = np.stack([hard.full1, hard.full1 + 1, last - 1, last], axis=1)
        self._take(left, good, knots, [hard.after, hard.vm, hard.vm, hard.before])

    def try_utmost(self, sign: float) -> None:
        """Take the profile that goes farthest, or almost so, where it will do.

        Args:
            sign: Farthest forwards, 1, or backwards, -1.
        """
        left = ~self.profiles.found
        if not left.any():
            return
        m = self._moves.some(left).turned(sign)
        knots, velocity = _farthest(m)
        nodes = np.concatenate([0 * knots[:, :1], knots, m.ticks[:, None]], axis=1)
        speeds = np.stack([m.v0, *velocity.T, m.v1], axis=1)
        # Knots at 0 have the velocity at the start: there is no part before them.
        there = ((speeds[:, 1:] + speeds[:, :-1]) / 2 * np.diff(nodes, axis=1)).sum(1)
        most = np.zeros((len(knots), NUM_KNOTS + 1))
        for part in (1, 3):
            room = _room_in_a_tick(velocity[:, part - 1], velocity[:, part], m.v_max)
            most[:, part] = np.where(np.diff(nodes, axis=1)[:, part] == 1, room, 0)
        missing, room = m.distance - there, most.sum(axis=1)
        good = (missing >= 0) & (missing <= room * (1 + _EDGE))
        share = np.where(good, missing / np.maximum(room, _EDGE), 0)
        self._take(left, good, knots, list(sign * velocity.T))
        rows = np.flatnonzero(left)[good]
        self.profiles.extra[rows] = sign * (share[:, None] * most)[good]

    def _take(
        self, left: Bools, good: Bools, knots: Floats, velocity: list[Floats]
    ) -> None:
        rows = np.flatnonzero(left)[good]
        self.profiles.knots[rows] = knots[good]
        self.profiles.velocity[rows] = np.stack(velocity, axis=1)[good]
        self.profiles.found[rows] = True


def _farthest(m: _Moves) -> tuple[Floats, Floats]:
    """Return knots and velocities of the profile that goes farthest forwards.

    At each tick its velocity is the greatest that can be reached from v0, from which
    v1 can be reached, and that is allowed.
    """
    up = np.minimum((m.v1 + m.ticks - m.v0) / 2, m.v_max - m.v0)
    down = np.minimum((m.v0 + m.ticks - m.v1) / 2, m.v_max - m.v1)
    full1, full3 = (np.floor(one + _EDGE).clip(0, m.ticks - 1) for one in (up, down))
    begin, end = full1, m.ticks - full3
    middle = end - begin >= 2
    knots = np.stack(
        [
            begin,
            begin + 1,
            np.where(middle, end - 1, begin + 1),
            np.where(middle, end, begin + 1),
        ],
        axis=1,
    )
    velocity = np.minimum(m.v0[:, None] + knots, (m.v1 + m.ticks)[:, None] - knots)
    return knots, np.minimum(velocity, m.v_max[:, None])


def _room_in_a_tick(before: Floats, after: Floats, v_max: Floats) -> Floats:
    """Return how much farther than by their mean one goes in a tick, at most.

    The acceleration falls by D in the tick, which adds D / 12. Neither may it be above
    1 at its ends, nor the velocity above v_max in between.
    """
    change, below = after - before, np.maximum(v_max - before, 0.0)
    root = np.sqrt(np.maximum(below * (below - change), 0.0))
    fall = np.minimum(1 - np.abs(change), 2 * below - change + 2 * root)
    return np.maximum(fall, 0.0) / 6


class _Hard(NamedTuple):
    """A hard profile: full ticks, velocity after them, vm, velocity before others."""

    full1: Floats
    after: Floats
    vm: Floats
    hold: Floats
    before: Floats
    full3: Floats


def _hard(m: _Moves, guess: Floats) -> _Hard:
    """Return the hard profile with as many full ticks as a guess of vm needs."""
    after, full1 = _before_last_tick(m.v0, guess)
    before, full3 = _before_last_tick(m.v1, guess)
    hold = m.ticks - full1 - full3 - 2
    there = full1 * (m.v0 + after) + full3 * (m.v1 + before) + after + before
    vm = (m.distance - there / 2) / np.maximum(hold + 1, 1)
    return _Hard(full1, after, vm, hold, before, full3)


def _before_last_tick(v: Floats, vm: Floats) -> tuple[Floats, Floats]:
    """Return the velocity a tick before vm, and the full ticks from v to it."""
    full = np.maximum(_ceil(np.abs(vm - v)) - 1, 0.0)
    return v + np.sign(vm - v) * full, full


def _ceil(ticks: Floats) -> Floats:
    """Round up, but not for what is rounding itself."""
    return np.ceil(ticks - _EDGE * np.maximum(ticks, 1.0))
