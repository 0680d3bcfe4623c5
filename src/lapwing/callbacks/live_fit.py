"""Live fit: a model is fitted to a run while it goes on, and plotted.

Owns when a fit is made again, and the curve of it.
Must not know models: lmfit's are used as they are.
Test: feed it a peak and compare the parameters with the truth.

A fit is made when somebody looks: a caller, or the plot when it is drawn. An event
costs keeping a few numbers. lmfit is an extra ("fit"), loaded on first use.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lapwing.callbacks.canvas import Canvas
from lapwing.callbacks.following import Follower, Track
from lapwing.callbacks.live_plots import Limits, LivePlot
from lapwing.documents import Document
from lapwing.errors import MissingExtraError, PlanArgumentError


class LiveFit(Follower):
    """Fits a model to the values of a run by least squares.

    It follows the run that began last, of which 65536 points are kept, evenly.

    Args:
        model: An ``lmfit.Model``.
        y: Data key of what is fitted.
        independent_vars: Data key by name of the model's variable: ``{"x": "motor"}``.
        init_guess: First guesses of parameters.
        update_every: Make a new fit after so many new points; None: at the end only.

    Attributes:
        reason: Why there is no newer fit; "" if there is one.

    Raises:
        MissingExtraError: lmfit is not installed.
        PlanArgumentError: The variables are not those of the model.
    """

    def __init__(
        self,
        model: Any,
        y: Any,
        independent_vars: Mapping[str, Any],
        init_guess: Mapping[str, Any] | None = None,
        *,
        update_every: int | None = 1,
    ):
        load_lmfit()
        if set(independent_vars) != set(model.independent_vars):
            raise PlanArgumentError(
                f"the variables {sorted(independent_vars)} were given; those of the "
                f"model {model.name} are {sorted(model.independent_vars)}"
            )
        super().__init__([y, *independent_vars.values()])
        self.y = self.names[0]
        self.model = model
        self.independent_vars = dict(zip(independent_vars, self.names[1:], strict=True))
        self.init_guess = dict(init_guess or {})
        self.update_every = update_every
        self.reason = "no run has begun"
        self._fitted: tuple[Track | None, int] = (None, 0)
        self._result: Any = None
        self._ended = False
        self._fitting = threading.Lock()

    @property
    def result(self) -> Any:
        """The ``ModelResult`` of the newest fit; None before the first."""
        if self.track is not None:
            with self._fitting:
                self._fit_if_due(self.track, self._ended)
        return self._result

    @property
    def ydata(self) -> np.ndarray:
        """What is kept of y, shape (num_points,)."""
        return np.empty(0) if self.track is None else self.track.columns()[self.y]

    @property
    def independent_vars_data(self) -> dict[str, np.ndarray]:
        """What is kept of each variable, shape (num_points,)."""
        columns = {} if self.track is None else self.track.columns()
        return {
            var: columns.get(name, np.empty(0))
            for var, name in self.independent_vars.items()
        }

    def start(self, doc: Document) -> None:
        """Begin anew."""
        with self._fitting:
            super().start(doc)
            self._result, self._ended = None, False
            self.reason = "there are too few points"

    def stop(self, doc: Document) -> None:
        """Let the last fit have all points."""
        super().stop(doc)
        if self.track is not None and doc["run_start"] == self.track.start["uid"]:
            self._ended = True

    def _fit_if_due(self, track: Track, ended: bool) -> None:
        columns = track.columns()
        num_points = columns[self.y].size
        fitted = self._fitted[1] if self._fitted[0] is track else 0
        every = self.update_every
        due = ended if every is None else ended or num_points - fitted >= every
        if not due or num_points == fitted or num_points < len(self.model.param_names):
            return
        self._fitted = track, num_points
        given = {var: columns[name] for var, name in self.independent_vars.items()}
        try:
            self._result = self.model.fit(columns[self.y], **given, **self.init_guess)
        except (ValueError, TypeError, ArithmeticError) as exc:
            # Half a peak often cannot be fitted; the next points may mend that.
            self.reason = str(exc)
        else:
            self.reason = ""


class LiveFitPlot(LivePlot):
    """Plots the curve of a `LiveFit` while it follows the run.

    It hands its documents on to the fit: subscribe the plot alone.

    Args:
        livefit: The fit; of one variable.
        num_points: Number of points of the curve.
        legend_keys: Keys of the start document that the legend shows, after scan_id.
        xlim: Limits of x, and of the curve; None: whatever is measured.
        ylim: Limits of y; None: whatever is measured.
        ax: The matplotlib axes; None makes a figure.
        canvas: What shows the figure; None: what is usual.
        **kwargs: For ``Axes.plot``.

    Raises:
        MissingExtraError: matplotlib is not installed.
        PlanArgumentError: The fit has more than one variable.
    """

    def __init__(
        self,
        livefit: LiveFit,
        *,
        num_points: int = 100,
        legend_keys: Sequence[str] | None = None,
        xlim: Limits | None = None,
        ylim: Limits | None = None,
        ax: Any = None,
        canvas: Canvas | None = None,
        **kwargs: Any,
    ):
        if len(livefit.independent_vars) != 1:
            raise PlanArgumentError(
                f"a fit of the variables {sorted(livefit.independent_vars)} was to be "
                "plotted; only a fit of one variable can be"
            )
        ((self._var, x),) = livefit.independent_vars.items()
        self._livefit = livefit
        self.num_points = num_points
        super().__init__(
            livefit.y,
            x,
            legend_keys=legend_keys,
            xlim=xlim,
            ylim=ylim,
            ax=ax,
            canvas=canvas,
            **kwargs,
        )

    @property
    def livefit(self) -> LiveFit:
        """The fit."""
        return self._livefit

    def start(self, doc: Document) -> None:
        """Begin a curve."""
        self.livefit.start(doc)
        super().start(doc)

    def descriptor(self, doc: Document) -> None:
        """Find out whether this is the stream to follow."""
        self.livefit.descriptor(doc)
        super().descriptor(doc)

    def event(self, doc: Document) -> None:
        """Keep a point."""
        self.livefit.event(doc)
        super().event(doc)

    def stop(self, doc: Document) -> None:
        """Draw the curve of all points."""
        self.livefit.stop(doc)
        super().stop(doc)

    def draw_line(self, line: Any, track: Track) -> None:
        """Bring the curve up to date; those of earlier runs stay as they are."""
        fitted = self.livefit.track
        if fitted is None or fitted.start["uid"] != track.start["uid"]:
            return
        if (result := self.livefit.result) is None:
            return
        low, high = self._limits[0] or (None, None)
        x = track.columns()[self.x]
        ends = x.min() if low is None else low, x.max() if high is None else high
        xs = np.linspace(*ends, self.num_points)
        line.set_data(xs, result.eval(**{self._var: xs}))


def load_lmfit() -> None:
    """Load lmfit, or say how to get it.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import lmfit  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(
            "fits need lmfit, which is not installed", extra="fit"
        ) from exc
