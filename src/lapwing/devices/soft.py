"""Soft devices: a signal, a motor and a detector that need no control system.

Owns their values; the motor is in a file of its own.
Must not know engines, plans or EPICS.
Test: tests/unit/devices/test_soft.py, with a clock that the test turns.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lapwing.devices.keys import data_key
from lapwing.devices.soft_motor import SoftMotor
from lapwing.errors import PlanArgumentError
from lapwing.protocols import DataKeys, Hints, Location, Readings
from lapwing.status import Status

__all__ = ["SoftDetector", "SoftMotor", "SoftSignal"]


class SoftSignal:
    """A value that can be read and set: ``SoftSignal("gain", 1.0)``.

    Args:
        name: Name of the device and its data key.
        value: Initial value: a number, a text or an array. New values must be of
            the same kind and shape.
        units: Its unit.
        precision: Decimals worth showing.

    Attributes:
        value: The value now.
    """

    parent = None

    def __init__(
        self, name: str, value: Any = 0.0, *, units: str = "", precision: int = 3
    ):
        self.name = name
        self.value = value
        self._timestamp = time.time()
        self._key = data_key(name, value, units, precision)
        self._subscribers: list[Callable[[Readings], None]] = []

    @property
    def hints(self) -> Hints:
        """The only field."""
        return {"fields": [self.name]}

    def set(self, value: Any) -> Status:
        """Set the value; it is done when this returns.

        Args:
            value: Of the same kind and shape as the first one.

        Raises:
            PlanArgumentError: It is of another kind or shape.
        """
        self.check_value(value)
        self.put(value)
        return Status.finished(self.name, f"set {value}")

    def put(self, value: Any) -> None:
        """Set the value without a check, and tell who subscribed.

        Args:
            value: The new value.
        """
        self.value = value
        self._timestamp = time.time()
        for function in tuple(self._subscribers):
            function(self.read())

    def check_value(self, value: Any) -> None:
        """Raise if the value cannot be set.

        Args:
            value: What somebody asked for.

        Raises:
            PlanArgumentError: It is of another kind or shape than the first one.
        """
        new, old = np.asarray(value), np.asarray(self.value)
        same = np.can_cast(new.dtype, old.dtype, "same_kind")
        if (
            not same
            or new.shape != old.shape
            or (new.dtype.kind == "U") != (old.dtype.kind == "U")
        ):
            raise PlanArgumentError(
                f"signal {self.name} takes values like {self.value!r}, not {value!r}",
                device=self.name,
            )

    def read(self) -> Readings:
        """Return the value."""
        return {self.name: {"value": self.value, "timestamp": self._timestamp}}

    def describe(self) -> DataKeys:
        """Return what the value is."""
        return {self.name: self._key}

    def locate(self) -> Location:
        """Return the value, asked for and found."""
        return {"setpoint": self.value, "readback": self.value}

    def subscribe(self, function: Callable[[Readings], None]) -> None:
        """Call ``function(readings)`` now and on each change."""
        self._subscribers.append(function)
        function(self.read())

    def clear_sub(self, function: Callable[[Readings], None]) -> None:
        """Call it no more."""
        self._subscribers.remove(function)

    def __repr__(self) -> str:
        # Start documents quote it: nothing in it may change from run to run.
        return f"<{type(self).__name__} {self.name}>"


class SoftDetector:
    """A detector whose value depends on where motors are when it is triggered.

    For example: ``SoftDetector("det", lambda x: exp(-x**2), [motor])``.

    Args:
        name: Name of the device and its data key.
        function: Called with the position of each motor; returns a number or an
            array, always of one shape.
        motors: Devices with a ``position``.
        units: Unit of the value.
        precision: Decimals worth showing.
    """

    parent = None

    def __init__(
        self,
        name: str,
        function: Callable[..., Any] = lambda: 1.0,
        motors: Sequence[Any] = (),
        *,
        units: str = "counts",
        precision: int = 3,
    ):
        self.name = name
        self._function = function
        self._motors = tuple(motors)
        self._value = self._measure()
        self._timestamp = time.time()
        self._key = data_key(name, self._value, units, precision)

    @property
    def hints(self) -> Hints:
        """The only field."""
        return {"fields": [self.name]}

    def trigger(self) -> Status:
        """Measure; it is done when this returns."""
        self._value = self._measure()
        self._timestamp = time.time()
        return Status.finished(self.name, "measure")

    def read(self) -> Readings:
        """Return what the last trigger measured."""
        return {self.name: {"value": self._value, "timestamp": self._timestamp}}

    def describe(self) -> DataKeys:
        """Return what the value is."""
        return {self.name: self._key}

    def _measure(self) -> Any:
        return self._function(*(motor.position for motor in self._motors))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
