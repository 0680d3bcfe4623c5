"""Path tracks: where a path goes, as few enough places to be drawn.

Owns the places of points, and which of any places are left out.
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
from lapwing.trajectory.motion import UserProgram

__all__ = ["MOST_PLACES", "Collector", "Marks", "Track", "marks", "thin", "track"]

MOST_PLACES = 20_000
"""Places of one track that are drawn at most."""


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

    def ending(self, when: np.ndarray, place: np.ndarray) -> "Track":
        """Return this track and one place more, (1,) and (1, num_axes), by itself."""
        return Track(
            np.concatenate([self.when, when]),
            np.concatenate([self.place, place]),
            np.append(self.starts, True),
        )


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


class Collector:
    """Takes a track block by block, and keeps about as much as will be drawn.

    Args:
        num_pieces: How many pieces there will be, about.
        num_places: How many places there will be at most.
    """

    def __init__(self, num_pieces: int, num_places: int):
        self._every = math.ceil(num_pieces / (MOST_PLACES // 4))
        self._stride = math.ceil(num_places / self._every / (MOST_PLACES // 2))
        self._piece, self._place, self._begin = -1, 0, 0
        self._kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, when: np.ndarray, place: np.ndarray, starts: np.ndarray) -> None:
        """Add what follows; a piece may go on from the block before."""
        if not len(when):
            return
        piece = self._piece + starts.cumsum()
        ends = starts | np.append(starts[1:], True)
        number = self._place + np.arange(len(when))
        # Counted from where their piece begins: equal pieces keep equal shapes.
        begin = np.maximum.accumulate(np.where(starts, number, self._begin))
        inner = (number - begin) % self._stride == 0
        kept = (piece % self._every == 0) & (ends | inner)
        self._piece, self._place = int(piece[-1]), int(number[-1]) + 1
        self._begin = int(begin[-1])
        self._last = when[-1:], place[-1:]
        self._kept.append((when[kept], place[kept], piece[kept]))

    def track(self) -> Track:
        """Return what was kept of what was added, which was something.

        Its first and its last place are those of the whole.
        """
        when, place, piece = (
            np.concatenate(parts) for parts in zip(*self._kept, strict=True)
        )
        starts = np.diff(piece, prepend=-1) != 0
        kept = Track(when, place, starts).thinned(MOST_PLACES - 1)
        return kept if kept.when[-1] == self._last[0] else kept.ending(*self._last)


# ---------------------------------------------------------------- points


def track(preview: PathPreview) -> Track:
    """Return the way through points, by their numbers, with a break at each gap.

    Points at which nothing moves are joined by straight lines.
    """
    path, start, stop = preview.trajectory, preview.start, preview.stop
    breaks = (
        points.gap & ~_still(points) for points in path.blocks(BLOCK, start, stop)
    )
    num_pieces = sum(int(each.sum()) for each in breaks) + 1
    collected = Collector(num_pieces, 2 * (stop - start))
    at = start
    for points in path.blocks(BLOCK, start, stop):
        collected.add(*_way(points, at, first=at == start))
        at += len(points)
    return collected.track()


def _still(points: Points) -> np.ndarray:
    """Return at which points nothing moves."""
    return (points.lower == points.upper).all(axis=1)


def _way(
    points: Points, at: int, *, first: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the lower bounds, midpoints and last upper bounds of points, in order."""
    still = _still(points)
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
    moves = ~_still(points)
    when = np.concatenate([(middle - half)[moves], (middle + half)[moves]])
    place = np.concatenate([points.lower[moves], points.upper[moves]])
    return Marks(_alone(middle, points.midpoint), _alone(when, place))


def _alone(when: np.ndarray, place: np.ndarray) -> Track:
    return Track(when, place, np.ones(len(when), dtype=bool))
