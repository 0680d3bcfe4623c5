import gc
import weakref

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from unit.callbacks.places import Places
from unit.callbacks.streams import (
    feed,
    grid_points,
    grid_run,
    peak_counts,
    peak_scan,
    scan_run,
)
from unit.callbacks.terminal import Clock

from lapwing.callbacks import LiveGrid, LiveMesh, LivePlot, LiveScatter
from lapwing.callbacks.canvas import Canvas, canvas_of
from lapwing.callbacks.live_plots import MOST_LINES
from lapwing.errors import PlanArgumentError


class Sheet:
    """A figure that somebody looks at, with a clock that the test turns."""

    def __init__(self, seen=True):
        self.clock, self.places = Clock(), Places()
        self.figure = Figure()
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.subplots()
        self.canvas = Canvas(
            self.figure,
            clock=self.clock,
            ticking=False,
            make_place=self.places if seen else None,
        )

    @property
    def given(self):
        return {"ax": self.axes, "canvas": self.canvas}


@pytest.fixture
def sheet():
    return Sheet()


def grid_scan(shape=(3, 4), *, snake, **start):
    points = list(grid_points(shape, snake=snake))
    run = grid_run(shape, snake=snake, **start)
    return run.whole([{"y": y, "x": x, "det": 10 * y + x} for y, x in points])


# ---------------------------------------------------------------- LivePlot


def test_a_plot_shows_the_points_with_units_and_a_legend(sheet):
    plot = LivePlot("det", "x", legend_keys=["sample", "none"], **sheet.given)
    feed(plot, peak_scan(11, sample="Si"))
    (line,) = plot.lines
    assert line.get_xdata().tolist() == np.linspace(-5, 5, 11).tolist()
    assert line.get_ydata().tolist() == peak_counts(np.linspace(-5, 5, 11)).tolist()
    assert plot.x_data.tolist() == line.get_xdata().tolist()
    assert plot.y_data.tolist() == line.get_ydata().tolist()
    assert sheet.axes.get_xlabel() == "x (mm)"
    assert sheet.axes.get_ylabel() == "det (counts)"
    assert line.get_label() == "12 :: Si :: none"
    assert sheet.axes.get_legend().get_title().get_text() == "scan_id :: sample :: none"
    low, high = sheet.axes.get_xlim()
    assert low <= -5 < 5 <= high


def test_without_x_the_events_are_numbered(sheet):
    plot = LivePlot("det", **sheet.given)
    feed(plot, peak_scan(4))
    assert plot.x_data.tolist() == [1, 2, 3, 4]
    assert sheet.axes.get_xlabel() == "sequence #"


def test_limits_and_the_look_of_lines_can_be_given(sheet):
    plot = LivePlot("det", "x", xlim=(0, 2), ylim=(-1, 1), color="r", **sheet.given)
    feed(plot, peak_scan(4))
    assert sheet.axes.get_xlim() == (0, 2)
    assert sheet.axes.get_ylim() == (-1, 1)
    assert colors.same_color(plot.lines[0].get_color(), "r")


def test_an_event_draws_nothing_by_itself(sheet):
    plot = LivePlot("det", "x", **sheet.given)
    feed(plot, peak_scan(51)[:40])
    assert sheet.places.made[0].pictures == []
    assert plot.lines == []


def test_drawings_come_by_the_clock_and_one_at_the_end(sheet):
    plot = LivePlot("det", "x", **sheet.given)
    for name, doc in peak_scan(51):  # with start, descriptor, stop: 2.7 s
        plot(name, doc)
        sheet.canvas.tick()
        sheet.clock.turn(0.05)
    (place,) = sheet.places.made
    assert 9 <= len(place.pictures) <= 12
    assert len(plot.lines[0].get_xdata()) == 51


def test_each_run_has_a_line_and_the_oldest_go(sheet):
    plot = LivePlot("det", "x", **sheet.given)
    for scan_id in range(MOST_LINES + 3):
        feed(plot, peak_scan(3, scan_id=scan_id))
    assert [line.get_label() for line in plot.lines] == [
        str(n) for n in range(3, MOST_LINES + 3)
    ]
    assert len(sheet.axes.lines) == MOST_LINES


def test_runs_that_go_on_together_have_a_line_each_and_end_together(sheet):
    plot = LivePlot("det", "x", **sheet.given)
    one, two = peak_scan(4, scan_id=1), peak_scan(6, scan_id=2)
    feed(plot, [*one[:4], *two[:4], *one[4:]])
    assert plot.lines == []  # the other one goes on
    feed(plot, two[4:])
    assert [len(line.get_xdata()) for line in plot.lines] == [4, 6]


def test_a_run_without_the_fields_leaves_an_empty_line(sheet):
    plot = LivePlot("nothing", "x", **sheet.given)
    feed(plot, peak_scan(3))
    assert plot.lines[0].get_xdata().tolist() == []
    assert plot.x_data.tolist() == []


def test_before_the_first_run_there_are_no_data(sheet):
    assert LivePlot("det", "x", **sheet.given).y_data.size == 0


def test_a_figure_is_made_where_none_is_given():
    plot = LivePlot("det", "x")
    feed(plot, peak_scan(3))
    assert len(plot.ax.lines) == 1
    figure = Figure()
    assert LivePlot("det", "x", fig=figure).ax.figure is figure


