"""Bluesky's best-effort callback: heading, table, baseline, plots and peaks.

Owns what is shown of a run, as far as it can be told from its documents.
Must not know how tables and plots work.
Test: Bluesky's own tests of it; read what was printed, ask the figures.

Lapwing's own is `lapwing.callbacks.BestEffort`.
"""

import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from lapwing.callbacks.fields import shown_fields
from lapwing.compat.bluesky.callbacks.best_effort_figures import (
    MOST_PANELS,
    LivePlotPlusPeaks,
    figure_name,
    panels,
    plot_of,
    prune_lines,
)
from lapwing.compat.bluesky.callbacks.core import LiveTable, make_class_safe
from lapwing.compat.bluesky.callbacks.fitting import PeakStats
from lapwing.compat.bluesky.callbacks.mpl_plotting import (
    LiveGrid,
    LivePlot,
    LiveScatter,
    QtAwareCallback,
)
from lapwing.compat.bluesky.callbacks.peak_results import PeakResults
from lapwing.documents import Document
from lapwing.errors import StateError

__all__ = [
    "BestEffortCallback",
    "LivePlotPlusPeaks",
    "PeakResults",
    "hinted_fields",
]

logger = logging.getLogger(__name__)

TIME = "time"


@make_class_safe(logger=logger)
class BestEffortCallback(QtAwareCallback):
    """Shows runs as well as can be done without being told how.

    It follows one run at a time: for plans with several at once, give each one of
    its own, by ``event_model.RunRouter``.

    Args:
        fig_factory: Makes a figure of a name; None takes pyplot's.
        table_enabled: Whether to print a table.
        calc_derivative_and_stats: Whether to look for the peak of the derivative.
        **kwargs: For `QtAwareCallback`.

    Attributes:
        peaks: The peaks of the last run: ``bec.peaks.cen["det"]``.
        overplot: Whether a run's lines go into the figure of the last like it.
        noplot_streams: Streams that are not plotted.
    """

    def __init__(
        self,
        *,
        fig_factory: Callable[[str], Any] | None = None,
        table_enabled: bool = True,
        calc_derivative_and_stats: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._fig_factory = fig_factory
        self._table_enabled = table_enabled
        self._calc_derivative_and_stats = calc_derivative_and_stats
        self._heading_enabled = True
        self._baseline_enabled = True
        self._plots_enabled = True
        self.overplot = True
        self.noplot_streams = ["baseline"]
        self.peaks = PeakResults()
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self._start_doc: Document | None = None
        self._stream_names: set[str] = set()
        self._descriptors: dict[str, Document] = {}
        self._table: LiveTable | None = None
        self._baseline_at_start = True
        self._live_plots: dict[str, dict[str, LivePlot]] = {}
        self._live_grids: dict[str, dict[str, LiveGrid]] = {}
        self._live_scatters: dict[str, dict[str, LiveScatter]] = {}
        self._peak_stats: dict[str, dict[str, PeakStats]] = {}
        self.peaks.clear()

    # ------------------------------------------------------------ what is shown

    def enable_heading(self) -> None:
        """Print a heading for each run."""
        self._heading_enabled = True

    def disable_heading(self) -> None:
        """Print no headings."""
        self._heading_enabled = False

    def enable_table(self) -> None:
        """Print a table for each run."""
        self._table_enabled = True

    def disable_table(self) -> None:
        """Print no tables."""
        self._table_enabled = False

    def enable_baseline(self) -> None:
        """Print the readings of baselines."""
        self._baseline_enabled = True

    def disable_baseline(self) -> None:
        """Print no readings of baselines."""
        self._baseline_enabled = False

    def enable_plots(self) -> None:
        """Plot each run."""
        self._plots_enabled = True

    def disable_plots(self) -> None:
        """Plot nothing."""
        self._plots_enabled = False

    # ------------------------------------------------------------ documents

    def start(self, doc: Document) -> None:
        """Begin to show a run."""
        self.clear()
        self._start_doc = doc
        if self._heading_enabled:
            moment = datetime.fromtimestamp(doc["time"])
            _say("")
            _say("")
            _say(
                f"Transient Scan ID: {doc.get('scan_id', '')}     "
                f"Time: {moment:%Y-%m-%d %H:%M:%S}"
            )
            _say(f"Persistent Unique Scan ID: '{doc['uid']}'")

    def descriptor(self, doc: Document) -> None:
        """Begin to show a stream."""
        start = self._started(doc["run_start"])
        self._descriptors[doc["uid"]] = doc
        stream = doc.get("name", "primary")
        new = stream not in self._stream_names and stream != "baseline"
        if new and self._table_enabled:
            _say(f"New stream: '{stream}'")
        self._stream_names.add(stream)
        dims, scanned = _dimensions(start)
        if stream == scanned:
            self._begin_table(start, doc, dims)
        if self._plots_enabled and stream not in self.noplot_streams:
            self._set_up_plots(start, doc, dims if stream == scanned else [TIME])

    def event(self, doc: Document) -> None:
        """Show an event."""
        descriptor = self._descriptors.get(doc["descriptor"])
        if descriptor is None:
            raise StateError(
                "an event came of another run than the one that is shown; give each "
                "run a BestEffortCallback of its own, by event_model.RunRouter"
            )
        if descriptor.get("name") == "baseline":
            self._say_baseline(descriptor, doc)
        for view in self._views(doc["descriptor"]):
            view("event", doc)

    def stop(self, doc: Document) -> None:
        """Show the end of the run, and look for its peaks."""
        self._started(doc["run_start"])
        for uid in self._descriptors:
            for view in self._views(uid, with_table=False):
                view("stop", doc)
            self.peaks.update(self._peak_stats.get(uid, {}))
            self._tell_peaks(uid)
        if self._table is not None:
            self._table("stop", doc)

    def _started(self, run: str) -> Document:
        if self._start_doc is None or self._start_doc["uid"] != run:
            raise StateError(
                f"a document of the run {run} came, but that is not the one that is "
                "shown; give each run a BestEffortCallback of its own, by "
                "event_model.RunRouter"
            )
        return self._start_doc

    def _views(self, descriptor: str, *, with_table: bool = True) -> list[Any]:
        """Return what shows a stream."""
        kinds: list[Any] = [
            self._live_plots,
            self._live_grids,
            self._live_scatters,
            self._peak_stats,
        ]
        views = [view for kind in kinds for view in kind.get(descriptor, {}).values()]
        if with_table and self._table is not None:
            views.insert(0, self._table)
        return views

    # ------------------------------------------------------------ table, baseline

    def _begin_table(self, start: Document, doc: Document, dims: Sequence[str]) -> None:
        if not self._table_enabled:
            return
        if self._table is None:
            fields = [dim for dim in dims if dim != TIME]
            keys = doc["data_keys"]
            shown = [f for f in hinted_fields(doc) if _is_plain(keys[f])]
            self._table = LiveTable(list(dict.fromkeys([*fields, *shown])))
            self._table("start", start)
        self._table("descriptor", doc)

    def _say_baseline(self, descriptor: Document, doc: Document) -> None:
        if not self._baseline_enabled:
            return
        which = "Start" if self._baseline_at_start else "End"
        self._baseline_at_start = False
        _say(f"{which}-of-run baseline readings:")
        fields = [f for f in hinted_fields(descriptor) if f in doc["data"]]
        width = max(map(len, fields), default=0)
        for field in fields:
            _say(f"    {field: <{width}}  {doc['data'][field]}")

    # ------------------------------------------------------------ plots

    def _set_up_plots(
        self, start: Document, doc: Document, dims: Sequence[str]
    ) -> None:
        keys = doc["data_keys"]
        fields = [
            f
            for f in hinted_fields(doc)
            if f not in dims and _is_plain(keys[f]) and keys[f]["dtype"] != "string"
        ]
        if not fields or not all(dim in keys or dim == TIME for dim in dims):
            return
        make_plot = plot_of(start, dims)
        if make_plot is None or len(fields) > MOST_PANELS:
            warnings.warn(
                f"{len(fields)} fields over {len(dims)} dimensions are not plotted: "
                f"at most {MOST_PANELS} over 2 are",
                stacklevel=2,
            )
            return
        figure = self._figure(figure_name(fields, dims))
        axes = panels(figure, len(fields), len(dims))
        made = {f: make_plot(f, ax) for f, ax in zip(fields, axes, strict=True)}
        self._keep_plots(doc, made)
        if len(dims) == 1 and dims[0] != TIME:
            self._peak_stats[doc["uid"]] = {
                f: PeakStats(
                    dims[0],
                    f,
                    calc_derivative_and_stats=self._calc_derivative_and_stats,
                )
                for f in fields
            }
        for view in self._views(doc["uid"], with_table=False):
            view("start", start)
            view("descriptor", doc)

    def _keep_plots(self, doc: Document, made: dict[str, Any]) -> None:
        one = next(iter(made.values()))
        kinds = ((LivePlot, self._live_plots), (LiveGrid, self._live_grids))
        for kind, kept in kinds:
            if isinstance(one, kind):
                kept[doc["uid"]] = made
                return
        self._live_scatters[doc["uid"]] = made

    def _figure(self, name: str) -> Any:
        if self._fig_factory is not None:
            return self._fig_factory(name)
        from matplotlib import pyplot

        if not self.overplot and pyplot.fignum_exists(name):
            return pyplot.figure()
        return pyplot.figure(name, layout="constrained")

    def _tell_peaks(self, descriptor: str) -> None:
        for field, plot in self._live_plots.get(descriptor, {}).items():
            found = self._peak_stats.get(descriptor, {}).get(field)
            if found is not None and isinstance(plot, LivePlotPlusPeaks):
                plot.peak_results = {a: found[a] for a in PeakResults.ATTRS}

    def plot_prune_fifo(self, num_lines: int, x_signal: Any, y_signal: Any) -> None:
        """Keep only the last lines of a plot.

        Args:
            num_lines: How many.
            x_signal: The device, or data key, of x.
            y_signal: The device, or data key, of y.
        """
        x, y = (getattr(signal, "name", signal) for signal in (x_signal, y_signal))
        for plots in self._live_plots.values():
            plot = plots.get(y)
            if plot is not None and plot.x == x:
                prune_lines(plot.ax, num_lines)


def hinted_fields(descriptor: Document) -> list[str]:
    """Return the fields of a stream that its devices say are worth showing."""
    return [field.name for field in shown_fields({}, descriptor)]


def _is_plain(key: Document) -> bool:
    return key.get("dtype") != "array" and not key.get("external")


def _dimensions(start: Document) -> tuple[list[str], str]:
    """Return the field of each dimension, the slowest first, and their stream."""
    motors = start.get("motors") or ()
    usual = [(list(motors), "primary")] if motors else [([TIME], "primary")]
    given = start.get("hints", {}).get("dimensions") or usual
    fields = [str(dimension[0][0]) for dimension in given if dimension[0]]
    return fields or [TIME], str(given[0][1])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
