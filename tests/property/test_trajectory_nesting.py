"""Nested generators go where nested loops go, with snakes and regions."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.errors import PlanArgumentError
from lapwing.trajectory import (
    ROI,
    ArrayGenerator,
    CircularROI,
    CompoundGenerator,
    PolygonalROI,
    ROIExcluder,
)

# A row of a loop: for each axis where it begins, is and ends; and its index.
Row = tuple[dict[str, float], dict[str, float], dict[str, float]]
numbers = st.integers(-3, 3).map(float)


@st.composite
def lists(draw: st.DrawFn, axis: str) -> ArrayGenerator:
    points = draw(st.lists(numbers, min_size=1, max_size=4))
    lower = [point - 0.5 for point in points]
    upper = [point + 0.25 for point in points]
    turns = draw(st.booleans())
    return ArrayGenerator(axis, "mm", points, turns, lower=lower, upper=upper)


def rows_of(part: ArrayGenerator, *, moves: bool) -> list[Row]:
    p, axis = part.slice(), part.axes[0]
    if not moves:
        return [({axis: at},) * 3 for at in p.midpoint[:, 0].tolist()]
    columns = [table[:, 0].tolist() for table in (p.lower, p.midpoint, p.upper)]
    return [tuple({axis: at} for at in row) for row in zip(*columns, strict=True)]


def backwards(rows: list[Row]) -> list[Row]:
    return [(upper, middle, lower) for lower, middle, upper in reversed(rows)]


def joined(outer: Row, inner: Row) -> Row:
    return tuple(one | two for one, two in zip(outer, inner, strict=True))


def looped(parts: list[list[Row]], turns: list[bool]) -> list[Row]:
    """Go through one dimension by loops."""
    rows: list[Row] = [({}, {}, {})]
    for inner, turning in zip(parts, turns, strict=True):
        rows = [
            joined(outer, row)
            for run, outer in enumerate(rows)
            for row in (backwards(inner) if turning and run % 2 else inner)
        ]
    return rows


def nested(
    dimensions: list[tuple[list[Row], bool]],
) -> list[tuple[Row, tuple[int, ...]]]:
    """Go through dimensions by loops, with the index that each point has forwards."""
    found: list[tuple[Row, tuple[int, ...]]] = [(({}, {}, {}), ())]
    for rows, turning in dimensions:
        there = list(enumerate(rows))
        back = [
            (index, (upper, middle, lower))
            for index, (lower, middle, upper) in reversed(there)
        ]
        found = [
            (joined(outer, row), (*index, number))
            for run, (outer, index) in enumerate(found)
            for number, row in (back if turning and run % 2 else there)
        ]
    return found


@st.composite
def scans(draw: st.DrawFn) -> tuple[list[ArrayGenerator], ROI | None, list[str]]:
    names = ["z", "y", "x"][-draw(st.integers(1, 3)) :]
    parts = [draw(lists(name)) for name in names]
    region = draw(
        st.none()
        | st.builds(CircularROI, st.tuples(numbers, numbers), st.just(2.5))
        | st.just(PolygonalROI([-3, 3, 3], [-3, -3, 3.5]))
    )
    plane = draw(st.permutations(names))[:2]
    return parts, region if len(plane) == 2 else None, plane


@settings(max_examples=400)
@given(scans())
def test_points_are_those_of_loops_in_loops(scan: Any):
    parts, region, plane = scan
    excluders = [] if region is None else [ROIExcluder([region], plane)]
    ours = CompoundGenerator(parts, excluders)
    rows = [rows_of(part, moves=part is parts[-1]) for part in parts]
    turns = [part.alternate for part in parts]
    tied = [at for at, part in enumerate(parts) if set(part.axes) & set(plane)]
    first, last = (tied[0], tied[-1]) if region else (0, 0)
    together = looped(rows[first : last + 1], [False, *turns[first + 1 : last + 1]])
    if region:
        together = [
            row
            for row in together
            if region.contains_point([row[1][axis] for axis in plane])
        ]
    dimensions = [
        *zip(rows[:first], turns[:first], strict=True),
        (together, turns[first]),
        *zip(rows[last + 1 :], turns[last + 1 :], strict=True),
    ]
    try:
        points = ours.slice()
    except PlanArgumentError:
        in_snake = turns[first : last + 1]
        turns_later = in_snake.index(True) if True in in_snake else len(in_snake)
        assert not together or not all(in_snake[turns_later:])
        return
    expected = nested(dimensions)
    assert ours.shape == tuple(len(dimension) for dimension, _ in dimensions)
    assert [tuple(index) for index in points.index.tolist()] == [i for _, i in expected]
    for number, table in enumerate((points.lower, points.midpoint, points.upper)):
        wanted = [[row[number][axis] for axis in ours.axes] for row, _ in expected]
        assert np.array_equal(table, np.array(wanted))
