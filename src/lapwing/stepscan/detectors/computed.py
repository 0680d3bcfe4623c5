"""Computed: counters whose value is made of what PVs hold.

Owns texts of characters, parts and sums of arrays, quotients, and frame numbers.
Must not know detectors.
Test: tests/unit/stepscan/test_detectors.py, with values made by hand.
"""

from collections.abc import Sequence

import numpy as np

from lapwing.epics.channel import Control, Value
from lapwing.epics.convert import text_of
from lapwing.protocols import DataKey
from lapwing.stepscan.counter import Counter


class TextCounter(Counter):
    """A text in an array of characters, such as the name of a file."""

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return the text."""
        (value,) = values
        return Value(text_of(value.value), value.timestamp, value.severity)

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return that of a text."""
        key = super().data_key(controls)
        length = max([1, *controls[0].shape])
        return {**key, "dtype": "string", "shape": [], "dtype_numpy": f"<U{length}"}


class FirstCounter(Counter):
    """The first elements of an array, where the rest is not used.

    Args:
        pv: The PV of the array.
        label: What people call it.
        num: How many elements.
        name: Its data key; None makes one of the label.
    """

    def __init__(self, pv: str, label: str, num: int, *, name: str | None = None):
        super().__init__(pv, label, name=name)
        self.num = num

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return these elements."""
        (value,) = values
        return Value(value.value[: self.num], value.timestamp, value.severity)

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return that of the array, shorter."""
        key = super().data_key(controls)
        return {**key, "shape": [min(self.num, *controls[0].shape)]}


class TotalCounter(FirstCounter):
    """The sum of the first elements of an array."""

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return their sum."""
        first = super().value_of(values)
        total = float(np.sum(first.value, dtype=float))
        return Value(total, first.timestamp, first.severity)

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return that of a number."""
        key = super().data_key(controls)
        return {**key, "dtype": "number", "shape": [], "dtype_numpy": "<f8"}


class RatioCounter(Counter):
    """One PV divided by another; 1 where the second is 0, such as a dead-time factor.

    Args:
        pv: The PV above the line.
        below: The PV below it.
        label: What people call it.
        name: Its data key; None makes one of the label.
    """

    def __init__(self, pv: str, below: str, label: str, *, name: str | None = None):
        super().__init__(pv, label, name=name, units="")
        self.pvs = (self.pv, below)

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return the quotient; its severity is the worse of both."""
        above, below = values
        known = bool(above.value) and bool(below.value)
        return Value(
            float(above.value) / float(below.value) if known else 1.0,
            max(above.timestamp, below.timestamp),
            max(above.severity, below.severity),
        )

    def data_key(self, controls: Sequence[Control]) -> DataKey:
        """Return that of a number without limits or units."""
        return {
            "source": f"{self.pvs[0]} / {self.pvs[1]}",
            "dtype": "number",
            "dtype_numpy": "<f8",
            "shape": [],
        }


class FrameCounter(Counter):
    """Which frame of a file a point has, from 0, of the number that was written."""

    def value_of(self, values: Sequence[Value]) -> Value:
        """Return one less than the PV's value."""
        (value,) = values
        return Value(int(value.value) - 1, value.timestamp, value.severity)
