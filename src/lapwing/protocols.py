"""Protocols: what a device must be able to do, named as Bluesky names them.

Owns the shapes of devices; all are checked structurally, at run time too.
Must not know any device, nor the engine that uses them.
Test: ``isinstance(device, Readable)`` with hand-made classes.

Where a return type is ``SyncOrAsync[X]`` a device may return X itself or an
awaitable of it; the engine awaits it if need be.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from inspect import isawaitable
from typing import (
    Any,
    Literal,
    NotRequired,
    Protocol,
    TypedDict,
    TypeVar,
    runtime_checkable,
)

T = TypeVar("T")
SyncOrAsync = T | Awaitable[T]
SyncOrAsyncIterator = Iterator[T] | AsyncIterator[T]


async def resolve(value: SyncOrAsync[T]) -> T:
    """Return ``value``, awaited if it has to be."""
    if isawaitable(value):
        return await value
    return value


class Reading(TypedDict):
    """One value of one data key.

    ``timestamp`` is in seconds since 1970 (UTC); ``alarm_severity`` is -1
    (unknown), 0 (none), 1 (minor) or 2 (major).
    """

    value: Any
    timestamp: float
    alarm_severity: NotRequired[int]
    message: NotRequired[str]


class DataKey(TypedDict):
    """What a value is: where from, of which type and shape, in which unit."""

    source: str
    dtype: Literal["string", "number", "array", "boolean", "integer"]
    shape: list[int | None]
    units: NotRequired[str | None]
    precision: NotRequired[int | None]
    object_name: NotRequired[str]
    external: NotRequired[str]
    dtype_numpy: NotRequired[str]
    limits: NotRequired[dict[str, Any]]
    choices: NotRequired[list[str]]


class Location(TypedDict):
    """Where a device was asked to be, and where it is."""

    setpoint: Any
    readback: Any


class Hints(TypedDict, total=False):
    """What is worth showing: field names, dimensions, gridding."""

    fields: list[str]
    dimensions: list[tuple[list[str], str]]
    gridding: Literal["rectilinear", "rectilinear_nonsequential"]


Readings = dict[str, Reading]
DataKeys = dict[str, DataKey]
Asset = tuple[
    Literal["resource", "datum", "stream_resource", "stream_datum"], dict[str, Any]
]


@runtime_checkable
class Status(Protocol):
    """The promise that an action will end; see `lapwing.status.Status`."""

    def add_callback(self, callback: Callable[[Any], None], /) -> None:
        """Call ``callback(status)`` at the end, from whichever thread."""
        ...

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Return the failure, or None after success."""
        ...

    @property
    def done(self) -> bool:
        """Whether the action has ended."""
        ...

    @property
    def success(self) -> bool:
        """Whether it has ended well."""
        ...


@runtime_checkable
class HasName(Protocol):
    """Has a name, the prefix of its data keys."""

    @property
    def name(self) -> str:
        """The name."""
        ...


@runtime_checkable
class HasParent(Protocol):
    """May be part of another device."""

    @property
    def parent(self) -> Any | None:
        """The device that this one is part of, or None."""
        ...


@runtime_checkable
class HasHints(HasName, Protocol):
    """Says which of its fields are worth showing."""

    @property
    def hints(self) -> Hints:
        """The hints."""
        ...


@runtime_checkable
class Readable(HasName, Protocol):
    """Can be read into an event."""

    def read(self) -> SyncOrAsync[Readings]:
        """Return the values, by data key."""
        ...

    def describe(self) -> SyncOrAsync[DataKeys]:
        """Return what the values are, by the same keys."""
        ...


@runtime_checkable
class Configurable(Protocol):
    """Has settings that are recorded once per stream."""

    def read_configuration(self) -> SyncOrAsync[Readings]:
        """Return the settings, by data key."""
        ...

    def describe_configuration(self) -> SyncOrAsync[DataKeys]:
        """Return what the settings are, by the same keys."""
        ...


