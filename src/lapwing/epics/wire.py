"""Wire: the bytes in which Channel Access answers a request for a value.

Owns their layout: status, severity, time and elements, for each type.
Must not know libca, channels or requests: it gets an address.
Test: tests/unit/epics/test_wire.py, with bytes laid out by hand.

Source: Channel Access Protocol Specification, "Payload Data Types".
"""

import ctypes
import struct
from typing import Any

import numpy as np

from lapwing.epics.channel import Value

EPOCH = 631152000
"""Seconds from 1970 to 1990, where EPICS begins to count."""

TIMED = 14  # DBR_TIME_x is DBR_x and 14
_STRING = 0
# By code: the element type and its place behind status, severity, seconds and
# nanoseconds. The layout is the protocol's own (Channel Access Protocol
# Specification, "Payload Data Types").
_ARRAYS = {
    0: ("S40", 12),
    1: ("<i2", 14),
    2: ("<f4", 12),
    3: ("<u2", 14),
    4: ("|u1", 15),
    5: ("<i4", 12),
    6: ("<f8", 16),
}
_HEAD = struct.Struct("<hhII")
_SCALARS = {
    1: struct.Struct("<hhIIxxh"),
    2: struct.Struct("<hhIIf"),
    3: struct.Struct("<hhIIxxH"),
    4: struct.Struct("<hhIIxxxB"),
    5: struct.Struct("<hhIIi"),
    6: struct.Struct("<hhIIxxxxd"),
}


def is_byte(kind: int) -> bool:
    """Return whether the elements of a type are bytes.

    Args:
        kind: Code of the type.
    """
    return _ARRAYS[kind][0] == "|u1"


def decode(address: int, kind: int, count: int, *, array: bool) -> Value:
    """Return a value with its time and severity from the protocol's bytes.

    Args:
        address: Where they are.
        kind: Code of the type of the value.
        count: Number of elements there.
        array: Whether it is an array, and be it of one element; else a single value,
            which several bytes make a text.
    """
    if not array and (count == 1) and (layout := _SCALARS.get(kind)) is not None:
        _, severity, seconds, nanoseconds, value = layout.unpack(
            ctypes.string_at(address, layout.size)
        )
        return Value(value, _time(seconds, nanoseconds), severity)
    _, severity, seconds, nanoseconds = _HEAD.unpack(ctypes.string_at(address, 12))
    dtype, offset = _ARRAYS[kind]
    size = count * np.dtype(dtype).itemsize
    # A copy of our own: libca uses these bytes again.
    content: Any = np.frombuffer(
        bytearray(ctypes.string_at(address + offset, size)), dtype
    )
    if kind == _STRING:
        texts = [_text(bytes(element)) for element in content]
        content = np.array(texts, dtype=str) if array else texts[0]
    elif not array:
        content = _text(content.tobytes())
    return Value(content, _time(seconds, nanoseconds), severity)


def _time(seconds: int, nanoseconds: int) -> float:
    # A float holds microseconds of our times, and no more.
    return round(seconds + EPOCH + nanoseconds * 1e-9, 6)


def _text(content: bytes) -> str:
    return content.partition(b"\0")[0].decode(errors="replace")
