import sys

import lmfit
import numpy as np
import pytest
from unit.callbacks.streams import feed, peak_counts, peak_scan, scan_run

from lapwing.callbacks import LiveFit, LiveFitPlot
from lapwing.errors import MissingExtraError, PlanArgumentError


def gaussian(x, height, centre, sigma, offset):
    return offset + height * np.exp(-((x - centre) ** 2) / (2 * sigma**2))


GUESS = {"height": 500, "centre": 0.0, "sigma": 1.0, "offset": 0.0}


def make_fit(init_guess=GUESS, **options):
    model = lmfit.Model(gaussian)
    return LiveFit(model, "det", {"x": "x"}, init_guess, **options)


def line(x, slope, zero):
    return slope * x + zero


def line_scan(values, scan_id=12):
    run = scan_run(len(values), scan_id=scan_id)
    return run.whole([{"x": n, "det": v} for n, v in enumerate(values)])


def test_a_peak_is_fitted_as_it_is():
    fit = make_fit()
    feed(fit, peak_scan(51))
    values = fit.result.values
    assert values["centre"] == pytest.approx(0.73, abs=0.02)
    assert values["sigma"] == pytest.approx(2.0 / 2.3548, rel=0.03)
    assert fit.ydata.tolist() == peak_counts(np.linspace(-5, 5, 51)).tolist()
    assert fit.independent_vars_data["x"].tolist() == np.linspace(-5, 5, 51).tolist()
    assert fit.reason == ""


class Counted:
    """A model that counts its fits."""

    name = "counted"
    independent_vars = ("x",)
    param_names = ("a",)

    def __init__(self):
        self.sizes = []

    def fit(self, data, *, x):
        self.sizes.append(len(data))
        return len(data)


@pytest.mark.parametrize(
    ("every", "sizes"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (None, [5]), (9, [5])]
)
def test_a_fit_is_made_after_so_many_points_and_at_the_end(every, sizes):
    model = Counted()
    fit = LiveFit(model, "det", {"x": "x"}, update_every=every)
    for name, doc in peak_scan(5):
        fit(name, doc)
        assert fit.result == (model.sizes[-1] if model.sizes else None)
    assert model.sizes == sizes


def test_while_nobody_looks_no_fit_is_made():
    model = Counted()
    fit = LiveFit(model, "det", {"x": "x"})
    feed(fit, peak_scan(51))
    assert model.sizes == []
    assert fit.result == fit.result == 51
    assert model.sizes == [51]


def test_before_there_are_enough_points_there_is_no_fit():
    fit = make_fit()
    assert fit.result is None
    assert fit.reason == "no run has begun"
    assert fit.ydata.size == fit.independent_vars_data["x"].size == 0
    feed(fit, peak_scan(51)[:5])
    assert fit.result is None
    assert fit.reason == "there are too few points"


def test_a_fit_that_fails_keeps_the_one_before_and_says_why():
    class Fails(Counted):
        def fit(self, data, *, x):
            if len(data) > 2:
                raise ValueError("no way")
            return super().fit(data, x=x)

    fit = LiveFit(Fails(), "det", {"x": "x"})
    documents = peak_scan(5)
    feed(fit, documents[:4])
    assert fit.result == 2
    feed(fit, documents[4:])
    assert fit.result == 2
    assert fit.reason == "no way"


def test_a_new_run_is_fitted_anew():
    fit = LiveFit(lmfit.Model(line), "det", {"x": "x"}, {"slope": 1, "zero": 0})
    feed(fit, line_scan([0, 2, 4]))
    assert fit.result.values["slope"] == pytest.approx(2)
    feed(fit, line_scan([0, 5, 10], scan_id=13)[:3])
    assert fit.result is None


def test_variables_that_are_not_those_of_the_model_are_refused():
    with pytest.raises(PlanArgumentError, match=r"\['y'\] were given.*are \['x'\]"):
        LiveFit(lmfit.Model(line), "det", {"y": "x"})


def test_a_plot_of_the_fit_draws_its_curve():
    fit = make_fit()
    plot = LiveFitPlot(fit, num_points=50, color="r")
    feed(plot, peak_scan(51))
    (curve,) = plot.lines
    xs = np.linspace(-5, 5, 50)
    assert curve.get_xdata().tolist() == xs.tolist()
    assert np.allclose(curve.get_ydata(), fit.result.eval(x=xs))
    assert plot.livefit is fit


def test_the_curve_reaches_as_far_as_the_limits():
    plot = LiveFitPlot(make_fit(), xlim=(-2, 8))
    feed(plot, peak_scan(51))
    assert plot.lines[0].get_xdata()[[0, -1]].tolist() == [-2, 8]


def test_curves_of_earlier_runs_stay_and_one_without_a_fit_is_empty():
    fit = LiveFit(lmfit.Model(line), "det", {"x": "x"}, {"slope": 1, "zero": 0})
    plot = LiveFitPlot(fit, num_points=3)
    for scan_id, values in enumerate([[0, 2, 4], [0, 5, 10], [7]]):
        feed(plot, line_scan(values, scan_id))
    slopes = [np.diff(curve.get_ydata()).tolist() for curve in plot.lines]
    assert np.allclose(slopes[0], [2, 2])
    assert np.allclose(slopes[1], [5, 5])
    assert slopes[2] == []


def test_a_fit_of_two_variables_cannot_be_plotted():
    def plane(x, y, a):
        return a * x * y

    fit = LiveFit(lmfit.Model(plane, ["x", "y"]), "det", {"x": "x", "y": "time"})
    with pytest.raises(PlanArgumentError, match="only a fit of one variable"):
        LiveFitPlot(fit)


def test_a_fit_of_two_variables_is_fitted():
    def plane(x, y, a, b):
        return a * x + b * y

    model = lmfit.Model(plane, ["x", "y"])
    fit = LiveFit(model, "det", {"x": "x", "y": "time"}, {"a": 1, "b": 1})
    events = [(0.0, 5.0), (3.0, 11.0), (1.0, 17.0)]  # at 0.5, 1.0, 1.5 s
    run = scan_run(3)
    feed(fit, run.whole([{"x": x, "det": 2 * x + t} for x, t in events]))
    assert fit.result.success


def test_without_lmfit_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lmfit", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[fit\]'"):
        make_fit()
