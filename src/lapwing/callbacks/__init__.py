"""Callbacks: what people look at while documents come, and after.

Owns tables, bars, peaks and plots; each is called with ``(name, doc)``.
Must not know the engine, the session or where documents come from.
Test: feed them documents written by hand or made by any engine.

`lapwing.callbacks.plots` draws with matplotlib, which is loaded on first use.
"""

from lapwing.callbacks.best_effort import BestEffort
from lapwing.callbacks.live_table import LiveTable
from lapwing.callbacks.peak_stats import PeakStats
from lapwing.callbacks.peaks import Peak, find_peak
from lapwing.callbacks.plots import RunPlot
from lapwing.callbacks.progress import Progress
from lapwing.callbacks.screen import Screen
from lapwing.callbacks.summary import PeakSummary
from lapwing.callbacks.waiting import WaitingBar

__all__ = [
    "BestEffort",
    "LiveTable",
    "Peak",
    "PeakStats",
    "PeakSummary",
    "Progress",
    "RunPlot",
    "Screen",
    "WaitingBar",
    "find_peak",
]
