"""Chunking: shapes, chunks and names worked out by hand."""

import pytest

from lapwing.data.chunking import brace_template, chunks_of, joined_shape


@pytest.mark.parametrize(
    ("row", "join", "shape"),
    [
        ((2, 4), "stack", (3, 2, 4)),
        ((2, 4), "concat", (6, 4)),
        ((), "concat", (3,)),
        ((), "stack", (3,)),
    ],
)
def test_arrays_of_events_are_joined(row, join, shape):
    assert joined_shape(3, row, join) == shape


def test_chunks_reach_from_end_to_end_unless_they_are_told():
    assert chunks_of(3, (2, 5), "concat", ()) == ((6,), (5,))
    assert chunks_of(3, (2, 5), "concat", (4,)) == ((4, 2), (5,))
    assert chunks_of(3, (2, 5), "concat", (4, 2)) == ((4, 2), (2, 2, 1))
    assert chunks_of(3, (3,), "concat", (2,), across_rows=False) == ((2, 1) * 3,)
    assert chunks_of(0, (2, 5), "concat", (4,)) == ((0,), (5,))
    assert chunks_of(2, (), "concat", (1, 1, 1)) == ((1, 1),)


@pytest.mark.parametrize(
    ("template", "name"),
    [("%s_%03d", "cam_007"), ("{:s}_{:03d}", "cam_007"), ("%-4dx", "7   x")],
)
def test_names_are_numbered(template, name):
    assert brace_template(template, "cam").format(7) == name
