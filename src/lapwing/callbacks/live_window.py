"""Live window: the plot of a run that grows in a window while the run goes on.

Owns the window, and when the plot in it is drawn again.
Must not know what the plot looks like.
Test: feed it a scan with a desktop made by hand, and a clock that you turn.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from lapwing.callbacks.canvas import DRAWING
from lapwing.callbacks.live_picture import snapshot
from lapwing.callbacks.plots import RunPlot, load_matplotlib
from lapwing.callbacks.redraw import INTERVAL, Redraw
from lapwing.documents import Document


class Desktop(Protocol):
    """Where windows are opened."""

    def open(self) -> Any:
        """Open a window; return its figure."""
        ...

    def shows(self, figure: Any) -> bool:
        """Whether a figure's window is still open."""
        ...


class PyplotDesktop:
    """Opens the windows that matplotlib's usual backend opens."""

    def open(self) -> Any:
        """Open a window; return its figure."""
        from matplotlib import pyplot

        figure = pyplot.figure()
        figure.show()
        return figure

    def shows(self, figure: Any) -> bool:
        """Whether a figure's window is still open."""
        from matplotlib import pyplot

        return pyplot.fignum_exists(figure.number)


class LiveWindow:
    """Shows the plot of a run in a window, and keeps it up to date.

    Documents may come in any thread; `draw` is to be called now and then by the main
    thread. The window appears with the first point that can be plotted, serves all
    runs, and comes back if it was closed. Of runs that go on at once it shows the one
    that began last.

    Args:
        plot: Keeps the numbers; it is fed by this.
        clock: Tells seconds; only differences count.
        desktop: Where the window is opened.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(
        self,
        plot: RunPlot | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        desktop: Desktop | None = None,
    ):
        load_matplotlib()
        self.plot = RunPlot() if plot is None else plot
        self._desktop = PyplotDesktop() if desktop is None else desktop
        self._figure: Any = None
        self._run = ""
        self._lock = threading.Lock()
        self._redraw = Redraw(self._draw, clock=clock, interval=INTERVAL, ticking=False)

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        with self._lock:
            self.plot(name, doc)
            if name == "start":
                self._run = doc["uid"]
        if name in ("event", "event_page", "stop"):
            self._redraw.touch()

    def draw(self, last: bool = False) -> None:
        """Draw what is due; in the main thread.

        Args:
            last: Draw all there is, whether due or not.
        """
        if last:
            self._redraw.finish()
        else:
            self._redraw.tick()

    def _draw(self) -> None:
        with self._lock:
            if not self._run:
                return
            data = snapshot(self.plot.data(self._run))
        if not (data.ys and len(data.samples)):
            return
        from lapwing.callbacks import figures

        if self._figure is None or not self._desktop.shows(self._figure):
            self._figure = self._desktop.open()
        with DRAWING:
            figures.fill(self._figure, data)
            self._figure.canvas.draw_idle()
