"""Checking limits from the prompt, where nothing can be awaited.

Owns the way onto the loop on which the devices live.
Must not know how limits are checked.
Test: check a plan from a thread without a loop.
"""

from lapwing.engine import device_loop
from lapwing.plans.limits import check_limits_async
from lapwing.plans.mutators import Messages


def check_limits(plan: Messages) -> None:
    """Raise if a plan would send a device where it cannot go; nothing is moved.

    Args:
        plan: The plan. It is told None for all that it asks, so relative plans are
            checked as if all devices were at 0.

    Raises:
        LimitError: What the device says of the first such position.
        StateError: Called on the event loop of the devices; there, await
            ``check_limits_async``.
    """
    device_loop.call(check_limits_async(plan))
