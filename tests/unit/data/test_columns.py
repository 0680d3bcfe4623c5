import numpy as np
import pytest
from unit.data.streams import key

from lapwing.data.columns import TEXT_BYTES, Column, cast_exactly, choose_column, fit

F8, I8 = np.dtype("f8"), np.dtype("i8")


@pytest.mark.parametrize(
    ("data_key", "sample", "expected"),
    [
        (key("number"), None, Column(F8)),
        (key("integer"), 3, Column(I8)),
        (key("integer", dtype_numpy="<u8"), 3, Column(np.dtype("u8"))),
        (key("boolean"), True, Column(np.dtype("?"))),
        (key("string"), "a", Column(np.dtype(f"S{TEXT_BYTES}"))),
        (key("array", [3]), None, Column(F8, (3,))),
        (key("array", [3], dtype_numpy="<u2"), None, Column(np.dtype("u2"), (3,))),
        (key("array", [3]), np.zeros((4, 2), "i2"), Column(np.dtype("i2"), (4, 2))),
        (key("number"), [1, 2], Column(I8, (2,))),
        (key("array", []), 2.5, Column(F8)),
        (key("array", []), 2, Column(I8)),
        (key("array", [None]), None, None),
        (key("array", [0]), [], None),
        (key("array", [2]), ["a", "b"], None),
        (key("array", [2]), [[1], [1, 2]], Column(F8, (2,))),
        (key("array", [2], dtype_numpy=[["a", "<f8"]]), None, None),
        (key("array", [2], dtype_numpy="nonsense"), None, None),
        (key("array", [2], dtype_numpy="|S40"), None, None),
        (key("array", [512], external="FILESTORE:"), "id/1",
         Column(np.dtype(f"S{TEXT_BYTES}"))),
        (key("array", [2], dtype_numpy=">f4"), None, Column(np.dtype("f4"), (2,))),
    ],
)  # fmt: skip
def test_column_follows_the_data_key_and_the_first_array(data_key, sample, expected):
    assert choose_column(data_key, sample) == expected


@pytest.mark.parametrize(
    ("column", "values", "misfits"),
    [
        (Column(F8), [1.0, np.nan, np.inf, 3, True], []),
        (Column(F8), [1.0, None, "a", [1.0], 2**60 + 1], [1, 2, 3, 4]),
        (Column(I8), [1, 2.0, 2.5, 2**63, -(2**63), np.nan], [2, 3, 5]),
        (Column(np.dtype("u8")), [2**64 - 1, -1, 2**64, 0], [1, 2]),
        (Column(np.dtype("?")), [True, 0, 2], [2]),
        (Column(np.dtype("S128")), ["é" * 64, "é" * 65, "a\0", "\ud800", 3],
         [1, 2, 3, 4]),
        (Column(F8, (2,)), [[1, 2], (3.0, 4.0), [1], np.zeros((2, 1)), 3], [2, 3, 4]),
        (Column(np.dtype("f4"), (1,)), [[0.5], [0.1], [np.nan]], [1]),
        (Column(np.dtype("u1"), (1,)), [[255], [256], [-1]], [1, 2]),
        (Column(np.dtype("c16"), (1,)), [[1j], [2.0], [3]], []),
        (Column(F8), [0.5, 2**60 + 1, 2**60, np.inf], [1]),
        (Column(I8), [2**63 - 1, 2**63, 1.0], [1]),
        (Column(F8, (1,)), [[1.0], [1j]], [1]),
    ],
)  # fmt: skip
def test_values_fit_exactly_or_not_at_all(column, values, misfits):
    block, found = fit(values, column)
    assert found == misfits
    assert block.dtype == column.dtype
    assert block.shape == (len(values), *column.shape)
    for row, value in enumerate(values):
        if row in misfits:
            np.testing.assert_array_equal(block[row], column.blank(1)[0])
        elif column.dtype.kind == "S":
            assert block[row].decode() == value
        else:
            np.testing.assert_array_equal(block[row], value)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(2**63, "i8"), (2**53 + 1, "f8"), (2**63 - 1, "f8"), (1e300, "i8"), (-1, "u8"),
     (float(2**63), "i8"), (1e300, "f4")],
)  # fmt: skip
def test_a_number_that_would_change_is_not_cast(value, dtype):
    assert cast_exactly(np.array([value]), np.dtype(dtype)) is None
