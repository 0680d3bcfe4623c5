"""Asides: what a plan asks and tells beside its messages.

Owns `recorded`, `announce`, `foresee`, `handles`, `written`, `write_soon`, `pausing`,
and which call runs.
Must not know the loop; a call only has to meet `Listener`.
Test: call each with no engine (they do the plain thing) and under one.

The message stream stays the field's common language; these carry what it
has no words for, and a plan that uses them still runs on any other engine.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pausing:
    """Why a call is paused or suspended, and how it can be ended meanwhile.

    Attributes:
        reason: Why, or "".
        abort: Ends it for a reason; from any thread, returns at once.
        suspended: Whether it goes on by itself, when what suspends it is over.
    """

    reason: str
    abort: Callable[[str], None]
    suspended: bool = False


class Listener(Protocol):
    """The call that hears the asides of the plan it runs."""

    def note(self, look: Callable[[], T]) -> T:
        """Look, and note what was seen, or how looking failed."""
        ...

    def announce(self, objs: tuple[Any, ...]) -> None:
        """Expect a bundle of these."""
        ...

    def foresee(
        self, reads: tuple[Any, ...], moves: Mapping[Any, tuple[Any, Any]]
    ) -> None:
        """Expect a run that reads and moves these."""
        ...

    def handles(self, errors: tuple[type[Exception], ...]) -> None:
        """Tell the plan of these errors, and do not pause on them."""
        ...

    async def written(self) -> None:
        """Wait until all documents so far are where sinks put them."""
        ...

    def write_soon(self) -> None:
        """Have sinks put all documents so far where they belong, and do not wait."""
        ...

    def pausing(self) -> Pausing:
        """Say why it pauses."""
        ...


LISTENER: ContextVar[Listener | None] = ContextVar("lapwing_listener", default=None)


def recorded(look: Callable[[], T]) -> T:
    """Look at a clock, a random source, a uuid or a device's attribute.

    A plan that looks at the world only through messages and ``recorded`` can be
    run again after a crash and will say the same: what was seen is noted.

    That holds for looking in vain as well: what ``look`` raises is noted, and raised.

    Args:
        look: Called without arguments, once. It should do nothing but look, and
            raise only what it can be told by its class and its arguments.

    Returns:
        What it returned; in a replay, what it returned at the first time.
    """
    listener = LISTENER.get()
    return look() if listener is None else listener.note(look)


def announce(objs: Iterable[Any]) -> None:
    """Say that the following ``read`` messages up to ``save`` are of these objects.

    The engine may then read asynchronous devices together: a slow one costs its
    own time, not the sum. It never guesses.
    """
    if (listener := LISTENER.get()) is not None:
        listener.announce(tuple(objs))


def foresee(
    reads: Iterable[Any] = (), moves: Mapping[Any, tuple[Any, Any]] | None = None
) -> None:
    """Say what the next run will read in one event, and how far it will move.

    At ``open_run`` the engine then refuses colliding data keys and positions
    beyond limits, before anything has moved.

    Args:
        reads: Devices that will be read into one event.
        moves: Lowest and highest position by device, in the device's unit.
    """
    if (listener := LISTENER.get()) is not None:
        listener.foresee(tuple(reads), moves or {})


def handles(*errors: type[Exception]) -> None:
    """Say which errors of devices this plan deals with itself, until its call ends.

    An engine that would pause on them (a session's does, when a device is lost) tells
    the plan instead.

    Args:
        *errors: Classes of errors, or of the causes of failed statuses.
    """
    if (listener := LISTENER.get()) is not None:
        listener.handles(errors)


async def written() -> None:
    """Wait until all documents so far are in the files, for others to read.

    To be waited for by a plan: ``Msg("wait_for", None, [written])``. An engine whose
    documents nobody writes down waits for nothing, and so does one whose files take
    too long: a scan is not held up.
    """
    if (listener := LISTENER.get()) is not None:
        await listener.written()


def write_soon() -> None:
    """Have all documents so far put into the files at once, and wait for nothing.

    For where nobody looks at them now, but they are to be safe: at a breakpoint, say.
    """
    if (listener := LISTENER.get()) is not None:
        listener.write_soon()


def pausing() -> Pausing:
    """Say why the plan pauses; for ``pause()`` of a device, which is told nothing.

    With an engine that is not Lapwing's nobody knows why, and it cannot be ended so.
    """
    listener = LISTENER.get()
    return Pausing("", lambda _: None) if listener is None else listener.pausing()
