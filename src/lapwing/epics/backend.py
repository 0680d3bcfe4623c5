"""Backend: what the clients of every backend share, one in each event loop.

Owns the client of a loop, its channels, and what is said of requests without a value.
Must not know a client library, nor devices.
Test: tests/contract/test_channel.py, over every backend.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, Generic, TypeVar

from lapwing.epics import connection
from lapwing.epics.channel import ANSWER_TIMEOUT, Value
from lapwing.epics.sentences import first_of
from lapwing.errors import DeviceError


class Backend(ABC):
    """A client, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.

    Attributes:
        answer_timeout: As given; may be changed.
    """

    failure: ClassVar[type]
    """What an answer is of that is no value."""
    unanswered: Any = None
    """What stands for an answer that did not come."""

    def __init__(self, answer_timeout: float = ANSWER_TIMEOUT):
        self.answer_timeout = answer_timeout
        self._channels: weakref.WeakSet[Any] = weakref.WeakSet()

    @abstractmethod
    def make_channel(self, pv: Any, device: str) -> connection.Connection:
        """Return a channel that is not connected yet."""

    @abstractmethod
    async def ask(self, channels: Sequence[Any], limit: float) -> list[Any]:
        """Ask all channels at once; return what came in the time, in the same order."""

    @abstractmethod
    async def end(self) -> None:
        """Close what the client has beside its channels."""

    def channel(self, pv: Any, device: str = "") -> Any:
        """Return a channel that is not connected yet."""
        channel = self.make_channel(pv, device)
        self._channels.add(channel)
        return channel

    async def connect(self, channels: Iterable[Any], timeout: float) -> None:
        """Connect channels, all at once."""
        await connection.connect(channels, timeout)

    async def get_many(
        self, channels: Sequence[Any], timeout: float | None = None
    ) -> list[Value]:
        """Read channels afresh, all at once; return values in the same order."""
        limit = self.answer_timeout if timeout is None else timeout
        if not all(channel.connected for channel in channels):
            await connection.connect(channels, min(limit, connection.PATIENCE))
        # As they are now: one that comes late still finds its place in the others.
        answers = list(await self.ask(channels, limit))
        if any(isinstance(answer, self.failure) for answer in answers):
            raise self._complaint(channels, answers, limit)
        return self.values_of(channels, answers)

    def values_of(self, channels: Sequence[Any], answers: list[Any]) -> list[Value]:
        """Return what good answers say."""
        return answers

    def _complaint(
        self, channels: Sequence[Any], answers: Sequence[Any], limit: float
    ) -> DeviceError:
        bad = [
            (channel, answer)
            for channel, answer in zip(channels, answers, strict=True)
            if isinstance(answer, self.failure)
        ]
        # Every error first: it is what tells which channels are lost.
        errors = [channel.error(answer, "was read", limit) for channel, answer in bad]
        for channel, answer in bad:
            if answer == self.unanswered and limit >= self.answer_timeout:
                channel.fell_silent()
        return first_of(errors, limit)

    async def close(self) -> None:
        """Close every channel and subscription of this client."""
        try:
            with ExitStack() as each:  # whatever becomes of the others
                for channel in list(self._channels):
                    each.callback(channel.close)
            self._channels.clear()
        finally:
            await self.end()
        # Tasks were cancelled, and libraries said their last; let it be heard.
        await asyncio.sleep(0)


B = TypeVar("B", bound=Backend)


C = TypeVar("C")


def of_loop(
    found: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, C]",
    make: Callable[[], C],
) -> C:
    """Return what belongs to the running event loop, made at its first use.

    Args:
        found: What there is; that of loops which were closed is dropped.
        make: Makes one.
    """
    loop = asyncio.get_running_loop()
    if loop not in found:
        # They are known by what they have, and would stay for ever.
        for known in [reference() for reference in found.keyrefs()]:
            if known is not None and known.is_closed():
                found.pop(known, None)
        found[loop] = make()
    return found[loop]


class OnePerLoop(Generic[B]):
    """The clients of a backend, one for each event loop.

    Args:
        make: Makes one, given the time after which a server counts as lost.
    """

    def __init__(self, make: Callable[[float], B]):
        self._make = make
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, B]
        self._clients = weakref.WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._clients)

    def client(self, answer_timeout: float = ANSWER_TIMEOUT) -> B:
        """Return the client of the running event loop, made at its first use.

        Args:
            answer_timeout: Seconds after which a server that does not answer counts
                as lost; of a client that is made now.

        Raises:
            MissingExtraError: The library that it needs is not installed.
        """
        return of_loop(self._clients, lambda: self._make(answer_timeout))

    async def close(self) -> None:
        """Close the running loop's client; to be called before that loop ends."""
        if (found := self._clients.pop(asyncio.get_running_loop(), None)) is not None:
            await found.close()
