"""Figures: how the plots of runs look.

Owns the layout of panels, titles, and curves with their marks.
Must not know how documents come, nor pyplot and its global state.
Test: make a figure and ask its axes what they show.
"""

import math
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lapwing.callbacks import maps
from lapwing.callbacks.cells import number
from lapwing.callbacks.fields import Field, decimals_for, run_name
from lapwing.callbacks.peaks import Peak, find_peak
from lapwing.callbacks.plots import RunData
from lapwing.callbacks.style import FAINT, LINE, MARK, dress, plain
from lapwing.callbacks.summary import typical_step

MOST_PANELS = 6
DPI = 150

_MARKERS_UP_TO = 300


def figure_of(data: RunData) -> Figure:
    """Return the figure of a run: a panel for each measured field, six at most.

    Args:
        data: What was kept of the run; it must have measured something.
    """
    figure = Figure(_size(data, *_shape(data)), DPI)
    FigureCanvasAgg(figure)
    fill(figure, data)
    return figure


def fill(figure: Figure, data: RunData) -> None:
    """Draw a run into a figure, instead of what is there.

    Args:
        figure: The figure; it keeps its size.
        data: What was kept of the run; it must have measured something.
    """
    figure.clear()
    shown = data.ys[:MOST_PANELS]
    rows, columns = _shape(data)
    two_dimensional = len(data.axes) == 2
    # "compressed" is made for maps, whose panels keep a shape of their own.
    figure.set_layout_engine("compressed" if two_dimensional else "constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=not two_dimensional)
    for axes, y in zip(panels.flat, shown, strict=False):
        _draw_panel(axes, data, y)
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    if not two_dimensional:
        for axes in panels.flat[:-columns]:
            axes.set_xlabel("")
    _write_title(figure, data, len(data.ys) - len(shown))


def _shape(data: RunData) -> tuple[int, int]:
    """Return the number of rows and columns of panels."""
    num = min(len(data.ys), MOST_PANELS)
    columns = 2 if len(data.axes) == 2 and num > 1 else 1
    return math.ceil(num / columns), columns


def _size(data: RunData, rows: int, columns: int) -> tuple[float, float]:
    """Return width and height of the figure in inches."""
    if columns == 2:
        return 11.0, 0.8 + 4.2 * rows
    if rows > 1:
        return 8.0, 1.0 + 2.6 * rows
    if (ratio := maps.true_ratio(data)) is None:
        return 8.0, 5.0
    width = min(9.0, max(6.0, 4.6 * ratio + 2.2))
    return width, min(5.6, max(3.4, (width - 2.2) / ratio + 1.2))


def _draw_panel(axes: Axes, data: RunData, y: Field) -> None:
    dress(axes)
    if data.grid is not None:
        maps.draw_grid(axes, data, y)
    elif len(data.axes) == 2:
        maps.draw_points(axes, data, y)
    elif len(data.axes) == 1:
        _draw_scan(axes, data, y)
    else:
        _draw_over_time(axes, data, y)
    if not np.isfinite(data.column(y)).any():
        axes.text(
            0.5, 0.5, "no points", transform=axes.transAxes, ha="center", color=FAINT
        )


def _write_title(figure: Figure, data: RunData, num_hidden: int) -> None:
    date = datetime.fromtimestamp(data.start["time"]).strftime("%Y-%m-%d %H:%M:%S")
    num = int(data.samples.numbers[-1]) if len(data.samples) else 0
    total = data.start.get("num_points")
    points = f"{num} points" if total in (None, num) else f"{num} of {total} points"
    notes = [points, date]
    if num_hidden:
        notes.insert(0, f"{num_hidden} more fields")
    figure.suptitle(
        plain(run_name(data.start)), x=0.01, ha="left", fontsize=14, weight="bold"
    )
    # Beside the title, whose line the layout keeps free: 0.075 inches from the top.
    top = 1 - 0.075 / figure.get_figheight()
    figure.text(
        0.99, top, "   ".join(notes), ha="right", va="top", fontsize=10, color=FAINT
    )


# ---------------------------------------------------------------- curves


def _draw_curve(axes: Axes, xs: np.ndarray, ys: np.ndarray) -> None:
    with_markers = xs.size <= _MARKERS_UP_TO
    axes.plot(
        xs,
        np.where(np.isfinite(ys), ys, np.nan),
        color=LINE,
        linewidth=1.4,
        marker="o" if with_markers else "",
        markersize=4.5,
        markeredgecolor="white",
        markeredgewidth=0.6,
    )


def _draw_scan(axes: Axes, data: RunData, y: Field) -> None:
    x = data.axes[0]
    xs, ys = data.column(x), data.column(y)
    _draw_curve(axes, xs, ys)
    axes.set_xlabel(plain(x.label), fontsize=11)
    axes.set_ylabel(plain(y.label), fontsize=11)
    _mark_peak(axes, x, find_peak(xs, ys), typical_step(xs))


def _mark_peak(axes: Axes, x: Field, peak: Peak, step: float) -> None:
    if peak.centre is None:
        return
    decimals = max(x.precision or 0, decimals_for(step))
    unit = f" {x.units}" if x.units else ""
    label = "edge" if peak.shape == "edge" else "centre"
    axes.axvline(
        peak.centre,
        color=MARK,
        linewidth=1.2,
        linestyle=(0, (5, 3)),
        label=plain(f"{label} {number(peak.centre, decimals)}{unit}"),
    )
    if peak.fwhm is not None:
        _mark_width(axes, peak, plain(f"FWHM {number(peak.fwhm, decimals)}{unit}"))
    axes.legend(fontsize=10, frameon=True, framealpha=0.9, edgecolor="none")


def _mark_width(axes: Axes, peak: Peak, label: str) -> None:
    extreme = peak.min if peak.shape == "dip" else peak.max
    if extreme is None or peak.background is None:
        return
    if peak.cen is None or peak.fwhm is None:
        return
    level = (extreme[1] + peak.background) / 2
    left, right = peak.cen - peak.fwhm / 2, peak.cen + peak.fwhm / 2
    axes.plot(
        [left, right],
        [level, level],
        color=MARK,
        linewidth=1.6,
        marker="|",
        markersize=11,
        markeredgewidth=1.6,
        label=label,
    )


def _draw_over_time(axes: Axes, data: RunData, y: Field) -> None:
    seconds = data.seconds()
    ys = data.column(y)
    if np.isfinite(seconds).any():
        longest = np.nanmax(seconds)
        size, unit = next(
            (s, u)
            for s, u in ((3600, "h"), (60, "min"), (1, "s"))
            if longest > 3 * s or s == 1
        )
        _draw_curve(axes, seconds / size, ys)
        axes.set_xlabel(f"time since the start ({unit})", fontsize=11)
    else:
        _draw_curve(axes, data.samples.numbers, ys)
        axes.set_xlabel("point", fontsize=11)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(plain(y.label), fontsize=11)
