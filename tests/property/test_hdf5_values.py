"""Whatever values a run has, its file holds them."""

import json
import math
import tempfile
from pathlib import Path

import h5py
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.data.files import write, write_slowly
from unit.data.streams import Run, key, of_values, walk

from lapwing.data.lines import decode, encode_value
from lapwing.data.live import documents_of
from lapwing.data.plot import Grid

numbers = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.integers(-9, 9)
)
texts = st.text(st.characters(exclude_categories=[]), max_size=200)
scalars = st.one_of(st.none(), numbers, texts)
arrays = st.lists(numbers, max_size=4)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=12,
)
data_keys = st.sampled_from(
    [key(), key("integer"), key("boolean"), key("string"), key("array", [2]),
     key("array", [None])]
)  # fmt: skip


def same(one, other) -> bool:
    """Whether two values are equal, NaN being equal to itself."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def held(stream, row: int):
    """Return a value as a careful reader of the final file takes it."""
    field = stream["data/v"]
    if field.attrs.get("encoding") == "json":
        return json.loads(field.asstr()[row])
    if h5py.check_string_dtype(field.dtype):
        return field.asstr()[row]
    value = field[row]
    if "ragged" in field.attrs:
        value = value[tuple(slice(n) for n in stream["shapes/v"][row])]
    return value.tolist()


def means(found, value) -> bool:
    """Whether what a file holds means the value that was read."""
    if value is None and not isinstance(found, str | list):
        return found is None or math.isnan(found)
    if value is None:
        return found == []
    if isinstance(value, list):
        whole = isinstance(found, list) and len(found) == len(value)
        return whole and all(map(means, found, value))
    if isinstance(value, float) and math.isnan(value):
        return isinstance(found, float) and math.isnan(found)
    return found == value


@given(trees)
@settings(max_examples=200)
def test_any_value_comes_back_from_its_line(value):
    line = encode_value(value)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert same(decode(line), value)


@given(data_keys, st.lists(st.one_of(scalars, arrays), max_size=6), st.booleans())
@settings(max_examples=80)
def test_any_values_are_in_the_documents_and_in_the_field(data_key, values, slowly):
    documents = of_values(values, data_key)
    with tempfile.TemporaryDirectory() as place:
        path = (write_slowly if slowly else write)(Path(place, "a.h5"), documents)
        found = [doc for name, doc in documents_of(path) if name == "event"]
        assert same([doc["data"]["v"] for doc in found], values)
        with h5py.File(path) as file:
            stream = file["entry/primary"]
            assert stream["seq_num"].shape == (len(values),)
            for row, value in enumerate(values):
                assert means(held(stream, row), value), (row, value)


@given(st.lists(st.integers(1, 8), max_size=30), st.integers(1, 7))
@settings(max_examples=40)
def test_of_any_order_of_numbers_the_last_readings_are_kept(numbers_, every):
    run = Run()
    descriptor = run.descriptor({"v": key()})
    events = [run.event(descriptor, n, v=float(i)) for i, n in enumerate(numbers_)]
    documents = [("start", run.start), ("descriptor", descriptor), *events, run.stop()]
    last = {n: float(i) for i, n in enumerate(numbers_)}
    with tempfile.TemporaryDirectory() as place:
        path = write_slowly(Path(place, "a.h5"), documents, every)
        with h5py.File(path) as file:
            stream = file["entry/primary"]
            found = dict(
                zip(stream["seq_num"][:].tolist(), stream["data/v"][:].tolist(),
                    strict=True)
            )  # fmt: skip
            assert list(found) == sorted(last)
            assert found == last


@given(st.data())
@settings(max_examples=100)
def test_points_of_any_grid_lie_where_the_motors_were(data):
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    snaking = [data.draw(st.booleans()) for _ in shape]
    flat = [np.ravel_multi_index(index, shape) for index in walk(shape, snaking)]
    # The outermost axis is run through once; whether it snakes makes no difference.
    grid = Grid(tuple(shape), tuple(snaking), (None,) * len(shape))
    found = grid.index_of(np.arange(1, len(flat) + 1))
    np.testing.assert_array_equal(found, flat)
