"""Devices whose PVs are read and watched: what a reading is, and every change of it.

Owns the way from the data keys of a device to its channels.
Must not know a client library, nor what the values mean.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from lapwing.epics.channel import Channel, Value
from lapwing.epics.device import EpicsDevice
from lapwing.protocols import DataKeys, Reading, Readings

OnReadings = Callable[[Readings], Any]


class Watch:
    """Tells a function the readings of some channels, at each change of one.

    The first call comes as soon as all have told their value; in each later one
    all but the channel that changed have the values of the last one.

    Args:
        channels: Connected channels, by data key.
        function: Called in the event loop with all readings.
        device: Whose channels they are; it is kept as long as it is watched.
    """

    def __init__(
        self, channels: Mapping[str, Channel], function: OnReadings, device: EpicsDevice
    ):
        self._device = device
        self._keys = list(channels)
        self._function = function
        self._latest: dict[str, Reading] = {}
        self._subscriptions = [
            channel.monitor(partial(self._heard, key), every=True)
            for key, channel in channels.items()
        ]

    def close(self) -> None:
        """Call it no more."""
        for subscription in self._subscriptions:
            subscription.close()

    def _heard(self, key: str, value: Value) -> None:
        self._latest[key] = value.reading()
        if len(self._latest) == len(self._keys):
            self._function({key: self._latest[key] for key in self._keys})


class ReadableDevice(EpicsDevice, ABC):
    """A device made of PVs that has a reading.

    Args:
        name: Name of the device, the prefix of its data keys.
        pvs: The PVs by role: names or PV objects.
        parts: Devices that are connected together with this one.
    """

    def __init__(
        self, name: str, pvs: Mapping[str, Any], parts: Sequence[EpicsDevice] = ()
    ):
        super().__init__(name, pvs, parts)
        self._watches: dict[OnReadings, Watch] = {}

    @abstractmethod
    def roles_read(self) -> Mapping[str, str]:
        """Return the roles that make up a reading, by data key."""

    async def read(self) -> Readings:
        """Return all values, read afresh in one go."""
        return await self.readings(self.roles_read())

    async def describe(self) -> DataKeys:
        """Return what the values are."""
        return self.data_keys(self.roles_read())

    def subscribe(self, function: OnReadings) -> None:
        """Call ``function(readings)`` soon, and at each change of a value.

        Each call has the whole reading; what did not change is as it was told last.
        To be called on the event loop in which the device was connected.

        Args:
            function: Called in that event loop. One that is subscribed already is
                told its readings anew.

        Raises:
            DisconnectedError: The device was never connected.
        """
        roles = self.roles_read()
        channels = {key: self.channel(role) for key, role in roles.items()}
        self.clear_sub(function)
        self._watches[function] = Watch(channels, function, self)

    def clear_sub(self, function: OnReadings) -> None:
        """Call a function no more; one that is not subscribed is none the worse.

        Args:
            function: As it was given to `subscribe`.
        """
        watch = self._watches.pop(function, None)
        if watch is not None:
            watch.close()
