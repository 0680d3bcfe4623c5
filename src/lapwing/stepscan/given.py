"""Given: what people give for a scan, and the sentences that refuse it.

Owns what a list of parts, a whole number, a number in a range and a dwell are.
Must not know what they are for.
Test: tests/unit/stepscan/test_given.py.
"""

import math
import numbers
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.errors import PlanArgumentError

T = TypeVar("T")


def listed(given: Any, name: str, kind: type[T] | None = None) -> list[T]:
    """Return the parts of a list that somebody gave.

    Args:
        given: What somebody gave.
        name: What it was given for.
        kind: What each part must be; None: anything.

    Raises:
        PlanArgumentError: It is no list, or a part is of another kind.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        made = _made(given, kind) if kind else ""
        raise PlanArgumentError(
            f"{name}={given!r} is no list; a list is needed, also of one",
            hint=f"{name}=[{made or repr(given)}]",
        )
    parts = list(given)
    for one in parts:
        if kind is not None and not isinstance(one, kind):
            made = _made(one, kind)
            raise PlanArgumentError(
                f"{one!r} is no {kind.__name__}", hint=made and f"{made} makes one"
            )
    return parts


def _made(given: Any, kind: type) -> str:
    """Return how a part is made of the name of a PV; "" if it is none."""
    return f"{kind.__name__}({given!r})" if isinstance(given, str) else ""


def seconds_or_none(value: Any, name: str) -> float | None:
    """Return a limit of time as a float, 0 or more; None as it is.

    Args:
        value: What somebody gave.
        name: What it was given for.

    Raises:
        PlanArgumentError: It is neither.
    """
    if value is None:
        return None
    if is_number(value) and value >= 0:
        return float(value)
    raise PlanArgumentError(
        f"{name}={value!r} cannot be; seconds, 0 or more, are needed, or None"
    )


def whole(value: Any, name: str, what: str) -> int:
    """Return a number that must be whole, as an int.

    Args:
        value: What somebody gave.
        name: What it was given for.
        what: What it is to be, as in ``"a number of points"``.

    Raises:
        PlanArgumentError: It is no whole number.
    """
    if is_number(value) and float(value).is_integer():
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
    if is_number(value) and math.isfinite(value) and 0 <= value <= most:
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


def is_number(value: Any) -> bool:
    """Return whether a value is a real number, which True and False are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
