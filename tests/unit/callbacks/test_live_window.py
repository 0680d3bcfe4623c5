"""The plot of a run in a window, with a desktop that opens figures without one."""

import io

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from unit.callbacks.streams import feed, peak_scan

from lapwing.callbacks import BestEffort, live_window
from lapwing.callbacks.live_window import LiveWindow, PyplotDesktop
from lapwing.callbacks.redraw import INTERVAL


class Desktop:
    """Opens figures, and notes how often they were drawn."""

    def __init__(self):
        self.figures = []
        self.closed = set()
        self.drawn = 0

    def open(self):
        figure = Figure()
        FigureCanvasAgg(figure).draw_idle = self._note
        self.figures.append(figure)
        return figure

    def shows(self, figure):
        return id(figure) not in self.closed

    def _note(self):
        self.drawn += 1


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def desktop():
    return Desktop()


def num_points(figure):
    return len(figure.axes[0].lines[0].get_xdata())


def test_a_window_opens_with_the_first_point_and_grows(desktop):
    clock = Clock()
    window = LiveWindow(clock=clock, desktop=desktop)
    documents = peak_scan(20)
    window.draw()
    feed(window, documents[:2])  # start and descriptor
    clock.now += INTERVAL
    window.draw()
    assert desktop.figures == []
    feed(window, documents[2:7])
    window.draw()
    (figure,) = desktop.figures
    assert num_points(figure) == 5
    feed(window, documents[7:12])
    window.draw()
    assert num_points(figure) == 5, "not due yet"
    clock.now += 10
    window.draw()
    assert num_points(figure) == 10
    feed(window, documents[12:])
    window.draw(last=True)
    assert num_points(figure) == 20
    assert desktop.drawn == 3
    window.draw(last=True)
    assert desktop.drawn == 3, "nothing changed"


def test_the_next_run_takes_the_same_window(desktop):
    window = LiveWindow(desktop=desktop)
    for num in (5, 9):
        feed(window, peak_scan(num))
        window.draw(last=True)
    (figure,) = desktop.figures
    assert num_points(figure) == 9


def test_a_window_that_was_closed_comes_back(desktop):
    window = LiveWindow(desktop=desktop)
    feed(window, peak_scan(5))
    window.draw(last=True)
    desktop.closed.add(id(desktop.figures[0]))
    feed(window, peak_scan(7))
    window.draw(last=True)
    assert num_points(desktop.figures[1]) == 7


def test_best_effort_shows_a_window_where_one_can_be_opened(monkeypatch, desktop):
    monkeypatch.setattr("lapwing.callbacks.best_effort.opens_windows", lambda: True)
    monkeypatch.setattr(live_window, "PyplotDesktop", lambda: desktop)
    best = BestEffort(io.StringIO(), live_plot=True)
    assert best.has_window
    feed(best, peak_scan(6))
    best.draw(last=True)
    assert num_points(desktop.figures[0]) == 6
    assert len(best.plot.data().samples) == 6


def test_the_usual_desktop_is_pyplot_s(monkeypatch):
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(Figure, "show", lambda figure: shown.append(figure))
    desktop = PyplotDesktop()
    figure = desktop.open()
    assert shown == [figure]
    assert desktop.shows(figure)
    pyplot.close(figure)
    assert not desktop.shows(figure)
