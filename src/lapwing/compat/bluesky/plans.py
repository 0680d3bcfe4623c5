"""Bluesky's plans: a face of `lapwing.plans`.

Owns the names, and what differs: where a run's metadata say that its pattern is
to be found, and that the parameter of ``per_shot`` may have any name.
Must not hold plans of its own.
Test: Bluesky's own tests of them.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeAlias

from lapwing import plans as ours
from lapwing.compat.bluesky import plan_patterns, utils
from lapwing.compat.bluesky import plan_stubs as bps
from lapwing.compat.bluesky import preprocessors as bpp
from lapwing.compat.bluesky.protocols import Flyable, Movable, NamedMovable, Readable
from lapwing.compat.bluesky.utils import (
    CustomPlanMetadata,
    Msg,
    MsgGenerator,
    ScalarOrIterableFloat,
    get_hinted_fields,
)
from lapwing.plans.devices import check_detectors as _check_detectors_type_input
from lapwing.plans.plan import bare, plan
from lapwing.plans.scan import hints_of_line

__all__ = [
    "CustomPlanMetadata",
    "Flyable",
    "Movable",
    "Msg",
    "MsgGenerator",
    "NamedMovable",
    "PerShot",
    "PerStep",
    "PerStep1D",
    "PerStepND",
    "Readable",
    "ScalarOrIterableFloat",
    "_check_detectors_type_input",
    "adaptive_scan",
    "bpp",
    "bps",
    "count",
    "derive_default_hints",
    "fly",
    "get_hinted_fields",
    "grid_scan",
    "inner_product_scan",
    "list_grid_scan",
    "list_scan",
    "log_scan",
    "outer_product_scan",
    "plan_patterns",
    "ramp_plan",
    "rel_adaptive_scan",
    "rel_grid_scan",
    "rel_list_grid_scan",
    "rel_list_scan",
    "rel_log_scan",
    "rel_scan",
    "rel_spiral",
    "rel_spiral_fermat",
    "rel_spiral_square",
    "relative_adaptive_scan",
    "relative_inner_product_scan",
    "relative_list_scan",
    "relative_log_scan",
    "relative_outer_product_scan",
    "relative_scan",
    "relative_spiral",
    "relative_spiral_fermat",
    "scan",
    "scan_nd",
    "spiral",
    "spiral_fermat",
    "spiral_square",
    "tune_centroid",
    "tweak",
    "utils",
    "x2x_scan",
]

PATTERNS = "bluesky.plan_patterns"
"""What consumers of documents look for, whatever the module is called here."""

PerShot = Callable[[Sequence[Readable], "bps.TakeReading | None"], MsgGenerator]
PerStep1D = Callable[
    [Sequence[Readable], Movable, Any, "bps.TakeReading | None"], MsgGenerator
]
PerStepND = Callable[
    [
        Sequence[Readable],
        Mapping[Movable, Any],
        dict[Movable, Any],
        "bps.TakeReading | None",
    ],
    MsgGenerator,
]
PerStep: TypeAlias = PerStep1D | PerStepND


def derive_default_hints(motors: Sequence[Any]) -> dict[str, Any]:
    """Return the hints of a scan of motors that step together."""
    return hints_of_line(motors)


def _patterned(native: Callable[..., Any]) -> Callable[..., Any]:
    """Let a plan's metadata name Bluesky's module; the caller's go before that."""
    generator = bare(native)

    @plan
    @wraps(generator)
    def face(*args: Any, md: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        named = {"plan_pattern_module": PATTERNS, **(md or {})}
        return generator(*args, md=named, **kwargs)

    return face


@plan
@wraps(bare(ours.count))
def count(
    detectors: Sequence[Any],
    num: int | None = 1,
    delay: Any = 0.0,
    *,
    per_shot: Any = None,
    md: Mapping[str, Any] | None = None,
) -> Any:
    """Take one or more readings from detectors."""
    shot = _of_detectors(per_shot)
    return bare(ours.count)(detectors, num, delay, per_shot=shot, md=md)


def _of_detectors(per_shot: Any) -> Any:
    """Give the first parameter of a plan the name that ours asks for."""
    if not callable(per_shot):
        return per_shot
    try:
        inspect.signature(per_shot).bind([])
    except (TypeError, ValueError):
        return per_shot  # let ours say what is wrong

    @wraps(per_shot)
    def shot(detectors: Sequence[Any]) -> Any:
        return per_shot(detectors)

    del shot.__wrapped__  # it would show the names that it hides
    return shot


list_scan = _patterned(ours.list_scan)
rel_list_scan = _patterned(ours.rel_list_scan)
list_grid_scan = _patterned(ours.list_grid_scan)
rel_list_grid_scan = _patterned(ours.rel_list_grid_scan)
scan = _patterned(ours.scan)
rel_scan = _patterned(ours.rel_scan)
inner_product_scan = _patterned(ours.inner_product_scan)
relative_inner_product_scan = _patterned(ours.relative_inner_product_scan)
grid_scan = _patterned(ours.grid_scan)
rel_grid_scan = _patterned(ours.rel_grid_scan)
spiral = _patterned(ours.spiral)
rel_spiral = _patterned(ours.rel_spiral)
spiral_fermat = _patterned(ours.spiral_fermat)
rel_spiral_fermat = _patterned(ours.rel_spiral_fermat)
x2x_scan = _patterned(ours.x2x_scan)

adaptive_scan = ours.adaptive_scan
fly = ours.fly
log_scan = ours.log_scan
ramp_plan = ours.ramp_plan
rel_adaptive_scan = ours.rel_adaptive_scan
rel_log_scan = ours.rel_log_scan
rel_spiral_square = ours.rel_spiral_square
scan_nd = ours.scan_nd
spiral_square = ours.spiral_square
tune_centroid = ours.tune_centroid
tweak = ours.tweak

outer_product_scan = grid_scan
relative_adaptive_scan = rel_adaptive_scan
relative_list_scan = rel_list_scan
relative_log_scan = rel_log_scan
relative_outer_product_scan = rel_grid_scan
relative_scan = rel_scan
relative_spiral = rel_spiral
relative_spiral_fermat = rel_spiral_fermat
