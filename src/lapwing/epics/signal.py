"""A single PV as a device: read it, set it, wait until what that does is over.

Owns nothing but that.
Must not know motors or detectors.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.
"""

from typing import Any

from lapwing.epics.readable import ReadableDevice
from lapwing.protocols import Hints, Location
from lapwing.status import Status, status_of


class EpicsSignal(ReadableDevice):
    """One PV that can be read and set: ``EpicsSignal("SIM:DET:DWELL", "dwell")``.

    Args:
        pv: The PV that is set: its name, or a PV object such as pyepics'.
        name: Name of the device and its data key.
        readback: The PV that is read; None reads the one that is set.
        timeout: Seconds that a set may take; None waits for ever.
    """

    kind = "signal"

    def __init__(
        self,
        pv: Any,
        name: str,
        *,
        readback: Any = None,
        timeout: float | None = 60.0,
    ):
        super().__init__(
            name, {"setpoint": pv, "readback": pv if readback is None else readback}
        )
        self._timeout = timeout

    @property
    def hints(self) -> Hints:
        """The only field."""
        return {"fields": [self.name]}

    def set(self, value: Any, timeout: float | None = None) -> Status:
        """Write a value; done when all that it set off is over.

        Args:
            value: What the PV takes: a number, a text, an array, a choice.
            timeout: Seconds that it may take; None takes the signal's own.
        """
        channel = self.channel("setpoint")
        limit = self._timeout if timeout is None else timeout
        return status_of(
            channel.put(value, timeout=limit), device=self.name, action=f"set {value}"
        )

    def roles_read(self) -> dict[str, str]:
        """The value."""
        return {self.name: "readback"}

    async def locate(self) -> Location:
        """Return what was asked for, and what is."""
        setpoint, readback = await self.get("setpoint", "readback")
        return {"setpoint": setpoint.value, "readback": readback.value}
