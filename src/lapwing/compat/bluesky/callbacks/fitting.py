"""Bluesky's fits and peak statistics.

Owns `PeakStats`, whose numbers are those that Bluesky's users know.
Must not load matplotlib, nor lmfit before a fit is made.
Test: curves whose peaks are known; Bluesky's own tests.

Lapwing's own search for peaks, which looks at noise and background, is
`lapwing.callbacks.find_peak`.
"""

from typing import Any, NamedTuple

import numpy as np

from lapwing.callbacks.callback import CollectThenCompute
from lapwing.callbacks.live_fit import LiveFit

__all__ = ["LiveFit", "PeakStats", "center_of_mass"]


class _Stats(NamedTuple):
    """What is known of a curve; the attributes are those of `PeakStats`."""

    min: tuple[Any, Any]
    max: tuple[Any, Any]
    com: Any
    cen: Any
    crossings: np.ndarray
    fwhm: float | None
    lin_bkg: dict[str, Any] | None


class _DerivativeStats(NamedTuple):
    x: np.ndarray
    y: np.ndarray
    min: tuple[Any, Any]
    max: tuple[Any, Any]
    com: Any
    cen: Any
    crossings: np.ndarray
    fwhm: float | None
    lin_bkg: dict[str, Any] | None


class PeakStats(CollectThenCompute):
    """Tells, when a run has ended, where its peak is.

    Args:
        x: Data key of what is scanned.
        y: Data key of what is measured.
        edge_count: How many points at each end are the background, which is then
            subtracted as a straight line; None: nothing is.
        calc_derivative_and_stats: Whether to do the same for the derivative.

    Attributes:
        x_data: The positions, shape (num_points,).
        y_data: What was measured there, shape (num_points,).
        min: Position and height of the lowest point.
        max: Position and height of the highest point.
        com: Centre of mass.
        cen: Midway between the outermost crossings.
        crossings: Where the curve crosses half height, midway between max and min.
        fwhm: Distance of the outermost crossings; None if there are not two.
        lin_bkg: Slope ``m`` and height ``b`` of what was subtracted.
        stats: All of these as one.
        derivative_stats: The same of the derivative, with its ``x`` and ``y``.
    """

    def __init__(
        self,
        x: str,
        y: str,
        *,
        edge_count: int | None = None,
        calc_derivative_and_stats: bool = False,
    ):
        self.x = x
        self.y = y
        self._edge_count = edge_count
        self._with_derivative = calc_derivative_and_stats
        super().__init__()

    def reset(self) -> None:
        """Forget the run."""
        super().reset()
        self.x_data: np.ndarray | None = None
        self.y_data: np.ndarray | None = None
        self.stats: _Stats | None = None
        self.derivative_stats: _DerivativeStats | None = None
        for field in _Stats._fields:
            setattr(self, field, None)

    def compute(self) -> None:
        """Compute all of it."""
        points = [
            (event["data"][self.x], event["data"][self.y])
            for event in self._events
            if self.x in event["data"] and self.y in event["data"]
        ]
        if not points:
            return
        x, y = np.asarray(points, dtype=float).T
        self.x_data, self.y_data = x, y
        self.stats = stats = _stats_of(x, y, self._edge_count)
        for field, value in stats._asdict().items():
            setattr(self, field, value)
        if self._with_derivative and x.size > 1:
            between, steps = (x[1:] + x[:-1]) / 2, np.diff(y)
            found = _stats_of(between, steps, None)
            self.derivative_stats = _DerivativeStats(between, steps, *found)

    def __getitem__(self, key: str) -> Any:
        if key not in _Stats._fields:
            raise KeyError(key)
        return getattr(self, key)

    def __repr__(self) -> str:
        shown: dict[str, Any] = {"x": self.x, "y": self.y}
        for name in ("stats", "derivative_stats"):
            if (stats := getattr(self, name)) is not None:
                shown[name] = {key: _plain(v) for key, v in stats._asdict().items()}
        return repr(shown)


def _plain(value: Any) -> Any:
    """Return numbers of numpy as Python's, which read better."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value


def _stats_of(x: np.ndarray, y: np.ndarray, edge_count: int | None) -> _Stats:
    background = None
    if edge_count is not None:
        background = _line_through_ends(x, y, edge_count)
        y = y - (background["m"] * x + background["b"])
    low, high = int(np.argmin(y)), int(np.argmax(y))
    total = y.sum()
    crossings = _crossings(x, y - (y[high] + y[low]) / 2)
    several = crossings.size > 1
    return _Stats(
        min=(x[low], y[low]),
        max=(x[high], y[high]),
        com=(x * y).sum() / total if total else None,
        cen=(crossings[0] + crossings[-1]) / 2 if crossings.size else None,
        crossings=crossings,
        fwhm=float(abs(crossings[-1] - crossings[0])) if several else None,
        lin_bkg=background,
    )


def _line_through_ends(x: np.ndarray, y: np.ndarray, count: int) -> dict[str, Any]:
    """Return the line through the mean of the first points and that of the last."""
    left, right = slice(None, count), slice(-count, None)
    width = x[right].mean() - x[left].mean()
    m = (y[right].mean() - y[left].mean()) / width if width else 0.0
    return {"m": m, "b": y[left].mean() - m * x[left].mean()}


def _crossings(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each x at which y changes its sign."""
    at = np.flatnonzero((y[1:] > 0) != (y[:-1] > 0))
    share = y[at] / (y[at] - y[at + 1])
    return x[at] + share * (x[at + 1] - x[at])


def center_of_mass(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the centre of mass of an array, in indices.

    Args:
        input: The array, of any shape.
        labels: Which part each element belongs to; None: all is one part.
        index: The label, or labels, of the parts that are wanted.

    Returns:
        One coordinate for each dimension; for several labels, a list of these.
    """
    values = np.asarray(input, dtype=float)
    if labels is None:
        return _centre(values)
    parts = np.asarray(labels)
    if index is None:
        return _centre(np.where(parts > 0, values, 0.0))
    if np.ndim(index) == 0:
        return _centre(np.where(parts == index, values, 0.0))
    return [_centre(np.where(parts == one, values, 0.0)) for one in index]


def _centre(values: np.ndarray) -> tuple[float, ...]:
    total = values.sum()
    places = np.indices(values.shape)
    return tuple(float((place * values).sum() / total) for place in places)
