"""Callbacks: what people look at while documents come, and where documents go.

Owns tables, bars, peaks, plots, writers and 0MQ; each is called with ``(name, doc)``.
Must not know the engine, the session or where documents come from.
Test: feed them documents written by hand or made by any engine.

What is not needed at once is loaded when it is first asked for: importing this
loads neither matplotlib nor zmq nor IPython.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lapwing.callbacks.best_effort import BestEffort
from lapwing.callbacks.live_table import LiveTable
from lapwing.callbacks.peak_stats import PeakStats
from lapwing.callbacks.peaks import Peak, find_peak
from lapwing.callbacks.plots import RunPlot
from lapwing.callbacks.progress import Progress
from lapwing.callbacks.screen import Screen
from lapwing.callbacks.summary import PeakSummary
from lapwing.callbacks.waiting import WaitingBar

if TYPE_CHECKING:
    from lapwing.callbacks.addresses import ClientCurve, ServerCurve
    from lapwing.callbacks.buffering import BufferingWrapper
    from lapwing.callbacks.callback import (
        CallbackBase,
        CallbackCounter,
        CollectThenCompute,
        collector,
        print_metadata,
    )
    from lapwing.callbacks.json_writer import JSONLinesWriter, JSONWriter
    from lapwing.callbacks.live_dispatcher import LiveDispatcher
    from lapwing.callbacks.live_fit import LiveFit, LiveFitPlot
    from lapwing.callbacks.live_picture import LivePicture
    from lapwing.callbacks.live_plots import (
        LiveGrid,
        LiveMesh,
        LivePlot,
        LiveRaster,
        LiveScatter,
    )
    from lapwing.callbacks.notebook import NotebookScreen
    from lapwing.callbacks.path_plot import plot_path, save_path
    from lapwing.callbacks.path_preview import PathPreview, PathSummary
    from lapwing.callbacks.proxy import Proxy
    from lapwing.callbacks.publisher import Publisher
    from lapwing.callbacks.remote import RemoteDispatcher

_HOMES = {
    "BufferingWrapper": "buffering",
    "CallbackBase": "callback",
    "CallbackCounter": "callback",
    "ClientCurve": "addresses",
    "CollectThenCompute": "callback",
    "JSONLinesWriter": "json_writer",
    "JSONWriter": "json_writer",
    "LiveDispatcher": "live_dispatcher",
    "LiveFit": "live_fit",
    "LiveFitPlot": "live_fit",
    "LiveGrid": "live_plots",
    "LiveMesh": "live_plots",
    "LivePicture": "live_picture",
    "LivePlot": "live_plots",
    "LiveRaster": "live_plots",
    "LiveScatter": "live_plots",
    "NotebookScreen": "notebook",
    "PathPreview": "path_preview",
    "PathSummary": "path_preview",
    "Proxy": "proxy",
    "Publisher": "publisher",
    "RemoteDispatcher": "remote",
    "ServerCurve": "addresses",
    "collector": "callback",
    "plot_path": "path_plot",
    "print_metadata": "callback",
    "save_path": "path_plot",
}

__all__ = [
    "BestEffort",
    "BufferingWrapper",
    "CallbackBase",
    "CallbackCounter",
    "ClientCurve",
    "CollectThenCompute",
    "JSONLinesWriter",
    "JSONWriter",
    "LiveDispatcher",
    "LiveFit",
    "LiveFitPlot",
    "LiveGrid",
    "LiveMesh",
    "LivePicture",
    "LivePlot",
    "LiveRaster",
    "LiveScatter",
    "LiveTable",
    "NotebookScreen",
    "PathPreview",
    "PathSummary",
    "Peak",
    "PeakStats",
    "PeakSummary",
    "Progress",
    "Proxy",
    "Publisher",
    "RemoteDispatcher",
    "RunPlot",
    "Screen",
    "ServerCurve",
    "WaitingBar",
    "collector",
    "find_peak",
    "plot_path",
    "print_metadata",
    "save_path",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_HOMES, *globals()})
