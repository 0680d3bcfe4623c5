"""Path motion: where and how fast axes go along a path, as few enough places to draw.

Owns the ways through points and through gaps, apart, and the speeds over time.
Must not know how motion is planned, matplotlib, colours or files.
Test: tests/unit/callbacks/test_path_tracks.py; against samples of the same motion.
"""

from dataclasses import dataclass, fields

import numpy as np

from lapwing.callbacks.path_preview import BLOCK, MARKED, PathPreview
from lapwing.callbacks.path_tracks import MOST_PLACES, Collector, Track
from lapwing.errors import StateError
from lapwing.trajectory.motion import MotionPlan, PvtBlock, UserProgram
from lapwing.trajectory.motion.hermite import Segments

__all__ = ["Motion", "motion"]

_FINE = 8  # parts of each cubic of a short motion
_IN_GAP = 4  # PVT points of a gap, about


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A motion, by seconds since it began.

    Args:
        rows: The ways through points; None if nothing moves within any.
        turns: The ways through gaps, the run-up and the run-down.
        seconds: Moments, (num_moments,).
        shares: Greatest speed of each axis about each moment, as a part of what it
            may be, (num_moments, num_axes).
    """

    rows: Track | None
    turns: Track
    seconds: np.ndarray
    shares: np.ndarray


def motion(preview: PathPreview) -> Motion:
    """Return where the motion of a preview that has one goes, and how fast.

    Raises:
        StateError: It has none, for it has no limits.
    """
    plan = preview.motion
    if plan is None:
        raise StateError("a motion was to be drawn, but the preview has no limits")
    if plan.at_rest and plan.summary.num_points > MARKED:
        return _between_rests(preview, plan)
    summary = plan.summary
    num_gaps = summary.num_gaps + 2  # run-up and run-down
    in_gaps = _IN_GAP * num_gaps
    short = summary.num_points + in_gaps <= MOST_PLACES // _FINE
    parts = _FINE if short else 1
    # Axes turn round between PVT points: without parts a gap would look too narrow.
    gap_parts = _FINE if in_gaps <= MOST_PLACES else 2
    rows = Collector(num_gaps, parts * summary.num_points)
    turns = Collector(num_gaps, gap_parts * in_gaps)
    limits = np.array([plan.limits.axes[axis].max_velocity for axis in plan.axes])
    envelope = _Envelope(MOST_PLACES // len(plan.axes))
    program, at = int(UserProgram.GAP), 0.0  # the run-up is as a gap
    for block in plan.blocks(BLOCK):
        programs = _programs(block, program)
        in_gap = programs[:-1] == UserProgram.GAP
        rows.add(*_pieces(block, at, parts, ~in_gap))
        turns.add(*_pieces(block, at, gap_parts, in_gap))
        when, _, velocity = _nodes(block, at, parts, np.ones_like(in_gap))
        speed = np.abs(velocity.reshape(-1, len(limits)))
        envelope.add(when.ravel(), speed / limits)
        program, at = int(programs[-1]), float(when[-1, -1])
    ways = None if plan.at_rest else rows.track()
    return Motion(ways, turns.track(), *envelope.envelope())


def _between_rests(preview: PathPreview, plan: MotionPlan) -> Motion:
    """Return the motion through very many points at rest, without its PVT points.

    Ways are straight lines, which they are but for what the axes' ramps differ by.
    """
    num_points = plan.summary.num_points
    ways = Collector(1, 2 * num_points)
    limits = np.array([plan.limits.axes[axis].max_velocity for axis in plan.axes])
    envelope = _Envelope(MOST_PLACES // len(plan.axes))
    before = 0.0
    path = preview.trajectory.blocks(BLOCK, preview.start, preview.stop)
    for points, (ends, fastest) in zip(path, plan.peaks(BLOCK), strict=True):
        there = np.stack([ends - points.duration, ends], axis=1).ravel()
        starts = np.zeros(len(there), dtype=bool)
        starts[0] = not before
        ways.add(there, np.repeat(points.midpoint, 2, axis=0), starts)
        envelope.add(np.append(before, ends[:-1]), fastest / limits)
        before = float(ends[-1])
    return Motion(None, ways.track(), *envelope.envelope())


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
    block: PvtBlock, at: float, parts: int, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, places and velocities in segments: at their ends, and between.

    Args:
        block: The PVT points.
        at: Seconds at its start.
        parts: How many parts each segment is cut into.
        chosen: Which of the segments, bool (num_pvt,).

    Returns:
        (num_chosen, parts + 1) and twice (num_chosen, parts + 1, num_axes).
    """
    all_of_them = block.segments()
    segments = Segments(
        *(getattr(all_of_them, one.name)[chosen] for one in fields(Segments))
    )
    begins = at + np.concatenate([[0.0], block.elapsed()])[:-1][chosen]
    share = np.linspace(0.0, 1.0, parts + 1)
    when = begins[:, None] + block.time[chosen][:, None] * share
    nodes = [segments.at(np.array([[part]])) for part in share]
    place, velocity = (np.stack(one, axis=1) for one in zip(*nodes, strict=True))
    return when, place, velocity


def _pieces(
    block: PvtBlock, at: float, parts: int, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nodes of chosen segments; those that follow each other are a piece."""
    when, place, _ = _nodes(block, at, parts, chosen)
    first = (chosen & ~np.append(False, chosen[:-1]))[chosen]
    there = np.ones(when.shape, dtype=bool)
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
