import json
import math

import h5py
import numpy as np
import pytest
from unit.data.files import write, write_slowly
from unit.data.streams import key, of_values

LONG = "µ" * 100


def field(tmp_path, values, data_key):
    """Write values, all at once and one by one; return the field, as read."""
    found = []
    for name, writer in (("a", write), ("b", write_slowly)):
        path = writer(tmp_path / f"{name}.h5", of_values(values, data_key))
        with h5py.File(path) as file:
            dataset = file["entry/primary/data/v"]
            is_text = h5py.check_string_dtype(dataset.dtype) is not None
            content = dataset.asstr()[:] if is_text else dataset[:]
            shapes = file["entry/primary"].get("shapes/v")
            found.append((content, dict(dataset.attrs), shapes and shapes[:]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    return found[0]


def from_json(content) -> list:
    return [json.loads(text) for text in content]


@pytest.mark.parametrize(
    ("values", "data_key", "dtype"),
    [
        ([1.5, 2, math.inf, -math.inf], key(), "f8"),
        ([1, -(2**63), 2**63 - 1], key("integer"), "i8"),
        ([0, 2**64 - 1], key("integer", dtype_numpy="<u8"), "u8"),
        ([True, False, True], key("boolean"), "?"),
        ([np.float32(0.5), np.int16(3)], key(), "f8"),
        ([[1, 2], (3, 4)], key("array", [2]), "i8"),
        ([np.zeros((2, 3), "u2"), np.ones((2, 3), "u2")], key("array", [2, 3]), "u2"),
        ([np.array([1j]), np.array([2.0])], key("array", [1]), "c16"),
        ([[True], [False]], key("array", [1]), "?"),
    ],
)
def test_values_of_one_type_keep_it(tmp_path, values, data_key, dtype):
    content, attributes, _ = field(tmp_path, values, data_key)
    assert content.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(content, np.array(values))
    assert "encoding" not in attributes


@pytest.mark.parametrize("values", [["a", "", "µ"], ["a", LONG, "b"], [LONG], ["\n"]])
def test_text_of_any_length_is_text(tmp_path, values):
    content, attributes, _ = field(tmp_path, values, key("string"))
    assert content.tolist() == values
    assert "encoding" not in attributes


@pytest.mark.parametrize(
    ("values", "data_key", "expected"),
    [
        ([1.0, None, 3.0], key(), [1, math.nan, 3]),
        ([None, None], key(), [math.nan, math.nan]),
        ([1, None, 3], key("integer"), [1, math.nan, 3]),
        ([1, 2.5], key("integer"), [1, 2.5]),
        ([1, math.nan], key("integer"), [1, math.nan]),
        ([True, None], key("boolean"), [1, math.nan]),
        ([True, 7], key("boolean"), [1, 7]),
    ],
)
def test_missing_and_broken_numbers_make_floats(tmp_path, values, data_key, expected):
    content, _, _ = field(tmp_path, values, data_key)
    assert content.dtype == np.dtype("f8")
    np.testing.assert_array_equal(content, expected)


@pytest.mark.parametrize(
    ("values", "data_key"),
    [
        ([1, 2**63, -5], key("integer")),
        ([2**60 + 1, None], key("integer")),
        ([2**60 + 1, 0.5], key("integer")),
        ([1.5, 2**60 + 1], key()),
        ([1.5, "overflow", None], key()),
        ([1.5, {"a": 1}], key()),
        ([1.5, [1, 2]], key()),
        (["a", None], key("string")),
        (["a", 3], key("string")),
        (["a\0b", LONG], key("string")),
        (["\ud800", "a"], key("string")),
        ([["a", "b"], ["c"]], key("array", [2])),
        ([[1, 2], "none"], key("array", [2])),
        ([[1, 2], [[1], [2]]], key("array", [2])),
        ([[1, 2], [[1], [2, 3]]], key("array", [2])),
        ([[1, 2], [2**64, 1]], key("array", [2])),
        ([[2**60 + 1], [0.5, 1.5]], key("array", [1])),
        ([{"a": [1]}, {"b": 2}], key("array", [None])),
    ],
)
def test_what_has_no_common_type_is_json_that_says_so(tmp_path, values, data_key):
    content, attributes, _ = field(tmp_path, values, data_key)
    assert attributes["encoding"] == "json"
    assert from_json(content) == values


def test_arrays_of_changing_length_are_filled_up_and_their_shapes_kept(tmp_path):
    values = [[1.5, 2.5], [3.5], [4.5, 5.5, 6.5], []]
    content, attributes, shapes = field(tmp_path, values, key("array", [2]))
    nan = math.nan
    expected = [[1.5, 2.5, nan], [3.5, nan, nan], [4.5, 5.5, 6.5], [nan, nan, nan]]
    np.testing.assert_array_equal(content, expected)
    np.testing.assert_array_equal(shapes, [[2], [1], [3], [0]])
    assert "/entry/primary/shapes/v" in attributes["ragged"]


def test_integers_of_changing_length_stay_integers(tmp_path):
    content, _, shapes = field(
        tmp_path, [[2**62 + 1], [1, 2], None], key("array", [None])
    )
    assert content.dtype == np.dtype("i8")
    np.testing.assert_array_equal(content, [[2**62 + 1, 0], [1, 2], [0, 0]])
    np.testing.assert_array_equal(shapes, [[1], [2], [0]])


def test_images_of_changing_shape_lie_in_one_corner(tmp_path):
    values = [np.ones((2, 3)), np.ones((3, 1))]
    content, _, shapes = field(tmp_path, values, key("array", [2, 3]))
    assert content.shape == (2, 3, 3)
    assert np.nansum(content) == 9
    np.testing.assert_array_equal(content[1, :, 0], [1, 1, 1])
    np.testing.assert_array_equal(shapes, [[2, 3], [3, 1]])


def test_arrays_that_are_all_empty_have_no_width(tmp_path):
    content, _, shapes = field(tmp_path, [[], []], key("array", [None]))
    assert content.shape == (2, 0)
    np.testing.assert_array_equal(shapes, [[0], [0]])


def test_value_that_is_lacking_in_an_event_is_a_gap(tmp_path):
    documents = of_values([1.0, 2.0, 3.0], key())
    del documents[3][1]["data"]["v"]
    with h5py.File(write(tmp_path / "a.h5", documents)) as file:
        content = file["entry/primary/data/v"][:]
    np.testing.assert_array_equal(content, [1, math.nan, 3])


def test_datum_ids_of_data_elsewhere_are_text(tmp_path):
    data_key = key("array", [512, 512], external="FILESTORE:")
    content, _, _ = field(tmp_path, ["id/0", "id/1"], data_key)
    assert content.tolist() == ["id/0", "id/1"]


def test_odd_values_far_apart_are_found_in_a_long_run(tmp_path):
    values = [float(i) for i in range(20_000)]
    values[17] = values[9_000] = values[19_999] = None
    path = write(tmp_path / "a.h5", of_values(values, key()))
    with h5py.File(path) as file:
        content = file["entry/primary/data/v"][:]
    assert np.flatnonzero(np.isnan(content)).tolist() == [17, 9_000, 19_999]
    np.testing.assert_array_equal(np.nan_to_num(content)[[16, 18, 19_998]],
                                  [16, 18, 19_998])  # fmt: skip
