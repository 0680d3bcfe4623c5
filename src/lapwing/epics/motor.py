"""Motor: an axis of EPICS, as a motor record or anything with the same fields.

Owns what a finished move is, and how long one may take.
Must not know a client library, nor plans.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.

It is a little long because a motor is asked for more than any other device.
"""

import asyncio
from typing import Any

from lapwing.devices.limits import Limits, check_position
from lapwing.epics.channel import Channel, Client, Value
from lapwing.epics.fields import MOTOR_RECORD, SIM_FIELDS, MotorFields
from lapwing.epics.move import Move
from lapwing.epics.pv_objects import prefix_of
from lapwing.epics.readable import ReadableDevice
from lapwing.errors import DeviceError, MotionError
from lapwing.protocols import DataKeys, Hints, Location, Readings
from lapwing.status import Status, status_of

__all__ = ["MOTOR_RECORD", "SIM_FIELDS", "EpicsMotor", "MotorFields"]

_FOLLOWED = ("readback", "velocity", "acceleration", "settle")
_FOLLOWED += ("high_limit", "low_limit", "done", "mode")
GO = 3
"""The mode in which a motor record moves: Stop, Pause, Move, Go."""
_CONFIGURATION = {
    "velocity": "velocity",
    "acceleration": "acceleration",
    "motor_egu": "units",
}


