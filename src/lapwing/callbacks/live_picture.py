"""Live picture: in a notebook, the plot of a run that grows while it goes on.

Owns when the plot of a run is drawn again, and its place in the notebook.
Must not know what the plot looks like.
Test: feed it a scan with a place that notes its pictures and a clock that you turn.
"""

import copy
import threading
import time
from collections.abc import Callable

from lapwing.callbacks.canvas import DRAWING
from lapwing.callbacks.fields import run_name
from lapwing.callbacks.notebook import Place
from lapwing.callbacks.plots import RunData, RunPlot, draw, load_matplotlib
from lapwing.callbacks.redraw import Redraw
from lapwing.documents import Document

INTERVAL = 0.5
"""Least seconds between two pictures; one takes some 0.2 s to draw."""


class LivePicture:
    """Shows the plot of a run in the notebook's cell, and keeps it up to date.

    Of runs that go on at once it shows the one that began last.

    Args:
        plot: Keeps the numbers; it is fed by this.
        clock: Tells seconds; only differences count.
        ticking: Whether a thread draws while things change.
        make_place: Makes a place in the cell that runs now.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(
        self,
        plot: RunPlot | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        ticking: bool = True,
        make_place: Callable[[], Place] = Place,
    ):
        load_matplotlib()
        self.plot = RunPlot() if plot is None else plot
        self._make_place = make_place
        self._place: Place | None = None
        self._run = ""
        self._lock = threading.Lock()
        self._redraw = Redraw(
            self._draw, clock=clock, interval=INTERVAL, ticking=ticking
        )

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        place = self._make_place() if name == "start" else None
        with self._lock:
            self.plot(name, doc)
            if place is not None:
                self._run, self._place = doc["uid"], place
        if name in ("event", "event_page"):
            self._redraw.touch()
        elif name == "stop" and doc["run_start"] == self._run:
            self._redraw.finish()

    def tick(self) -> None:
        """Draw if something changed and it is time to."""
        self._redraw.tick()

    def _draw(self) -> None:
        with self._lock:
            data = snapshot(self.plot.data(self._run))
            place = self._place
        if data.ys and len(data.samples) and place is not None:
            with DRAWING:
                picture = draw(data)
            place.picture(picture, f"plot of {run_name(data.start)}")


def snapshot(data: RunData) -> RunData:
    """Return a copy whose numbers do not change any more.

    Args:
        data: The numbers of a run that may go on.
    """
    data = copy.copy(data)
    data.samples = copy.deepcopy(data.samples)
    return data
