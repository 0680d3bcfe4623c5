"""Bluesky's live plots: a face of `lapwing.callbacks`.

Owns the old names, which warn, and drawing the statistics of a peak.
Must not decide when or where a figure is drawn; its canvas does.
Test: Bluesky's own tests of them.
"""

import warnings
from typing import Any

import numpy as np

from lapwing.callbacks.callback import CallbackBase
from lapwing.callbacks.live_fit import LiveFitPlot
from lapwing.callbacks.live_plots import LiveGrid, LivePlot
from lapwing.callbacks.live_plots import LiveScatter as _LiveScatter

__all__ = [
    "LiveFitPlot",
    "LiveGrid",
    "LiveMesh",
    "LivePlot",
    "LiveRaster",
    "LiveScatter",
    "QtAwareCallback",
    "initialize_qt_teleporter",
    "plot_peak_stats",
]


def initialize_qt_teleporter() -> None:
    """Do nothing: a window is drawn in the main thread by a timer of its own."""


def _get_teleporter() -> None:
    initialize_qt_teleporter()


class QtAwareCallback(CallbackBase):
    """A callback that may draw; nothing is to be heeded any more.

    Args:
        *args: Not needed any more.
        use_teleporter: Not needed any more.
        **kwargs: For `CallbackBase`.
    """

    def __init__(self, *args: Any, use_teleporter: bool | None = None, **kwargs: Any):
        super().__init__(**kwargs)

    def __call__(
        self, name: str, doc: Any, validate: bool = False, *, escape: bool = False
    ) -> tuple[str, Any]:
        """Take a document."""
        return super().__call__(name, doc, validate)


class LiveScatter(_LiveScatter):
    """Plots points in two dimensions, coloured by a third value, while they come.

    See `lapwing.callbacks.LiveScatter`. The ranges of what was measured are
    ``minx``, ``maxx``, ``miny`` and ``maxy``; None before the first point.
    """

    @property
    def minx(self) -> float | None:
        """The least x."""
        return self._end(self.x, np.min)

    @property
    def maxx(self) -> float | None:
        """The largest x."""
        return self._end(self.x, np.max)

    @property
    def miny(self) -> float | None:
        """The least y."""
        return self._end(self.y, np.min)

    @property
    def maxy(self) -> float | None:
        """The largest y."""
        return self._end(self.y, np.max)

    def update_plot(self) -> None:
        """Bring the points up to date; what is measured reaches to the border."""
        super().update_plot()
        for given, ends, fit in zip(
            self._limits,
            ((self.minx, self.maxx), (self.miny, self.maxy)),
            (self.ax.set_xlim, self.ax.set_ylim),
            strict=True,
        ):
            if given is None and ends[0] != ends[1]:
                fit(*ends)

    def _end(self, name: str, which: Any) -> float | None:
        values = np.empty(0) if self.track is None else self.track.columns()[name]
        return float(which(values)) if values.size else None


class LiveMesh(LiveScatter):
    """The former name of `LiveScatter`."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn("LiveMesh has been renamed to LiveScatter", stacklevel=2)
        super().__init__(*args, **kwargs)


class LiveRaster(LiveGrid):
    """The former name of `LiveGrid`."""

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn("LiveRaster has been renamed to LiveGrid", stacklevel=2)
        super().__init__(*args, **kwargs)


def plot_peak_stats(peak_stats: Any, ax: Any = None) -> dict[str, Any]:
    """Draw a curve, with what is known of its peak.

    Args:
        peak_stats: A `PeakStats` whose run has ended.
        ax: The axes to draw into; None makes new ones.

    Returns:
        What was drawn: ``points``, ``vlines``, ``hline`` and the ``legend``.
    """
    from matplotlib import pyplot

    if ax is None:
        ax = pyplot.subplots()[1]
    stats = peak_stats
    ax.margins(0.1)
    (points,) = ax.plot(stats.x_data, stats.y_data, "o", label="measured")
    vlines = []
    for name, style in (("min", ":"), ("max", "-"), ("com", "--"), ("cen", "-.")):
        value = stats[name]
        at = value[0] if isinstance(value, tuple) else value
        if at is not None:
            vlines.append(ax.axvline(at, label=f"{name} {at:.4g}", linestyle=style))
    half = (stats.max[1] + stats.min[1]) / 2
    hline = ax.axhline(half, color="gray", linestyle=":", label="half height")
    ax.set_xlabel(stats.x)
    ax.set_ylabel(stats.y)
    legend = ax.legend(loc="best")
    return {"points": points, "vlines": vlines, "hline": hline, "legend": legend}
