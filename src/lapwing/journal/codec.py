"""The codec: what a call says and hears, as bytes and back.

Owns the form of a record on disk, and what stands for things that cannot be written.
Must not know files, engines or where arrays are kept.
Test: pack a list of records, unpack it, compare.

A record is a list. That of a message of the plan is the message itself, five
fields of which the first is a text; any other begins with a number of `Kind`.
"""

import enum
import functools
import re
import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePath
from typing import Any

import msgpack
import numpy as np

from lapwing.errors import DataError

Record = list[Any]
"""One record: ``[command, obj, args, kwargs, run]`` or ``[kind, ...]``."""


class Kind(IntEnum):
    """What a record that is no message of the plan tells; its contents follow."""

    BEGIN = 0
    """A call starts: ``info``, a dict."""
    ENGINE = 1
    """The engine itself said a message: ``message``."""
    SENT = 2
    """The plan was sent something else than None: ``value``."""
    THROWN = 3
    """An error was thrown into the plan: ``error``."""
    NOTE = 4
    """The plan looked outside itself: ``value``."""
    NOTE_ERROR = 5
    """It did so in vain: ``error``."""
    DOCUMENT = 6
    """A document was made: ``name, doc``."""
    READING = 7
    """What a read in an open event gave, where it is not to be found in the event:
    ``index`` of the plan's message, ``reading``."""
    DONE = 8
    """A status that the plan was sent is done: ``index`` of the plan's message whose
    response it was, ``success``."""
    RESUMED = 9
    """The call goes on in another process: ``index``, the number of messages of the
    plan that stand; what it said later counts no more."""
    PAUSED = 10
    """The call is paused: ``reason``."""
    TAKEN_UP = 11
    """The paused call goes on."""
    END = 12
    """The call is over: ``info``, a dict."""
    LEFT = 13
    """The process left the journal in order: no call of it will follow."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A device, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class CallableRef:
    """A function, method or class, by module and qualified name."""

    name: str


@dataclass(frozen=True, slots=True)
class StatusRef:
    """A status: whether it was done when the plan was sent it, and how."""

    done: bool
    success: bool


@dataclass(frozen=True, slots=True)
class ArrayRef:
    """An array that is kept elsewhere.

    Attributes:
        place: Where, in the words of who keeps it.
        dtype: Its dtype, as numpy writes it.
        shape: Its shape.
        crc: CRC-32 of its bytes.
    """

    place: Any
    dtype: str
    shape: tuple[int, ...]
    crc: int


@dataclass(frozen=True, slots=True)
class ErrorRef:
    """An exception: class, arguments, and what it said."""

    module: str
    name: str
    args: tuple[Any, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that cannot be written down: its type, and its repr."""

    type_name: str
    text: str


class _Ext(IntEnum):
    OBJECT = 1
    CALLABLE = 2
    STATUS = 3
    ARRAY = 4
    ARRAY_REF = 5
    INTEGER = 6
    SET = 7
    COMPLEX = 8
    ERROR = 9
    OPAQUE = 10


_OBJECT, _STATUS = int(_Ext.OBJECT), int(_Ext.STATUS)

KeepArray = Callable[["np.ndarray[Any, Any]"], Any]
LARGE = 65536
"""Bytes above which an array is kept elsewhere, if there is a place."""

_MAX_TEXT = 500


class _Devices(dict[Any, msgpack.ExtType]):
    """What stands for each device.

    Devices come with every point: a packer looks them up here without a line of
    Python. ``otherwise`` is asked for what stands for anything else.
    """

    def __init__(self, otherwise: Callable[[Any], Any]):
        super().__init__()
        self._otherwise = otherwise

    def __missing__(self, value: Any) -> Any:
        return self._otherwise(value)

    def learn(self, device: Any, stand_in: msgpack.ExtType) -> msgpack.ExtType:
        """Keep what stands for a device, if it can be looked up; return it."""
        with suppress(TypeError):
            self[device] = stand_in
        return stand_in


