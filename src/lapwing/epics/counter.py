"""Counter: a detector with a trigger and any number of PVs that it fills.

Owns the order trigger, wait, read; and how long a trigger may take.
Must not know a client library, nor what the counters count.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.epics.readable import ReadableDevice
from lapwing.epics.signal import EpicsSignal
from lapwing.protocols import DataKeys, Hints, Readings
from lapwing.status import Status, status_of


class EpicsCounter(ReadableDevice):
    """A detector: ``EpicsCounter("SIM:DET:", "det")``.

    The put to its trigger completes when the counting is over; then all counters
    are read afresh in one go, so a reading is never older than its trigger.

    Args:
        prefix: What the names of its PVs begin with.
        name: Name of the device, the prefix of its data keys.
        counters: What follows the prefix in each counter's PV (a scalar or an
            array), by the end of its data key; "" makes the key the name itself.
        trigger: What follows the prefix in the PV that starts it.
        dwell: The same for the PV of the seconds of counting; None if there is none.
        trigger_value: What is written to the trigger.
        hinted: Ends of the keys worth showing; None: all single numbers.
        time_margin: Seconds that a trigger may take beyond the dwell.

    Attributes:
        dwell: The signal to set the seconds of counting with, or None.
    """

    kind = "detector"

    def __init__(
        self,
        prefix: str,
        name: str,
        *,
        counters: Mapping[str, str] | None = None,
        trigger: str = "TRIG",
        dwell: str | None = "DWELL",
        trigger_value: Any = 1,
        hinted: Sequence[str] | None = None,
        time_margin: float = 5.0,
    ):
        suffixes = {"counts": "COUNTS"} if counters is None else dict(counters)
        self._keys = {
            f"{name}_{end}" if end else name: f"counter {end}" for end in suffixes
        }
        pvs = {f"counter {end}": prefix + suffix for end, suffix in suffixes.items()}
        self.dwell: EpicsSignal | None = None
        if dwell is not None:
            self.dwell = EpicsSignal(prefix + dwell, f"{name}_dwell")
            pvs["dwell"] = prefix + dwell
        parts = [self.dwell] if self.dwell else []
        super().__init__(name, pvs | {"trigger": prefix + trigger}, parts)
        self._trigger_value = trigger_value
        self._hinted = hinted
        self.time_margin = time_margin

    async def when_connected(self) -> None:
        """Check the kinds of PVs, and follow the dwell."""
        if self.dwell is not None:
            self.require_numbers("dwell")
            await self.follow("dwell")

    @property
    def hints(self) -> Hints:
        """The counters worth showing; all of them before the first connection."""
        if self._hinted is not None:
            keys = [f"{self.name}_{end}" if end else self.name for end in self._hinted]
        else:
            keys = [key for key, role in self._keys.items() if self._is_scalar(role)]
        return {"fields": keys}

    def trigger(self) -> Status:
        """Start to count; done when the counters may be read.

        Raises:
            DisconnectedError: The detector was never connected.
        """
        limit = float(self.latest("dwell") or 0.0) + self.time_margin
        work = self.channel("trigger").put(self._trigger_value, timeout=limit)
        return status_of(work, device=self.name, action="count")

    def roles_read(self) -> dict[str, str]:
        """All counters."""
        return dict(self._keys)

    async def read_configuration(self) -> Readings:
        """Return the seconds of counting."""
        return await self.readings(self._configuration())

    async def describe_configuration(self) -> DataKeys:
        """Return what the seconds of counting are."""
        return self.data_keys(self._configuration())

    def _configuration(self) -> dict[str, str]:
        return {} if self.dwell is None else {f"{self.name}_dwell": "dwell"}

    def _is_scalar(self, role: str) -> bool:
        return not self._channels or self.channel(role).control.is_number
