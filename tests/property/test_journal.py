"""Whatever is written to a journal is read, however it was cut into frames."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.journal import writer
from lapwing.journal.codec import Kind
from lapwing.journal.cursor import START
from lapwing.journal.log import Log
from lapwing.journal.reader import Reader
from lapwing.journal.segment import HEAD_BYTES, Segment

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)
records = st.lists(values, max_size=3).map(lambda rest: [int(Kind.NOTE), *rest])
steps = st.lists(
    st.lists(records, max_size=20) | st.sampled_from(["rotate", "reopen", "sync"]),
    max_size=12,
)


@pytest.fixture(autouse=True, scope="module")
def no_syncs():
    """Leave out what takes long on a busy disk, and is not looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        patch.setattr(writer, "_to_disk", lambda fd: None)
        yield


def open_log(directory):
    return Log(directory, segment_bytes=100, reserve_bytes=0, sync_interval=0)


@settings(max_examples=60)
@given(steps=steps, sizes=st.lists(st.integers(1, 30), min_size=1), data=st.data())
def test_random_batches_come_back_from_any_place(steps, sizes, data):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "j"
        expected = write(path, steps)
        with Reader(path) as reader:
            assert read_in_pieces(reader, sizes) == expected
            assert list(reader.records()) == list(enumerate(expected))
            number = data.draw(st.integers(0, len(expected)))
            behind = [record for _, record in reader.records(number)]
            assert behind == expected[number:]
            assert reader.end().number == len(expected)


def write(path, steps):
    expected = []
    log = open_log(path)
    for step in steps:
        if step == "rotate":
            log.rotate_if_large()
        elif step == "sync":
            log.sync()
        elif step == "reopen":
            log.close()
            log = open_log(path)
        else:
            expected += step
            assert log.write(step) == len(expected) - 1
    log.close()
    return expected


def read_in_pieces(reader, sizes):
    got, cursor = [], START
    while True:
        batches, cursor = reader.read(cursor, sizes[len(got) % len(sizes)])
        if not batches:
            return got
        for batch in batches:
            assert batch.number == len(got)
            got += batch.records


@settings(max_examples=60)
@given(
    batches=st.lists(st.lists(records, min_size=1, max_size=9), min_size=1, max_size=6),
    garbage=st.binary(max_size=100),
    cut=st.floats(0, 1),
)
def test_a_tail_of_any_bytes_is_cut_and_what_is_whole_stays(batches, garbage, cut):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "j"
        expected = write(path, batches)
        file = path / "00000001.log"
        with Segment(file) as segment:
            ends = [HEAD_BYTES, *(frame.end for frame in segment.frames())]
        size = HEAD_BYTES + int(cut * (ends[-1] - HEAD_BYTES))
        file.write_bytes(file.read_bytes()[:size] + garbage)
        whole = sum(end <= size for end in ends) - 1
        kept = expected[: sum(map(len, batches[:whole]))]
        with open_log(path) as log:
            assert log.next_number >= len(kept)  # the garbage may be what was cut off
            log.write([[int(Kind.NOTE), "last"]])
        with Reader(path) as reader:
            got = [record for _, record in reader.records()]
        assert got[: len(kept)] == kept
        assert got[-1] == [int(Kind.NOTE), "last"]
        assert got[:-1] == expected[: len(got) - 1]
