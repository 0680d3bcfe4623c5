"""Curves: closed forms that fill a surface.

Owns Archimedean spirals and Lissajous curves.
Must not know nesting, regions, devices or clocks.
Test: compare with arrays worked out by hand, and with scanspec's.

Arguments, descriptions and formulas are those of scanpointgenerator 3.1.
"""

from math import pi, sqrt
from typing import Any

import numpy as np

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.arguments import as_axes, as_number, as_size, pair
from lapwing.trajectory.generators import Curve
from lapwing.trajectory.points import Floats

__all__ = ["LissajousGenerator", "SpiralGenerator"]


class SpiralGenerator(Curve):
    """An Archimedean spiral whose points cover a disc evenly.

    Args:
        axes: Names of the two axes.
        units: Unit of each axis, or one for both.
        centre: Position of the centre on each axis.
        radius: Radius of the disc, above 0.
        scale: Distance of arms, which is about that of points, above 0.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.

    Raises:
        PlanArgumentError: If a number is not finite or not above 0.
    """

    typeid = "scanpointgenerator:generator/SpiralGenerator:1.0"
    _fields = ("axes", "units", "centre", "radius", "scale", "alternate")

    def __init__(
        self,
        axes: Any,
        units: Any,
        centre: Any,
        radius: Any,
        scale: Any = 1.0,
        alternate: Any = False,
        *,
        duration: Any = -1,
    ):
        self.centre = pair(centre, "centre")
        self.radius = as_number(radius, "radius")
        self.scale = as_number(scale, "scale")
        if self.radius <= 0 or self.scale <= 0:
            raise PlanArgumentError(
                "a spiral's radius and scale must be above 0, not "
                f"{radius!r} and {scale!r}"
            )
        self._alpha = sqrt(4 * pi)  # angle = alpha * sqrt(index)
        self._beta = self.scale / (2 * pi)  # radius = beta * angle
        turns = self.radius / (self._alpha * self._beta)
        size = int(min(turns, 1e150) ** 2) + 1  # at more, its size is refused
        super().__init__(two_axes(axes, "a spiral"), units, size, alternate, duration)

    def _at(self, at: Floats) -> Floats:
        angle = self._alpha * np.sqrt(at + 0.5)  # so that the first one begins at 0
        radius = self._beta * angle
        return np.stack(
            (
                self.centre[0] + radius * np.sin(angle),
                self.centre[1] + radius * np.cos(angle),
            ),
            axis=1,
        )


class LissajousGenerator(Curve):
    """A closed Lissajous curve that fills a box.

    Args:
        axes: Names of the two axes.
        units: Unit of each axis, or one for both.
        centre: Position of the centre on each axis.
        span: Width and height of the box, above 0.
        lobes: Lobes along the first axis, at least 1; the second has one more.
        size: Number of points; 250 a lobe if not given.
        alternate: Whether it turns back at every other run.
        duration: Seconds of each point, one number or one a point; -1 if not given.

    Raises:
        PlanArgumentError: If a number is not finite or not above 0.
    """

    typeid = "scanpointgenerator:generator/LissajousGenerator:1.0"
    _fields = ("axes", "units", "centre", "span", "lobes", "size", "alternate")

    def __init__(
        self,
        axes: Any,
        units: Any,
        centre: Any,
        span: Any,
        lobes: Any,
        size: Any = None,
        alternate: Any = False,
        *,
        duration: Any = -1,
    ):
        self.centre = pair(centre, "centre")
        self.span = pair(span, "span")
        if min(self.span) <= 0:
            raise PlanArgumentError(
                f"a Lissajous curve's span must be above 0, not {span!r}"
            )
        self.lobes = as_size(lobes, "lobes")
        size = 250 * self.lobes if size is None else size
        names = two_axes(axes, "a Lissajous curve")
        super().__init__(names, units, size, alternate, duration)
        # An odd number of lobes begins at the right edge, an even one at the centre.
        self._phase = pi / 2 * (self.lobes % 2)

    def _at(self, at: Floats) -> Floats:
        turn = 2 * pi / self.size
        x = np.sin(self.lobes * turn * at + self._phase)
        y = np.sin((self.lobes + 1) * turn * at)
        return np.stack(
            (
                self.centre[0] + self.span[0] / 2 * x,
                self.centre[1] + self.span[1] / 2 * y,
            ),
            axis=1,
        )


def two_axes(axes: Any, of: str) -> tuple[str, ...]:
    """Return the names of two axes."""
    names = as_axes(axes)
    if len(names) != 2:
        raise PlanArgumentError(f"{of} has two axes, not {len(names)}: {names}")
    return names
