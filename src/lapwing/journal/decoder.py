"""The decoder: bytes of a journal, as the records that they were.

Owns how each thing that stands for another is understood.
Must not know files or engines, nor who wants the records.
Test: pack a list of records, unpack it, compare; see `codec`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgpack
import numpy as np

from lapwing.journal.forms import (
    ArrayRef,
    CallableRef,
    ErrorRef,
    Ext,
    Kind,
    ObjectRef,
    Opaque,
    Record,
    StatusRef,
    as_hashable,
    number_of,
)

_OBJECT, _STATUS = int(Ext.OBJECT), int(Ext.STATUS)
_DOCUMENT = int(Kind.DOCUMENT)

TELLING = re.compile(
    rb"\x93\x06(?:\xa5start|\xaadescriptor|\xa4stop|\xaaevent_page)"
    rb"|\x92[\x00\x0c][\x80-\x8f\xde\xdf]"
)
"""What is found in packed records if there is more among them than messages, answers
and events: the beginning or the end of a call, or another document. Unpacking them
takes ten times as long. What looks like it may be none."""

FetchArray = Callable[[ArrayRef], Any]


class Decoder:
    """Turns bytes into records.

    Args:
        fetch: Returns the array of an `ArrayRef`; None leaves the reference.
        exact: Whether numbers of numpy's are again what they were, as a plan wants
            them; else they are Python's, as files and other programs do.
    """

    def __init__(self, fetch: FetchArray | None = None, *, exact: bool = False):
        self._fetch = fetch
        self._exact = exact
        # They come with every point, so each is made once, and ``is`` can compare them.
        self._refs: dict[bytes, ObjectRef] = {}
        self._statuses: dict[bytes, StatusRef] = {}

    def unpack(self, data: bytes | memoryview) -> list[Record]:
        """Return the records in some bytes.

        Raises:
            ValueError: These are not the bytes of records.
        """
        try:
            return self._unpack(data)
        except TypeError:
            return self._unpack(data, object_pairs_hook=_dict_of)  # slower

    def _unpack(self, data: bytes | memoryview, **options: Any) -> Any:
        return msgpack.unpackb(
            data,
            ext_hook=self._meaning,
            strict_map_key=False,
            unicode_errors="surrogatepass",
            **options,
        )

    def documents(
        self, data: bytes | memoryview, start: int, stop: int
    ) -> list[tuple[int, str, Any]]:
        """Return the documents among some records, without unpacking the others.

        Args:
            data: The bytes of all records.
            start: Index of the first record that counts.
            stop: Index behind the last one.

        Returns:
            Of each document the index of its record, its name and its content.

        Raises:
            ValueError: These are not the bytes of records.
        """
        try:
            return self._documents(data, start, stop)
        except TypeError:
            return self._documents(data, start, stop, object_pairs_hook=_dict_of)

    def _documents(
        self, data: bytes | memoryview, start: int, stop: int, **options: Any
    ) -> list[tuple[int, str, Any]]:
        unpacker = msgpack.Unpacker(
            ext_hook=self._meaning,
            strict_map_key=False,
            unicode_errors="surrogatepass",
            max_buffer_size=len(data),
            **options,
        )
        unpacker.feed(data)
        unpacker.read_array_header()
        skip, unpack, tell = unpacker.skip, unpacker.unpack, unpacker.tell
        found = []
        for index in range(stop):
            at = tell()
            # A list of three, the first of which is the number of a document.
            if index >= start and data[at] == 0x93 and data[at + 1] == _DOCUMENT:
                _, name, doc = unpack()
                found.append((index, name, doc))
            else:
                skip()
        return found

    def _meaning(self, code: int, data: bytes) -> Any:
        if code == _OBJECT:
            known: Any = self._refs.get(data)
        elif code == _STATUS:
            known = self._statuses.get(data)
        else:
            known = None
        return self._other_meaning(code, data) if known is None else known

    def _other_meaning(self, code: int, data: bytes) -> Any:
        if code == Ext.SCALAR:
            scalar = _scalar_of(data)
            return scalar if self._exact else number_of(scalar)
        content: Any = self._unpack(data)
        if code == _OBJECT:
            ref = self._refs[data] = ObjectRef(content)
            return ref
        if code == _STATUS:
            status = self._statuses[data] = StatusRef(*content)
            return status
        if code == Ext.CALLABLE:
            return CallableRef(content)
        if code == Ext.ARRAY:
            dtype, shape, data = content
            return np.frombuffer(data, dtype).reshape(shape)
        if code == Ext.ARRAY_REF:
            dtype, shape, crc, place = content
            ref = ArrayRef(place, dtype, tuple(shape), crc)
            return ref if self._fetch is None else self._fetch(ref)
        if code == Ext.INTEGER:
            return int(content)
        if code == Ext.SET:
            return set(map(as_hashable, content))
        if code == Ext.COMPLEX:
            return complex(*content)
        if code == Ext.ERROR:
            module, name, args, text = content
            return ErrorRef(module, name, tuple(args), text)
        return Opaque(*content)


def _dict_of(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {as_hashable(key): value for key, value in pairs}


def _scalar_of(data: bytes) -> "np.generic[Any]":
    dtype, _, content = data.partition(b" ")
    return np.frombuffer(content, _dtype(dtype))[0]


@lru_cache(maxsize=64)
def _dtype(text: bytes) -> "np.dtype[Any]":
    return np.dtype(text.decode())
