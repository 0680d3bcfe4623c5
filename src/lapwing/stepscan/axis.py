"""Axis: a plain PV that is set and read back, where there is no motor record.

Owns its limits, its stop, and the time that a set may take.
Must not know scans or positions in lists.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

from collections.abc import Mapping
from typing import Any

from lapwing.devices.limits import Limits, check_position
from lapwing.epics.convert import to_put
from lapwing.epics.readable import ReadableDevice
from lapwing.epics.sentences import title
from lapwing.protocols import Location
from lapwing.status import Status, status_of


class PVAxis(ReadableDevice):
    """Any PV as something that can be moved; a set is done when its put completes.

    Args:
        pv: The PV that is set, by its name or as a PV object.
        name: Name of the device, and data key of its read-back.
        readback: The PV that is read; the one that is set, by default.
        stop: The PV that stops a motion, or None.
        stop_value: What is written to it.
        limits: Lowest and highest position; None takes the PV's control limits, of
            which equal ones are none.
        timeout: Seconds that a set may take; None waits for ever.
    """

    kind = "positioner"

    def __init__(
        self,
        pv: Any,
        name: str,
        *,
        readback: Any = None,
        stop: Any = None,
        stop_value: Any = 1,
        limits: tuple[float, float] | None = None,
        timeout: float | None = 600.0,
    ):
        pvs = {"setpoint": pv, "readback": readback or pv}
        super().__init__(name, pvs | ({"stop": stop} if stop else {}))
        self._given = None if limits is None else Limits(*limits)
        self._stop_value = stop_value
        self.timeout = timeout

    @property
    def limits(self) -> Limits:
        """The range of positions that is allowed."""
        if self._given is not None:
            return self._given
        control = self.channel("setpoint").control
        for name, low, high in control.limits:
            if name == "control":
                pv = self.channel("setpoint").pv
                return Limits(low, high, pv, pv)
        return Limits()

    @property
    def has_own_readback(self) -> bool:
        """Whether another PV is read than the one that is set."""
        return self._pvs["readback"] != self._pvs["setpoint"]

    @property
    def unit(self) -> str:
        """The engineering unit of positions, or ""."""
        return self.channel("setpoint").control.units

    def check_value(self, value: Any) -> None:
        """Raise if the PV must not be set to that; nothing moves.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
        """
        self._checked(value)

    def set(self, value: Any, timeout: float | None = None) -> Status:
        """Write a position; done when all that it set off is over.

        Args:
            value: What the PV takes.
            timeout: Seconds that it may take; None takes the axis' own.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
            DisconnectedError: The axis was never connected.
        """
        channel = self.channel("setpoint")
        value = self._checked(value)
        limit = self.timeout if timeout is None else timeout
        work = channel.put(value, timeout=limit)
        return status_of(work, device=self.name, action=f"set {value}")

    async def stop(self, success: bool = True) -> None:
        """Stop a motion, if there is a PV for that."""
        if self.has("stop"):
            await self.channel("stop").put(self._stop_value, wait=False)

    def roles_read(self) -> Mapping[str, str]:
        """The read-back."""
        return {self.name: "readback"}

    async def locate(self) -> Location:
        """Return what was asked for, and what is."""
        setpoint, readback = await self.get("setpoint", "readback")
        return {"setpoint": setpoint.value, "readback": readback.value}

    def _checked(self, value: Any) -> Any:
        channel = self.channel("setpoint")
        control = channel.control
        if control.choices:
            whole = isinstance(value, float) and value.is_integer()
            return to_put(int(value) if whole else value, control, title(channel))
        if not control.is_number:
            return value
        return check_position(
            value, self.limits, name=self.name, kind=self.kind, unit=self.unit
        )
