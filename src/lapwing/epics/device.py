"""Devices made of PVs: connecting, reading, and hearing of a lost server.

Owns what every EPICS device shares.
Must not know a client library: it asks `lapwing.epics.clients` for one.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lapwing.epics import clients
from lapwing.epics.channel import Channel, Client, Value
from lapwing.epics.forsaken import close_with, weakly
from lapwing.epics.pv_objects import pv_name
from lapwing.errors import DeviceError, DisconnectedError
from lapwing.protocols import DataKeys, Readings

OnDisconnect = Callable[[DisconnectedError], None]


class EpicsDevice:
    """A device made of PVs, each under a role such as ``"readback"``.

    It lives on the event loop in which `connect` was awaited. If its server goes
    away it connects again by itself when the server is back; `connect` may be
    awaited again to wait for that. Its connections end with it, when nobody has it
    any more.

    Args:
        name: Name of the device, the prefix of its data keys.
        pvs: The PVs by role: names (``ca://`` or ``pva://`` before them says which
            protocol, Channel Access else), or PV objects such as pyepics'.
        parts: Devices that are connected together with this one.

    Attributes:
        name: As given.
        parent: The device that this one is part of, or None.
    """

    kind = "device"

    def __init__(
        self, name: str, pvs: Mapping[str, Any], parts: Sequence["EpicsDevice"] = ()
    ):
        self.name = name
        self.parent: EpicsDevice | None = None
        self._sources = dict(pvs)
        self._pvs = {role: pv_name(pv) for role, pv in pvs.items()}
        self._parts = list(parts)
        for part in self._parts:
            part.parent = self
        self._client: Client | None = None
        self._channels: dict[str, Channel] = {}
        self._latest: dict[str, Value] = {}
        self._listeners: list[OnDisconnect] = []
        self._lost = False
        self._forsaken = close_with(self, {})

    def disconnect(self) -> None:
        """Give up the connections of this device itself; `connect` makes them anew."""
        for channel in self._channels.values():
            channel.close()
        self._forsaken.detach()
        self._client, self._channels = None, {}

    def set_pvs(self, pvs: Mapping[str, Any]) -> None:
        """Be made of other PVs from the next `connect` on.

        Args:
            pvs: As for the device itself.
        """
        for role, source in self._sources.items():
            # What stays is not cut off: somebody may be waiting for its connection.
            if role in self._channels and pvs.get(role) != source:
                self._channels.pop(role).close()
                self._latest.pop(role, None)
        self._sources = dict(pvs)
        self._pvs = {role: pv_name(pv) for role, pv in pvs.items()}

    @property
    def title(self) -> str:
        """Kind and name, as messages begin: ``"motor x"``."""
        return f"{self.kind} {self.name}"

    @property
    def connected(self) -> bool:
        """Whether every PV answers, as far as is known."""
        mine = bool(self._channels) and all(
            role in self._channels and self._channels[role].connected
            for role in self._pvs
        )
        return mine and all(part.connected for part in self._parts)

    async def connect(self, timeout: float = 5.0) -> None:
        """Connect every PV at once; return when all have answered.

        Args:
            timeout: Seconds for all of them together.

        Raises:
            DisconnectedError: Some did not answer; it names every one.
            DeviceError: A PV holds values of a kind that the device cannot use.
        """
        if clients.is_cut_off():
            return
        client = clients.client()
        devices = [self, *self._parts]
        channels = [c for device in devices for c in device.open_channels(client)]
        await client.connect(channels, timeout)
        for device in devices:
            await device.when_connected()

    def on_disconnect(self, callback: OnDisconnect) -> Callable[[], None]:
        """Hear at once when the device loses its server.

        Args:
            callback: Called in the event loop with the reason, once for each loss,
                before any pending status fails for it.

        Returns:
            A function that ends it.
        """
        self._listeners.append(callback)
        ends = [part.on_disconnect(callback) for part in self._parts]

        def end() -> None:
            self._listeners.remove(callback)
            for end_part in ends:
                end_part()

        return end

    def open_channels(self, client: Client) -> list[Channel]:
        """Return the device's channels, made anew for another client.

        Args:
            client: The client of the running event loop.
        """
        if self._client is not client:
            self._client, self._channels = client, {}
            self._latest.clear()
            self._lost = False
        if missing := self._sources.keys() - self._channels.keys():
            # What tells it the news must not keep it alive.
            for role, pv in self._sources.items():
                if role in missing:
                    channel = client.channel(pv, self.name)
                    channel.on_connection(weakly(self._on_connection, channel))
                    self._channels[role] = channel
            self._forsaken.detach()
            self._forsaken = close_with(self, self._channels)
        return list(self._channels.values())

    async def when_connected(self) -> None:
        """Do what the device needs once its PVs answer; may be called again."""

    def _on_connection(self, channel: Channel, up: bool) -> None:
        if up:
            # All of them: a server that returns brings its PVs back one by one.
            self._lost = self._lost and not self.connected
        elif not self._lost:
            self._lost = True
            reason = DisconnectedError(
                f"{self.title} lost its server: {channel.pv} does not answer any more",
                device=self.name,
                pv=channel.pv,
                pvs=list(self._pvs.values()),
            )
            for listener in tuple(self._listeners):
                listener(reason)

    def channel(self, role: str) -> Channel:
        """Return the channel of a role.

        Args:
            role: A role of this device, such as ``"readback"``.

        Raises:
            DisconnectedError: `connect` was never awaited.
        """
        if role not in self._channels:
            pvs = list(self._pvs.values())
            raise DisconnectedError(
                f"{self.title} was not connected yet ({', '.join(pvs)})",
                device=self.name,
                pvs=pvs,
                hint="await device.connect() first",
            )
        return self._channels[role]

    def has(self, role: str) -> bool:
        """Return whether the device has a PV of that role.

        Args:
            role: Such as ``"readback"``.
        """
        return role in self._pvs

    async def get(self, *roles: str) -> list[Value]:
        """Read some PVs afresh, all at once.

        Args:
            *roles: Roles of this device; the values come in the same order.

        Raises:
            DisconnectedError: The server is away; every such PV is named.
        """
        channels = [self.channel(role) for role in roles]
        assert self._client is not None  # noqa: S101 - channels exist only with it
        return await self._client.get_many(channels)

    async def readings(self, roles: Mapping[str, str]) -> Readings:
        """Return fresh values as they stand in an event.

        Args:
            roles: Roles by data key.
        """
        values = await self.get(*roles.values()) if roles else []
        return {key: value.reading() for key, value in zip(roles, values, strict=True)}

    def data_keys(self, roles: Mapping[str, str]) -> DataKeys:
        """Return what values are as it stands in a descriptor.

        Args:
            roles: Roles by data key.
        """
        found: DataKeys = {}
        for key, role in roles.items():
            channel = self.channel(role)
            found[key] = channel.control.data_key(channel.source)
            found[key]["object_name"] = self.name
        return found

    async def follow(self, *roles: str) -> None:
        """Keep the latest values of some roles, for `latest`, from now on.

        Args:
            *roles: Roles of this device.
        """
        if self._latest:
            return
        for role, value in zip(roles, await self.get(*roles), strict=True):
            self._latest[role] = value
            self.channel(role).monitor(weakly(self.on_value, role))

    def latest(self, role: str) -> Any:
        """Return the latest value of a role that is followed, or None.

        A fresh `get` may know more: news of a change take a millisecond.

        Args:
            role: A role of this device.
        """
        value = self._latest.get(role)
        return None if value is None else value.value

    def on_value(self, role: str, value: Value) -> None:
        """Take note of the news of a role that is followed.

        Args:
            role: A role of this device.
            value: What its PV holds now.
        """
        self._latest[role] = value

    def require_numbers(self, *roles: str) -> None:
        """Raise if the PV of a role holds anything but single numbers.

        Args:
            *roles: Roles of this device.

        Raises:
            DeviceError: One does; the PV is named.
        """
        for role in roles:
            channel = self.channel(role)
            if not channel.control.is_number:
                raise DeviceError(
                    f"{self.title}: {channel.pv} holds {channel.control.dtype} "
                    f"values; its {role} must be a number",
                    device=self.name,
                    pv=channel.pv,
                )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
