"""Bluesky's old names for looking at plans: a face of ``bluesky.simulators``.

Owns the warning that these names are old.
Must not hold code of its own.
Test: each warns and does what its namesake does.
"""

import warnings
from typing import Any

from lapwing.compat.bluesky import simulators

__all__ = ["plot_raster_path", "print_summary", "print_summary_wrapper"]


def print_summary(plan: Any) -> None:
    """Print what a plan would do; now ``bluesky.simulators.summarize_plan``."""
    _warn("print_summary", "simulators.summarize_plan")
    simulators.summarize_plan(plan)


def print_summary_wrapper(plan: Any) -> Any:
    """Print what a plan does as it does it; now in ``bluesky.preprocessors``."""
    _warn("print_summary_wrapper", "preprocessors.print_summary_wrapper")
    return simulators.print_summary_wrapper(plan)


def plot_raster_path(plan: Any, x_motor: Any, y_motor: Any, **options: Any) -> Any:
    """Draw the way that a plan takes; now ``bluesky.simulators.plot_raster_path``."""
    _warn("plot_raster_path", "simulators.plot_raster_path")
    return simulators.plot_raster_path(plan, x_motor, y_motor, **options)


def _warn(old: str, new: str) -> None:
    warnings.warn(
        f"bluesky.plan_tools.{old} has moved to bluesky.{new}",
        stacklevel=3,
    )
