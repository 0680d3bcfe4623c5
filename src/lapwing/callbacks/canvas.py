"""Canvas: how a figure that changes comes before somebody's eyes.

Owns making figures, and showing them in a notebook, in a window, or not at all.
Must not know what is plotted.
Test: a figure, a clock that you turn, and a place that notes its pictures.

A window is drawn in the main thread only, by a timer of its own event loop; in a
notebook the picture is replaced; where nobody looks nothing is drawn.
"""

import io
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod, ref

from lapwing.callbacks.notebook import Place, in_notebook, is_here
from lapwing.callbacks.plots import load_matplotlib
from lapwing.callbacks.redraw import INTERVAL, Redraw

DRAWING = threading.RLock()
"""Held while a figure is drawn: matplotlib is for one thread at a time."""

_NOT_SHOWN = ("agg", "cairo", "inline", "pdf", "pgf", "ps", "svg", "template")


class Canvas:
    """Shows one figure, with all the plots in it, as they change.

    Args:
        figure: The figure.
        clock: Tells seconds; only differences count.
        interval: Least seconds between two drawings.
        ticking: Whether a thread, or a window's timer, draws while things change.
        make_place: Makes a place in a notebook's cell; None: there is no notebook.
    """

    def __init__(
        self,
        figure: Any,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = INTERVAL,
        ticking: bool = True,
        make_place: Callable[[], Place] | None = None,
    ):
        self._figure = ref(figure)
        self._updates: list[WeakMethod[Callable[[], None]]] = []
        self._make_place = make_place
        self._place: Place | None = None
        self._num_open = 0
        self.is_window = _is_window(figure)
        # Where nobody looks, all is drawn at the end of the run.
        seen = make_place is not None or _has_front_end(figure)
        threaded = ticking and seen and not self.is_window
        self._redraw = Redraw(
            self._draw, clock=clock, interval=interval, ticking=threaded
        )
        self._timer: Any = None
        if self.is_window and ticking:
            self._timer = figure.canvas.new_timer(interval=int(interval * 1000))
            self._timer.add_callback(self._redraw.tick)
            self._timer.start()

    def add(self, update: Callable[[], None]) -> None:
        """Have a method called before each drawing, to bring its lines up to date."""
        # Held weakly: a plot that goes out of use shall not be kept by its figure.
        self._updates.append(WeakMethod(update))

    def begin(self) -> None:
        """Say that a run begins; in a notebook the figure gets a place in its cell."""
        self._num_open += 1
        if self._make_place is not None and not is_here(self._place):
            self._place = self._make_place()
            _take_from_pyplot(self._figure())
        self._redraw.touch()

    def touch(self) -> None:
        """Say that something changed; takes a microsecond."""
        self._redraw.touch()

    def tick(self) -> None:
        """Draw if something changed and it is time to; of a window: main thread."""
        self._redraw.tick()

    def end(self) -> None:
        """Say that a run is over; with the last one all is drawn for good."""
        self._num_open = max(0, self._num_open - 1)
        if self._num_open:
            return
        self._redraw.touch()
        if not self.is_window:  # whose timer draws
            self._redraw.finish()

    def _draw(self) -> None:
        figure = self._figure()
        if figure is not None:
            with DRAWING:
                self._show(figure)

    def _show(self, figure: Any) -> None:
        for update in [held() for held in self._updates]:
            if update is not None:
                update()
        if self._place is not None:
            picture = io.BytesIO()
            figure.savefig(picture, format="png")
            self._place.picture(picture.getvalue(), "a live plot")
        elif _has_front_end(figure):
            figure.canvas.draw_idle()


_canvases: "WeakKeyDictionary[Any, Canvas]" = WeakKeyDictionary()


def canvas_of(figure: Any) -> Canvas:
    """Return what shows a figure; the plots of one figure share it."""
    canvas = _canvases.get(figure)
    if canvas is None:
        notebook = in_notebook() and not _has_front_end(figure)
        canvas = Canvas(figure, make_place=Place if notebook else None)
        _canvases[figure] = canvas
    return canvas


def opens_windows() -> bool:
    """Tell whether figures of pyplot come before somebody's eyes by themselves.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    load_matplotlib()
    import matplotlib

    backend = matplotlib.get_backend().lower().rpartition("backend_")[2]
    return backend not in _NOT_SHOWN and "inline" not in backend


def new_axes() -> Any:
    """Make a figure with one panel, where people can see it.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if opens_windows():
        from matplotlib import pyplot

        return pyplot.subplots(layout="constrained")[1]
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Not pyplot's: it would keep each figure, and show it a second time.
    figure = Figure((8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def root_figure(axes: Any) -> Any:
    """Return the figure of a panel, also if it stands in a part of the figure."""
    return axes.figure.figure


def _is_window(figure: Any) -> bool:
    framework = getattr(figure.canvas, "required_interactive_framework", None)
    return framework not in (None, "headless") and figure.canvas.manager is not None


def _has_front_end(figure: Any) -> bool:
    """Tell whether the figure itself talks with a page or a window."""
    return _is_window(figure) or hasattr(figure.canvas, "send_event")


def _take_from_pyplot(figure: Any) -> None:
    """Keep a notebook from showing the figure once more at the end of its cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and figure is not None:
        pyplot.close(figure)
