"""Bluesky's simulators: a face of rooms in `lapwing.plans` and `lapwing.session`.

Owns nothing beside the names.
Must not hold code.
Test: the names are those of the rooms behind.
"""

from lapwing.plans.limits import check_limits_async
from lapwing.plans.raster import plot_raster_path
from lapwing.plans.simulator import (
    RunEngineSimulator,
    assert_message_and_return_remaining,
)
from lapwing.plans.summary import (
    print_summary,
    print_summary_wrapper,
    summarize_plan,
)
from lapwing.session.limits import check_limits

END = "end"
"""Place of a handler behind all others."""

__all__ = [
    "END",
    "RunEngineSimulator",
    "assert_message_and_return_remaining",
    "check_limits",
    "check_limits_async",
    "plot_raster_path",
    "print_summary",
    "print_summary_wrapper",
    "summarize_plan",
]
