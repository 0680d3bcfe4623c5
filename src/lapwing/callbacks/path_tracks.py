"""Path tracks: where a path goes, as few enough places to be drawn.

Owns the places of points and of motion, and which of them are left out.
Must not know matplotlib, colours, files or command lines.
Test: tests/unit/callbacks/test_path_tracks.py; short paths by hand, long ones counted.

A track is made of pieces, each without a gap. Of too many pieces every n-th is kept;
of the places in a piece its ends and every n-th. So memory does not grow with a path.
"""

import math
from dataclasses import dataclass

import numpy as np

from lapwing.callbacks.path_preview import BLOCK, MARKED, PathPreview
from lapwing.trajectory import Points
from lapwing.trajectory.motion import MotionPlan, PvtBlock, UserProgram

__all__ = ["MOST_PLACES", "Marks", "Motion", "Track", "marks", "motion", "track"]

MOST_PLACES = 20_000
"""Places of one track that are drawn at most."""

_FINE = 8  # parts of each cubic of a short motion
_IN_GAP = 8  # PVT points of a gap, about


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Places that follow each other, in pieces.

    Args:
        when: Number of the point, or seconds since the start, (num_places,). The
            number is that of a point in its middle, and a half less or more at its
            bounds.
        place: Positions, in the units of the axes, (num_places, num_axes).
        starts: Whether a piece begins there, bool (num_places,).
    """

    when: np.ndarray
    place: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.when)

    def broken(self, values: np.ndarray) -> np.ndarray:
        """Return values of the places with a NaN between pieces, which breaks lines."""
        at = np.flatnonzero(self.starts)
        return np.insert(values.astype(float), at[at > 0], np.nan)

    def thinned(self, most: int) -> "Track":
        """Return so few of the places."""
        kept = thin(self.starts, most)
        piece = self.starts.cumsum()[kept]
        return Track(self.when[kept], self.place[kept], np.diff(piece, prepend=-1) != 0)


def thin(starts: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of at most so many places, ends of pieces first.

    Args:
        starts: Whether a piece begins at each place, bool (num_places,).
        most: At least 8.
    """
    if len(starts) <= most:
        return np.arange(len(starts))
    piece = starts.cumsum() - starts[0]
    every = math.ceil((piece[-1] + 1) / (most // 4))
    ends = starts | np.append(starts[1:], True)
    at = np.flatnonzero(piece % every == 0)
    inner = np.flatnonzero(~ends[at])
    room = most - (len(at) - len(inner))
    kept = ends[at]
    kept[inner[:: max(1, math.ceil(len(inner) / room))]] = True
    return at[kept]


class _Collector:
    """Takes a track block by block, and keeps about as much as will be drawn."""

    def __init__(self, num_pieces: int, num_places: int):
        self._every = math.ceil(num_pieces / (MOST_PLACES // 4))
        self._stride = math.ceil(num_places / self._every / (MOST_PLACES // 2))
        self._piece = self._place = 0
        self._kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, when: np.ndarray, place: np.ndarray, starts: np.ndarray) -> None:
        """Add what follows; a piece may go on from the block before."""
        if not len(when):
            return
        piece = self._piece + starts.cumsum()
        ends = starts | np.append(starts[1:], True)
        number = self._place + np.arange(len(when))
        kept = (piece % self._every == 0) & (ends | (number % self._stride == 0))
        self._piece, self._place = int(piece[-1]), int(number[-1]) + 1
        self._kept.append((when[kept], place[kept], piece[kept]))

    def track(self) -> Track:
        """Return what was kept of what was added, which was something."""
        when, place, piece = (
            np.concatenate(parts) for parts in zip(*self._kept, strict=True)
        )
        starts = np.diff(piece, prepend=-1) != 0
        return Track(when, place, starts).thinned(MOST_PLACES)


# ---------------------------------------------------------------- points


def track(preview: PathPreview) -> Track:
    """Return the way through points, by their numbers, with a break at each gap.

    Points at which nothing moves are joined by straight lines.
    """
    num = preview.summary.num_points
    collected = _Collector((preview.summary.num_gaps or 0) + 1, 2 * num)
    at = preview.start
    for points in preview.trajectory.blocks(BLOCK, preview.start, preview.stop):
        collected.add(*_way(points, at, first=at == preview.start))
        at += len(points)
    return collected.track()


def _way(
    points: Points, at: int, *, first: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the lower bounds, midpoints and last upper bounds of points, in order."""
    still = (points.lower == points.upper).all(axis=1)
    starts = points.gap & ~still
    if first:
        starts[0] = True
    last = np.append(points.gap[1:], True) & ~still
    places = np.stack([points.lower, points.midpoint, points.upper], axis=1)
    numbers = at + np.arange(len(points))[:, None] + [-0.5, 0.0, 0.5]
    begins = np.zeros((len(points), 3), dtype=bool)
    # What stands still has one place, its middle.
    begins[:, 0], begins[:, 1] = starts & ~still, starts & still
    there = np.stack([~still, np.ones_like(still), last], axis=1)
    return numbers[there], places[there], begins[there]


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Single places of a short path.

    Args:
        middles: The middles of points.
        bounds: Where points begin and end; empty if they stand still.
    """

    middles: Track
    bounds: Track


def marks(preview: PathPreview) -> Marks | None:
    """Return the middles and bounds of points; None if they are too many to mark.

    With motion they are told by time, else by number.
    """
    if preview.summary.num_points > MARKED:
        return None
    points = preview.trajectory.slice(preview.start, preview.stop)
    if preview.motion is None:
        middle, half = preview.start + np.arange(len(points), dtype=float), 0.5
    else:
        pvt = preview.motion.pvt()
        half = points.duration / 2
        begins = pvt.user_program == UserProgram.POINT
        middle = pvt.elapsed()[begins] + half
    moves = (points.lower != points.upper).any(axis=1)
    when = np.concatenate([(middle - half)[moves], (middle + half)[moves]])
    place = np.concatenate([points.lower[moves], points.upper[moves]])
    return Marks(_alone(middle, points.midpoint), _alone(when, place))


def _alone(when: np.ndarray, place: np.ndarray) -> Track:
    return Track(when, place, np.ones(len(when), dtype=bool))


# ---------------------------------------------------------------- motion


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A motion, by seconds since it began.

    Args:
        rows: The ways through points.
        turns: The ways through gaps, the run-up and the run-down.
        seconds: Moments, (num_moments,).
        shares: Greatest speed of each axis about each moment, as a part of what it
            may be, (num_moments, num_axes).
    """

    rows: Track
    turns: Track
    seconds: np.ndarray
    shares: np.ndarray


def motion(plan: MotionPlan) -> Motion:
    """Return where a motion goes, and how fast."""
    summary = plan.summary
    num_gaps = summary.num_gaps + 2  # run-up and run-down
    short = summary.num_points + _IN_GAP * num_gaps <= MOST_PLACES // _FINE
    parts = _FINE if short else 1
    rows = _Collector(num_gaps, parts * summary.num_points)
    turns = _Collector(num_gaps, parts * _IN_GAP * num_gaps)
    limits = np.array([plan.limits.axes[axis].max_velocity for axis in plan.axes])
    envelope = _Envelope(MOST_PLACES // len(plan.axes))
    program, at = int(UserProgram.GAP), 0.0  # the run-up is as a gap
    for block in plan.blocks(BLOCK):
        programs = _programs(block, program)
        in_gap = programs[:-1] == UserProgram.GAP
        when, place, velocity = _nodes(block, at, parts)
        rows.add(*_pieces(when, place, ~in_gap))
        turns.add(*_pieces(when, place, in_gap))
        speed = np.abs(velocity.reshape(-1, len(limits)))
        envelope.add(when.ravel(), speed / limits)
        program, at = int(programs[-1]), float(when[-1, -1])
    return Motion(rows.track(), turns.track(), *envelope.envelope())


def _programs(block: PvtBlock, before: int) -> np.ndarray:
    """Return what goes on at the start and after each PVT point: a program, not NONE.

    Args:
        block: The PVT points.
        before: What went on before them.
    """
    said = np.concatenate([[before], block.user_program])
    spoken = np.where(said != UserProgram.NONE, np.arange(len(said)), 0)
    return said[np.maximum.accumulate(spoken)]


def _nodes(
    block: PvtBlock, at: float, parts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, places and velocities in each segment: its ends, and between.

    Args:
        block: The PVT points.
        at: Seconds at its start.
        parts: How many parts each segment is cut into.

    Returns:
        (num_segments, parts + 1) and twice (num_segments, parts + 1, num_axes).
    """
    segments = block.segments()
    ends = at + np.concatenate([[0.0], block.elapsed()])
    share = np.linspace(0.0, 1.0, parts + 1)
    when = ends[:-1, None] + block.time[:, None] * share
    nodes = [segments.at(np.array([[part]])) for part in share]
    place, velocity = (np.stack(one, axis=1) for one in zip(*nodes, strict=True))
    return when, place, velocity


def _pieces(
    when: np.ndarray, place: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nodes of chosen segments; those that follow each other are a piece."""
    first = chosen & ~np.append(False, chosen[:-1])
    there = np.repeat(chosen[:, None], when.shape[1], axis=1)
    there[:, 0] = first  # else it is the end of the one before
    starts = np.zeros_like(there)
    starts[:, 0] = first
    return when[there], place[there], starts[there]


class _Envelope:
    """Keeps the greatest values over stretches, which grow with what is added."""

    def __init__(self, most: int):
        self._most, self._stride = most, 1
        self._when: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def add(self, when: np.ndarray, values: np.ndarray) -> None:
        """Add what follows: moments (num,), and values >= 0 (num, num_axes)."""
        when, values = _greatest(when, values, self._stride)
        self._when.append(when)
        self._values.append(values)
        while sum(map(len, self._when)) > self._most:
            when, values = _greatest(*self.envelope(), 2)
            self._when, self._values = [when], [values]
            self._stride *= 2

    def envelope(self) -> tuple[np.ndarray, np.ndarray]:
        """Return moments, and the greatest values from each to the next."""
        return np.concatenate(self._when), np.concatenate(self._values)


def _greatest(
    when: np.ndarray, values: np.ndarray, num: int
) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(0, len(when), num)
    return when[at], np.maximum.reduceat(values, at, axis=0)
