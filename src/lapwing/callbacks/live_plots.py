"""Live plots: curves, coloured points and coloured grids that follow a run.

Owns what the lines, points and cells of such a plot are.
Must not know when they are drawn, nor where; a `Canvas` does.
Test: feed them a run, then ask the axes what they show.

What an event costs is keeping a few numbers; a thread, or a window's timer, draws.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from lapwing.callbacks.canvas import Canvas, canvas_of, new_axes, root_figure
from lapwing.callbacks.fields import run_name
from lapwing.callbacks.following import SEQ_NUM, TIME, Follower, Track
from lapwing.callbacks.samples import as_number
from lapwing.documents import Document
from lapwing.errors import PlanArgumentError

MOST_LINES = 20
"""Most runs that one `LivePlot` shows; the oldest lines go first."""

MOST_CELLS = 1 << 22
"""Most cells of a `LiveGrid`; 8 bytes each."""

Limits = tuple[float | None, float | None]


class LivePlot(Follower):
    """Plots one value against another while they come: ``LivePlot("det", "x")``.

    Each run gets a line. Memory is bounded: 65536 points, evenly over the run, and
    the last twenty runs.

    Args:
        y: Data key, or a device.
        x: Data key, or a device; None: the number of the event. "seq_num" and
            "time" are understood, too.
        legend_keys: Keys of the start document that the legend shows, after scan_id.
        xlim: Limits of x; None: whatever is measured.
        ylim: Limits of y; None: whatever is measured.
        ax: The matplotlib axes; None makes a figure.
        fig: A figure whose axes to use; ``ax`` goes before it.
        epoch: "run": times are seconds since its start; "unix": since 1970.
        canvas: What shows the figure; None: what is usual.
        **kwargs: For ``Axes.plot``.

    Attributes:
        ax: The axes.
        lines: The line of each run, oldest first.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(
        self,
        y: Any,
        x: Any = None,
        *,
        legend_keys: Sequence[str] | None = None,
        xlim: Limits | None = None,
        ylim: Limits | None = None,
        ax: Any = None,
        fig: Any = None,
        epoch: str = "run",
        canvas: Canvas | None = None,
        **kwargs: Any,
    ):
        super().__init__([SEQ_NUM if x is None else x, y], epoch=epoch)
        self.x, self.y = self.names
        self.legend_keys = ["scan_id", *(legend_keys or ())]
        self.lines: list[Any] = []
        self._tracks: deque[Track] = deque(maxlen=MOST_LINES)
        self._line_of: dict[str, Any] = {}  # by run
        self._changed: set[str] = set()
        self._limits = xlim, ylim
        self._style = kwargs
        if ax is None:
            ax = new_axes() if fig is None else fig.gca()
        self.ax = ax
        self.ax.set_xlabel(_axis_label(self.x, {}))
        self.ax.set_ylabel(_axis_label(self.y, {}))
        self.ax.set(**{k: v for k, v in (("xlim", xlim), ("ylim", ylim)) if v})
        self.canvas = canvas or canvas_of(root_figure(self.ax))
        self.canvas.add(self.update_plot)

    @property
    def x_data(self) -> np.ndarray:
        """What is kept of x, of the run that began last, shape (num_points,)."""
        return self._column(self.x)

    @property
    def y_data(self) -> np.ndarray:
        """What is kept of y, of the run that began last, shape (num_points,)."""
        return self._column(self.y)

    def start(self, doc: Document) -> None:
        """Begin a line."""
        super().start(doc)
        self._tracks.append(self._open[doc["uid"]])
        self.canvas.begin()

    def event(self, doc: Document) -> None:
        """Keep a point."""
        super().event(doc)
        track = self._by_descriptor.get(doc["descriptor"])
        if track is not None:
            self._changed.add(track.start["uid"])
            self.canvas.touch()

    def stop(self, doc: Document) -> None:
        """Draw all of the line."""
        known = doc["run_start"] in self._open
        super().stop(doc)
        if known:
            self._changed.add(doc["run_start"])
            self.canvas.end()

    def update_plot(self) -> None:
        """Bring the lines up to date; with each run comes one."""
        tracks = tuple(self._tracks)
        if any(track.start["uid"] not in self._line_of for track in tracks):
            self._make_lines(tracks)
        changed, self._changed = self._changed, set()
        for track in tracks:
            if track.start["uid"] in changed:
                self.draw_line(self._line_of[track.start["uid"]], track)
        keys = tracks[-1].data_keys if tracks else {}
        self.ax.set_xlabel(_axis_label(self.x, keys))
        self.ax.set_ylabel(_axis_label(self.y, keys))
        self.rescale()

    def draw_line(self, line: Any, track: Track) -> None:
        """Bring the line of one run up to date."""
        columns = track.columns()
        line.set_data(columns[self.x], columns[self.y])

    def _make_lines(self, tracks: Sequence[Track]) -> None:
        """Make lines for new runs, and take off those of the oldest."""
        lines = {}
        for track in tracks:
            uid, start = track.start["uid"], track.start
            label = " :: ".join(str(start.get(key, key)) for key in self.legend_keys)
            lines[uid] = self._line_of.pop(uid, None) or self._new_line(label)
        for line in self._line_of.values():
            line.remove()
        self._line_of, self.lines = lines, list(lines.values())
        self.ax.legend(loc="best", title=" :: ".join(self.legend_keys))

    def _new_line(self, label: str) -> Any:
        (line,) = self.ax.plot([], [], **{"label": label, **self._style})
        return line

    def rescale(self) -> None:
        """Make room for what is measured, where no limits are given."""
        xlim, ylim = self._limits
        self.ax.relim(visible_only=True)
        self.ax.autoscale_view(scalex=not xlim, scaley=not ylim)

    def _column(self, name: str) -> np.ndarray:
        return np.empty(0) if self.track is None else self.track.columns()[name]


