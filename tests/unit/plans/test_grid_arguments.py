"""The forms in which a grid may be given, told apart."""

import pytest
from kit import Motor

from lapwing.errors import PlanArgumentError
from lapwing.plans.patterns import (
    OuterProductArgsPattern,
    chunk_outer_product_args,
    classify_outer_product_args_pattern,
    outer_list_product,
)

x, y, z = Motor("x"), Motor("y"), Motor("z")
FIRST, SECOND = OuterProductArgsPattern


@pytest.mark.parametrize(
    ("args", "form", "axes"),
    [
        ([], FIRST, []),
        ([x, 0, 1, 2], FIRST, [(x, 0, 1, 2, False)]),
        (
            [x, 0, 1, 2, y, 3, 4, 5],
            FIRST,
            [(x, 0, 1, 2, False), (y, 3, 4, 5, False)],
        ),
        (
            [x, 0, 1, 2, y, 3, 4, 5, True, z, 6, 7, 8, False],
            SECOND,
            [(x, 0, 1, 2, False), (y, 3, 4, 5, True), (z, 6, 7, 8, False)],
        ),
    ],
)
def test_both_forms_are_told_apart_and_taken_apart(args, form, axes):
    assert classify_outer_product_args_pattern(args) is form
    assert chunk_outer_product_args(args) == axes
    assert chunk_outer_product_args(args, form) == axes


def test_six_axes_of_one_form_and_five_of_the_other_are_equally_long():
    motors = [Motor(f"m{k}") for k in range(6)]
    six = [part for m in motors for part in (m, 0, 1, 2)]
    five = six[:4] + [part for m in motors[1:5] for part in (m, 0, 1, 2, True)]
    assert len(six) == len(five)
    assert classify_outer_product_args_pattern(six) is FIRST
    assert classify_outer_product_args_pattern(five) is SECOND
    assert [axis[4] for axis in chunk_outer_product_args(five)] == [False, *[True] * 4]


@pytest.mark.parametrize(
    "args",
    [[x], [x, 0, 1], [x, 0, 1, 2, 3], [0, x, 1, 2], [x, 0, 1, 2, y, 0, 1, 2, 1, z]],
)
def test_arguments_of_neither_form_are_refused(args):
    with pytest.raises(PlanArgumentError, match="motors stand at places"):
        classify_outer_product_args_pattern(args)
    with pytest.raises(ValueError, match="motors stand at places"):
        chunk_outer_product_args(args)


def test_listed_grids_snake_as_asked():
    steps = outer_list_product([x, [0, 1], y, [2, 3]], [y])
    assert [(s[x], s[y]) for s in steps] == [(0, 2), (0, 3), (1, 3), (1, 2)]
    assert list(outer_list_product([x, [0, 1], y, [2, 3]], True)) == list(steps)
    assert list(outer_list_product([x, [0, 1], y, [2, 3]], [x, y])) == list(steps)
    plain = outer_list_product([x, [0, 1], y, [2, 3]], None)
    assert [s[y] for s in plain] == [2, 3, 2, 3]


def test_a_stranger_cannot_snake():
    with pytest.raises(PlanArgumentError, match="not controlled during the scan"):
        outer_list_product([x, [0, 1], y, [2, 3]], [z])
