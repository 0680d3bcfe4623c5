"""Adapters: paths that are described by other libraries.

Owns how a scanspec `Spec` becomes a trajectory.
Must not know anything that a trajectory is used for; scanspec is imported when asked.
Test: tests/compat/test_trajectory_peers.py compares both, point by point.

What has a closed form here (lines, static points, products, snakes, zips and
concatenations of them) stays one; of anything else the points of each dimension are
taken as arrays, as scanspec computes them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from lapwing.errors import MissingExtraError, PlanArgumentError
from lapwing.trajectory.arrays import ArrayGenerator
from lapwing.trajectory.combined import ConcatGenerator, ZipGenerator
from lapwing.trajectory.compound import CompoundGenerator
from lapwing.trajectory.generators import Generator
from lapwing.trajectory.lines import LineGenerator, StaticPointGenerator

__all__ = ["from_scanspec"]


def from_scanspec(spec: Any, units: Any = "") -> CompoundGenerator:
    """Make a trajectory of a scanspec `Spec`, or of what `Spec.serialize` returned.

    Points, bounds, gaps and durations are scanspec's. There are two differences:
    where a snake turns back on the spot there is always a gap, and a duration that
    varies within a snake belongs to a position, whatever the direction.

    Args:
        spec: The `Spec`; scanspec 1.
        units: Unit of all axes, or axis to unit; scanspec knows none.

    Raises:
        MissingExtraError: If scanspec is not installed.
        PlanArgumentError: If it is no `Spec`, or if another axis than the fastest
            one is to move while a point is taken.
    """
    try:
        from scanspec import specs
    except ImportError:
        raise MissingExtraError(
            "to read a scanspec takes the library scanspec, which is not installed",
            extra="scanspec",
        ) from None
    if isinstance(spec, Mapping):
        spec = specs.Spec.deserialize(spec)
    if not isinstance(spec, specs.Spec):
        raise PlanArgumentError(
            f"a scanspec Spec, or a dict of one, was asked for, not {spec!r}"
        )
    parts, flown = _Reader(specs, units).read(spec, _How())
    seconds = spec.duration()
    constant = seconds if isinstance(seconds, float | int) else -1
    if any(part.timed for part in parts):
        constant = -1
    return CompoundGenerator(parts, duration=constant, continuous=flown)


class _How(NamedTuple):
    """How a part of a spec is meant by what is around it."""

    flown: bool = False  # whether it moves through its points
    nested: bool = False
    turning: bool = False  # whether it is a snake


class _Reader:
    def __init__(self, specs: Any, units: Any):
        self._specs, self._units = specs, units

    def read(self, spec: Any, how: _How) -> tuple[list[Generator], bool]:
        """Return the generators of a spec, and whether the last one moves on."""
        kinds = self._specs
        if isinstance(spec, int):
            return [StaticPointGenerator(spec)], how.flown
        if isinstance(spec, kinds.Fly):
            return self.read(spec.spec, how._replace(flown=True))
        if isinstance(spec, kinds.Snake):
            return self.read(spec.spec, how._replace(turning=True))
        if isinstance(spec, kinds.ConstantDuration) and spec.spec is not None:
            return self.read(spec.spec, how)
        if isinstance(spec, kinds.Product):
            return self._product(spec, how)
        exact = self._line(spec, how) or self._pair(spec, how)
        return ([exact], how.flown) if exact else self._listed(spec, how)

    def _product(self, spec: Any, how: _How) -> tuple[list[Generator], bool]:
        if isinstance(spec.outer, int):
            outer, moves = [StaticPointGenerator(spec.outer, gap=spec.gap)], False
        else:
            outer, moves = self.read(spec.outer, how._replace(flown=False))
        if moves:
            raise PlanArgumentError(
                f"only the fastest axis can move while a point is taken, but "
                f"{spec.outer!r} is to be flown outside of {spec.inner!r}; put Fly "
                "around the whole"
            )
        inner, flown = self.read(spec.inner, how._replace(nested=True))
        return outer + inner, flown

    def _line(self, spec: Any, how: _How) -> Generator | None:
        kinds = self._specs
        if isinstance(spec, kinds.Static):
            ends, num = (spec.value, spec.value), spec.num
        elif isinstance(spec, kinds.Linspace):
            ends, num = (spec.start, spec.stop), spec.num
        elif isinstance(spec, kinds.Range):
            num = spec.shape()[0]
            step = abs(spec.step) * float(np.sign(spec.stop - spec.start))
            ends = (spec.start, spec.start + (step * (num - 1) if num > 1 else step))
        else:
            return None
        if num == 1:  # its middle is at the start, ours between the ends
            half = (ends[1] - ends[0]) / 2
            ends = (ends[0] - half, ends[0] + half)
        axis = _name(spec.axis)
        return LineGenerator(axis, self._unit(axis), *ends, num, how.turning)

    def _pair(self, spec: Any, how: _How) -> Generator | None:
        """Return two simple parts zipped or concatenated, or None."""
        kinds = self._specs
        if not isinstance(spec, kinds.Zip | kinds.Concat):
            return None
        if isinstance(spec.duration(), str):  # it varies
            return None
        inside = how._replace(turning=False)
        read = [self.read(part, inside) for part in (spec.left, spec.right)]
        if any(len(parts) > 1 or flown != how.flown for parts, flown in read):
            return None
        left, right = (parts[0] for parts, _ in read)
        if left.alternate or right.alternate:
            return None
        if isinstance(spec, kinds.Zip):
            if left.size != right.size:
                return None
            return ZipGenerator([left, right], how.turning)
        if left.axes != right.axes:
            return None
        return ConcatGenerator([left, right], how.turning, gap=spec.gap)

    def _listed(self, spec: Any, how: _How) -> tuple[list[Generator], bool]:
        """Return the points of each dimension of any spec."""
        from scanspec.core import SnakedDimension

        parts, flown = [], how.flown
        for dimension in spec.calculate(how.flown, how.nested):
            flown = dimension.lower is not dimension.midpoints
            turning = how.turning or isinstance(dimension, SnakedDimension)
            parts.append(self._array(dimension, turning))
        return parts, flown

    def _array(self, dimension: Any, turning: bool) -> Generator:
        seconds = -1 if dimension.duration is None else dimension.duration
        axes = [_name(axis) for axis in dimension.axes()]
        if not axes:
            return StaticPointGenerator(len(dimension), duration=seconds)
        lower, middle, upper = (
            np.stack([np.asarray(one, np.float64) for one in table.values()], axis=1)
            for table in (dimension.lower, dimension.midpoints, dimension.upper)
        )
        # A gap where points meet can only be between parts that follow each other.
        joined = (lower[1:] == upper[:-1]).all(axis=1)
        forced = np.flatnonzero(dimension.gap[1:] & joined) + 1
        seconds = np.broadcast_to(np.float64(seconds), len(middle))
        units = [self._unit(axis) for axis in axes]
        pieces = [
            ArrayGenerator(
                axes,
                units,
                middle[rows],
                duration=seconds[rows],
                lower=lower[rows],
                upper=upper[rows],
            )
            for rows in np.split(np.arange(len(middle)), forced)
        ]
        return ConcatGenerator(pieces, turning, gap=True)

    def _unit(self, axis: str) -> str:
        if isinstance(self._units, Mapping):
            return self._units.get(axis, "")
        return self._units


def _name(axis: Any) -> str:
    """Return the name of an axis, which may be a device."""
    return axis if isinstance(axis, str) else str(getattr(axis, "name", axis))
