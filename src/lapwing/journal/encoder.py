"""The encoder: what a call says and hears, as bytes.

Owns the form of a record on disk, and what is done about what cannot be written.
Must not know files, engines or where arrays are kept.
Test: pack a list of records, unpack it, compare; see `codec`.
"""

import enum
import functools
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

import msgpack
import numpy as np

from lapwing.errors import DataError
from lapwing.journal.forms import Ext, Kind, Record, as_hashable, number_of

KeepArray = Callable[["np.ndarray[Any, Any]"], Any]
LARGE = 65536
"""Bytes above which an array is kept elsewhere, if there is a place."""

_NUMBERS = "biufc"
"""Kinds of dtypes whose scalars come back as they were, and not as Python's.

That is for a plan: what it makes of them must be what it was.
"""

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
            return _ext(Ext.OPAQUE, [kind, f"it cannot be written: {why}"])
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
                key if isinstance(key, str) else as_hashable(self._plain(key)): (
                    self._plain(one, depth + 1)
                )
                for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._plain(one, depth + 1) for one in value]
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            return _ext(Ext.INTEGER, str(int(value)))
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
            return _ext(Ext.STATUS, [done, done and bool(status.success)])
        name = getattr(value, "name", None)
        if isinstance(name, str) and not isinstance(value, enum.Enum | PurePath):
            return self._devices.learn(value, _ext(Ext.OBJECT, name))
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, int):
            return _ext(Ext.INTEGER, str(value))
        if isinstance(value, set | frozenset):
            return _ext(Ext.SET, [self._plain(v) for v in sorted(value, key=repr)])
        if isinstance(value, complex):
            return _ext(Ext.COMPLEX, [value.real, value.imag])
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
            return _ext(Ext.CALLABLE, name_of_callable(value))
        return _opaque(value)

    def _scalar(self, value: "np.generic[Any]") -> Any:
        if value.dtype.kind in _NUMBERS:
            return _scalar(value)
        return self._plain(number_of(value))

    def _array(self, array: "np.ndarray[Any, Any]") -> Any:
        if array.dtype.hasobject:
            return array.tolist()
        array = np.ascontiguousarray(array).reshape(array.shape)
        head = [array.dtype.str, list(array.shape)]
        if self._keep is not None and array.nbytes > LARGE:
            crc = zlib.crc32(array.tobytes())
            return _ext(Ext.ARRAY_REF, [*head, crc, self._keep(array)])
        return _ext(Ext.ARRAY, [*head, array.tobytes()])

    def _error(self, error: BaseException) -> Any:
        cls = type(error)
        args = [
            one if isinstance(one, str | int | float | bool | None) else repr(one)
            for one in error.args
        ]
        fields = [cls.__module__, cls.__qualname__, args, str(error)[:_MAX_TEXT]]
        return _ext(Ext.ERROR, fields)


def _ext(code: Ext, content: Any) -> msgpack.ExtType:
    packed = msgpack.packb(content, unicode_errors="surrogatepass")
    return msgpack.ExtType(int(code), packed)  # a packer takes longer over an enum


def status_record(done: bool, success: bool) -> Record:
    """Return the record that says that the plan was sent a status."""
    return [int(Kind.SENT), _ext(Ext.STATUS, [done, success])]


def _scalar(value: "np.generic[Any]") -> msgpack.ExtType:
    """Return what stands for a number of numpy's: its dtype, a blank, its bytes."""
    return msgpack.ExtType(
        Ext.SCALAR, value.dtype.str.encode() + b" " + value.tobytes()
    )


def keep_doubles(value: Any) -> Any:
    """Return a value with what stands for each double of numpy's in its place.

    A packer takes those for floats, which they are as well; but what a plan makes of
    them and of shorter floats may be something else.
    """
    if value.__class__ is np.float64:
        return _scalar(value)
    if value.__class__ is dict:
        return {key: keep_doubles(one) for key, one in value.items()}
    if value.__class__ is list:
        return [keep_doubles(one) for one in value]
    return value


def _opaque(value: Any) -> Any:
    cls = type(value)
    kind = f"{cls.__module__}.{cls.__qualname__}"
    return _ext(Ext.OPAQUE, [kind, repr(value)[:_MAX_TEXT]])


def name_of_callable(value: Any) -> str:
    """Return ``module:qualified name`` of a function; of a partial, its function's."""
    while isinstance(value, functools.partial):
        value = value.func
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(named, '__module__', '')}:{named.__qualname__}"
