"""The bytes of Channel Access, laid out by hand as its specification says."""

import ctypes
import struct

import numpy as np
import pytest

from lapwing.epics.wire import EPOCH, decode

HEAD = struct.pack("<hhII", 7, 2, 1_000_000_000, 250_000_000)


def decoded(payload, kind, count, *, array=False):
    memory = ctypes.create_string_buffer(HEAD + payload)
    return decode(ctypes.addressof(memory), kind, count, array=array)


@pytest.mark.parametrize(
    ("kind", "payload", "value"),
    [
        (0, b"open shutter".ljust(40, b"\0"), "open shutter"),
        (1, struct.pack("<2xh", -3), -3),
        (2, struct.pack("<f", 1.5), 1.5),
        (3, struct.pack("<2xH", 65535), 65535),
        (4, struct.pack("<3xB", 200), 200),
        (5, struct.pack("<i", -(2**31)), -(2**31)),
        (6, struct.pack("<4xd", 0.1), 0.1),
    ],
)
def test_a_single_value_comes_with_its_time_and_severity(kind, payload, value):
    found = decoded(payload, kind, 1)
    assert found.value == value
    assert type(found.value) is type(value)
    assert found.severity == 2
    assert found.timestamp == EPOCH + 1_000_000_000.25


@pytest.mark.parametrize(
    ("kind", "payload", "dtype"),
    [
        (1, struct.pack("<2x3h", 1, 2, 3), "<i2"),
        (2, struct.pack("<3f", 1, 2, 3), "<f4"),
        (3, struct.pack("<2x3H", 1, 2, 3), "<u2"),
        (4, struct.pack("<3x3B", 1, 2, 3), "|u1"),
        (5, struct.pack("<3i", 1, 2, 3), "<i4"),
        (6, struct.pack("<4x3d", 1, 2, 3), "<f8"),
    ],
)
def test_an_array_keeps_its_type_and_is_its_owners(kind, payload, dtype):
    value = decoded(payload, kind, 3, array=True).value
    assert value.dtype == np.dtype(dtype)
    assert value.tolist() == [1, 2, 3]
    value[0] = 9  # a copy that may be written


def test_an_array_of_one_or_of_no_element_is_an_array_still():
    assert decoded(struct.pack("<4xd", 5), 6, 1, array=True).value.tolist() == [5.0]
    assert decoded(b"", 6, 0, array=True).value.shape == (0,)


def test_texts_end_at_their_first_zero_and_bad_bytes_are_shown():
    rows = b"one".ljust(40, b"\0") + b"two\0rest".ljust(40, b"\0")
    assert decoded(rows, 0, 2, array=True).value.tolist() == ["one", "two"]
    assert decoded(b"\xff".ljust(40, b"\0"), 0, 1).value == "\N{REPLACEMENT CHARACTER}"


def test_bytes_that_are_a_text_become_one():
    assert decoded(b"\0\0\0/data/run\0\0\0", 4, 12).value == "/data/run"
