"""Patterns: lengths, items, extents, and that they cost nothing."""

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.plans.patterns import (
    InnerProduct,
    Line,
    OuterProduct,
    Points,
    as_number,
    inner_list_product,
    inner_product,
    outer_product,
)


class Motor:
    def __init__(self, name):
        self.name = name


x, y = Motor("x"), Motor("y")


# ---------------------------------------------------------------- lines


def test_a_line_has_both_ends():
    assert list(Line(0, 1, 5)) == [0, 0.25, 0.5, 0.75, 1]
    assert list(Line(1, 0, 3)) == [1, 0.5, 0]
    assert list(Line(2, 5, 1)) == [2]
    assert list(Line(2, 5, 0)) == []
    assert all(type(position) is float for position in Line(0, 4, 5))


def test_a_line_is_indexed_like_a_list():
    line = Line(0, 10, 11)
    assert line[-1] == 10
    assert line[-11] == 0
    assert line[2:5] == [2, 3, 4]
    assert line[::-5] == [10, 5, 0]
    assert len(line) == 11
    assert next(reversed(line)) == 10
    assert 3.0 in line
    for beyond in (11, -12):
        with pytest.raises(IndexError):
            line[beyond]


def test_the_last_point_of_a_line_is_exactly_the_end():
    for num in range(2, 200):
        assert Line(0.1, 0.7, num)[-1] == 0.7


# ---------------------------------------------------------------- products


def test_an_inner_product_steps_together():
    path = inner_list_product([x, [1, 2], y, (3, 4)])
    assert list(path) == [{x: 1, y: 3}, {x: 2, y: 4}]
    assert path.motors == (x, y)
    assert path.extent(y) == (3, 4)
    assert repr(path) == "<2 steps of x, y together>"
    assert list(inner_product(2, [x, 0, 1, y, 5, 6])) == [{x: 0, y: 5}, {x: 1, y: 6}]


def test_the_first_of_an_outer_product_is_slowest():
    path = outer_product([x, 0, 1, 2, y, 0, 2, 3, True])
    assert [tuple(step.values()) for step in path] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 2),
        (1, 1),
        (1, 0),
    ]
    assert path.shape == (2, 3)
    assert path.snaking == (False, True)
    assert path.extent(x) == (0, 1)
    assert path.extent(y) == (0, 2)
    assert repr(path) == "<grid of 2 of x by 3 of y>"
    assert path[5] == path[-1] == {x: 1, y: 0}
    with pytest.raises(IndexError):
        path[6]


def test_steps_are_dicts_in_the_order_of_the_motors():
    for step in OuterProduct([(y, [1]), (x, [2])]):
        assert list(step) == [y, x]
    for step in InnerProduct([(y, [1]), (x, [2])]):
        assert list(step) == [y, x]


def test_products_of_nothing_are_empty():
    assert len(InnerProduct([])) == len(OuterProduct([])) == 0
    assert list(OuterProduct([(x, []), (y, [1])])) == []
    assert list(InnerProduct([(x, [])])) == []


def test_names_may_stand_for_motors():
    assert list(inner_product(2, ["x", 0, 1])) == [{"x": 0}, {"x": 1}]
    path = outer_product(["x", 0, 1, 2])
    assert list(path) == [{"x": 0}, {"x": 1}]
    assert repr(path) == "<grid of 2 of x>"
    assert repr(inner_list_product(["x", [1]])) == "<1 steps of x together>"


@pytest.mark.parametrize(
    ("positions", "extent"),
    [
        ([3, 1, 2], (1, 3)),
        (["b", "a"], ("a", "b")),
        (Line(5, -5, 3), (-5, 5)),
        ([], None),
        (Line(0, 1, 0), None),
        ([1, "a"], None),
        ([None, None], None),
        ([np.zeros(2), np.ones(2)], None),
        ([{"a": 1}, {"a": 2}], None),
    ],
)
def test_an_extent_is_the_lowest_and_the_highest_if_there_is_such_a_thing(
    positions, extent
):
    assert InnerProduct([(x, positions)]).extent(x) == extent
    assert OuterProduct([(x, positions)]).extent(x) == extent


def test_a_pattern_of_ones_own_needs_length_items_and_extents():
    class Diagonal(Points):
        motors = (x, y)

        def __len__(self):
            return 2

        def __getitem__(self, i):
            return {x: i, y: i}

    assert list(Diagonal()) == [{x: 0, y: 0}, {x: 1, y: 1}]
    for missing in (lambda p: len(p), lambda p: p[0], lambda p: p.extent(x)):
        with pytest.raises(NotImplementedError):
            missing(Points())


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("num", [3, 3.0, np.int32(3), np.float64(3)])
def test_a_whole_number_is_a_number_of_points(num):
    assert as_number(num) == 3
    assert type(as_number(num)) is int


@pytest.mark.parametrize(
    "num", [0, -1, 2.5, True, "3", None, [3], float("nan"), float("inf"), 1j]
)
def test_anything_else_is_not(num):
    with pytest.raises(PlanArgumentError, match="must be a whole number, at least 1"):
        as_number(num)
    with pytest.raises(PlanArgumentError, match="number of points of motor 'x' must"):
        as_number(num, x)


def test_the_least_number_may_be_another():
    assert as_number(0, least=0) == 0
    with pytest.raises(PlanArgumentError, match="at least 0, but it is -1"):
        as_number(-1, least=0)


@pytest.mark.parametrize("end", ["a", None, float("nan"), float("inf"), [1, 2]])
def test_ends_of_a_line_are_numbers(end):
    with pytest.raises(PlanArgumentError, match="'x' must be followed by two numbers"):
        inner_product(3, [x, 0, end])
    with pytest.raises(PlanArgumentError, match="'x' must be followed by two numbers"):
        outer_product([x, end, 1, 3])
