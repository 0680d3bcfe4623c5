"""Data keys of values that live in this process.

Owns how a Python value is described in a descriptor.
Must not know devices.
Test: `data_key` with numbers, texts, booleans and arrays.
"""

from typing import Any

import numpy as np

from lapwing.protocols import DataKey

_KINDS = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}


def data_key(name: str, value: Any, units: str, precision: int) -> DataKey:
    """Return what a value is, as it stands in a descriptor.

    Args:
        name: Name of the device.
        value: A number, a text or an array like all that follow.
        units: Its unit, or "".
        precision: Decimals worth showing; for floats only.
    """
    array = np.asarray(value)
    scalar: Any = _KINDS.get(array.dtype.kind, "string")
    key: DataKey = {
        "source": f"soft://{name}",
        "dtype": "array" if array.ndim else scalar,
        "dtype_numpy": array.dtype.newbyteorder("<").str,
        "shape": list(array.shape),
        "object_name": name,
    }
    if units:
        key["units"] = units
    if scalar == "number":
        key["precision"] = precision
    return key
