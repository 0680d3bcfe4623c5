"""Whatever a run's values are, its text file gives the same ones back."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from property.test_hdf5_values import same
from unit.data.streams import Run, key, line_scan

from lapwing.data.lines import decode, encode_value
from lapwing.data.text import read_text
from lapwing.data.text_form import (
    cell,
    header_value,
    header_value_of,
    token,
    value_of,
)
from lapwing.data.text_writer import TextWriter

integers = st.integers(-(2**70), 2**70)
words = st.sampled_from(
    [
        "",
        "nan",
        "null",
        "-inf",
        "12",
        "1e5",
        "->",
        "a || b",
        "a|",
        " x",
        "#",
        '"',
        "[1]",
    ]
)
texts = st.text(max_size=30) | words
scalars = st.one_of(st.none(), st.booleans(), integers, st.floats(), texts)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
columns = st.one_of(
    st.tuples(st.just("number"), st.lists(st.floats(), min_size=3, max_size=3)),
    st.tuples(st.just("integer"), st.lists(integers, min_size=3, max_size=3)),
    st.tuples(
        st.just("number"), st.lists(integers | st.floats(), min_size=3, max_size=3)
    ),
    st.tuples(st.just("string"), st.lists(texts, min_size=3, max_size=3)),
    st.tuples(st.just("string"), st.lists(scalars, min_size=3, max_size=3)),
)


def nowhere():
    raise AssertionError("no value of these tests is long")


def written(path, documents):
    writer = TextWriter(documents[0][1], "run.h5")
    text = "".join(writer.write(name, doc) for name, doc in documents)
    path.write_bytes(text.encode("utf-8"))
    return path


@given(scalars, st.booleans())
@settings(max_examples=300)
def test_any_value_comes_back_from_its_cell(value, is_number):
    text = cell(value, is_number)
    assert text.split() == [text]
    assert text.isascii()
    found = value_of(text)
    if value is None and is_number:
        assert np.isnan(found)
    elif isinstance(value, bool):
        assert found == value
    else:
        assert same(found, value)


@given(trees)
@settings(max_examples=300)
def test_any_value_comes_back_from_a_header_line(value):
    text = header_value(value, nowhere)
    assert "\n" not in text
    assert "\r" not in text
    assert "||" not in text
    assert text == text.strip() != ""
    assert same(header_value_of(text), decode(encode_value(value)))


@given(st.floats() | st.floats(width=32))
def test_floats_of_every_kind_keep_their_last_bit(value):
    for kind in (np.float64, np.float32):
        with np.errstate(over="ignore"):
            number = kind(value)
        assert same(value_of(cell(number, True)), float(number))


@given(
    st.dictionaries(texts, columns, min_size=1, max_size=4),
    st.dictionaries(texts, trees, max_size=4),
    st.dictionaries(texts, scalars, max_size=4),
    texts,
)
@settings(max_examples=150)
def test_any_run_comes_back(given_columns, metadata, extras, units):
    run = Run()
    start = {**metadata, **run.start}
    before = run.descriptor({name: key() for name in extras}, name="baseline")
    keys = {n: key(dtype, units=units) for n, (dtype, _) in given_columns.items()}
    primary = run.descriptor(keys)
    documents = [("start", start), ("descriptor", before)]
    documents += [run.event(before, **extras), ("descriptor", primary)]
    rows = zip(*(values for _, values in given_columns.values()), strict=True)
    for row in rows:
        documents.append(run.event(primary, **dict(zip(keys, row, strict=True))))
    documents.append(run.stop())
    with tempfile.TemporaryDirectory() as place:
        found = read_text(written(Path(place, "run.dat"), documents))
    assert same(found.metadata, decode(encode_value(start)))
    assert same(found.extra_pvs[0].values, extras)
    labels = list(found.columns)[: len(keys)]
    for label, values in zip(
        labels, (v for _, v in given_columns.values()), strict=True
    ):
        column = found.columns[label]
        assert column.units == units
        for value, original in zip(column.values.tolist(), values, strict=True):
            # Python's == between int and float is exact.
            if isinstance(original, bool | int):
                assert value == original
            else:
                assert same(value, original)


@given(texts)
def test_label_is_one_word_and_comes_back(text):
    word = token(text)
    assert word.split() == [word]
    assert value_of(word) == text


@given(st.data())
@settings(max_examples=60)
def test_file_cut_off_anywhere_gives_its_whole_rows(data):
    documents = line_scan(5)
    with tempfile.TemporaryDirectory() as place:
        path = written(Path(place, "run.dat"), documents)
        whole = path.read_bytes()
        cut = whole[: data.draw(st.integers(0, len(whole)))]
        path.write_bytes(cut)
        found = read_text(path)
    rows = [one for one in cut.split(b"\n")[:-1] if one.startswith(b"  ")]
    assert found.num_points == len(rows)
    if rows:
        assert found["x"].tolist() == [i / 10 for i in range(len(rows))]
        assert found["det_sum"].tolist() == [i / 3 for i in range(len(rows))]
    assert (found.stop is not None) == (cut == whole)
