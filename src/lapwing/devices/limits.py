"""Limits: which positions an axis accepts, and the sentences that refuse one.

Owns the check of a set-point, for axes of every kind.
Must not know where the limits come from: they are arguments.
Test: `check_position` with numbers inside, outside, not finite and no numbers.
"""

import math
from dataclasses import dataclass
from typing import Any

from lapwing.errors import LimitError, PlanArgumentError


@dataclass(frozen=True, slots=True)
class Limits:
    """The range of positions that an axis accepts, ends included.

    Attributes:
        low: Lowest position, in the axis' unit.
        high: Highest position, in the axis' unit. If it is not above ``low``
            there are no limits, as EPICS has it.
        low_source: Where the low limit stands, such as ``"SIM:X:LLM"``.
        high_source: Where the high limit stands.
    """

    low: float = 0.0
    high: float = 0.0
    low_source: str = ""
    high_source: str = ""

    @property
    def active(self) -> bool:
        """Whether there are limits at all."""
        return self.low < self.high


def number_of(value: Any, *, name: str, kind: str = "motor", unit: str = "") -> float:
    """Return a set-point as a float.

    Args:
        value: What somebody asked for.
        name: Name of the device, for messages.
        kind: What it is, for messages.
        unit: Its unit, for messages.

    Raises:
        PlanArgumentError: It is no number, or not a finite one.
    """
    try:
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        shown = f"{value} {unit}".strip() if isinstance(value, float) else repr(value)
        raise PlanArgumentError(
            f"{kind} {name}: {shown} is no position; a finite number is needed",
            device=name,
            value=value,
        )
    return number


def check_position(
    value: Any, limits: Limits, *, name: str, kind: str = "motor", unit: str = ""
) -> float:
    """Return a set-point as a float if the axis may go there.

    Args:
        value: What somebody asked for, in the axis' unit.
        limits: The range that is allowed.
        name: Name of the device, for messages.
        kind: What it is, for messages.
        unit: Unit of the axis, for messages.

    Raises:
        PlanArgumentError: It is no number, or not a finite one.
        LimitError: It lies outside the limits.
    """
    number = number_of(value, name=name, kind=kind, unit=unit)
    if not limits.active or limits.low <= number <= limits.high:
        return number
    if number > limits.high:
        side, limit, source = "above the high", limits.high, limits.high_source
    else:
        side, limit, source = "below the low", limits.low, limits.low_source
    asked, allowed = (f"{number:.10g} {unit}".strip() for number in (number, limit))
    where = f" ({source})" if source else ""
    raise LimitError(
        f"{kind} {name}: {asked} is {side} limit {allowed}{where}",
        device=name,
        pv=source or None,
        value=number,
        limit=limit,
        unit=unit,
    )
