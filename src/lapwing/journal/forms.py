"""Forms: what a record is, and what stands in it for things of a running process.

Owns the kinds of records, and what a device, a function or an error becomes.
Must not know bytes, files or engines.
Test: pack records and unpack them; see `codec`.

A record is a list. That of a message of the plan is the message itself, five
fields of which the first is a text; any other begins with a number of `Kind`.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

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


class Ext(IntEnum):
    """Codes of what msgpack has no form for."""

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
    SCALAR = 11


def number_of(value: Any) -> Any:
    """Return the number of Python's for one of numpy's."""
    plain = value.item()
    if isinstance(plain, np.generic):  # of a long double it is none
        return complex(value) if value.dtype.kind == "c" else float(value)
    return plain


def as_hashable(value: Any) -> Any:
    """Return a value as it can be a key, or in a set."""
    if isinstance(value, list | tuple):
        return tuple(map(as_hashable, value))
    if isinstance(value, set):
        return frozenset(value)
    return value if isinstance(value, Hashable) else repr(value)
