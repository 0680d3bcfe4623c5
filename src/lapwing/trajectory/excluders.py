"""Excluders: which points of nested generators are left out.

Owns how regions are laid over axes, and how dimensions are made into one.
Must not know how masks are counted or points are computed.
Test: tests/unit/trajectory/test_compound_regions.py.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_axes
from lapwing.trajectory.description import Described, made
from lapwing.trajectory.points import Bools, Floats
from lapwing.trajectory.regions import ROI

__all__ = ["Excluder", "ROIExcluder", "SquashingExcluder"]


class Excluder(Described, ABC):
    """What makes one dimension of those between its axes, and may leave points out.

    Args:
        axes: The axes concerned.
    """

    def __init__(self, axes: Any):
        self.axes = as_axes(axes)
        if not self.axes:
            raise PlanArgumentError(f"a {type(self).__name__} needs at least one axis")

    @abstractmethod
    def create_mask(self, *positions: Floats) -> Bools | None:
        """Tell which points stay.

        Args:
            *positions: Of each axis, in their order, each (num_points,).

        Returns:
            bool (num_points,), or None if all stay whatever the positions.
        """


class ROIExcluder(Excluder):
    """Only points in at least one of its regions stay.

    Args:
        rois: The regions.
        axes: The two axes of their plane.

    Raises:
        PlanArgumentError: If there is no region, or if there are not two axes.
    """

    typeid = "scanpointgenerator:excluder/ROIExcluder:1.0"
    _fields = ("rois", "axes")

    def __init__(self, rois: Any, axes: Any):
        super().__init__(axes)
        self.rois = made(ROI, rois)
        if not self.rois:
            raise PlanArgumentError(
                f"no region was given on the axes {self.axes}, so every point would "
                "be excluded"
            )
        if len(self.axes) != 2:
            raise PlanArgumentError(
                f"regions lie in the plane of two axes, not of {self.axes}"
            )

    def create_mask(self, *positions: Floats) -> Bools:
        """Tell which points are in one of the regions."""
        return np.logical_or.reduce([roi.mask_points(positions) for roi in self.rois])


class SquashingExcluder(Excluder):
    """No point is left out, but the dimensions of its axes become one.

    Args:
        axes: The axes; what lies between them is squashed too.
    """

    typeid = "scanpointgenerator:excluder/SquashingExcluder:1.0"
    _fields = ("axes",)

    def create_mask(self, *positions: Floats) -> None:
        """Leave all points in."""
