"""Structures: the meaning of PV Access' normative types, in both directions.

Owns NTScalar, NTScalarArray, NTEnum and NTNDArray as our own plain values.
Must not know channels, connections or p4p: it gets structures, never makes one.
Test: tests/unit/epics/test_structures.py, with p4p's structures made by hand.

Source: EPICS V4 Normative Types Specification.
"""

import math
from typing import Any, Literal

import numpy as np

from lapwing.epics.channel import Control, Value
from lapwing.errors import DeviceError

READ = "field(value,alarm,timeStamp,dimension)"
"""What of a structure makes a value."""

_TYPES = {
    "?": "|b1",
    "b": "|i1",
    "B": "|u1",
    "h": "<i2",
    "H": "<u2",
    "i": "<i4",
    "I": "<u4",
    "l": "<i8",
    "L": "<u8",
    "f": "<f4",
    "d": "<f8",
    "s": "|S40",
}
_RANGES = (("control", "control"), ("display", "display"))


def plain(structure: Any) -> Any:
    """Return what a structure holds: a number, a text, an index or an array.

    Args:
        structure: One with a field ``value``.
    """
    value = structure["value"]
    if isinstance(value, np.ndarray):
        shape = _dimensions(structure)
        # A copy that may be written, and does not keep the structure alive.
        return np.array(value.reshape(shape) if shape else value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float | int | str):
        return value
    if isinstance(value, list):
        return np.array(value, dtype=str)
    return int(value["index"])


def value_of(structure: Any) -> Value:
    """Return a plain value with its time and severity.

    Args:
        structure: A whole one, as a get brings it.
    """
    return Value(plain(structure), stamp_of(structure), severity_of(structure))


def stamp_of(structure: Any) -> float:
    """Return the time of a structure, in seconds since 1970; 0 if it tells none.

    Args:
        structure: Any.
    """
    seconds = structure.get("timeStamp.secondsPastEpoch", 0)
    # A float holds microseconds of our times, and no more.
    return round(seconds + structure.get("timeStamp.nanoseconds", 0) * 1e-9, 6)


def severity_of(structure: Any) -> int:
    """Return the severity of a structure's alarm; 0 if it has none.

    Args:
        structure: Any.
    """
    return int(structure.get("alarm.severity", 0))


def control_of(structure: Any, pv: str) -> Control:
    """Return what a PV's values are.

    Args:
        structure: A whole one, with all that its server tells.
        pv: Name of the PV, for messages.

    Raises:
        DeviceError: It holds no value of a kind that we know.
    """
    if "value" not in structure:
        raise DeviceError(f"{pv} holds a structure without a value", pv=pv)
    value = plain(structure)
    kind, shape = _kind(value), np.shape(value)
    choices: tuple[str, ...] = ()
    if not isinstance(structure["value"], bool | int | float | str | list | np.ndarray):
        choices = tuple(structure["value"]["choices"])
    precision = structure.get("display.precision")
    return Control(
        dtype=kind,
        dtype_numpy=_dtype(structure, value),
        shape=shape,
        units=structure.get("display.units", ""),
        # Records of whole numbers and texts tell a precision too, always 0.
        precision=precision if np.asarray(value).dtype.kind == "f" else None,
        limits=tuple(_limits_of(structure)),
        choices=choices,
    )


def _kind(value: Any) -> Literal["number", "integer", "string", "array"]:
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, str):
        return "string"
    return "number" if isinstance(value, float) else "integer"


def _dtype(structure: Any, value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "|S40" if value.dtype.kind == "U" else value.dtype.str
    code = structure.type()["value"]
    # An enumeration is a structure of its own; its index is what we tell.
    return _TYPES[code] if isinstance(code, str) else "<i4"


def _dimensions(structure: Any) -> tuple[int, ...]:
    """Return the shape of an image, slowest axis first; () of anything else."""
    if "dimension" not in structure:
        return ()
    return tuple(int(axis["size"]) for axis in reversed(structure["dimension"]))


def _limits_of(structure: Any) -> list[tuple[str, float, float]]:
    found = []
    for name, field in _RANGES:
        low = structure.get(f"{field}.limitLow", 0.0)
        high = structure.get(f"{field}.limitHigh", 0.0)
        # Equal ends are EPICS' way to say that there is no such range.
        if low < high and math.isfinite(low) and math.isfinite(high):
            found.append((name, float(low), float(high)))
    return found


def merged(structure: Any, before: Value | None = None) -> Value:
    """Return what a PV holds now; a monitor tells of what changed only.

    Args:
        structure: What the monitor told.
        before: What the PV held before; None: this is the first that is told.
    """
    if before is None:
        return value_of(structure)
    severity = before.severity
    if structure.changed("alarm.severity"):
        severity = severity_of(structure)
    value = before.value
    if structure.changed("value"):
        value = plain(structure)
    return Value(value, stamp_of(structure) or before.timestamp, severity)