class LiveScatter(Follower):
    """Plots points in two dimensions, coloured by a third value, while they come.

    It shows the run that began last.

    Args:
        x: Data key of the horizontal axis.
        y: Data key of the vertical axis.
        I: Data key of the colour.
        xlim: Limits of x; None: whatever is measured.
        ylim: Limits of y; None: whatever is measured.
        clim: Limits of the colours; None: whatever is measured.
        cmap: The colours.
        ax: The matplotlib axes; None makes a figure.
        canvas: What shows the figure; None: what is usual.
        **kwargs: For ``Axes.scatter``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        I: Any,  # noqa: E741, N803 - as Bluesky names it
        *,
        xlim: Limits | None = None,
        ylim: Limits | None = None,
        clim: Limits | None = None,
        cmap: Any = "viridis",
        ax: Any = None,
        canvas: Canvas | None = None,
        **kwargs: Any,
    ):
        super().__init__([x, y, I])
        self.x, self.y, self.I = self.names
        self.ax = new_axes() if ax is None else ax
        self._limits = xlim, ylim
        self._clim = clim
        self.ax.set_xlabel(self.x)
        self.ax.set_ylabel(self.y)
        self.sc = self.ax.scatter([], [], c=[], cmap=cmap, **kwargs)
        figure = root_figure(self.ax)
        figure.colorbar(self.sc, ax=self.ax, label=self.I)
        self.canvas = canvas or canvas_of(figure)
        self.canvas.add(self.update_plot)

    def start(self, doc: Document) -> None:
        """Begin anew."""
        super().start(doc)
        self.canvas.begin()

    def event(self, doc: Document) -> None:
        """Keep a point."""
        super().event(doc)
        self.canvas.touch()

    def stop(self, doc: Document) -> None:
        """Draw all of the points."""
        known = doc["run_start"] in self._open
        super().stop(doc)
        if known:
            self.canvas.end()

    def update_plot(self) -> None:
        """Bring the points up to date."""
        if self.track is None:
            return
        self.ax.set_title(run_name(self.track.start))
        x, y, colour = (self.track.columns()[name] for name in self.names)
        self.sc.set_offsets(np.column_stack([x, y]))
        self.sc.set_array(colour)
        if colour.size:
            lowest, highest = _given(self._clim, (colour.min(), colour.max()))
            self.sc.set_clim(lowest, highest)
            self.ax.set_xlim(_given(self._limits[0], _span(x)))
            self.ax.set_ylim(_given(self._limits[1], _span(y)))


class LiveMesh(LiveScatter):
    """The former name of `LiveScatter`."""


class LiveGrid(Follower):
    """Colours the cells of a grid while they are measured.

    A point's number tells its cell: row by row, every other one backwards if the
    run says that it snakes. It shows the run that began last.

    Args:
        raster_shape: Number of rows and columns.
        I: Data key of the colour.
        clim: Limits of the colours; None: whatever is measured.
        cmap: The colours.
        xlabel: Label of the columns' axis.
        ylabel: Label of the rows' axis.
        extent: Left, right, bottom and top of the grid.
        aspect: "equal", "auto", or height by width of a cell.
        ax: The matplotlib axes; None makes a figure.
        x_positive: "right" or "left": where x grows.
        y_positive: "up" or "down": where y grows.
        title: Stands above; None: the run; "": nothing.
        canvas: What shows the figure; None: what is usual.
        **kwargs: For ``Axes.imshow``.

    Raises:
        MissingExtraError: matplotlib is not installed.
        PlanArgumentError: The shape is none, or has more than 4 million cells; or a
            direction is none.
    """

    def __init__(
        self,
        raster_shape: Sequence[int],
        I: Any,  # noqa: E741, N803 - as Bluesky names it
        *,
        clim: Limits | None = None,
        cmap: Any = "viridis",
        xlabel: str = "x",
        ylabel: str = "y",
        extent: Sequence[float] | None = None,
        aspect: str | float = "equal",
        ax: Any = None,
        x_positive: str = "right",
        y_positive: str = "up",
        title: str | None = None,
        canvas: Canvas | None = None,
        **kwargs: Any,
    ):
        super().__init__([I], limit=2)  # the numbers are kept in the grid itself
        self.I = self.names[0]
        self.raster_shape = _checked_shape(raster_shape)
        self._title, self._clim = title, clim
        self._snaking = False
        self.ax = new_axes() if ax is None else ax
        self.ax.set_xlabel(xlabel)
        self.ax.set_ylabel(ylabel)
        self.cells = np.full(self.raster_shape, np.nan)
        style = {"origin": "lower", "interpolation": "none", **kwargs}
        self.im = self.ax.imshow(
            self.cells, cmap=cmap, extent=extent, aspect=aspect, **style
        )
        if _is_backwards("x_positive", x_positive, "right", "left"):
            self.ax.invert_xaxis()
        if _is_backwards("y_positive", y_positive, "up", "down"):
            self.ax.invert_yaxis()
        figure = root_figure(self.ax)
        figure.colorbar(self.im, ax=self.ax, label=self.I)
        self.canvas = canvas or canvas_of(figure)
        self.canvas.add(self.update_plot)

    def start(self, doc: Document) -> None:
        """Begin with an empty grid."""
        super().start(doc)
        snaking = doc.get("snaking") or (False, False)
        self._snaking = snaking[-1] is True
        self.cells = np.full(self.raster_shape, np.nan)
        self.canvas.begin()

    def event(self, doc: Document) -> None:
        """Colour a cell."""
        track = self._by_descriptor.get(doc["descriptor"])
        if track is None or track is not self.track:
            return
        row, column = divmod(doc["seq_num"] - 1, self.raster_shape[1])
        if not 0 <= row < self.raster_shape[0]:
            return
        if self._snaking and row % 2:
            column = self.raster_shape[1] - 1 - column
        self.cells[row, column] = as_number(doc["data"].get(self.I))
        self.canvas.touch()

    def stop(self, doc: Document) -> None:
        """Draw all of the grid."""
        known = doc["run_start"] in self._open
        super().stop(doc)
        if known:
            self.canvas.end()

    def update_plot(self) -> None:
        """Bring the cells up to date."""
        if self._title is not None:
            self.ax.set_title(self._title)
        elif self.track is not None:
            self.ax.set_title(run_name(self.track.start))
        values = np.ma.masked_invalid(self.cells.copy())
        self.im.set_data(values)
        if values.count():
            lowest, highest = _given(self._clim, (values.min(), values.max()))
            self.im.set_clim(lowest, highest)


class LiveRaster(LiveGrid):
    """The former name of `LiveGrid`."""


def _axis_label(name: str, data_keys: Document) -> str:
    if name not in data_keys:
        return {SEQ_NUM: "sequence #", TIME: "time (s)"}.get(name, name)
    units = data_keys[name].get("units")
    return f"{name} ({units})" if units else name


def _given(limits: Limits | None, found: tuple[float, float]) -> tuple[float, float]:
    """Return the limits that are given, and where none is, what was found."""
    low, high = limits or (None, None)
    return found[0] if low is None else low, found[1] if high is None else high


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def _checked_shape(shape: Sequence[int]) -> tuple[int, int]:
    sides = tuple(int(side) for side in shape)
    if len(sides) != 2 or min(sides) < 1 or math.prod(sides) > MOST_CELLS:
        raise PlanArgumentError(
            f"a grid of the shape {sides} was asked for; it needs two sides of 1 or "
            f"more, and has {MOST_CELLS} cells at most"
        )
    return sides[0], sides[1]


def _is_backwards(what: str, value: str, usual: str, backwards: str) -> bool:
    if value not in (usual, backwards):
        raise PlanArgumentError(
            f"{what} is {value!r}; it must be {usual!r} or {backwards!r}"
        )
    return value == backwards
