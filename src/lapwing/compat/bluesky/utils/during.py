"""During tasks: what the prompt's thread does while a plan runs.

Owns waiting, and keeping the windows of figures alive meanwhile.
Must not know engines; it is given the event to wait for.
Test: set the event from a thread; put a canvas in the place of matplotlib's.
"""

import sys
import threading
from typing import Any

INTERVAL = 0.03
"""Seconds between two looks at the windows."""


class DuringTask:
    """Waits, and does nothing else."""

    def block(self, blocking_event: threading.Event) -> None:
        """Return once the event is set."""
        blocking_event.wait()


class DefaultDuringTask(DuringTask):
    """Waits, and lets the windows of figures be moved, resized and drawn meanwhile.

    Where matplotlib is not loaded, or this is not the main thread, it just waits.
    """

    def block(self, blocking_event: threading.Event) -> None:
        """Return once the event is set."""
        if threading.current_thread() is not threading.main_thread():
            blocking_event.wait()
            return
        while not blocking_event.wait(INTERVAL):
            for canvas in _canvases():
                canvas.flush_events()


def _canvases() -> list[Any]:
    """Return what the figures are drawn on, if there are any."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    return [manager.canvas for manager in helpers.Gcf.get_all_fig_managers()]
