"""Path figures: how pictures of paths look.

Owns panels, lines, marks and colours, and which axes are drawn.
Must not know files, command lines, nor pyplot and its global state.
Test: tests/unit/callbacks/test_path_plot.py asks the artists what they show.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lapwing.callbacks.durations import duration
from lapwing.callbacks.path_motion import Motion, motion
from lapwing.callbacks.path_preview import MARKED, PathPreview, speed
from lapwing.callbacks.path_tracks import Track, marks, track
from lapwing.callbacks.style import FAINT, LINE, MARK, dress, plain
from lapwing.trajectory import CompoundGenerator

DPI = 150

_BEGIN, _END = "#15803d", "#111827"
# Not those of the path: here they tell axes apart.
_SPEEDS = ("#7e22ce", "#0f766e", "#a16207", "#be185d", "#4d7c0f", "#475569")
_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
_DENSE_FROM = 2000  # places of a line that is drawn thin


def new_figure(preview: PathPreview) -> Figure:
    """Return an empty figure that suits a preview, which no window shows."""
    with_speeds = preview.motion is not None
    figure = Figure((8.0, 7.4 if with_speeds else 5.6), DPI)
    FigureCanvasAgg(figure)
    return figure


def fill(figure: Figure, preview: PathPreview, title: str) -> None:
    """Draw a preview into a figure, instead of what is there."""
    figure.clear()
    figure.set_layout_engine("constrained")
    shown = shown_axes(preview)
    if preview.motion is None:
        axes = figure.subplots()
        dress(axes)
        way = track(preview)
        _draw_line(axes, way, shown, preview, LINE, "points")
        _draw_ends(axes, way, preview, shown)
        _draw_marks(axes, preview, shown)
    else:
        axes, below = figure.subplots(
            2, 1, height_ratios=[3, 1], sharex=len(shown) == 1
        )
        moved = motion(preview)
        dress(axes)
        _draw_motion(axes, moved, preview, shown)
        _draw_marks(axes, preview, shown)
        dress(below)
        _draw_speeds(below, moved, preview)
    _name_axes(axes, preview, shown)
    _write_title(figure, preview, shown, title)


def shown_axes(preview: PathPreview) -> tuple[str, ...]:
    """Return the axes that are drawn: across, and upwards if there are two.

    The fastest is across; of axes that move together, the one that is named first.
    """
    summary = preview.summary
    box = summary.box or {}
    moving = [a for a in summary.axes if a in box and box[a][0] < box[a][1]]
    shown = (moving or list(summary.axes[-1:]))[-2:]
    path = preview.trajectory
    parts = path.generators if isinstance(path, CompoundGenerator) else (path,)
    together = any(set(shown) <= set(part.axes) for part in parts)
    return tuple(shown if together else reversed(shown))


def _coordinates(
    places: Track, preview: PathPreview, shown: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    columns = [preview.summary.axes.index(axis) for axis in shown]
    if len(columns) == 2:
        across = places.place[:, columns[0]]
    else:
        across = places.when / _time_unit(preview)[0]
    return places.broken(across), places.broken(places.place[:, columns[-1]])


def _time_unit(preview: PathPreview) -> tuple[float, str]:
    """Return the seconds of the unit that suits a motion, and its name."""
    if preview.summary.motion is None:  # what is across is no time
        return _UNITS[-1]
    longest = preview.summary.motion.total_time
    return next((one for one in _UNITS if longest > 3 * one[0]), _UNITS[-1])


def _draw_line(
    axes: Axes,
    places: Track,
    shown: tuple[str, ...],
    preview: PathPreview,
    color: str,
    label: str,
) -> None:
    dense = len(places) > _DENSE_FROM
    axes.plot(
        *_coordinates(places, preview, shown),
        color=color,
        linewidth=0.6 if dense else 1.4,
        label=label,
        zorder=2,
    )


def _draw_motion(
    axes: Axes, moved: Motion, preview: PathPreview, shown: tuple[str, ...]
) -> None:
    color, label = MARK, "turnarounds"
    if not preview.summary.num_gaps:
        label = "run-up, run-down"
    elif moved.rows is None and preview.summary.num_points > MARKED:
        color, label = LINE, "points"  # neither marks nor rows would show them
    _draw_line(axes, moved.turns, shown, preview, color, label)
    if moved.rows is not None:
        _draw_line(axes, moved.rows, shown, preview, LINE, "points")
    _draw_ends(axes, moved.turns, preview, shown)


def _draw_ends(
    axes: Axes, places: Track, preview: PathPreview, shown: tuple[str, ...]
) -> None:
    across, upwards = _coordinates(places, preview, shown)
    # A closed path ends where it began: the begin is seen behind the end.
    for at, name, marker, size, color in (
        (0, "begin", "^", 11, _BEGIN),
        (-1, "end", "s", 6, _END),
    ):
        axes.plot(
            across[at],
            upwards[at],
            linestyle="",
            marker=marker,
            markersize=size,
            color=color,
            markeredgecolor="white",
            label=name,
            zorder=5,
        )


def _draw_marks(axes: Axes, preview: PathPreview, shown: tuple[str, ...]) -> None:
    found = marks(preview)
    if found is None:
        return
    size = 5.0 if preview.summary.num_points <= 200 else 3.0
    for places, label, face, marker in (
        (found.middles, "middles", LINE, "o"),
        (found.bounds, "bounds", "white", "D"),
    ):
        if len(places):
            across, upwards = _coordinates(places, preview, shown)
            axes.plot(
                across,
                upwards,
                linestyle="",
                marker=marker,
                markersize=size if marker == "o" else 0.6 * size,
                color=LINE,
                markerfacecolor=face,
                markeredgewidth=0.7,
                label=label,
                zorder=3,
            )


def _draw_speeds(axes: Axes, moved: Motion, preview: PathPreview) -> None:
    limits = preview.motion.limits.axes if preview.motion is not None else {}
    size, unit = _time_unit(preview)
    for column, axis in enumerate(preview.summary.axes):
        most = speed(limits[axis].max_velocity, preview.summary.units[axis])
        axes.plot(
            moved.seconds / size,
            100 * moved.shares[:, column],
            color=_SPEEDS[column % len(_SPEEDS)],
            linewidth=1.0,
            label=plain(f"{axis}, % of {most}"),
        )
    axes.set_ylim(0, min(105.0, max(1.0, 115 * float(moved.shares.max()))))
    axes.set_xlabel(f"time ({unit})", fontsize=11)
    axes.set_ylabel("speed (%)", fontsize=11)
    _write_legend(axes)


def _write_legend(axes: Axes) -> None:
    """Say above a panel what is in it, where it hides nothing."""
    legend = axes.legend(
        fontsize=9,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=6,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.4,
    )
    for line in legend.get_lines():  # thin ones could not be told apart
        line.set_linewidth(max(1.4, line.get_linewidth()))


def _name_axes(axes: Axes, preview: PathPreview, shown: tuple[str, ...]) -> None:
    labels = [_label(axis, preview.summary.units[axis]) for axis in shown]
    if len(shown) == 2:
        axes.set_xlabel(labels[0], fontsize=11)
        if _to_scale(preview, shown):
            axes.set_aspect("equal", adjustable="datalim")
    elif preview.motion is None:
        axes.set_xlabel("point", fontsize=11)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(labels[-1], fontsize=11)
    _write_legend(axes)


def _label(axis: str, unit: str) -> str:
    return plain(f"{axis} ({unit})" if unit else axis)


def _to_scale(preview: PathPreview, shown: tuple[str, ...]) -> bool:
    """Return whether both axes have one unit, and similar lengths."""
    units, box = preview.summary.units, preview.summary.box or {}
    across, upwards = (box[axis][1] - box[axis][0] for axis in shown)
    if units[shown[0]] != units[shown[1]] or not upwards:
        return False
    return 1 / 3 <= across / upwards <= 3


def _write_title(
    figure: Figure, preview: PathPreview, shown: tuple[str, ...], title: str
) -> None:
    summary = preview.summary
    num = summary.num_points
    notes = [f"{num:,} point{'' if num == 1 else 's'}"]
    if summary.motion is not None:
        notes.append(duration(summary.motion.total_time))
    hidden = [axis for axis in summary.axes if axis not in shown]
    if hidden:
        notes.insert(0, f"not drawn: {', '.join(hidden)}")
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=14, weight="bold")
    # Beside the title, whose line the layout keeps free: 0.075 inches from the top.
    top = 1 - 0.075 / figure.get_figheight()
    figure.text(
        0.99,
        top,
        plain("   ".join(notes)),
        ha="right",
        va="top",
        fontsize=10,
        color=FAINT,
    )
