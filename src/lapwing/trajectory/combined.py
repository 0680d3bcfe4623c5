"""Combined generators: several made into one dimension.

Owns generators that run one after the other, and those that run together.
Must not know nesting, regions, devices or clocks.
Test: compare with the parts, with arrays worked out by hand, and with scanspec's.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_flag, axes_together
from lapwing.trajectory.description import made
from lapwing.trajectory.generators import Generator
from lapwing.trajectory.points import Bools, Floats, Ints

__all__ = ["ConcatGenerator", "ZipGenerator"]

NEAR = 1e-5
"""Where a part ends this close to the beginning of the next, they join; in the unit
of the axis. So does scanpointgenerator."""


def _parts(generators: Any, kind: str) -> tuple[Generator, ...]:
    parts = made(Generator, generators)
    if not parts:
        raise PlanArgumentError(f"a {kind} needs at least one generator")
    for part in parts:
        if part.alternate:
            raise PlanArgumentError(
                f"a part of a {kind} cannot turn back at every other run; set "
                "alternate on the whole"
            )
    return parts


class ConcatGenerator(Generator):
    """Generators that run one after the other, along the same axes.

    Where one ends within 1e-5 of the beginning of the next, there is no gap;
    elsewhere there is one, as between two regions that are scanned in one go.

    Args:
        generators: The parts; the same axes in the same order, and the same units.
        alternate: Whether the whole turns back at every other run.
        gap: Whether there is a gap between parts even where they meet.

    Raises:
        PlanArgumentError: If there is no part, if axes or units differ, or if a part
            alternates.
    """

    typeid = "scanpointgenerator:generator/ConcatGenerator:1.0"
    _fields = ("generators", "alternate")
    _optional: ClassVar[Mapping[str, Any]] = {"gap": False}

    def __init__(self, generators: Any, alternate: Any = False, *, gap: bool = False):
        self.generators = _parts(generators, "ConcatGenerator")
        self.gap = as_flag(gap, "gap")
        first = self.generators[0]
        for part in self.generators:
            if part.axes != first.axes or part.units != first.units:
                raise PlanArgumentError(
                    f"generators that follow each other need the same axes and "
                    f"units, but one has {first.units} and another {part.units}"
                )
        sizes = [part.size for part in self.generators]
        self._first = np.cumsum([0, *sizes])
        units = list(first.units.values()) or [""]
        super().__init__(first.axes, units, sum(sizes), alternate)
        self._moved = False
        self._joins = self._find_joins()

    def _find_joins(self) -> list[Floats]:
        """Return where each part but the last ends: where the next begins, if near."""
        joins = []
        for part, after in zip(self.generators, self.generators[1:], strict=False):
            _, ends = part.bounds(np.array([part.size - 1]))
            begins, _ = after.bounds(np.array([0]))
            near = (np.abs(ends - begins) < NEAR).all()
            joins.append(begins[0] if near else ends[0])
            self._moved |= bool((joins[-1] != ends[0]).any())
        return joins

    @property
    def timed(self) -> bool:
        """Whether a duration is given for any point."""
        return any(part.timed for part in self.generators)

    @property
    def duration(self) -> float:
        """Seconds of each point; -1 if not given, or if points differ."""
        found = {part.duration for part in self.generators}
        return found.pop() if len(found) == 1 else -1.0

    @property
    def total_time(self) -> float:
        """Seconds of all points; NaN if one is not given."""
        return float(sum(part.total_time for part in self.generators))

    def _each(self, index: Ints) -> list[tuple[int, Bools | slice, Ints]]:
        """Return which parts there are in a range, with which rows and indexes."""
        of = np.searchsorted(self._first, index, side="right") - 1
        low, high = (int(of.min()), int(of.max())) if len(of) else (0, -1)
        if low == high:
            return [(low, slice(None), index - self._first[low])]
        rows = [(part, of == part) for part in range(low, high + 1)]
        return [(part, row, index[row] - self._first[part]) for part, row in rows]

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        out = np.empty((len(index), len(self.axes)))
        for part, rows, inside in self._each(index):
            out[rows] = self.generators[part].positions(inside)
        return out

    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return where points begin and end."""
        lower = np.empty((len(index), len(self.axes)))
        upper = np.empty_like(lower)
        for part, rows, inside in self._each(index):
            begins, ends = self.generators[part].bounds(inside)
            if part < len(self._joins):
                ends[inside == self.generators[part].size - 1] = self._joins[part]
            lower[rows], upper[rows] = begins, ends
        return lower, upper

    def durations(self, index: Ints) -> Floats:
        """Return the seconds of points, float64 (num_points,); -1 if not given."""
        out = np.empty(len(index))
        for part, rows, inside in self._each(index):
            out[rows] = self.generators[part].durations(inside)
        return out

    def breaks(self, index: Ints) -> Bools | None:
        """Tell which points must follow a gap even if the one before ends there."""
        out = np.isin(index, self._first[1:-1]) if self.gap else None
        for part, rows, inside in self._each(index):
            forced = self.generators[part].breaks(inside)
            if forced is not None:
                out = np.zeros(len(index), np.bool_) if out is None else out
                out[rows] |= forced
        return out

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis."""
        if bounded and self._moved:  # so the parts do not know where they end
            return super().extent(bounded=True)
        each = [part.extent(bounded=bounded) for part in self.generators]
        low = np.min([low for low, _ in each], axis=0)
        high = np.max([high for _, high in each], axis=0)
        return low, high


class ZipGenerator(Generator):
    """Generators that run together, each along axes of its own.

    Args:
        generators: The parts; all of the same size.
        alternate: Whether the whole turns back at every other run.

    Raises:
        PlanArgumentError: If there is no part, if sizes differ, if an axis is in two
            of them, if a part alternates, or if two parts have durations.
    """

    typeid = "scanpointgenerator:generator/ZipGenerator:1.0"
    _fields = ("generators", "alternate")
    _optional: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, generators: Any, alternate: Any = False):
        self.generators = _parts(generators, "ZipGenerator")
        sizes = {part.size for part in self.generators}
        if len(sizes) > 1:
            raise PlanArgumentError(
                f"generators that run together need as many points as each other, but "
                f"have {[part.size for part in self.generators]}"
            )
        axes = axes_together("ZipGenerator", [part.axes for part in self.generators])
        units = [unit for part in self.generators for unit in part.units.values()]
        self._clock = the_timed("ZipGenerator", self.generators)
        super().__init__(axes, units or [""], sizes.pop(), alternate)

    @property
    def timed(self) -> bool:
        """Whether a duration is given for any point."""
        return self._clock is not None

    @property
    def duration(self) -> float:
        """Seconds of each point; -1 if not given, or if points differ."""
        return -1.0 if self._clock is None else self._clock.duration

    @property
    def total_time(self) -> float:
        """Seconds of all points; NaN if one is not given."""
        return float("nan") if self._clock is None else self._clock.total_time

    def positions(self, index: Ints) -> Floats:
        """Return where the middles of points are, (num_points, num_axes)."""
        return np.hstack([part.positions(index) for part in self.generators])

    def bounds(self, index: Ints) -> tuple[Floats, Floats]:
        """Return where points begin and end."""
        each = [part.bounds(index) for part in self.generators]
        return np.hstack([low for low, _ in each]), np.hstack([up for _, up in each])

    def durations(self, index: Ints) -> Floats:
        """Return the seconds of points, float64 (num_points,); -1 if not given."""
        return (super() if self._clock is None else self._clock).durations(index)

    def breaks(self, index: Ints) -> Bools | None:
        """Tell which points must follow a gap even if the one before ends there."""
        forced = [part.breaks(index) for part in self.generators]
        found = [one for one in forced if one is not None]
        return np.logical_or.reduce(found) if found else None

    def extent(self, *, bounded: bool) -> tuple[Floats, Floats]:
        """Return the least and the greatest position of each axis."""
        each = [part.extent(bounded=bounded) for part in self.generators]
        low = np.concatenate([low for low, _ in each])
        return low, np.concatenate([high for _, high in each])


def the_timed(kind: str, generators: tuple[Generator, ...]) -> Generator | None:
    """Return the only generator that has durations, or None if none has.

    Raises:
        PlanArgumentError: If several have.
    """
    timed = [part for part in generators if part.timed]
    if len(timed) > 1:
        raise PlanArgumentError(
            f"durations are given by {len(timed)} parts of a {kind}, along "
            f"{' and '.join(str(part.axes) for part in timed)}; one may give them"
        )
    return timed[0] if timed else None
