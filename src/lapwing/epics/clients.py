"""Clients: which backend a PV's name means, and all backends as one.

Owns the schemes: ``ca://`` and bare names are Channel Access, ``pva://`` PV Access;
PV objects other than plain ones of pyepics are asked themselves.
Must not know a client library, nor devices.
Test: tests/unit/epics/test_clients.py; tests/contract/test_channel.py.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lapwing.epics import ca, connection, pva, pyepics
from lapwing.epics.backend import of_loop
from lapwing.epics.channel import ANSWER_TIMEOUT, Channel, Client, Value
from lapwing.epics.pv_objects import pv_name, speaks_for_itself
from lapwing.errors import ConfigError, PlanArgumentError, StateError

BACKENDS: dict[str, Callable[[float], Client]] = {
    "ca": ca.client,
    "pva": pva.client,
    "pyepics": pyepics.client,
}
"""What makes the client of a backend in the running event loop."""
SCHEMES = ("ca", "pva")
"""How a PV's name may begin, before ``://``."""

_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Clients]"
_clients = weakref.WeakKeyDictionary()
_answer_timeout = ANSWER_TIMEOUT

NOWHERE = {
    # A port at which nothing listens; an empty list makes libca print a warning.
    "EPICS_CA_ADDR_LIST": "127.0.0.1:9",
    "EPICS_CA_AUTO_ADDR_LIST": "NO",
    "EPICS_CA_NAME_SERVERS": "",
    "EPICS_PVA_ADDR_LIST": "127.0.0.1:9",
    "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    "EPICS_PVA_NAME_SERVERS": "",
}
"""Variables with which no client of EPICS, ours or another, finds any server."""

_is_cut_off = False


def configure(
    environment: Mapping[str, str] | None = None,
    *,
    answer_timeout: float | None = None,
) -> None:
    """Set how this process talks to EPICS, before the first device is connected.

    Args:
        environment: ``EPICS_CA_*`` and ``EPICS_PVA_*`` variables, such as
            ``Beamline.environment``.
        answer_timeout: Seconds after which a server that does not answer counts as
            lost; None leaves it as it is. It may be changed at any time.

    Raises:
        StateError: The libraries of EPICS run already, with other values.
        ConfigError: The time is not more than 0.
    """
    global _answer_timeout
    other = {k: v for k, v in (environment or {}).items() if os.environ.get(k) != v}
    for prefix, in_use in (("EPICS_CA_", ca.in_use), ("EPICS_PVA_", pva.in_use)):
        fixed = sorted(name for name in other if name.startswith(prefix))
        if fixed and in_use():
            raise StateError(
                f"{', '.join(fixed)} cannot change any more: this process talks "
                "to EPICS already",
                hint="start the beamline before the first device is connected",
            )
    os.environ.update(other)
    if answer_timeout is not None:
        if not answer_timeout > 0:
            raise ConfigError(
                f"a server must get some time to answer, not {answer_timeout!r} s"
            )
        _answer_timeout = answer_timeout
        for loop in [reference() for reference in _clients.keyrefs()]:
            if loop is not None and (clients := _clients.get(loop)) is not None:
                clients.answer_timeout = answer_timeout


def cut_off() -> None:
    """Let this process reach no IOC, from now on and for good.

    Devices can be made; their ``connect`` returns at once and connects nothing. Other
    libraries that talk to EPICS search no network either, if they begin after this.

    Raises:
        StateError: This process talks to EPICS already.
    """
    global _is_cut_off
    configure(NOWHERE)
    _is_cut_off = True


def is_cut_off() -> bool:
    """Whether this process was cut off from all IOCs."""
    return _is_cut_off


def changed_since_cut_off() -> list[str]:
    """Return the variables that somebody has set otherwise after `cut_off`."""
    return [name for name, value in NOWHERE.items() if os.environ.get(name) != value]


def client() -> "Clients":
    """Return the client of the running event loop, made at its first use."""
    return of_loop(_clients, lambda: Clients(_answer_timeout))


