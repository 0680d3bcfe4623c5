"""Values: numbers and texts, made fit for documents.

Owns uids, plain Python values, and numbers that JSON's readers can hold.
Must not know documents' meaning.
Test: values of each kind, nested.
"""

import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from lapwing.documents import new_uid

T = TypeVar("T")

_MOST = 2**53 - 1
"""The largest whole number that a JSON reader with 64-bit floats holds exactly."""


def short_uid(label: str | None = None, truncate: int = 6) -> str:
    """Return a short name that no other has: ``label-1f3a9c``."""
    uid = new_uid()[:truncate]
    return uid if label is None else f"{label}-{uid}"


def ensure_uid(doc_or_uid: Any) -> str:
    """Return the uid of a document, or the uid given."""
    return doc_or_uid["uid"] if isinstance(doc_or_uid, dict) else doc_or_uid


def sanitize_np(val: Any) -> Any:
    """Return numbers and arrays of numpy as plain Python values."""
    return val.tolist() if isinstance(val, np.generic | np.ndarray) else val


def apply_to_dict_recursively(
    d: dict[Any, Any], f: Callable[[Any], Any]
) -> dict[Any, Any]:
    """Replace each value in a dict, and in dicts in it, by ``f(value)``."""
    for key, value in d.items():
        d[key] = (
            apply_to_dict_recursively(value, f) if hasattr(value, "items") else f(value)
        )
    return d


def truncate_json_overflow(data: Any) -> Any:
    """Return values whose numbers a JSON reader can hold.

    Whole numbers, and floats without a fraction, are brought to within 2**53;
    infinities to the largest float.
    """
    if isinstance(data, dict):
        return {key: truncate_json_overflow(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [truncate_json_overflow(value) for value in data]
    if isinstance(data, bool) or not isinstance(data, int | float):
        return data
    if math.isinf(data):
        return math.copysign(sys.float_info.max, data)
    if math.isnan(data) or data % 1:
        return data
    return min(max(data, -_MOST), _MOST)


def parallel_dicts(
    readings: dict[str, dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of readings, and their timestamps, by data key."""
    data = {key: reading["value"] for key, reading in readings.items()}
    times = {key: reading["timestamp"] for key, reading in readings.items()}
    return data, times
