"""Plans: what an experiment does, as generators of messages.

Owns the plans that users call, and what they are made of.
Must not know engines, devices or files.
Test: run a plan on soft devices, look at messages and documents.
"""

from lapwing.plans.count import count
from lapwing.plans.grid import grid_scan
from lapwing.plans.plan import Plan, plan
from lapwing.plans.scan import list_scan, rel_list_scan, scan, scan_nd

__all__ = [
    "Plan",
    "count",
    "grid_scan",
    "list_scan",
    "plan",
    "rel_list_scan",
    "scan",
    "scan_nd",
]
