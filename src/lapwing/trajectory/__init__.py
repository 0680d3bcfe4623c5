"""Trajectories: any path of any size, of which any range is computed at once.

Owns the names of this room. Must not know devices, engines, clocks, plots or files.
Test: import each name from here.

::

    from lapwing.trajectory import CompoundGenerator, LineGenerator

    grid = CompoundGenerator(
        generators=[
            LineGenerator("ty", "mm", 0, 1, 2),
            LineGenerator("tx", "mm", 1, 2, 20, alternate=True),
        ],
        duration=0.1,
    )
    grid.slice(10, 30).midpoint  # (20, 2): columns ty, tx
"""

from lapwing.trajectory.adapters import from_scanspec
from lapwing.trajectory.arrays import ArrayGenerator
from lapwing.trajectory.combined import ConcatGenerator, ZipGenerator
from lapwing.trajectory.compound import CompoundGenerator
from lapwing.trajectory.curves import LissajousGenerator, SpiralGenerator
from lapwing.trajectory.excluders import Excluder, ROIExcluder, SquashingExcluder
from lapwing.trajectory.generators import Generator
from lapwing.trajectory.interface import Trajectory
from lapwing.trajectory.lines import LineGenerator, StaticPointGenerator
from lapwing.trajectory.mutators import (
    FixedOffsetMutator,
    Mutator,
    RandomOffsetMutator,
)
from lapwing.trajectory.points import Point, Points
from lapwing.trajectory.regions import (
    ROI,
    CircularROI,
    EllipticalROI,
    LinearROI,
    PointROI,
    PolygonalROI,
    RectangularROI,
    SectorROI,
)

__all__ = [
    "ROI",
    "ArrayGenerator",
    "CircularROI",
    "CompoundGenerator",
    "ConcatGenerator",
    "EllipticalROI",
    "Excluder",
    "FixedOffsetMutator",
    "Generator",
    "LineGenerator",
    "LinearROI",
    "LissajousGenerator",
    "Mutator",
    "Point",
    "PointROI",
    "Points",
    "PolygonalROI",
    "ROIExcluder",
    "RandomOffsetMutator",
    "RectangularROI",
    "SectorROI",
    "SpiralGenerator",
    "SquashingExcluder",
    "StaticPointGenerator",
    "Trajectory",
    "ZipGenerator",
    "from_scanspec",
]
