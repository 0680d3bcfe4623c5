import numpy as np
import pytest

from lapwing.callbacks.cells import cell, column_width, head, number
from lapwing.callbacks.fields import Field

PLAIN = Field("det")
MM = Field("x", "mm", 3, dimension=True)
COUNTS = Field("det", "counts", 0)


@pytest.mark.parametrize(
    ("value", "field", "text"),
    [
        (1.23456, MM, "1.235"),
        (1e-17, MM, "0.000"),
        (-1e-17, MM, "0.000"),
        (-0.5, MM, "-0.500"),
        (1e-17, Field("i0", "A", 3), "1e-17"),
        (1.234567e-9, Field("i0", "A", 3), "1.235e-09"),
        (0.0, Field("i0", "A", 3), "0.000"),
        (1023.0, COUNTS, "1023"),
        (0.25, COUNTS, "0.25"),
        (1.23456789, PLAIN, "1.23457"),
        (123456789.5, MM, "123456790"),
        (float("nan"), MM, "nan"),
        (float("inf"), MM, "inf"),
        (float("-inf"), COUNTS, "-inf"),
        (7, MM, "7.000"),
        (7, Field("n", precision=3, dtype="integer"), "7"),
        (np.int64(7), COUNTS, "7"),
        (np.float32(0.5), MM, "0.500"),
        (10**12, COUNTS, "1.000e+12"),
        (10**400, COUNTS, ">1e308"),
        (-(10**400), COUNTS, "<-1e308"),
        (True, PLAIN, "yes"),
        (np.False_, PLAIN, "no"),
        (None, PLAIN, "-"),
        ("open", PLAIN, "open"),
        ("a long\nstory to tell", PLAIN, "a long st~"),
        (np.zeros((512, 512)), PLAIN, "[512x512]"),
        ([1, 2, 3], PLAIN, "[3]"),
        (np.zeros((100, 200, 300)), PLAIN, "[100x200x~"),
    ],
)
def test_a_value_looks_as_a_reader_expects(value, field, text):
    assert cell(value, field, 10) == text


@pytest.mark.parametrize("width", [7, 9, 12, 16])
@pytest.mark.parametrize(
    "value",
    [-1.23456789e-300, 9.99999e99, -123456.789, 10**20, -(10**400), "x" * 40, object()],
)
def test_no_value_is_wider_than_its_column(value, width):
    for field in (PLAIN, MM, COUNTS, Field("p", precision=15)):
        assert len(cell(value, field, width)) <= width


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("det", 9, ["det"]),
        ("detector_stats_total", 12, ["detector_", "stats_total"]),
        ("abcdefghijklmnop", 9, ["abcdefghi", "jklmnop"]),
        ("a_abcdefghijklmnop", 9, ["a_", "abcdefghi", "jklmnop"]),
        ("", 9, [""]),
    ],
)
def test_a_long_name_is_broken_where_it_may_be(name, width, lines):
    assert head(Field(name), width) == lines
    assert "".join(head(Field(name), width)) == name


def test_columns_are_neither_narrow_nor_wide():
    assert column_width(Field("x")) == 9
    assert column_width(Field("detector_one")) == 12
    assert column_width(Field("a_very_long_detector_name")) == 16


def test_a_number_in_a_sentence_has_the_decimals_that_make_sense():
    assert number(0.7537, 3) == "0.754"
    assert number(-0.0001, 3) == "0.000"
    assert number(1.5e-9, 3) == "1.5e-09"
    assert number(3e9, 0) == "3e+09"
    assert number(float("nan"), 2) == "nan"
