import json

import h5py
import numpy as np
import pytest

from lapwing.data.tree import put_tree


@pytest.fixture
def file():
    with h5py.File("tree", "w", driver="core", backing_store=False) as made:
        yield made


def written(file, value):
    put_tree(file, "md", {"key": value})
    return file["md/key"]


@pytest.mark.parametrize(
    "value",
    [1, 2.5, True, -(2**63), 2**64 - 1, np.nan, np.float32(0.1), 1 + 2j,
     [1, 2], [1.5, 2.5], [True, False], (1, 2, 3), np.arange(6).reshape(2, 3)],
)  # fmt: skip
def test_numbers_and_lists_of_them_stay_numbers(file, value):
    found = written(file, value)
    assert "encoding" not in found.attrs
    np.testing.assert_array_equal(found[()], np.asarray(value))
    assert found.dtype == np.asarray(value).dtype


@pytest.mark.parametrize("value", ["", "plain", "µ é 漢", "a\nb"])
def test_text_stays_text(file, value):
    assert written(file, value).asstr()[()] == value


def test_list_of_texts_stays_one(file):
    assert list(written(file, ["x", "µ", ""]).asstr()[()]) == ["x", "µ", ""]


def test_whole_and_broken_numbers_are_numbers_together(file):
    np.testing.assert_array_equal(written(file, [0, 0.5, 1])[()], [0, 0.5, 1])


@pytest.mark.parametrize(
    "value",
    [None, [], [1, "a"], [1, None], [[1, 2], [3]], [[1, 2], [3, 4]], 2**70, [2**70, 1],
     [True, 1], ["a\0b"], "a\0b", "\ud800", {"a/b": 1}, [{"a": 1}], {".": 2},
     [2**60 + 1, 0.5], {"": 1}],
)  # fmt: skip
def test_what_hdf5_cannot_hold_is_json_that_says_so(file, value):
    found = written(file, value)
    if isinstance(found, h5py.Group):
        found = found["json"]
    assert found.attrs["encoding"] == "json"
    assert json.loads(found.asstr()[()]) == value


def test_dicts_become_groups(file):
    found = written(file, {"a": {"b": 1}, "c": {}})
    assert found.attrs["NX_class"] == "NXcollection"
    assert found["a/b"][()] == 1
    assert len(found["c"]) == 0


def test_deep_nesting_ends_in_json(file):
    value = deep = {}
    for _ in range(40):
        deep["d"] = {}
        deep = deep["d"]
    deep["end"] = 1
    put_tree(file, "md", value)
    node, path = file["md"], value
    while isinstance(node, h5py.Group):
        node = node["d"] if "d" in node else node["json"]
        path = path["d"]
    assert json.loads(node.asstr()[()]) == path


def test_metadata_that_are_not_named_by_text_become_json(file):
    put_tree(file, "md", {1: "a", "b": 2})
    assert json.loads(file["md/json"].asstr()[()]) == {"1": "a", "b": 2}