@runtime_checkable
class Triggerable(Protocol):
    """Must be told to acquire before it is read."""

    def trigger(self) -> Status:
        """Start to acquire."""
        ...


@runtime_checkable
class Preparable(Protocol):
    """Can be made ready for what follows."""

    def prepare(self, value: Any) -> Status:
        """Make ready for ``value``."""
        ...


@runtime_checkable
class Movable(Protocol):
    """Can be sent to a position."""

    def set(self, value: Any, /) -> Status:
        """Start to go to ``value``."""
        ...


@runtime_checkable
class NamedMovable(Movable, HasHints, Protocol):
    """A movable that scans can name in their metadata."""


@runtime_checkable
class Locatable(Movable, Protocol):
    """A movable that knows where it is."""

    def locate(self) -> SyncOrAsync[Location]:
        """Return set-point and read-back."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """Can say, without moving, whether a value would be accepted."""

    def check_value(self, value: Any, /) -> SyncOrAsync[None]:
        """Raise if ``value`` cannot be set."""
        ...


@runtime_checkable
class Stageable(Protocol):
    """Is made ready before a run and put back after it."""

    def stage(self) -> Status | list[Any]:
        """Make ready."""
        ...

    def unstage(self) -> Status | list[Any]:
        """Put back."""
        ...


@runtime_checkable
class Stoppable(Protocol):
    """Can be stopped while it moves."""

    def stop(self, success: bool = True) -> SyncOrAsync[None]:
        """Stop; ``success`` says whether that was meant."""
        ...


@runtime_checkable
class Pausable(Protocol):
    """Wants to know when the plan pauses and goes on."""

    def pause(self) -> SyncOrAsync[None]:
        """Do what is needed for a pause."""
        ...

    def resume(self) -> SyncOrAsync[None]:
        """Do what is needed to go on."""
        ...


@runtime_checkable
class Subscribable(HasName, Protocol):
    """Tells when its readings change."""

    def subscribe(self, function: Callable[[Readings], None], /) -> None:
        """Call ``function(readings)`` now and on each change."""
        ...

    def clear_sub(self, function: Callable[[Readings], None], /) -> None:
        """Call it no more."""
        ...


@runtime_checkable
class Flyable(HasName, Protocol):
    """Takes data by itself once it was started."""

    def kickoff(self) -> Status:
        """Start; done when it has begun."""
        ...

    def complete(self) -> Status:
        """Wait for the end; done when all data are taken."""
        ...


@runtime_checkable
class Collectable(HasName, Protocol):
    """Has data to be collected after, or while, it flies."""

    def describe_collect(self) -> SyncOrAsync[Any]:
        """Return data keys, or stream names mapped to data keys."""
        ...


@runtime_checkable
class EventCollectable(Collectable, Protocol):
    """Hands out its data as single events."""

    def collect(self) -> SyncOrAsyncIterator[dict[str, Any]]:
        """Yield partial events."""
        ...


@runtime_checkable
class EventPageCollectable(Collectable, Protocol):
    """Hands out its data as pages of events."""

    def collect_pages(self) -> SyncOrAsyncIterator[dict[str, Any]]:
        """Yield partial event pages."""
        ...


@runtime_checkable
class WritesExternalAssets(Protocol):
    """Keeps its data outside the documents, as resources and datums."""

    def collect_asset_docs(self) -> SyncOrAsyncIterator[Asset]:
        """Yield the documents that tell where."""
        ...


@runtime_checkable
class WritesStreamAssets(Protocol):
    """Keeps its data outside the documents, as stream resources and datums."""

    def collect_asset_docs(
        self, index: int | None = None
    ) -> SyncOrAsyncIterator[Asset]:
        """Yield the documents that tell where, up to ``index`` frames."""
        ...

    def get_index(self) -> SyncOrAsync[int]:
        """Return the number of frames that are there."""
        ...