def test_plots_in_one_figure_share_a_canvas_also_in_its_parts():
    figure = Figure()
    left, right = figure.subfigures(1, 2)
    one = LivePlot("det", "x", ax=left.subplots())
    two = LivePlot("det", "x", ax=right.subplots())
    assert one.canvas is two.canvas is canvas_of(figure)


def test_two_plots_in_one_figure_are_drawn_once_at_the_end(sheet):
    plots = [LivePlot(y, "x", **sheet.given) for y in ("det", "x")]
    for name, doc in peak_scan(5):
        for plot in plots:
            plot(name, doc)
    assert len(sheet.places.made) == 1
    assert len(sheet.places.made[0].pictures) == 1
    assert [len(line.get_xdata()) for line in sheet.axes.lines] == [5, 5]


def test_a_plot_that_goes_out_of_use_is_let_go():
    plot = LivePlot("det", "x")
    feed(plot, peak_scan(3))
    gone = weakref.ref(plot), weakref.ref(plot.ax.figure)
    del plot
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_where_nobody_looks_nothing_is_drawn_but_the_lines_are_there():
    sheet = Sheet(seen=False)
    plot = LivePlot("det", "x", **sheet.given)
    feed(plot, peak_scan(5))
    assert sheet.places.made == []
    assert len(plot.lines[0].get_xdata()) == 5


# ---------------------------------------------------------------- LiveScatter


def test_a_scatter_plot_colours_points(sheet):
    plot = LiveScatter("x", "y", "det", **sheet.given)
    feed(plot, grid_scan(snake=True))
    places = [(x, y) for y, x in grid_points((3, 4), snake=True)]
    assert plot.sc.get_offsets().tolist() == [list(place) for place in places]
    assert plot.sc.get_array().tolist() == [10 * y + x for x, y in places]
    assert plot.sc.get_clim() == (-1.0, 31.0)
    assert sheet.axes.get_title() == "grid_scan 13"
    assert sheet.axes.get_xlim()[0] < -1 < 1 < sheet.axes.get_xlim()[1]


def test_limits_of_a_scatter_plot_can_be_given_also_one_of_two(sheet):
    limits = {"xlim": (-9, 9), "ylim": (None, 50), "clim": (0, None)}
    plot = LiveMesh("x", "y", "det", **limits, **sheet.given)
    feed(plot, grid_scan(snake=True))
    assert sheet.axes.get_xlim() == (-9, 9)
    assert sheet.axes.get_ylim() == (-0.15000000000000002, 50)
    assert plot.sc.get_clim() == (0, 31.0)


def test_a_scatter_plot_of_nothing_and_of_one_point_does_no_harm(sheet):
    plot = LiveScatter("x", "y", "det", **sheet.given)
    plot.update_plot()
    feed(plot, grid_run((1, 1), snake=False).whole([]))
    feed(plot, grid_run((1, 1), snake=False).whole([{"y": 0, "x": 2, "det": 1}]))
    assert sheet.axes.get_xlim() == (1.5, 2.5)


# ---------------------------------------------------------------- LiveGrid


@pytest.mark.parametrize("snake", [True, False])
def test_a_grid_colours_the_cell_that_was_measured(sheet, snake):
    plot = LiveGrid((3, 4), "det", xlabel="x", ylabel="y", **sheet.given)
    feed(plot, grid_scan(snake=snake))
    expected = [[10 * y + x for x in np.linspace(-1, 1, 4)] for y in (0, 1.5, 3)]
    assert np.allclose(plot.im.get_array(), expected)
    assert plot.im.get_clim() == (-1.0, 31.0)
    assert sheet.axes.get_title() == "grid_scan 13"


def test_cells_not_measured_stay_empty_and_a_new_run_begins_anew(sheet):
    plot = LiveGrid((3, 4), "det", clim=(0, 1), **sheet.given)
    documents = grid_scan(snake=False)
    feed(plot, documents[:7])
    sheet.clock.turn(1)
    sheet.canvas.tick()
    assert plot.im.get_array().count() == 5
    assert plot.im.get_clim() == (0, 1)
    feed(plot, documents[7:])
    feed(plot, grid_scan(snake=False, scan_id=14)[:2])
    sheet.clock.turn(1)
    sheet.canvas.tick()
    assert plot.im.get_array().count() == 0


def test_points_beyond_the_grid_and_of_other_runs_are_passed_over(sheet):
    plot = LiveGrid((2, 2), "det", **sheet.given)
    feed(plot, grid_scan(snake=False))
    assert plot.im.get_array().count() == 4
    feed(plot, scan_run(2).whole([{"x": 1.0, "det": 5}])[1:])


def test_directions_and_title_can_be_given(sheet):
    plot = LiveGrid(
        (2, 3),
        "det",
        extent=(0, 3, 10, 12),
        x_positive="left",
        y_positive="down",
        title="mine",
        **sheet.given,
    )
    feed(plot, grid_scan((2, 3), snake=False))
    assert sheet.axes.get_xlim() == (3, 0)
    assert sheet.axes.get_ylim() == (12, 10)
    assert sheet.axes.get_title() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3,), "det"), "needs two sides"),
        (((0, 3), "det"), "needs two sides"),
        (((10_000, 10_000), "det"), "cells at most"),
        (((2, 2), "det", "x_positive", "up"), "x_positive is 'up'"),
        (((2, 2), "det", "y_positive", "left"), "must be 'up' or 'down'"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(sheet, arguments, message):
    shape, field, *option = arguments
    with pytest.raises(PlanArgumentError, match=message):
        LiveGrid(shape, field, **dict([option] if option else []), **sheet.given)
