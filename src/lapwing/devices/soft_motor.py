"""Soft motor: an axis without hardware, at once or with a velocity.

Owns its position; time comes from a clock that is handed in.
Must not know engines, plans or EPICS.
Test: tests/unit/devices/test_soft.py, with a clock that the test turns.
"""

import asyncio
import math
import numbers
import time
from collections.abc import Callable
from typing import Any, Protocol

from lapwing.devices.keys import data_key
from lapwing.devices.limits import Limits, check_position, number_of
from lapwing.errors import MotionError, PlanArgumentError
from lapwing.protocols import DataKeys, Hints, Location, Readings
from lapwing.status import Progress, Status


class Clock(Protocol):
    """What tells a soft motor the time; an asyncio event loop is one."""

    def time(self) -> float:
        """Return the time in seconds."""
        ...

    def call_later(self, delay: float, callback: Callable[..., Any]) -> Any:
        """Call ``callback()`` after ``delay`` seconds."""
        ...


class SoftMotor:
    """An axis that moves at once, or with a velocity: ``SoftMotor("x")``.

    Args:
        name: Name of the device; its read-back's data key.
        position: Initial position, in ``units``.
        limits: Lowest and highest position, in ``units``; None for no limits.
        velocity: Units per second, above 0; None moves at once. It can be set
            later, too: ``motor.velocity = 2.0``.
        clock: What tells the time; None takes the running event loop.
        units: Unit of positions.
        precision: Decimals worth showing.

    Raises:
        PlanArgumentError: The position is no finite number, the velocity no positive
            one, or the limits no lower and higher one.
    """

    parent = None

    def __init__(
        self,
        name: str,
        position: float = 0.0,
        *,
        limits: tuple[float, float] | None = None,
        velocity: float | None = None,
        clock: Clock | None = None,
        units: str = "mm",
        precision: int = 3,
    ):
        self.name = name
        self.limits = _limits_of(name, limits)
        self._clock = clock
        self._unit, self._precision = units, precision
        self.velocity = velocity
        self._start = self._target = number_of(position, name=name, unit=units)
        self._began = self._ends = 0.0
        self._status: Status | None = None
        self._timestamp = time.time()
        self._readback_key = data_key(name, float(position), units, precision)
        self._setpoint = f"{name}_user_setpoint"
        self._setpoint_key = data_key(name, float(position), units, precision)

    @property
    def hints(self) -> Hints:
        """The read-back."""
        return {"fields": [self.name]}

    @property
    def velocity(self) -> float | None:
        """Units per second; None moves at once."""
        return self._velocity

    @velocity.setter
    def velocity(self, value: float | None) -> None:
        if value is not None and not _is_speed(value):
            raise PlanArgumentError(
                f"motor {self.name}: {value!r} is no velocity; it needs a finite "
                f"number above 0, in {self._unit or 'units'} per second",
                hint="None moves at once",
                device=self.name,
                value=value,
            )
        self._velocity = value

    @property
    def position(self) -> float:
        """Where the motor is now, in its unit."""
        if self._status is None:
            return self._target
        span = self._ends - self._began
        share = (self._time().time() - self._began) / span if span else 1.0
        return self._start + min(share, 1.0) * (self._target - self._start)

    @property
    def unit(self) -> str:
        """The unit of positions, or ""."""
        return self._unit

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self._status is not None

    def check_value(self, value: Any) -> None:
        """Raise if the motor would not go there; nothing moves.

        Args:
            value: A position, in the motor's unit.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
        """
        self._checked(value)

    def set(self, value: Any) -> Status:
        """Go to a position; without a velocity it is done when this returns.

        Args:
            value: A position, in the motor's unit.

        Raises:
            PlanArgumentError: It is no number, or not a finite one.
            LimitError: It lies outside the limits.
        """
        target = self._checked(value)
        if self._status is not None:
            self._end(f"was sent to {target:g} {self._unit} meanwhile")
        self._start, self._target = self._target, target
        self._timestamp = time.time()
        if self.velocity is None:
            return Status.finished(self.name, f"move to {target:g}")
        return self._begin(abs(target - self._start) / self.velocity)

    def stop(self, success: bool = True) -> None:
        """Stop where it is.

        Args:
            success: Whether a move under way then counts as done, or as failed.
        """
        if self._status is not None:
            self._end(None if success else "was stopped")

    def read(self) -> Readings:
        """Return read-back and set-point."""
        stamp = self._timestamp if self._status is None else time.time()
        return {
            self.name: {"value": self.position, "timestamp": stamp},
            self._setpoint: {"value": self._target, "timestamp": self._timestamp},
        }

    def describe(self) -> DataKeys:
        """Return what read-back and set-point are."""
        return {self.name: self._readback_key, self._setpoint: self._setpoint_key}

    def locate(self) -> Location:
        """Return where the motor was sent, and where it is."""
        return {"setpoint": self._target, "readback": self.position}

    def _checked(self, value: Any) -> float:
        return check_position(value, self.limits, name=self.name, unit=self._unit)

    def _time(self) -> Clock:
        return self._clock or asyncio.get_running_loop()

    def _begin(self, duration: float) -> Status:
        clock = self._time()
        self._began = clock.time()
        self._ends = self._began + duration
        status = self._status = Status(self.name, f"move to {self._target:g}")
        clock.call_later(duration, lambda: self._arrive(status))
        return status

    def _arrive(self, status: Status) -> None:
        if status is not self._status:
            return  # that move was stopped, or another one took its place
        self._status = None
        self._tell(status, self._target)
        status.set_finished()

    def _end(self, reason: str | None) -> None:
        status, self._target = self._status, self.position
        self._status = None
        self._timestamp = time.time()
        if status is None:
            return
        if reason is None:
            status.set_finished()
        else:
            where = f"{self._target:.10g} {self._unit}"
            status.set_exception(
                MotionError(
                    f"motor {self.name} stands at {where}: it {reason}",
                    device=self.name,
                    position=self._target,
                )
            )

    def _tell(self, status: Status, position: float) -> None:
        status.report(
            Progress(
                name=self.name,
                current=position,
                initial=self._start,
                target=self._target,
                unit=self._unit,
                precision=self._precision,
                fraction=0.0,
                time_elapsed=self._ends - self._began,
                time_remaining=0.0,
            )
        )

    def __repr__(self) -> str:
        # Start documents quote it: nothing in it may change from run to run.
        return f"<{type(self).__name__} {self.name}>"


def _is_speed(value: Any) -> bool:
    return _is_number(value) and 0 < float(value) < math.inf


def _limits_of(name: str, limits: tuple[float, float] | None) -> Limits:
    if limits is None:
        return Limits()
    # `Limits` takes them for none if they are the wrong way round, as EPICS does.
    ordered = isinstance(limits, tuple | list) and len(limits) == 2
    if not (ordered and all(map(_is_number, limits)) and limits[0] < limits[1]):
        raise PlanArgumentError(
            f"motor {name}: {limits!r} are no limits; they are the lowest and the "
            "highest position, such as (-5, 5)",
            hint="None is for no limits",
            device=name,
            value=limits,
        )
    return Limits(*limits)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