class EpicsMotor(ReadableDevice):
    """One axis: ``EpicsMotor("IOC:m1", "x")``.

    A move is done when its put has completed on a live connection, ``DMOV`` is 1
    and nobody sent the axis elsewhere. It may take ``time_factor`` times what
    distance, velocity, acceleration and settling make, and ``time_margin``; then
    it fails and the motor is told to stop.

    Args:
        prefix: What the names of its PVs begin with; or its ``.VAL``, or a PV object
            of either.
        name: Name of the device; its read-back's data key.
        fields: What the PVs are called after the prefix.
        time_factor: See above.
        time_margin: Seconds; see above.
        tolerance: Greatest distance between set-point and read-back after a move,
            in the motor's unit; None does not look.
    """

    kind = "motor"

    def __init__(
        self,
        prefix: Any,
        name: str,
        *,
        fields: MotorFields = MOTOR_RECORD,
        time_factor: float = 1.5,
        time_margin: float = 2.0,
        tolerance: float | None = None,
    ):
        super().__init__(name, fields.pvs(prefix_of(prefix)))
        self.time_factor = time_factor
        self.time_margin = time_margin
        self.tolerance = tolerance
        self._turn = asyncio.Lock()
        self._move: Move | None = None
        self._stops = 0
        self._stop_was_meant = False

    def open_channels(self, client: Client) -> list[Channel]:
        """Return the motor's channels, made anew for another client.

        Args:
            client: The client of the running event loop.
        """
        if client is not self._client:
            # Another loop's would not do here, and may never be given back.
            self._turn = asyncio.Lock()
        return super().open_channels(client)

    async def when_connected(self) -> None:
        """Check the kinds of PVs, and follow read-back, limits and velocity."""
        followed = [role for role in _FOLLOWED if self.has(role)]
        self.require_numbers("setpoint", *followed)
        await self.follow(*followed)

    @property
    def hints(self) -> Hints:
        """The read-back."""
        return {"fields": [self.name]}

    @property
    def unit(self) -> str:
        """The engineering unit of positions, or ""."""
        return self.channel("readback").control.units

    @property
    def position(self) -> float | None:
        """Where the motor is, in its unit, as its server told last.

        For people at a prompt; a plan asks by ``locate`` or ``read``. None before the
        motor is connected.
        """
        return self.latest("readback")

    @property
    def moving(self) -> bool:
        """Whether it moves, whoever sent it, as its server told last.

        A motor without a PV that tells so counts as standing.
        """
        done = self.latest("done")
        return done is not None and not done

    @property
    def limits(self) -> Limits:
        """The range of positions that is allowed now."""
        return Limits(
            self._setting("low_limit"),
            self._setting("high_limit"),
            self._pvs.get("low_limit", ""),
            self._pvs.get("high_limit", ""),
        )

    def check_value(self, value: Any) -> None:
        """Raise if the motor would not go there; nothing moves.

        Args:
            value: A position, in the motor's unit.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
            MotionError: The motor is in a mode in which it does not move.
        """
        self._checked(value)
        self._check_mode()

    def set(self, value: Any, timeout: float | None = None) -> Status:
        """Start to go to a position.

        Args:
            value: A position, in the motor's unit.
            timeout: Seconds that the move may take; None derives it from distance
                and velocity.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
            MotionError: The motor is in a mode in which it does not move.
            DisconnectedError: The motor was never connected.
            DeviceError: Its velocity is 0, and no timeout is given; nothing moves.
        """
        target = self._checked(value)
        self._check_mode()
        if timeout is None:
            self._velocity()
        move = Move(self, target, timeout)
        status = status_of(
            self._run(move, target, self._stops),
            device=self.name,
            action=f"move to {self.show(target)}",
        )
        move.report = status.report
        return status

    async def stop(self, success: bool = True) -> None:
        """Stop the motor where it is.

        Args:
            success: Whether a move under way then counts as done, or as failed.
        """
        self._stops += 1  # whoever waits for a turn has lost it
        self._stop_was_meant = success
        if self._move is not None:
            self._move.stopped = success
        await self.channel("stop").put(1, wait=False)

    def roles_read(self) -> dict[str, str]:
        """Read-back and set-point."""
        return {self.name: "readback", f"{self.name}_user_setpoint": "setpoint"}

    async def describe(self) -> DataKeys:
        """Return what read-back and set-point are."""
        keys = await super().describe()
        if (limits := self.limits).active:
            span = {"low": limits.low, "high": limits.high}
            for key in keys.values():
                key.setdefault("limits", {})["control"] = span
        return keys

    async def read_configuration(self) -> Readings:
        """Return velocity, acceleration time and unit."""
        return await self.readings(self._configuration())

    async def describe_configuration(self) -> DataKeys:
        """Return what velocity, acceleration time and unit are."""
        return self.data_keys(self._configuration())

    async def locate(self) -> Location:
        """Return where the motor was sent, and where it is."""
        setpoint, readback = await self.get("setpoint", "readback")
        return {"setpoint": setpoint.value, "readback": readback.value}

    def show(self, position: float) -> str:
        """Return a position with its unit, as messages say it.

        Args:
            position: In the motor's unit.
        """
        return f"{position:.10g} {self.unit}".strip()

    def time_limit(self, start: float, target: float) -> float | None:
        """Return how long a move may take, in seconds; None if that is unknown.

        Args:
            start: Where it begins, in the motor's unit.
            target: Where it ends, in the motor's unit.

        Raises:
            DeviceError: The motor's velocity is 0, so that it would never arrive.
        """
        velocity = self._velocity()
        if velocity is None:
            return None
        moving = abs(target - start) / velocity
        waiting = 2 * self._setting("acceleration") + self._setting("settle")
        return self.time_factor * (moving + waiting) + self.time_margin

    def _velocity(self) -> float | None:
        """Return how fast the motor moves, in its unit per second, if that is known."""
        value = self.latest("velocity")
        if value is None:
            return None
        if value == 0:
            pv = self._pvs["velocity"]
            raise DeviceError(
                f"motor {self.name} cannot be moved: its velocity is 0 ({pv})",
                hint="set a velocity, or say how long a move may take: "
                f"{self.name}.set(position, timeout=seconds)",
                device=self.name,
                pv=pv,
                value=value,
            )
        return abs(float(value))

    def blocked(self) -> str:
        """Return in which mode the motor does not move, as in "Pause"; "" in Go.

        As its server told last; a motor without a PV for that is always in Go.
        """
        mode = self.latest("mode")
        if mode is None or mode == GO:
            return ""
        choices = self.channel("mode").control.choices
        return choices[mode] if mode < len(choices) else str(mode)

    def _check_mode(self) -> None:
        if mode := self.blocked():
            pv = self._pvs["mode"]
            raise MotionError(
                f"motor {self.name} does not move: its mode is {mode} ({pv})",
                hint=f"set {pv} to Go",
                device=self.name,
                pv=pv,
                value=mode,
            )

    def _setting(self, role: str) -> float:
        return float(self.latest(role) or 0.0)

    def _checked(self, value: Any) -> float:
        unit = self.unit
        return check_position(value, self.limits, name=self.name, unit=unit)

    def _configuration(self) -> dict[str, str]:
        return {
            f"{self.name}_{key}": role
            for key, role in _CONFIGURATION.items()
            if self.has(role)
        }

    def on_value(self, role: str, value: Value) -> None:
        """Take note of the news of a role that is followed.

        Args:
            role: A role of this device.
            value: What its PV holds now.
        """
        super().on_value(role, value)
        if role == "readback" and self._move is not None:
            self._move.on_readback(value.value)

    async def _run(self, move: Move, target: float, stops: int) -> None:
        # One at a time: a server would queue a second put behind the first one,
        # and its time would run out before it began.
        async with self._turn:
            if self._stops != stops:
                if self._stop_was_meant:
                    return
                raise MotionError(
                    f"motor {self.name} was stopped before its move to "
                    f"{self.show(target)} began",
                    device=self.name,
                )
            self._move = move
            try:
                await move.run()
            finally:
                self._move = None
