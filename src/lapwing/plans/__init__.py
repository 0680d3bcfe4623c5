"""Plans: what an experiment does, as generators of messages.

Owns the plans that users call, and what they are made of.
Must not know engines, devices or files.
Test: run a plan on soft devices, look at messages and documents.
"""

from lapwing.plans.adaptive import (
    adaptive_scan,
    rel_adaptive_scan,
    relative_adaptive_scan,
)
from lapwing.plans.count import count
from lapwing.plans.fly import fly, ramp_plan
from lapwing.plans.grid import (
    grid_scan,
    outer_product_scan,
    rel_grid_scan,
    relative_outer_product_scan,
)
from lapwing.plans.lines import (
    inner_product_scan,
    rel_scan,
    relative_inner_product_scan,
    relative_scan,
    scan,
    x2x_scan,
)
from lapwing.plans.list_grid import list_grid_scan, rel_list_grid_scan
from lapwing.plans.lists import list_scan, rel_list_scan, relative_list_scan
from lapwing.plans.log import log_scan, rel_log_scan, relative_log_scan
from lapwing.plans.plan import Plan, plan
from lapwing.plans.scan import scan_nd
from lapwing.plans.spiral import (
    rel_spiral,
    rel_spiral_fermat,
    rel_spiral_square,
    relative_spiral,
    relative_spiral_fermat,
    spiral,
    spiral_fermat,
    spiral_square,
)
from lapwing.plans.tuning import tune_centroid, tweak

__all__ = [
    "Plan",
    "adaptive_scan",
    "count",
    "fly",
    "grid_scan",
    "inner_product_scan",
    "list_grid_scan",
    "list_scan",
    "log_scan",
    "outer_product_scan",
    "plan",
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
    "x2x_scan",
]
