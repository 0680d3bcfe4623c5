"""Counter: a value to record at each point, of one PV or computed of several.

Owns what it reads, what it is called, and what a script has read with it so far.
Must not know triggers or scans.
Test: tests/unit/stepscan/test_counter.py; against the beamline in test_step_scan.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.engine import device_loop
from lapwing.epics.channel import Control, Value
from lapwing.epics.pv_objects import pv_name
from lapwing.errors import PlanArgumentError
from lapwing.protocols import DataKey
from lapwing.stepscan.given import listed
from lapwing.stepscan.names import key_of, record_of
from lapwing.stepscan.point import Point


class Counter:
    """A PV to record at each point, an array too: ``Counter("SIM:DET:COUNTS")``.

    Args:
        pv: The PV, by its name or as pyepics' object.
        label: What people call it; None takes the PV's name.
        name: Its data key; None makes one of the label.
        units: Its units; None takes the PV's.

    Attributes:
        pv: Name of the PV.
        pvs: Names of all PVs that it reads, this one first.
        sources: What was given for a PV, by its name, if it was not the name.
        units: Its units as given; None takes the PV's.
        buff: What `read` has read, one entry a call; arrays are kept, too.
    """

    def __init__(
        self,
        pv: Any,
        label: str | None = None,
        *,
        name: str | None = None,
        units: str | None = None,
    ):
        self.pv = pv_name(pv)
        self.pvs: tuple[str, ...] = (self.pv,)
        self.sources: dict[str, Any] = {self.pv: pv}
        self.label = label or self.pv
        self.name = name or key_of(self.label)
        self.buff: list[Any] = []
        self.units = units
        self._point: Point | None = None

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return the counter's value.

        Args:
            values: Those of ``pvs``, in that order, read together.
        """
        return values[0]

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return what it is, as it stands in a descriptor.

        Args:
            controls: What the ``pvs`` hold, in that order.
        """
        scheme = "" if "://" in self.pv else "ca://"
        key = controls[0].data_key(scheme + self.pv)
        if self.units is not None:
            key["units"] = self.units
        return key

    # ------------------------------------------------------------ in a script

    def read(self) -> Any:
        """Read it now and keep the value in ``buff``; blocks.

        Returns:
            A float, int, str, or numpy array.

        Raises:
            DisconnectedError: Its server does not answer.
        """
        reading = device_loop.call(self._read())
        self.buff.append(reading.value)
        return reading.value

    async def _read(self) -> Value:
        if self._point is None:
            self._point = Point(self.name, (self,))
        if not self._point.connected:
            await self._point.connect()
        (value,) = await self._point.values()
        return value

    def clear(self) -> None:
        """Forget what was read."""
        self.buff.clear()

    def get_buffers(self) -> dict[str, NDArray[Any]]:
        """Return what was read by label, ``(num_points, ...)``."""
        return {self.label: np.asarray(self.buff)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pv!r}, {self.label!r})"


class MotorCounter(Counter):
    """Where a motor is: its ``.RBV``.

    Args:
        motor: Prefix of the motor record, such as ``"IOC:m1"``.
        label: What people call it; None: the prefix and ``readback``.
        name: Its data key; None makes one of the label.
    """

    def __init__(
        self, motor: Any, label: str | None = None, *, name: str | None = None
    ):
        record = record_of(pv_name(motor))
        super().__init__(f"{record}.RBV", label or f"{record} readback", name=name)


class SumCounter(Counter):
    """A sum over elements of a detector, each with a factor for its dead time.

    The value of element i is ``pvs[i] * icr[i] / ocr[i]`` where rates are given, and
    those with an output rate of 0 count as they are.

    Args:
        pvs: PVs of the elements.
        label: What people call it.
        rates: PVs of input and output count rate of each element, as pairs; none:
            nothing is corrected.
        name: Its data key; None makes one of the label.

    Raises:
        PlanArgumentError: There are no elements.

    Attributes:
        elements: PVs of the elements.
        rates: As given.
    """

    def __init__(
        self,
        pvs: Iterable[str],
        label: str,
        rates: Iterable[tuple[str, str]] = (),
        *,
        name: str | None = None,
    ):
        self.elements = tuple(map(pv_name, listed(pvs, "pvs")))
        if not self.elements:
            raise PlanArgumentError(f"the sum {label!r} is of no PVs; it needs one")
        self.rates = tuple(rates)
        super().__init__(self.elements[0], label, name=name)
        self._num = len(self.elements)
        self.pvs = (*self.elements, *(pv for pair in self.rates for pv in pair))

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return the corrected sum; its severity is the worst of all."""
        total: Any = 0.0
        for index in range(self._num):
            total = total + np.asarray(values[index].value, float) * self._factor(
                values, index
            )
        return Value(
            float(total) if np.ndim(total) == 0 else total,
            max(value.timestamp for value in values),
            max(value.severity for value in values),
        )

    def _factor(self, values: Sequence[Value], index: int) -> float:
        if len(values) == self._num:
            return 1.0
        icr, ocr = (values[self._num + 2 * index + i].value for i in (0, 1))
        return float(icr) / float(ocr) if ocr and icr else 1.0

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return that of the first element, as a float."""
        key = super().data_key(controls)
        if controls[0].is_number:
            key["dtype"] = "number"
        key["dtype_numpy"] = "<f8"
        key["source"] = f"sum of {', '.join(self.pvs[: self._num])}"
        return key
