"""Bluesky's protocols: a face of `lapwing.protocols`.

Owns that they take the types of their values: ``Movable[float]``.
Must not add a method: what the engine asks for is said in `lapwing.protocols`.
Test: ophyd-async's devices, whose classes are made of these.
"""

from collections.abc import Callable
from typing import (
    Any,
    Generic,
    NotRequired,
    ParamSpec,
    Protocol,
    TypedDict,
    TypeVar,
    runtime_checkable,
)

from event_model import (
    DataKey,
    Datum,
    PartialEvent,
    PartialEventPage,
    StreamDatum,
    StreamResource,
)
from event_model.documents.event_descriptor import Dtype
from event_model.documents.resource import PartialResource

from lapwing import protocols as ours
from lapwing.errors import UnsupportedDeviceError
from lapwing.protocols import (
    Asset,
    Collectable,
    EventCollectable,
    EventPageCollectable,
    Flyable,
    HasHints,
    HasName,
    HasParent,
    Hints,
    Pausable,
    Preparable,
    Stageable,
    Status,
    Stoppable,
    SyncOrAsync,
    SyncOrAsyncIterator,
    Triggerable,
    WritesExternalAssets,
    WritesStreamAssets,
)

T = TypeVar("T")
T_co = TypeVar("T_co", contravariant=True)
P = ParamSpec("P")
# What is only named here, for users to fill in, has no direction of its own.
# pyright: reportInvalidTypeVarUse=false

StreamAsset = Asset
Descriptor = DataKey


class Reading(TypedDict, Generic[T]):
    """One value of one data key, and when it was so (seconds since 1970)."""

    value: T
    timestamp: float
    alarm_severity: NotRequired[int]
    message: NotRequired[str]


class Location(TypedDict, Generic[T]):
    """Where something was sent, and where it is."""

    setpoint: T
    readback: T


Callback = Callable[[dict[str, Reading[T]]], None]


@runtime_checkable
class Readable(ours.Readable, Protocol[T]):
    """Can be read into an event."""


@runtime_checkable
class Configurable(ours.Configurable, Protocol[T]):
    """Has settings that are recorded once per stream."""


@runtime_checkable
class Movable(ours.Movable, Protocol[T_co]):
    """Can be sent to a position."""


@runtime_checkable
class NamedMovable(Movable[T_co], HasHints, Protocol[T_co]):
    """A movable that scans can name in their metadata."""


@runtime_checkable
class Locatable(Movable[T], ours.Locatable, Protocol[T]):
    """A movable that knows where it is."""


@runtime_checkable
class Subscribable(ours.Subscribable, Protocol[T]):
    """Tells when its readings change."""


@runtime_checkable
class Checkable(ours.Checkable, Protocol[T_co]):
    """Can say, without moving, whether a value would be accepted."""


def check_supports(obj: T, protocol: type[Any]) -> T:
    """Return a device that has what a protocol asks for.

    Raises:
        UnsupportedDeviceError: It has not; also an AssertionError.
    """
    if not isinstance(obj, protocol):
        raise UnsupportedDeviceError(
            f"{obj!r} does not implement all {protocol.__name__} methods"
        )
    return obj


__all__ = [
    "Asset",
    "Callback",
    "Checkable",
    "Collectable",
    "Configurable",
    "DataKey",
    "Datum",
    "Descriptor",
    "Dtype",
    "EventCollectable",
    "EventPageCollectable",
    "Flyable",
    "HasHints",
    "HasName",
    "HasParent",
    "Hints",
    "Locatable",
    "Location",
    "Movable",
    "NamedMovable",
    "P",
    "PartialEvent",
    "PartialEventPage",
    "PartialResource",
    "Pausable",
    "Preparable",
    "Readable",
    "Reading",
    "Stageable",
    "Status",
    "Stoppable",
    "StreamAsset",
    "StreamDatum",
    "StreamResource",
    "Subscribable",
    "SyncOrAsync",
    "SyncOrAsyncIterator",
    "T",
    "T_co",
    "Triggerable",
    "WritesExternalAssets",
    "WritesStreamAssets",
    "check_supports",
]
