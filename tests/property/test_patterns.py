"""Patterns are those of numpy and Bluesky, for any arguments, and cost nothing."""

from itertools import pairwise
from time import perf_counter

import numpy as np
from bluesky import plan_patterns
from hypothesis import example, given
from hypothesis import strategies as st
from kit import Motor

from lapwing.plans.patterns import (
    InnerProduct,
    Line,
    OuterProduct,
    inner_list_product,
    inner_product,
    outer_product,
)

MOTORS = [Motor(name) for name in "abcd"]
# Beyond that differences of ends overflow, or are so small that they have no step.
ends = st.floats(-1e15, 1e15).map(lambda f: 0.0 if abs(f) < 1e-15 else f)
numbers = st.integers(1, 40)
positions = st.one_of(ends, st.integers(-(10**6), 10**6))


@given(ends, ends, numbers)
@example(0, 1, 1)
@example(1, 1, 5)
@example(-0.0, 0.0, 2)
def test_a_line_is_numpy_s(start, stop, num):
    line = Line(start, stop, num)
    assert list(line) == np.linspace(start, stop, num).tolist()
    assert [line[i - num] for i in range(num)] == list(line)


@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=4), numbers)
def test_an_inner_product_is_bluesky_s(lines, num):
    args = [
        x for motor, line in zip(MOTORS, lines, strict=False) for x in (motor, *line)
    ]
    ours, theirs = inner_product(num, args), plan_patterns.inner_product(num, args)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs) == num
    for motor in ours.motors:
        check_extent(ours, motor)


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(
            st.lists(positions, min_size=n, max_size=n), min_size=1, max_size=4
        )
    )
)
def test_an_inner_list_product_is_bluesky_s(lists):
    args = [p for pair in zip(MOTORS, lists, strict=False) for p in pair]
    ours = inner_list_product(args)
    assert list(ours) == list(plan_patterns.inner_list_product(args))
    assert len(ours) == len(lists[0])
    for motor in ours.motors:
        check_extent(ours, motor)


axes = st.tuples(ends, ends, st.integers(1, 6), st.booleans())


@given(st.lists(axes, min_size=1, max_size=4))
def test_an_outer_product_is_bluesky_s_with_any_snaking(grid):
    args = []
    for k, (motor, (*line, snakes)) in enumerate(zip(MOTORS, grid, strict=False)):
        args += [motor, *line, snakes] if k else [motor, *line]
    ours, theirs = outer_product(args), plan_patterns.outer_product(args)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs)
    assert [ours[i] for i in range(len(ours))] == list(ours)
    assert ours[-1] == list(ours)[-1]
    for motor in ours.motors:
        check_extent(ours, motor)


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=4))
def test_a_grid_goes_through_every_point_once_and_a_snake_never_jumps(axes):
    columns = [
        (motor, range(num)) for motor, (num, _) in zip(MOTORS, axes, strict=False)
    ]
    path = OuterProduct(columns, [bool(k) for k in range(len(columns))])
    points = [tuple(step.values()) for step in path]
    assert len(set(points)) == len(points) == len(path)
    for here, there in pairwise(points):
        assert sum(abs(a - b) for a, b in zip(here, there, strict=True)) == 1


def check_extent(path, motor):
    reached = [step[motor] for step in path]
    wanted = (min(reached), max(reached)) if reached else None
    assert path.extent(motor) == wanted


# ---------------------------------------------------------------- laziness


def quickest(what, times=5):
    """Seconds of the quickest of some tries; others may run on the machine."""
    took = []
    for _ in range(times):
        start = perf_counter()
        what()
        took.append(perf_counter() - start)
    return min(took)


def test_a_grid_of_a_million_points_gives_its_first_step_at_once():
    a, b = MOTORS[:2]

    def first():
        path = outer_product([a, 0, 1, 1000, b, 0, 1, 1000, True])
        assert len(path) == 1_000_000
        assert next(iter(path)) == {a: 0, b: 0}
        assert path[-1] == {a: 1, b: 0}
        assert path.extent(b) == (0, 1)

    assert quickest(first) < 0.005


def test_a_line_of_a_million_points_gives_its_first_step_at_once():
    (a,) = MOTORS[:1]

    def first():
        path = inner_product(1_000_000, [a, 0, 1])
        assert len(path) == 1_000_000
        assert next(iter(path)) == {a: 0}

    assert quickest(first) < 0.005


def test_a_point_far_away_costs_no_more_than_the_first():
    path = InnerProduct([(MOTORS[0], Line(0, 1, 10**12))])
    assert quickest(lambda: path[10**12 - 1]) < 0.005
    grid = OuterProduct([(m, Line(0, 1, 10**4)) for m in MOTORS])
    assert len(grid) == 10**16
    assert quickest(lambda: grid[10**16 - 1]) < 0.005
