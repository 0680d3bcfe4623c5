"""Channels: what every EPICS backend must be able to do.

Owns the protocol, and what a value and its control data are.
Must not know any client library, nor devices.
Test: tests/contract/test_channel.py runs one suite over every backend.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from lapwing.epics.sentences import Named
from lapwing.protocols import DataKey, Reading

INVALID = 3
"""The severity that says that a value must not be used."""
ANSWER_TIMEOUT = 3.0
"""Seconds after which a server that does not answer counts as lost, by default."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a PV held at one time.

    Attributes:
        value: A float, int, str or numpy array.
        timestamp: Seconds since 1970 (UTC), by the server's clock.
        severity: 0 none, 1 minor, 2 major, 3 invalid.
    """

    value: Any
    timestamp: float
    severity: int = 0

    def reading(self) -> Reading:
        """Return it as it stands in an event."""
        severity = -1 if self.severity >= INVALID else self.severity
        return {
            "value": self.value,
            "timestamp": self.timestamp,
            "alarm_severity": severity,
        }


@dataclass(frozen=True, slots=True)
class Control:
    """What a PV's values are, as its server says.

    Attributes:
        dtype: The kind of value, as documents name it.
        dtype_numpy: The element type, such as ``"<f8"``.
        shape: ``()`` for a scalar, else ``(num_elements,)``.
        units: The engineering unit, or "".
        precision: Decimals worth showing, or None.
        limits: Names of ranges, such as ``"control"``, and their low and high ends.
        choices: What the values of an enumeration are called; its values are the
            indices.
    """

    dtype: Literal["number", "integer", "string", "array"]
    dtype_numpy: str
    shape: tuple[int, ...] = ()
    units: str = ""
    precision: int | None = None
    limits: tuple[tuple[str, float, float], ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether the values are single numbers."""
        return self.dtype in ("number", "integer")

    def data_key(self, source: str) -> DataKey:
        """Return it as it stands in a descriptor.

        Args:
            source: Where the values come from, such as ``"ca://SIM:X"``.
        """
        key: DataKey = {
            "source": source,
            "dtype": self.dtype,
            "dtype_numpy": self.dtype_numpy,
            "shape": list(self.shape),
        }
        if self.units:
            key["units"] = self.units
        if self.precision is not None:
            key["precision"] = self.precision
        if self.limits:
            key["limits"] = {n: {"low": a, "high": b} for n, a, b in self.limits}
        if self.choices:
            key["choices"] = list(self.choices)
        return key


class Subscription(Protocol):
    """What keeps a callback called; `close` ends it."""

    def close(self) -> None:
        """Call it no more."""
        ...


class Channel(Named, Protocol):
    """One PV, seen from one event loop.

    A channel that lost its server finds it again by itself; a request made
    meanwhile waits for that, but not longer than its time limit.

    Attributes:
        client: The client that made it.
        source: Where documents say that its values come from.
    """

    client: "Client"
    source: str

    @property
    def connected(self) -> bool:
        """Whether the server answers, as far as is known.

        A server that did not answer a request for the client's ``answer_timeout``
        counts as lost, until it answers again.
        """
        ...

    @property
    def control(self) -> Control:
        """What the values are; the last known while not connected.

        Raises:
            DisconnectedError: It was never connected.
        """
        ...

    async def put(
        self, value: Any, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """Write a value; with ``wait`` return when all that it set off is over.

        Args:
            value: What to write: a number, a text, an array, or a choice by its
                index or its text.
            wait: Without, return when it is sent; needs a live connection.
            timeout: Seconds to wait; None waits for ever.

        Raises:
            PlanArgumentError: The PV takes values of another kind.
            DisconnectedError: There is no server, or it went away or fell silent
                meanwhile.
            DeviceTimeoutError: It was not over in that time.
            DeviceError: The server refused it.
        """
        ...

    def monitor(
        self, callback: Callable[[Value], None], *, every: bool = False
    ) -> Subscription:
        """Call ``callback(value)`` now and on each change, in the event loop.

        Args:
            callback: What to call.
            every: Tell every change that the server does; else only the last of
                those that came while the loop was busy.
        """
        ...

    def on_connection(self, callback: Callable[[bool], None]) -> Callable[[], None]:
        """Call ``callback(connected)`` on each loss and return; get what ends it."""
        ...

    def close(self) -> None:
        """Give the connection up."""
        ...


class Client(Protocol):
    """A backend, seen from one event loop.

    Attributes:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.
    """

    answer_timeout: float

    def channel(self, pv: Any, device: str = "") -> Channel:
        """Return a channel that is not connected yet.

        Args:
            pv: Name of the PV, with or without the client's scheme.
            device: Name of the device that will use it, for messages.
        """
        ...

    async def connect(self, channels: Iterable[Any], timeout: float) -> None:
        """Connect channels, all at once.

        Args:
            channels: Channels of this client.
            timeout: Seconds for all of them together.

        Raises:
            DisconnectedError: Some did not answer; it names every one.
        """
        ...

    async def get_many(
        self, channels: Sequence[Any], timeout: float | None = None
    ) -> list[Value]:
        """Read channels afresh, all at once; return values in the same order.

        Args:
            channels: Channels of this client.
            timeout: Seconds for all of them together; None takes
                ``answer_timeout``.

        Raises:
            DisconnectedError: Some have no server; it names every one.
            DeviceTimeoutError: Some did not answer in that time.
            DeviceError: A server refused.
        """
        ...

    async def close(self) -> None:
        """Close every channel and subscription of this client."""
        ...
