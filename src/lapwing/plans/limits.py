"""Limits: whether all positions of a plan can be reached, without moving.

Owns going through a plan's positions and asking the devices.
Must not know which limits devices have; they check, by ``check_value``.
Test: plans within and beyond the limits of hand-made devices.
"""

import warnings
from typing import Any

from lapwing.plans.mutators import Messages
from lapwing.protocols import resolve


async def check_limits_async(plan: Messages) -> None:
    """Raise if a plan would send a device where it cannot go; nothing is moved.

    Args:
        plan: The plan. It is told None for all that it asks, so relative plans are
            checked as if all devices were at 0.

    Raises:
        LimitError: What the device says of the first such position.
    """
    checks: dict[int, Any] = {}
    for msg in plan:
        if msg.command != "set":
            continue
        obj = msg.obj
        check = checks.get(id(obj), checks)
        if check is checks:
            check = checks[id(obj)] = getattr(obj, "check_value", None)
            if check is None:
                warnings.warn(
                    f"{getattr(obj, 'name', obj)} has no check_value() method to check "
                    f"if {msg.args[0]} is in its limits.",
                    UserWarning,
                    stacklevel=2,
                )
        if check is not None and (answer := check(msg.args[0])) is not None:
            await resolve(answer)
