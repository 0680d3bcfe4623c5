"""Peaks: where the peak of y(x) lies, how wide it is, and how far to trust that.

Owns the statistics of one curve; pure numpy, no state.
Must not know documents, runs or devices: it is given two columns of numbers.
Test: give it a noisy Gaussian whose centre is known.

Three measures of a centre are computed, as people expect different ones:
``com`` (centre of mass above the background), ``cen`` (midway between the
half-height crossings) and ``centre``, the best of what the data allow: where the
top of the peak looks like a Gaussian's, the vertex of a fit (see `curves`).
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from lapwing.callbacks import curves
from lapwing.callbacks.curves import MIN_POINTS, Floats

Point = tuple[float, float]
Shape = Literal["peak", "dip", "edge"]


@dataclass(frozen=True, slots=True)
class Peak:
    """What is known of the peak of one curve; None stands for "not to be told".

    All positions are in the unit of x, all heights in the unit of y.

    Attributes:
        centre: Where to go; the best estimate that the data allow.
        source: What ``centre`` is: "gaussian fit", "half height", "edge",
            "maximum at the border" (the peak is cut off by the scan's end).
        fwhm: Full width at half height.
        cen: Midway between the two half-height crossings.
        com: Centre of mass of what rises above (a dip: falls below) the background.
        max: ``(x, y)`` of the highest point.
        min: ``(x, y)`` of the lowest point.
        crossings: Every x at which y crosses half height, ascending.
        background: The level from which the height is measured.
        shape: "peak", "dip" (what is looked for points down) or "edge" (a step).
        num_points: Number of finite points with distinct x that were used.
        reason: Why there is no centre, as a clause; "" if there is one.
    """

    centre: float | None = None
    source: str = ""
    fwhm: float | None = None
    cen: float | None = None
    com: float | None = None
    max: Point | None = None
    min: Point | None = None
    crossings: tuple[float, ...] = ()
    background: float | None = None
    shape: Shape = "peak"
    num_points: int = 0
    reason: str = ""


def find_peak(x: ArrayLike, y: ArrayLike) -> Peak:
    """Find the peak (or dip, or edge) of a curve.

    Points may come in any order; those that are not finite are left out, and
    those with the same x are averaged.

    Args:
        x: Positions, shape (num_points,).
        y: Heights, shape (num_points,).

    Returns:
        The peak; its ``reason`` says why, if there is no centre.
    """
    xs, ys = _tidy(x, y)
    if xs.size == 0:
        return Peak(reason="there are no finite points")
    top, low = _first_of_ties(xs, ys), _first_of_ties(xs, -ys)
    known: dict[str, Any] = {
        "max": (float(xs[top]), float(ys[top])),
        "min": (float(xs[low]), float(ys[low])),
        "num_points": int(xs.size),
    }
    if xs.size < MIN_POINTS:
        n = xs.size
        return Peak(
            reason=f"{n} point{'s' * (n > 1)} cannot show a peak, {MIN_POINTS} can",
            **known,
        )
    # Beyond the last digits of a float there is nothing to be seen.
    if ys[top] / 2 - ys[low] / 2 <= 1e-12 * max(abs(ys[top]), abs(ys[low])):
        return Peak(reason="y is flat", **known)
    # Numbers of order one, so that squares neither vanish nor overflow.
    scale = _Scale(xs, ys)
    return scale.restore(_find(scale.x, scale.y), known)


# ---------------------------------------------------------------- preparation


def _tidy(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return finite points, ascending in x, with the y of equal x averaged."""
    xs = np.asarray(x, dtype=np.float64).ravel()
    ys = np.asarray(y, dtype=np.float64).ravel()
    n = min(xs.size, ys.size)
    xs, ys = xs[:n], ys[:n]
    good = np.isfinite(xs) & np.isfinite(ys)
    distinct, which, counts = np.unique(
        xs[good], return_inverse=True, return_counts=True
    )
    sums = np.zeros(distinct.size)
    # Divided before they are added: huge values overflow by rounding at most.
    with np.errstate(over="ignore"):
        np.add.at(sums, which, ys[good] / counts[which])
    return distinct, np.nan_to_num(sums)


def _first_of_ties(xs: Floats, ys: Floats) -> int:
    """Return the index of the maximum; of equal ones the most central."""
    ties = np.flatnonzero(ys == ys.max())
    return int(ties[np.argmin(np.abs(xs[ties] - xs[ties].mean()))])


class _Scale:
    """Maps x and y to the range 0 to 1 and results back."""

    def __init__(self, xs: Floats, ys: Floats):
        self._x_ends = float(xs[0]), float(xs[-1])
        self._y_ends = float(ys.min()), float(ys.max())
        self.x = _to_unit(xs, *self._x_ends)
        self.y = _to_unit(ys, *self._y_ends)

    def restore(self, peak: Peak, known: dict[str, Any]) -> Peak:
        low, high = self._x_ends
        return replace(
            peak,
            centre=_from_unit(peak.centre, low, high),
            fwhm=None if peak.fwhm is None else 2 * (peak.fwhm * (high / 2 - low / 2)),
            cen=_from_unit(peak.cen, low, high),
            com=_from_unit(peak.com, low, high),
            crossings=tuple(c * high + (1 - c) * low for c in peak.crossings),
            background=_from_unit(peak.background, *self._y_ends),
            **known,
        )


def _to_unit(values: Floats, low: float, high: float) -> Floats:
    # Halved first: the difference of two huge floats may not be one.
    return (values / 2 - low / 2) / (high / 2 - low / 2)


def _from_unit(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    value = min(1.0, max(0.0, value))  # rounding may have gone beyond
    return value * high + (1 - value) * low


# ---------------------------------------------------------------- the search


def _find(x: Floats, y: Floats) -> Peak:
    """Find the peak of a tidy curve with x and y within 0 to 1."""
    shape: Shape = "dip" if curves.is_dip(y) else "peak"
    up = 1.0 - y if shape == "dip" else y
    background = curves.background(up)
    height = up - background
    found = Peak(
        com=curves.centre_of_mass(x, height),
        background=background if shape == "peak" else 1.0 - background,
        shape=shape,
    )
    if not curves.stands_out(height):
        return replace(found, reason="nothing stands out from the noise")
    return _measure(x, height, found)


def _measure(x: Floats, height: Floats, found: Peak) -> Peak:
    """Add centre and width to what is known of a peak that is there."""
    top = curves.top_index(x, height, found.com)
    half = height[top] / 2
    left, right = curves.walk(height, top, half, -1), curves.walk(height, top, half, +1)
    x_left, x_right = (
        curves.crossing(x, height, half, left),
        curves.crossing(x, height, half, right),
    )
    found = replace(found, crossings=curves.all_crossings(x, height, half))
    fit = curves.fit_top(x, height, top)
    if x_left is not None and x_right is not None:
        cen, fwhm = (x_left + x_right) / 2, x_right - x_left
        found = replace(found, cen=cen, fwhm=fwhm)
        # A fit that leaves the middle of the peak has met something else than
        # a symmetric peak: the crossings are then what a person would take.
        if fit is not None and abs(fit - cen) <= fwhm / 4:
            return replace(found, centre=fit, source="gaussian fit")
        return replace(found, centre=cen, source="half height")
    border = x_left if x_left is not None else x_right
    if border is not None and curves.is_plateau(height[left[1] : right[0] + 1]):
        return replace(found, centre=border, source="edge", shape="edge")
    if fit is not None and x[left[1]] < fit < x[right[0]]:
        return replace(found, centre=fit, source="gaussian fit")
    return replace(found, centre=float(x[top]), source="maximum at the border")
