"""Figures of the best-effort callback: which plot stands where.

Owns the choice of the kind of plot, the figures, their panels and names.
Must not know the documents' order, nor what is printed.
Test: `choose` on start documents; `panels` on a figure, and look at its axes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lapwing.compat.bluesky.callbacks.mpl_plotting import (
    LiveGrid,
    LivePlot,
    LiveScatter,
)
from lapwing.documents import Document

COLUMNS = 3
"""Most panels side by side, of plots in two dimensions."""

MOST_PANELS = 16


def panels(figure: Any, num: int, num_dimensions: int) -> list[Any]:
    """Return the axes for so many plots; those of an earlier run, if they fit.

    Args:
        figure: The figure.
        num: Number of plots.
        num_dimensions: 1 or 2.
    """
    there = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    if num_dimensions == 1 and len(there) == num:
        return there
    figure.clf()
    columns = 1 if num_dimensions == 1 else min(num, COLUMNS)
    rows = math.ceil(num / columns)
    shared = num_dimensions == 1
    grid = figure.subplots(rows, columns, squeeze=False, sharex=shared)
    for k, axes in enumerate(grid.flat):
        if k >= num:
            axes.set_visible(False)
        elif not shared and k + columns < num:
            axes.set_xticks([])  # there is one below, with the same axis
    return list(grid.flat)[:num]


def plot_of(start: Document, dims: Sequence[str]) -> "Callable[..., Any] | None":
    """Return what makes a plot of a field: ``f(field, axes)``; None if nothing can.

    Args:
        start: The start document.
        dims: The field of each dimension, the slowest first.
    """
    if len(dims) == 1:
        return lambda field, axes: LivePlotPlusPeaks(field, dims[0], ax=axes)
    if len(dims) != 2:
        return None
    y, x = dims
    shape, extents = start.get("shape") or (), start.get("extents") or ()
    gridding = start.get("hints", {}).get("gridding")
    if gridding == "rectilinear" and len(shape) == 2 and len(extents) == 2:
        rows, columns = shape
        extent = (*_borders(extents[1], columns), *_borders(extents[0], rows))
        aspect = _aspect(extent)
        return lambda field, axes: LiveGrid(
            (rows, columns),
            field,
            xlabel=x,
            ylabel=y,
            extent=extent,
            aspect=aspect,
            ax=axes,
            title=field,
        )
    limits = [extents[1], extents[0]] if len(extents) == 2 else [None, None]
    xlim, ylim = (_given(pair) for pair in limits)
    return lambda field, axes: LiveScatter(x, y, field, xlim=xlim, ylim=ylim, ax=axes)


def _borders(ends: Sequence[float], num: int) -> tuple[float, float]:
    """Return where cells end whose middles are given."""
    half = (ends[1] - ends[0]) / (num - 1) / 2 if num > 1 else 0.5
    half = half or 0.5
    return ends[0] - half, ends[1] + half


def _aspect(extent: tuple[float, ...]) -> str:
    left, right, bottom, top = extent
    ratio = abs((top - bottom) / (right - left))
    return "equal" if 1 / 3 <= ratio <= 3 else "auto"


def _given(ends: Sequence[float] | None) -> tuple[float, float] | None:
    if ends is None or ends[0] == ends[1]:
        return None
    return min(ends), max(ends)


class LivePlotPlusPeaks(LivePlot):
    """A live plot in whose window the key P shows, and hides, the peak.

    Args:
        *args: For `LivePlot`.
        peak_results: What is known of the peak when the run has ended: position
            by name.
        **kwargs: For `LivePlot`.
    """

    def __init__(
        self, *args: Any, peak_results: Mapping[str, Any] | None = None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.peak_results: Mapping[str, Any] = peak_results or {}
        self._marks: list[Any] = []
        figure = self.ax.figure
        figure.canvas.mpl_connect("key_press_event", self._on_key)

    def check_visibility(self) -> bool:
        """Whether the peak is shown."""
        return bool(self._marks)

    def plot_annotations(self) -> None:
        """Show the peak."""
        for name in ("com", "cen", "max"):
            value = self.peak_results.get(name)
            at = value[0] if isinstance(value, tuple) else value
            if at is not None:
                mark = self.ax.axvline(at, linestyle="--", label=f"{name} {at:.4g}")
                self._marks.append(mark)
        self._show()

    def hide_annotations(self) -> None:
        """Hide the peak."""
        for mark in self._marks:
            mark.remove()
        self._marks = []
        self._show()

    def _on_key(self, event: Any) -> None:
        if event.key in ("p", "P"):
            if self.check_visibility():
                self.hide_annotations()
            else:
                self.plot_annotations()

    def _show(self) -> None:
        self.ax.legend(loc="best")
        self.ax.figure.canvas.draw_idle()


def figure_name(fields: Sequence[str], dims: Sequence[str]) -> str:
    """Return the name of a figure, by which a later run finds it."""
    return f"{', '.join(fields)} vs {', '.join(dims)}"


def prune_lines(axes: Any, num_lines: int) -> None:
    """Take off all lines of a panel but the last ones."""
    lines = list(axes.lines)
    for line in lines[: max(0, len(lines) - num_lines)]:
        line.remove()
    if axes.get_legend() is not None:
        title = axes.get_legend().get_title().get_text()
        axes.legend(loc="best", title=title)
