"""Mutators: offsets added to the points of a trajectory.

Owns fixed offsets, and random ones that are a function of seed and index.
Must not know generators, nor any random source with a state: slices must agree.
Test: offsets of a range against those of the whole, and of scanpointgenerator.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_axes, as_positions
from lapwing.trajectory.description import Described
from lapwing.trajectory.points import Floats, Ints

__all__ = ["FixedOffsetMutator", "Mutator", "RandomOffsetMutator"]


class Mutator(Described, ABC):
    """What moves each point by an offset.

    A bound moves by the mean of the offsets of the points on its two sides, so that
    points that joined still do.
    """

    axes: tuple[str, ...]
    constant: bool
    """Whether all points are moved by the same offset."""

    @abstractmethod
    def offsets(self, axis: str, index: Ints) -> Floats:
        """Return by how much points are moved.

        Args:
            axis: One of `axes`.
            index: Which points of the trajectory, int64 (num_points,); also those
                before the first and after the last one.

        Returns:
            float64 (num_points,), in the unit of the axis.
        """


def _by_axis(given: Any, axes: tuple[str, ...], name: str) -> list[float]:
    if isinstance(given, Mapping):
        if set(given) != set(axes):
            raise PlanArgumentError(
                f"{name} is given for {sorted(given)}, but the axes are {axes}"
            )
        given = [given[axis] for axis in axes]
    return as_positions(given, name, len(axes)).tolist()


class FixedOffsetMutator(Mutator):
    """The same offset for every point.

    Args:
        axes: The axes that are moved.
        offset: By how much, one number an axis, or a dict by axis.
    """

    typeid = "lapwing:mutator/FixedOffsetMutator:1.0"
    _fields = ("axes", "offset")
    constant = True

    def __init__(self, axes: Any, offset: Any):
        self.axes = as_axes(axes)
        self.offset = _by_axis(offset, self.axes, "offset")

    def offsets(self, axis: str, index: Ints) -> Floats:
        """Return the offset, as often as there are points."""
        return np.full(len(index), self.offset[self.axes.index(axis)])


class RandomOffsetMutator(Mutator):
    """An offset for each point that seems random, and is the same at every run.

    It depends on the seed, the axis and the index alone, so any range of points has
    the offsets that it has in the whole. It is scanpointgenerator's noise, which
    tells axes by their first letter: axes that begin alike are moved alike. Give each
    of them a mutator with a seed of its own, so that they are not.

    Args:
        seed: A whole number; another one makes other offsets.
        axes: The axes that are moved.
        max_offset: The greatest offset, one number an axis, or a dict by axis.
    """

    typeid = "scanpointgenerator:mutator/RandomOffsetMutator:1.0"
    _fields = ("seed", "axes", "max_offset")
    constant = False

    def __init__(self, seed: Any, axes: Any, max_offset: Any):
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise PlanArgumentError(f"a seed must be a whole number, not {seed!r}")
        self.seed = int(seed)
        self.axes = as_axes(axes)
        self.max_offset = _by_axis(max_offset, self.axes, "max_offset")

    def offsets(self, axis: str, index: Ints) -> Floats:
        """Return an offset from -max_offset to max_offset for each point."""
        key = ((index << 4) & _WORD).astype(np.uint32)
        key += np.uint32(ord(axis[0]) & _WORD)
        key ^= np.uint32((self.seed << 12) & _WORD)
        # To single precision first, as there; that may round a hair above 1.
        share = _mixed(key).astype(np.float32).astype(np.float64) / _WORD
        evenly = np.minimum(share * 2 - 1, 1.0)
        return self.max_offset[self.axes.index(axis)] * evenly


_WORD = 0xFFFF_FFFF


def _mixed(word: np.ndarray[Any, np.dtype[np.uint32]]) -> np.ndarray[Any, Any]:
    """Return words of which each bit depends on all bits of the one given.

    R. Jenkins' integer hash in six steps, in arithmetic modulo 2^32.
    """
    u = np.uint32
    word = (word + u(0x7ED5_5D16)) + (word << u(12))
    word = (word ^ u(0xC761_C23C)) ^ (word >> u(19))
    word = (word + u(0x1656_67B1)) + (word << u(5))
    word = (word + u(0xD3A2_646C)) ^ (word << u(9))
    word = (word + u(0xFD70_46C5)) + (word << u(3))
    return (word ^ u(0xB55A_4F09)) ^ (word >> u(16))
