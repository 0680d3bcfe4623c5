"""Arguments of trajectories: taken as they are given, checked once, kept as arrays.

Owns what counts as axes, units, a size, a position and a duration.
Must not know generators or regions.
Test: tests/unit/trajectory/test_bad_input.py hands in everything that is refused.
"""

import operator
import reprlib
from collections.abc import Iterable, Sequence
from math import isfinite, nan
from typing import Any, SupportsIndex, cast

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.points import Floats

__all__ = [
    "as_array",
    "as_axes",
    "as_flag",
    "as_number",
    "as_positions",
    "as_size",
    "as_times",
    "as_units",
    "axes_together",
    "check_length",
    "check_size",
    "is_given",
    "pair",
    "shown",
]

MOST = 2**62  # points that can be counted by 64 bits, and two more


def as_axes(axes: Any) -> tuple[str, ...]:
    """Return names of axes, given as one or as several, each named once."""
    if not isinstance(axes, str | Iterable):
        raise PlanArgumentError(f"axes are named by strings, not by {shown(axes)}")
    names = (axes,) if isinstance(axes, str) else tuple(axes)
    for name in names:
        if not isinstance(name, str) or not name:
            raise PlanArgumentError(
                f"an axis is named by a string, not by {shown(name)}"
            )
    if len(set(names)) != len(names):
        raise PlanArgumentError(f"each axis may be named once, but they are {names}")
    return names


def as_units(units: Any, axes: tuple[str, ...]) -> dict[str, str]:
    """Return the unit of each axis; one unit is for all of them."""
    if not isinstance(units, str | Iterable):
        raise PlanArgumentError(f"units are named by strings, not by {shown(units)}")
    given = [units] if isinstance(units, str) else list(units)
    if len(given) == 1:
        given *= len(axes)
    if len(given) != len(axes):
        raise PlanArgumentError(
            f"{len(axes)} axes {axes} need as many units, or one for all; these are "
            f"{len(given)}: {given}"
        )
    return dict(zip(axes, (str(unit) for unit in given), strict=True))


def as_size(size: Any, of: str) -> int:
    """Return a number of points, which is whole and at least 1."""
    whole = int(size) if isinstance(size, float) and size.is_integer() else size
    if isinstance(size, bool) or not hasattr(whole, "__index__") or whole < 1:
        raise PlanArgumentError(
            f"the number of points of {of} must be whole and at least 1, not "
            f"{shown(size)}"
        )
    number = operator.index(cast("SupportsIndex", whole))
    check_size(number, of)
    return number


def check_size(size: int, of: str) -> None:
    """Refuse more points than can be indexed."""
    if size > MOST:
        raise PlanArgumentError(
            f"{of} of {shown(size)} points cannot be indexed; at most {MOST:.3g} are "
            "possible"
        )


def as_number(value: Any, name: str) -> float:
    """Return a finite number."""
    try:
        number = nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = nan
    if not isfinite(number):
        raise PlanArgumentError(
            f"{name} must be a finite number, but it is {shown(value)}"
        )
    return number


def as_array(values: Any, said: str) -> Floats:
    """Return numbers as an array of their own, whatever its shape.

    Args:
        values: The numbers.
        said: What they must be, for the error's text.
    """
    try:
        array = np.asarray(values)
        # numpy would read numbers out of text, and leave out imaginary parts.
        numbers = array.astype(np.float64) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError, OverflowError):
        numbers = None
    if numbers is None:
        raise PlanArgumentError(f"{said}, not {shown(values)}")
    return numbers


def as_positions(values: Any, name: str, num: int) -> Floats:
    """Return as many finite numbers as there are axes; one stands for itself.

    Args:
        values: The numbers.
        name: What they are, for the error's text.
        num: How many there must be.
    """
    array = np.atleast_1d(as_array(values, f"{name} must be numbers"))
    if array.shape != (num,):
        raise PlanArgumentError(
            f"{name} needs {num} number{'' if num == 1 else 's'}, but is "
            f"{shown(values)}"
        )
    if not np.isfinite(array).all():
        raise PlanArgumentError(f"{name} must be finite, but is {shown(values)}")
    return array


def as_flag(value: Any, name: str) -> bool:
    """Return True or False, which are the only ones allowed."""
    if not isinstance(value, bool | np.bool_):
        raise PlanArgumentError(f"{name} must be True or False, not {shown(value)}")
    return bool(value)


def as_times(values: Any, name: str, *, least: float) -> float | Floats:
    """Return seconds for each point, or for all of them.

    Args:
        values: One number, or one a point.
        name: What they are, for the error's text.
        least: 0 if none may be below; -1 if each must be above 0, or -1 for those
            not given.
    """
    times = as_array(values, f"{name} must be seconds")
    if times.ndim > 1 or times.size == 0 or not np.isfinite(times).all():
        raise PlanArgumentError(
            f"{name} must be one finite number, or one for each point, not "
            f"{shown(values)}"
        )
    bad = times < 0 if least == 0 else ~((times > 0) | (times == -1))
    if bad.any():
        allowed = "not negative" if least == 0 else "above 0, or -1 where not given"
        raise PlanArgumentError(
            f"{name} must be {allowed}, but is {times[bad].flat[0]} s"
        )
    return float(times) if times.ndim == 0 else times


def is_given(times: float | Floats) -> bool:
    """Tell whether durations are given for any point."""
    return bool(np.any(np.asarray(times) != -1))


def check_length(times: float | Floats, size: int, name: str) -> None:
    """Refuse times that are one a point of another number of points."""
    if isinstance(times, np.ndarray) and len(times) != size:
        raise PlanArgumentError(
            f"{name} has {len(times)} numbers for {size} points; give as many, or one "
            "for all"
        )


def pair(values: Any, name: str) -> tuple[float, float]:
    """Return two finite numbers."""
    first, second = as_positions(values, name, 2).tolist()
    return first, second


def axes_together(kind: str, all_axes: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the axes of parts put together, each of which may be in one only."""
    axes = tuple(axis for part in all_axes for axis in part)
    double = sorted({axis for axis in axes if axes.count(axis) > 1})
    if double:
        raise PlanArgumentError(
            f"each axis may move in one part of a {kind}, but {', '.join(double)} "
            "moves in several"
        )
    return axes


class _Shown(reprlib.Repr):
    """Values in few words: a message must not have a million numbers in it."""

    def repr_ndarray(self, values: Any, level: int) -> str:
        return f"an array of the shape {values.shape}"


_shown = _Shown()
_shown.maxstring = _shown.maxother = _shown.maxlong = 60
_shown.maxlist = _shown.maxtuple = _shown.maxdict = 6


def shown(value: Any) -> str:
    """Return what to call a value in a message, which is short."""
    return _shown.repr(value)
