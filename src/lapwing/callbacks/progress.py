"""Progress: a bar for each run, with how many points are done and the time left.

Owns counting points and drawing the bar.
Must not know the terminal; the bar is kept by a `Screen`.
Test: a `Screen` whose clock you turn; feed documents, then draw.
"""

from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from lapwing.callbacks.durations import Pace, duration
from lapwing.callbacks.fields import run_name
from lapwing.callbacks.notebook import usual_screen
from lapwing.callbacks.routing import ByRun
from lapwing.callbacks.screen import Screen
from lapwing.documents import Document

BAR_WIDTH = 28


class Progress:
    """Shows a bar for each run that goes on, below whatever else is printed.

    A run that does not say how many points it will have gets a counter. Where
    there is no terminal nothing is shown.

    Args:
        screen: What keeps the bars, shared with tables; its clock is used.
    """

    def __init__(self, screen: Screen | None = None):
        self.screen = usual_screen() if screen is None else screen
        self._runs = ByRun(lambda start: RunProgress(self.screen, start))

    def __call__(self, name: str, doc: Document) -> None:
        """Take a document of any run."""
        self._runs(name, doc)
        if name == "stream_datum":
            # What lies in files has no events; frames are counted instead.
            view = self._runs.view_of(doc["descriptor"])
            if view is not None:
                view.reached(doc["seq_nums"]["stop"] - 1)

    @property
    def runs(self) -> "list[RunProgress]":
        """The progress of the runs that go on, oldest first."""
        return list(self._runs.open.values())


class RunProgress:
    """How far one run has come.

    Args:
        screen: What keeps the bar.
        start: The start document.

    Attributes:
        name: What the run is called.
        done: Number of points that are done.
        total: Number of points there will be; None if nobody knows.
    """

    def __init__(self, screen: Screen, start: Document):
        self._screen = screen
        self.name = run_name(start)
        self.done = 0
        total = start.get("num_points")
        self.total = total if isinstance(total, int) and total > 0 else None
        self._began = screen.clock()
        self._pace = Pace(self._began)
        self._spinner = Spinner("line")
        screen.show(self, self._draw)

    def descriptor(self, doc: Document) -> None:
        """Nothing is to be learned from it."""

    def event(self, doc: Document) -> None:
        """Count a point; one that is taken again counts back."""
        self.reached(doc["seq_num"])

    def reached(self, done: int) -> None:
        """Say how many points are done."""
        self.done = done
        self._pace.note(done, self._screen.clock())
        self._screen.touch()

    def stop(self, doc: Document) -> None:
        """Take the bar away."""
        self._screen.remove(self)

    def time_left(self, now: float) -> float | None:
        """Return the seconds to go at a time of the screen's clock, if known."""
        return None if self.total is None else self._pace.left(self.total, now)

    def _draw(self, now: float) -> RenderableType:
        row: list[Any] = [Text(self.name, style="bold", overflow="ellipsis")]
        if self.total is None:
            row += [self._spinner, f"{self.done} points", self._speed()]
            row.append(f"{duration(now - self._began)} so far")
        else:
            left = self.time_left(now)
            row.append(ProgressBar(self.total, min(self.done, self.total), BAR_WIDTH))
            row += [f"{self.done}/{self.total}", f"{self.done / self.total:.0%}"]
            row.append("" if left is None else f"{duration(left)} left")
        return in_a_row(row)

    def _speed(self) -> str:
        interval = self._pace.interval
        if not interval or interval <= 0:
            return ""
        return f"{1 / interval:.3g}/s" if interval < 1 else f"{duration(interval)} each"


def in_a_row(parts: list[Any]) -> RenderableType:
    """Return things to draw, side by side on one line."""
    row = Table.grid(padding=(0, 1))
    for _ in parts:
        row.add_column(no_wrap=True)
    row.add_row(*parts)
    return row