def in_use() -> bool:
    """Whether this process talks, or talked, to EPICS."""
    return ca.in_use() or pva.in_use()


async def close() -> None:
    """Close the running loop's clients; to be called before that loop ends."""
    _clients.pop(asyncio.get_running_loop(), None)
    async with contextlib.AsyncExitStack() as each:  # whatever becomes of the others
        for backend in (pyepics, pva, ca):
            each.push_async_callback(backend.close)


class Clients:
    """Every backend, seen from one event loop; see `lapwing.epics.channel.Client`.

    Args:
        answer_timeout: Seconds after which a server that does not answer counts as
            lost.
    """

    def __init__(self, answer_timeout: float = ANSWER_TIMEOUT):
        self._answer_timeout = answer_timeout
        self._used: dict[str, Client] = {}

    @property
    def answer_timeout(self) -> float:
        """Seconds after which a server that does not answer counts as lost."""
        return self._answer_timeout

    @answer_timeout.setter
    def answer_timeout(self, seconds: float) -> None:
        self._answer_timeout = seconds
        for client in tuple(self._used.values()):  # others may come meanwhile
            client.answer_timeout = seconds

    def channel(self, pv: Any, device: str = "") -> Channel:
        """Return a channel that is not connected yet.

        Args:
            pv: Name of the PV, which may begin with a scheme; or a PV object.
            device: Name of the device that will use it, for messages.

        Raises:
            PlanArgumentError: It is no PV, or the scheme is none of ours.
            MissingExtraError: The library of the scheme is not installed.
        """
        name = pv_name(pv)
        backend, given = scheme_of(name), name
        if speaks_for_itself(pv):
            backend, given = "pyepics", pv
        # Asked for each time: it may have been closed since.
        client = self._used[backend] = BACKENDS[backend](self._answer_timeout)
        return client.channel(given, device)

    async def connect(self, channels: Iterable[Any], timeout: float) -> None:
        """Connect channels of any backend, all at once.

        Args:
            channels: Channels.
            timeout: Seconds for all of them together.

        Raises:
            DisconnectedError: Some did not answer; it names every one.
        """
        await connection.connect(channels, timeout)

    async def get_many(
        self, channels: Sequence[Any], timeout: float | None = None
    ) -> list[Value]:
        """Read channels of any backend afresh, all at once; in the same order.

        Args:
            channels: Channels.
            timeout: Seconds for all of them together; None takes
                ``answer_timeout``.

        Raises:
            DisconnectedError: Some have no server; it names every one of a backend.
            DeviceTimeoutError: Some did not answer in that time.
            DeviceError: A server refused.
        """
        clients = list(dict.fromkeys(channel.client for channel in channels))
        if len(clients) == 1:
            return await clients[0].get_many(channels, timeout)
        places: dict[Client, list[int]] = {client: [] for client in clients}
        for place, channel in enumerate(channels):
            places[channel.client].append(place)
        parts = await asyncio.gather(
            *(
                client.get_many([channels[place] for place in mine], timeout)
                for client, mine in places.items()
            )
        )
        found = {
            place: value
            for mine, part in zip(places.values(), parts, strict=True)
            for place, value in zip(mine, part, strict=True)
        }
        return [found[place] for place in range(len(channels))]

    async def close(self) -> None:
        """Close every channel and subscription of the running loop."""
        await close()


def scheme_of(pv: str) -> str:
    """Return which protocol the name of a PV means.

    Args:
        pv: Such as ``"SIM:X"``, ``"ca://SIM:X"`` or ``"pva://SIM:X"``.

    Raises:
        PlanArgumentError: It begins with another scheme.
    """
    scheme, found, _ = pv.rpartition("://")
    if not found:
        return "ca"
    if scheme not in SCHEMES:
        known = " or ".join(f"{name}://" for name in SCHEMES)
        raise PlanArgumentError(
            f"the PV {pv} begins with {scheme}://; it may begin with {known}, "
            "or with no scheme at all"
        )
    return scheme
