"""Lines: documents as lines of JSON, without loss.

Owns the text form ``["event", {...}]`` and how it is read back.
Must not know files or datasets.
Test: encode, decode, compare; hand it NaN, huge integers and odd objects.

JSON has no NaN, and quick parsers round integers beyond 64 bits. A document with
such a value is written by Python's own json, in a line that begins with a space,
and read back by it. All other lines are plain JSON for anybody.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

_OPTIONS = (
    orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
)


def encode(name: str, doc: Mapping[str, Any]) -> bytes:
    """Return a document as one line of JSON that ends with a newline."""
    return encode_value([name, doc])


def encode_value(value: Any) -> bytes:
    """Return any value as one line of JSON; nothing is refused.

    Arrays become lists, tuples lists, sets sorted lists, bytes
    ``{"base64": text}``, complex numbers ``{"real": x, "imag": y}``, and what
    JSON cannot hold becomes its ``repr``.
    """
    try:
        line = orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:  # an integer beyond 64 bits, a key that is no text
        return _encode_slowly(value)
    # orjson writes null for NaN and the infinities.
    return _encode_slowly(value) if b"null" in line else line


def decode(line: bytes | str) -> Any:
    """Return the value of a line; numbers come back as they were written.

    Raises:
        ValueError: The line is no JSON.
    """
    slow = line[:1] in (b" ", " ")
    return json.loads(line) if slow else orjson.loads(line)


def _encode_slowly(value: Any) -> bytes:
    return f" {json.dumps(_portable(value))}\n".encode("ascii")


def _portable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_key(k): _portable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(v) for v in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value)
    return _portable(_plain(value))


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        item = value.item()
        return float(value) if isinstance(item, np.floating) else item
    if isinstance(value, complex):
        return {"real": value.real, "imag": value.imag}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, Mapping):
        return dict(value)
    return repr(value)
