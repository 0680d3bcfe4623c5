"""Wire: how a document becomes bytes, and bytes a document.

Owns the encoding of documents and the frame in which they travel.
Must not know sockets; all are pure functions. It never reads a pickle.
Test: encode and decode, with arrays of every kind; decode garbage.

A frame is ``prefix name payload``, parted by single spaces, as that of Bluesky's
publisher. A payload is msgpack, or JSON; which of them, its first byte tells: both
hold a map, and only in JSON does that begin with ``{``. In msgpack an array is an
extension of type 1: a packed list of dtype (as numpy writes it, ``<f8``), shape and
the bytes in C order.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np
import orjson

from lapwing.documents import Document
from lapwing.errors import DocumentError

ARRAY = 1
"""Type of the msgpack extension that holds an array."""

_PLAIN_KINDS = frozenset("biufcSUmM")
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\(d|c[a-z_]+\n")


def to_msgpack(doc: Mapping[str, Any]) -> bytes:
    """Return a document as msgpack; arrays stay arrays, with dtype and shape.

    Tuples and sets become lists, numpy scalars plain numbers.

    Raises:
        DocumentError: It holds something that cannot be written down.
    """
    try:
        return _packed(doc)
    except (TypeError, ValueError, OverflowError) as exc:
        raise DocumentError(
            f"a document with the keys {sorted(map(str, doc))} cannot be sent: {exc}; "
            "text, numbers up to 64 bit, lists, maps and numpy arrays can"
        ) from exc


def from_bytes(payload: bytes) -> Document:
    """Return the document that a payload holds, of msgpack or JSON.

    Raises:
        DocumentError: It holds none, or a pickle.
    """
    if is_pickle(payload):
        raise DocumentError(
            "a document came as a pickle, which is never read, since reading one runs "
            "whatever program its sender wrote into it",
            hint="at the sender, give the publisher serializer=to_msgpack "
            "(lapwing.callbacks.wire) or one for JSON",
        )
    try:
        doc = orjson.loads(payload) if payload[:1] == b"{" else _unpacked(payload)
    except (ValueError, TypeError, msgpack.UnpackException) as exc:
        raise DocumentError(
            f"a message of {len(payload)} bytes is neither msgpack nor JSON: {exc}"
        ) from exc
    if not isinstance(doc, dict):
        raise DocumentError(
            f"a message holds a {type(doc).__name__}; a document is a map"
        )
    return doc


def is_pickle(payload: bytes) -> bool:
    """Tell whether bytes begin as a pickle does; no document of ours does."""
    return _PICKLE.match(payload) is not None


def frame(prefix: bytes, name: str, payload: bytes) -> bytes:
    """Return what is sent for a document."""
    return b" ".join((prefix, name.encode(), payload))


def parts_of(message: bytes) -> tuple[bytes, str, bytes]:
    """Return prefix, name and payload of what was sent.

    Raises:
        DocumentError: It is no frame of that form.
    """
    parts = message.split(b" ", 2)
    if len(parts) != 3:
        raise DocumentError(
            f"a message of {len(message)} bytes has no form 'prefix name payload'"
        )
    return parts[0], parts[1].decode("ascii", "replace"), parts[2]


def _packed(value: Any) -> bytes:
    return msgpack.packb(value, default=_plain) or b""


def _unpacked(payload: bytes) -> Any:
    return msgpack.unpackb(payload, ext_hook=_extension)


def _plain(value: Any) -> Any:
    """Turn what msgpack does not know into what it does."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} {str(value)[:80]!r} is not serialisable")


def _array(value: np.ndarray) -> Any:
    if value.dtype.kind not in _PLAIN_KINDS:
        return value.tolist()  # of objects, or of records
    head = (value.dtype.str, list(value.shape), value.tobytes())
    return msgpack.ExtType(ARRAY, _packed(head))


def _extension(code: int, data: bytes) -> np.ndarray:
    if code != ARRAY:
        raise ValueError(f"extension {code} is unknown")
    text, shape, raw = msgpack.unpackb(data)
    dtype = np.dtype(str(text))
    if dtype.kind not in _PLAIN_KINDS:
        raise ValueError(f"arrays of {text!r} are not read")
    # A copy, since what frombuffer gives cannot be written to.
    return np.frombuffer(raw, dtype).reshape([int(n) for n in shape]).copy()
