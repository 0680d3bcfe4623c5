"""Windows: kept alive while a plan runs and the prompt is blocked.

Owns pumping the events of figures' windows in the main thread, until a plan is over.
Must not load matplotlib, nor know what the figures show.
Test: figures and an event made by hand; the event's clock is turned by waiting.

A window of Qt, Tk or Gtk is drawn, moved and closed by the thread that made it,
which is the one that waits for the plan. Where there is none, waiting costs nothing.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

INTERVAL = 0.03
"""Seconds between two looks at the windows."""
LONGEST = 0.1
"""Seconds of one wait: Python hears of a Ctrl-C that comes as a wait is about to begin
only when it is over."""

Draw = Callable[[bool], Any]


class KeepWindows:
    """Waits, and lets windows of figures be drawn, moved and closed meanwhile.

    Args:
        draws: Functions that draw what is due, called in the main thread every 0.03 s
            with False, and at the end with True.
    """

    def __init__(self, draws: Iterable[Draw] = ()):
        self._draws = list(draws)

    def block(self, blocking_event: threading.Event) -> None:
        """Return once the event is set."""
        if threading.current_thread() is not threading.main_thread():
            blocking_event.wait()
            return
        while not blocking_event.wait(INTERVAL if self._has_work() else LONGEST):
            self._turn(last=False)
        if self._has_work():
            self._turn(last=True)

    def _has_work(self) -> bool:
        return bool(self._draws) or any(True for _ in _windows())

    def _turn(self, *, last: bool) -> None:
        for draw in self._draws:
            draw(last)
        for canvas in _windows():
            canvas.flush_events()


def _windows() -> Iterator[Any]:
    """Give what the figures that have windows are drawn on."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    figures = {} if helpers is None else helpers.Gcf.figs
    for number in tuple(figures):
        # While one is pumped, a person may close another.
        if (manager := figures.get(number)) is None:
            continue
        framework = getattr(manager.canvas, "required_interactive_framework", None)
        if framework not in (None, "headless"):
            yield manager.canvas
