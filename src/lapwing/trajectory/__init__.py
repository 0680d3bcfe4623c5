"""Trajectories: any path of any size, of which any range is computed at once.

Owns the names of this room. Must not know devices, engines, clocks, plots or files.
Test: import each name from here.
"""

from lapwing.trajectory.interface import Trajectory
from lapwing.trajectory.points import Point, Points

__all__ = ["Point", "Points", "Trajectory"]
