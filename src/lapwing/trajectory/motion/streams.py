"""Streams of PVT blocks: collinear points dropped, long segments cut.

Owns what is carried from one block to the next, so that cuts leave no trace.
Must not know limits, how points were planned, controllers, devices or clocks.
Test: a stream in blocks of any size, joined, is the stream in one block.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from lapwing.trajectory.motion.hermite import Segments
from lapwing.trajectory.motion.pvt import PvtBlock, UserProgram
from lapwing.trajectory.points import Bools

__all__ = ["cut_long", "drop_collinear"]

_EPS = np.finfo(float).eps
_EDGE = 1e-9


def drop_collinear(blocks: Iterable[tuple[PvtBlock, Bools]]) -> Iterator[PvtBlock]:
    """Leave out the bounds between joined points that all go at one velocity.

    That the next point begins there is not told to the controller then; a detector
    has to know it from the position or the time.

    Args:
        blocks: The stream, each block with which of its PVT points are bounds between
            joined points.
    """
    held: PvtBlock | None = None  # the last PVT point awaits what follows it
    held_joint = held_straight = np.empty(0, dtype=bool)
    for block, joint in blocks:
        whole = block if held is None else PvtBlock.join([held, block])
        joint = np.concatenate([held_joint, joint])
        # Each segment is judged as it came: a merged one would be by its rounding.
        straight = np.concatenate([held_straight, _straight(block)])
        kept = ~(joint[:-1] & straight[:-1] & straight[1:])
        at = np.flatnonzero(kept)
        if at.size:
            yield _merged(whole, 0, at)
        since = int(at[-1]) + 1 if at.size else 0
        held = _merged(whole, since, np.array([len(whole) - 1]))
        held_joint, held_straight = joint[-1:], straight[-1:]
    if held is not None:
        yield held


def _straight(block: PvtBlock) -> Bools:
    """Return which segments are at a constant velocity."""
    one = block.segments()
    way = np.abs(one.v1) * one.time
    room = _EDGE * way + 16 * _EPS * np.maximum(np.abs(one.x0), np.abs(one.x1))
    steady = np.abs(one.v1 - one.v0) * one.time <= room
    steady &= np.abs(one.x1 - one.x0 - one.v1 * one.time) <= room
    return np.all(steady, axis=1)


def _merged(block: PvtBlock, since: int, at: np.ndarray) -> PvtBlock:
    """Return these PVT points, each with the time of all since the one before it."""
    starts = np.concatenate([[since], at[:-1] + 1])
    return PvtBlock(
        axes=block.axes,
        time=np.add.reduceat(block.time[: at[-1] + 1], starts),
        position=block.position[at],
        velocity=block.velocity[at],
        user_program=block.user_program[at],
        completed=block.completed[at],
        start_position=block.position[since - 1] if since else block.start_position,
        start_velocity=block.velocity[since - 1] if since else block.start_velocity,
        start_completed=(
            int(block.completed[since - 1]) if since else block.start_completed
        ),
    )


def cut_long(
    blocks: Iterable[PvtBlock], tick: float, longest: float
) -> Iterator[PvtBlock]:
    """Cut segments that last too long into parts, of whole ticks if they are.

    Args:
        blocks: The stream.
        tick: Seconds.
        longest: Seconds that a segment may last, at least a tick; may be infinite.
    """
    for block in blocks:
        if math.isinf(longest) or block.time.max(initial=0) <= longest * (1 + _EDGE):
            yield block
        else:
            yield _cut(block, tick, longest)


def _cut(block: PvtBlock, tick: float, longest: float) -> PvtBlock:
    ticks = np.rint(block.time / tick)
    whole = np.abs(block.time / tick - ticks) <= 1e-6
    most = math.floor(longest / tick * (1 + _EDGE))
    num = np.ceil(np.where(whole, ticks / most, block.time / longest) * (1 - _EDGE))
    num = np.maximum(num, 1).astype(np.int64)
    of = np.repeat(np.arange(len(block)), num)  # which segment each part is of
    nth = np.arange(len(of)) - np.repeat(num.cumsum() - num, num) + 1
    last = nth == num[of]

    even = block.time[of] * nth / num[of]
    end = np.where(whole[of], np.floor(ticks[of] * nth / num[of]) * tick, even)
    end = np.where(last, block.time[of], end)
    begin = np.where(nth == 1, 0.0, np.append(0.0, end[:-1]))

    one = block.segments()
    some = Segments(one.x0[of], one.v0[of], one.x1[of], one.v1[of], one.time[of])
    position, velocity = some.at((end / block.time[of])[:, None])
    position[last], velocity[last] = block.position, block.velocity
    # What was behind at the start of a segment is what is behind within it.
    before = np.append(block.start_completed, block.completed[:-1])
    return PvtBlock(
        axes=block.axes,
        time=end - begin,
        position=position,
        velocity=velocity,
        user_program=np.where(last, block.user_program[of], UserProgram.NONE),
        completed=np.where(last, block.completed[of], before[of]),
        start_position=block.start_position,
        start_velocity=block.start_velocity,
        start_completed=block.start_completed,
    )
