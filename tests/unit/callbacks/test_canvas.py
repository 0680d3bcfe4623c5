import sys

import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from unit.callbacks.places import Places
from unit.callbacks.streams import feed, peak_scan
from unit.callbacks.terminal import Clock

from lapwing.callbacks import LivePlot
from lapwing.callbacks.canvas import Canvas, new_axes
from lapwing.errors import MissingExtraError


class Timer:
    def __init__(self, interval):
        self.interval, self.callbacks, self.started = interval, [], False

    def add_callback(self, function):
        self.callbacks.append(function)

    def start(self):
        self.started = True


class WindowCanvas(FigureCanvasAgg):
    """What a window's canvas looks like to us."""

    required_interactive_framework = "qt"

    def __init__(self, figure):
        super().__init__(figure)
        self.manager = object()
        self.num_drawn = 0
        self.timers = []

    def new_timer(self, interval=None, callbacks=None):
        self.timers.append(Timer(interval))
        return self.timers[-1]

    def draw_idle(self, *args, **kwargs):
        self.num_drawn += 1


class PageCanvas(WindowCanvas):
    """What a canvas that talks with a page itself looks like to us."""

    required_interactive_framework = None

    def send_event(self, *args):
        raise AssertionError("nobody calls that here")


def figure_on(canvas_class):
    figure = Figure()
    canvas_class(figure)
    return figure


def test_a_window_is_drawn_by_its_timer_only():
    figure, clock = figure_on(WindowCanvas), Clock()
    canvas = Canvas(figure, clock=clock)
    plot = LivePlot("det", "x", ax=figure.subplots(), canvas=canvas)
    (timer,) = figure.canvas.timers
    assert timer.started
    for name, doc in peak_scan(5):
        clock.turn(1)
        plot(name, doc)
    assert figure.canvas.num_drawn == 0
    assert plot.lines == []
    (tick,) = timer.callbacks
    tick()
    tick()
    assert figure.canvas.num_drawn == 1
    assert len(plot.lines[0].get_xdata()) == 5


def test_a_figure_that_talks_with_a_page_is_asked_to_draw_itself():
    figure, clock = figure_on(PageCanvas), Clock()
    canvas = Canvas(figure, clock=clock, ticking=False)
    plot = LivePlot("det", "x", ax=figure.subplots(), canvas=canvas)
    feed(plot, peak_scan(5))
    assert figure.canvas.num_drawn == 1
    assert figure.canvas.timers == []


def test_in_a_notebook_pyplot_does_not_show_the_figure_once_more():
    figure = pyplot.figure()
    places = Places()
    canvas = Canvas(figure, clock=Clock(), ticking=False, make_place=places)
    canvas.begin()
    assert not pyplot.fignum_exists(figure.number)
    canvas.end()
    canvas.begin()  # another run in the same cell
    canvas.end()
    (place,) = places.made
    assert place.pictures == ["a live plot"] * 2


def test_a_figure_of_our_own_is_not_kept_by_pyplot():
    before = pyplot.get_fignums()
    axes = new_axes()
    assert isinstance(axes.figure.canvas, FigureCanvasAgg)
    assert pyplot.get_fignums() == before


def test_without_matplotlib_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lapwing\[plots\]'"):
        new_axes()
