"""Dwell: the PV of a detector's seconds of counting, put back after a scan.

Owns how the seconds of a point are written, and that what was there is kept.
Must not know detectors or scans.
Test: tests/system/test_step_scan.py and test_step_detectors.py, on the beamline.
"""

from typing import Any

from lapwing.epics.settings import Settings
from lapwing.epics.signal import EpicsSignal
from lapwing.status import Status


class Dwell(EpicsSignal):
    """The seconds for which a detector counts at a point.

    Args:
        pv: Its PV.
        name: Name of the device.
        settings: They have the PV among theirs, and put it back.

    Attributes:
        parts: In how many equal parts the PV has them: the channels of a
            multichannel scaler.
    """

    def __init__(self, pv: str, name: str, settings: Settings):
        super().__init__(pv, name)
        self.pv = pv
        self.parts = 1
        self._settings = settings

    def set(self, value: Any, timeout: float | None = None) -> Status:
        """Set the seconds of a point.

        Args:
            value: How many.
            timeout: Seconds that it may take; None takes the signal's own.
        """
        part = float(value) / self.parts
        self._settings.left(self.pv, part)
        return super().set(part, timeout)

    async def seconds(self) -> float:
        """Return how long a point is counted now, read afresh."""
        (value,) = await self.get("readback")
        return float(value.value) * self.parts

    async def keep(self) -> None:
        """Take note of what is there now; the settings put it back."""
        await self._settings.keep(self.pv)
