"""Rectangles over grids: cut out of the lines, not point by point.

Owns the one case in which a region leaves dimensions as they are.
Must not know how other regions are counted.
Test: tests/unit/trajectory/test_compound_regions.py.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.excluders import Excluder, ROIExcluder
from lapwing.trajectory.generators import Generator
from lapwing.trajectory.lines import LineGenerator
from lapwing.trajectory.regions import RectangularROI

__all__ = ["restricted"]


def restricted(
    generators: Sequence[Generator], excluders: Sequence[Excluder]
) -> tuple[list[Generator], list[Excluder]]:
    """Shorten lines to what a rectangle leaves of them.

    A single upright rectangle over two lines of one axis each leaves a grid of
    shorter lines, so the dimensions stay two, and a snake begins forwards.

    Returns:
        The generators and the excluders that are left.

    Raises:
        PlanArgumentError: If a rectangle leaves nothing of a line.
    """
    left: list[Excluder] = []
    parts = list(generators)
    for excluder in excluders:
        rectangle = _rectangle(excluder)
        at = [_line_of(axis, parts) for axis in excluder.axes]
        if rectangle is None or None in at or at[0] == at[1]:
            left.append(excluder)
            continue
        sizes = (rectangle.width, rectangle.height)
        for which, start, length in zip(at, rectangle.start, sizes, strict=True):
            line = parts[which or 0]
            parts[which or 0] = _shortened(line, start, start + length)
    return parts, left


def _rectangle(excluder: Excluder) -> RectangularROI | None:
    """Return the one upright rectangle of an excluder, if that is all it has."""
    if not isinstance(excluder, ROIExcluder) or len(excluder.rois) != 1:
        return None
    roi = excluder.rois[0]
    return roi if isinstance(roi, RectangularROI) and roi.angle == 0 else None


def _line_of(axis: str, parts: Sequence[Generator]) -> int | None:
    """Return which part is the line that moves this axis alone, or None."""
    for at, part in enumerate(parts):
        if part.axes == (axis,) and isinstance(part, LineGenerator):
            return at
    return None


def _shortened(line: Generator, low: float, high: float) -> LineGenerator:
    """Return the points of a line from one position to another one, both included."""

    def at(index: int) -> float:
        return float(line.positions(np.array([index]))[0, 0])

    every = range(line.size)
    if at(0) <= at(line.size - 1):
        first, stop = bisect_left(every, low, key=at), bisect_right(every, high, key=at)
    else:
        first = bisect_left(every, -high, key=lambda index: -at(index))
        stop = bisect_right(every, -low, key=lambda index: -at(index))
    if first >= stop:
        raise PlanArgumentError(
            f"the rectangle on the axis {line.axes[0]}, from {low:g} to {high:g}, "
            f"excludes every point; its line goes from {at(0):g} to "
            f"{at(line.size - 1):g}"
        )
    times = line.times
    return LineGenerator(
        line.axes,
        list(line.units.values()),
        at(first),
        at(stop - 1),
        stop - first,
        line.alternate,
        duration=times[first:stop] if isinstance(times, np.ndarray) else times,
    )
