"""Motion: any range of a trajectory as PVT points within the limits of its axes.

Owns the names of this room. Must not know devices, controllers, clocks or plots.
Test: import each name from here.
"""

from lapwing.trajectory.motion.limits import AxisLimits, MotionLimits
from lapwing.trajectory.motion.plan import MotionPlan
from lapwing.trajectory.motion.pvt import PvtBlock, UserProgram
from lapwing.trajectory.motion.summary import MotionSummary

__all__ = [
    "AxisLimits",
    "MotionLimits",
    "MotionPlan",
    "MotionSummary",
    "PvtBlock",
    "UserProgram",
]
