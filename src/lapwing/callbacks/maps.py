"""Maps: how something measured over two dimensions is drawn.

Owns grids, scattered points and the shape of their panels.
Must not know how documents come, nor pyplot and its global state.
Test: make the figure of a grid and ask its axes what they show.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lapwing.callbacks.cells import number
from lapwing.callbacks.fields import Field, decimals_for
from lapwing.callbacks.plots import RunData
from lapwing.callbacks.style import FAINT, MARK, NOTHING, plain


def draw_grid(axes: Axes, data: RunData, y: Field) -> None:
    """Draw a grid as coloured cells; those not measured yet stay grey."""
    shape = data.grid or (1, 1)
    rows, columns = data.cells()
    inside = rows < shape[0]
    values = np.full(shape, np.nan)
    values[rows[inside], columns[inside]] = data.column(y)[inside]
    positions = [
        _positions(data, axis, count, places)
        for axis, count, places in zip((0, 1), shape, (rows, columns), strict=True)
    ]
    axes.set_facecolor(NOTHING)
    axes.grid(visible=False)
    mesh = axes.pcolormesh(
        _edges(positions[1]),
        _edges(positions[0]),
        np.ma.masked_invalid(values),
        cmap="viridis",
        shading="flat",
    )
    _finish_map(axes, data, y, mesh)


def _positions(data: RunData, axis: int, count: int, places: np.ndarray) -> np.ndarray:
    """Return where the rows or columns of a grid lie.

    The start document tells their distances; of a relative scan it does not tell
    where they begin, so they are shifted to where the motor really was.
    """
    first, last = data.start["extents"][axis]
    nominal = np.linspace(float(first), float(last), count)
    off = data.column(data.axes[axis]) - nominal[np.minimum(places, count - 1)]
    off = off[np.isfinite(off)]
    step = abs(nominal[1] - nominal[0]) if count > 1 else 0.0
    shift = float(np.median(off)) if off.size else 0.0
    # Less than that is the error of a motor, and round numbers read better.
    return nominal + shift if abs(shift) > step / 4 else nominal


def _edges(centres: np.ndarray) -> np.ndarray:
    """Return the borders of cells, shape (num_cells + 1,), from their centres."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - middles[0], 2 * centres[-1] - middles[-1]
    if first == last:  # a grid that does not move
        return np.linspace(first - 0.5, first + 0.5, centres.size + 1)
    return np.concatenate([[first], middles, [last]])


def draw_points(axes: Axes, data: RunData, y: Field) -> None:
    """Draw coloured points, and faintly the path that joins them."""
    slow, fast = (data.column(axis) for axis in data.axes)
    size = min(130.0, max(4.0, 24_000 / max(1, slow.size)))
    axes.plot(fast, slow, color=FAINT, linewidth=0.5, alpha=0.4, zorder=1)
    dots = axes.scatter(
        fast,
        slow,
        c=np.ma.masked_invalid(data.column(y)),
        s=size,
        cmap="viridis",
        edgecolors="none",
        zorder=2,
    )
    _finish_map(axes, data, y, dots)


def _finish_map(axes: Axes, data: RunData, y: Field, coloured: Any) -> None:
    slow, fast = data.axes
    axes.set_xlabel(plain(fast.label), fontsize=11)
    axes.set_ylabel(plain(slow.label), fontsize=11)
    bar = axes.figure.colorbar(coloured, ax=axes, pad=0.02)
    bar.set_label(plain(y.label), fontsize=11)
    bar.outline.set_visible(False)
    if true_ratio(data) is not None:
        axes.set_aspect("equal")
    _mark_maximum(axes, data, y)


def _mark_maximum(axes: Axes, data: RunData, y: Field) -> None:
    slow, fast = data.axes
    values = data.column(y)
    good = np.isfinite(values) & np.isfinite(data.column(fast) + data.column(slow))
    if not good.any():
        return
    top = int(np.argmax(np.where(good, values, -np.inf)))
    place = []
    for axis in (fast, slow):
        column = data.column(axis)
        decimals = axis.precision
        if decimals is None:
            decimals = decimals_for(float(np.ptp(column[good])) / 50)
        place.append(f"{axis.name} {number(column[top], decimals)}")
    height = number(values[top], 0 if y.dtype == "integer" else y.precision or 3)
    axes.set_title(
        plain(f"max {height} at {', '.join(place)}"),
        loc="left",
        fontsize=10,
        color=MARK,
    )
    axes.plot(
        data.column(fast)[top],
        data.column(slow)[top],
        marker="+",
        markersize=12,
        markeredgewidth=1.6,
        color=MARK,
        zorder=3,
    )


def true_ratio(data: RunData) -> float | None:
    """Return width by height of a map that is to be drawn true to scale.

    That is one whose axes have the same unit and similar lengths.
    """
    if len(data.axes) != 2 or data.axes[0].units != data.axes[1].units:
        return None
    if data.grid is not None:
        spans = [abs(float(b) - float(a)) for a, b in data.start["extents"]]
    else:
        columns = (data.column(axis) for axis in data.axes)
        finite = [values[np.isfinite(values)] for values in columns]
        spans = [float(np.ptp(values)) if values.size else 0.0 for values in finite]
    if min(spans) <= 0 or not 1 / 3 <= spans[1] / spans[0] <= 3:
        return None
    return spans[1] / spans[0]