class Encoder:
    """Turns records into bytes.

    Args:
        keep: Keeps an array of more than `LARGE` bytes, and returns its place; None
            leaves every array in its record.
    """

    def __init__(self, keep: KeepArray | None = None):
        self._keep = keep
        self._devices = _Devices(self._stand_in)
        # What has no hash, such as an array, is packed by the second one; half a
        # character only by the third. They take longer.
        self._quick = msgpack.Packer(default=self._devices.__getitem__)
        self._usual = msgpack.Packer(default=self._of_any)
        self._patient = msgpack.Packer(
            default=self._of_any, unicode_errors="surrogatepass"
        )
        self._packer = self._quick

    def pack(self, records: Sequence[Any]) -> bytes:
        """Return the bytes of a list of records."""
        try:
            return self._packer.pack(records)
        except TypeError:
            if self._packer is self._quick:
                self._packer = self._usual  # there may be more of them
                return self.pack(records)
        except (DataError, OSError):
            raise  # there is no room for an array
        except Exception:  # noqa: BLE001 - whatever a plan says must not end it
            pass
        return self._patient.pack([self._surely(one) for one in records])

    def _surely(self, record: Any) -> Any:
        """Return what a packer can take for a record, whatever is in it."""
        try:
            plain = self._plain(record)
            self._patient.pack(plain)
        except (DataError, OSError):
            raise
        except Exception as exc:  # noqa: BLE001 - the rest of it can be written
            if isinstance(record, list | tuple):
                return [self._surely(one) for one in record]
            kind, why = type(record).__qualname__, type(exc).__qualname__
            return _ext(_Ext.OPAQUE, [kind, f"it cannot be written: {why}"])
        return plain

    def forget(self) -> None:
        """Let go of the devices."""
        self._devices.clear()
        self._packer = self._quick

    def _of_any(self, value: Any) -> Any:
        try:
            return self._devices[value]
        except TypeError:
            return self._stand_in(value)

    def _plain(self, value: Any, depth: int = 0) -> Any:
        """Return a value with all that a packer cannot take replaced."""
        if depth > 100:
            return self._stand_in(value, opaque=True)
        if isinstance(value, Mapping):
            return {
                key if isinstance(key, str) else _hashable(self._plain(key)): (
                    self._plain(one, depth + 1)
                )
                for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._plain(one, depth + 1) for one in value]
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            return _ext(_Ext.INTEGER, str(int(value)))
        if value is None or isinstance(value, str | bytes | int | float):
            return value
        return self._stand_in(value)

    def _stand_in(self, value: Any, opaque: bool = False) -> Any:  # noqa: C901
        # One case a type; those that come with every point come first.
        if opaque:
            return _opaque(value)
        if hasattr(value, "add_callback") and hasattr(value, "done"):
            status: Any = value
            done = bool(status.done)
            return _ext(_Ext.STATUS, [done, done and bool(status.success)])
        name = getattr(value, "name", None)
        if isinstance(name, str) and not isinstance(value, enum.Enum | PurePath):
            return self._devices.learn(value, _ext(_Ext.OBJECT, name))
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return self._plain(_number(value))
        if isinstance(value, int):
            return _ext(_Ext.INTEGER, str(value))
        if isinstance(value, set | frozenset):
            return _ext(_Ext.SET, [self._plain(v) for v in sorted(value, key=repr)])
        if isinstance(value, complex):
            return _ext(_Ext.COMPLEX, [value.real, value.imag])
        if isinstance(value, BaseException):
            return self._error(value)
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, PurePath):
            return str(value)
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, Iterable) and isinstance(value, Sequence):
            return list(value)
        if callable(value):
            return _ext(_Ext.CALLABLE, name_of_callable(value))
        return _opaque(value)

    def _array(self, array: "np.ndarray[Any, Any]") -> Any:
        if array.dtype.hasobject:
            return array.tolist()
        array = np.ascontiguousarray(array).reshape(array.shape)
        head = [array.dtype.str, list(array.shape)]
        if self._keep is not None and array.nbytes > LARGE:
            crc = zlib.crc32(array.tobytes())
            return _ext(_Ext.ARRAY_REF, [*head, crc, self._keep(array)])
        return _ext(_Ext.ARRAY, [*head, array.tobytes()])

    def _error(self, error: BaseException) -> Any:
        cls = type(error)
        args = [
            one if isinstance(one, str | int | float | bool | None) else repr(one)
            for one in error.args
        ]
        fields = [cls.__module__, cls.__qualname__, args, str(error)[:_MAX_TEXT]]
        return _ext(_Ext.ERROR, fields)


def _ext(code: _Ext, content: Any) -> msgpack.ExtType:
    return msgpack.ExtType(code, msgpack.packb(content, unicode_errors="surrogatepass"))


def _number(value: Any) -> Any:
    """Return the number of Python's for one of numpy's."""
    plain = value.item()
    if isinstance(plain, np.generic):  # of a long double it is none
        return complex(value) if value.dtype.kind == "c" else float(value)
    return plain


def _hashable(value: Any) -> Any:
    """Return a value as it can be a key, or in a set."""
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    if isinstance(value, set):
        return frozenset(value)
    return value if isinstance(value, Hashable) else repr(value)


def _dict_of(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {_hashable(key): value for key, value in pairs}


def status_record(done: bool, success: bool) -> Record:
    """Return the record that says that the plan was sent a status."""
    return [int(Kind.SENT), _ext(_Ext.STATUS, [done, success])]


def _opaque(value: Any) -> Any:
    cls = type(value)
    kind = f"{cls.__module__}.{cls.__qualname__}"
    return _ext(_Ext.OPAQUE, [kind, repr(value)[:_MAX_TEXT]])


def name_of_callable(value: Any) -> str:
    """Return ``module:qualified name`` of a function; of a partial, its function's."""
    while isinstance(value, functools.partial):
        value = value.func
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(named, '__module__', '')}:{named.__qualname__}"


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
    """

    def __init__(self, fetch: FetchArray | None = None):
        self._fetch = fetch
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
        content: Any = self._unpack(data)
        if code == _OBJECT:
            ref = self._refs[data] = ObjectRef(content)
            return ref
        if code == _STATUS:
            status = self._statuses[data] = StatusRef(*content)
            return status
        if code == _Ext.CALLABLE:
            return CallableRef(content)
        if code == _Ext.ARRAY:
            dtype, shape, data = content
            return np.frombuffer(data, dtype).reshape(shape)
        if code == _Ext.ARRAY_REF:
            dtype, shape, crc, place = content
            ref = ArrayRef(place, dtype, tuple(shape), crc)
            return ref if self._fetch is None else self._fetch(ref)
        if code == _Ext.INTEGER:
            return int(content)
        if code == _Ext.SET:
            return set(map(_hashable, content))
        if code == _Ext.COMPLEX:
            return complex(*content)
        if code == _Ext.ERROR:
            module, name, args, text = content
            return ErrorRef(module, name, tuple(args), text)
        return Opaque(*content)
