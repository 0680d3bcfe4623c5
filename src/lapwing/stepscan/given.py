"""Given: numbers that people give for a scan, and the sentences that refuse one.

Owns what a whole number, a number in a range and a dwell are.
Must not know what they are for.
Test: tests/unit/stepscan/test_scan.py.
"""

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.errors import PlanArgumentError


def whole(value: Any, name: str, what: str) -> int:
    """Return a number that must be whole, as an int.

    Args:
        value: What somebody gave.
        name: What it was given for.
        what: What it is to be, as in ``"a number of points"``.

    Raises:
        PlanArgumentError: It is no whole number.
    """
    if _is_number(value) and float(value).is_integer():
        return int(value)
    raise PlanArgumentError(f"{name} {value!r} is not {what}; a whole number is needed")


def number(value: Any, name: str, most: float = math.inf) -> float:
    """Return a number that must be 0 or more, as a float.

    Args:
        value: What somebody gave.
        name: What it was given for.
        most: The highest that may be.

    Raises:
        PlanArgumentError: It is no such number.
    """
    if _is_number(value) and math.isfinite(value) and 0 <= value <= most:
        return float(value)
    wanted = "0 or more" if most == math.inf else f"from 0 to {most:g}"
    raise PlanArgumentError(f"{name}={value!r} cannot be; a number {wanted} is needed")


def count_of(value: Any, name: str) -> int:
    """Return a number that must be whole and 0 or more, as an int.

    Args:
        value: What somebody gave.
        name: What it was given for.

    Raises:
        PlanArgumentError: It is no such number.
    """
    return whole(number(value, name), name, "a count")


def dwell_of(dwell: ArrayLike | None) -> NDArray[np.float64] | None:
    """Return a dwell, one number or one for each point, as an array; None as it is.

    Args:
        dwell: Seconds of counting.

    Raises:
        PlanArgumentError: Some are no seconds.
    """
    if dwell is None:
        return None
    try:
        seconds = np.atleast_1d(np.asarray(dwell, float))
    except (TypeError, ValueError):
        seconds = np.array([np.nan])
    if seconds.ndim != 1 or not (np.isfinite(seconds) & (seconds >= 0)).all():
        raise PlanArgumentError(
            f"{dwell!r} is no dwell; seconds, 0 or more, or one for each point are "
            "needed"
        )
    return seconds


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
