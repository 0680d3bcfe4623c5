"""Windows stay alive while the main thread waits for a plan."""

import sys
import threading
from types import SimpleNamespace

import pytest
from kit import Detector

from lapwing import RunEngine
from lapwing.plans import count
from lapwing.session.session import session
from lapwing.session.windows import INTERVAL, LONGEST, KeepWindows


class Event:
    """An event whose clock is turned by waiting for it."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.now = 0.0
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        self.now += self.seconds if timeout is None else timeout
        return self.now >= self.seconds


class Canvas:
    """What a figure is drawn on; with a window if there is a framework."""

    def __init__(self, framework="qt", do=lambda: None):
        self.required_interactive_framework = framework
        self.flushed = 0
        self._do = do

    def flush_events(self):
        self.flushed += 1
        self._do()


@pytest.fixture
def figures(monkeypatch):
    """The figures that pyplot keeps, by number."""
    figs = {}
    helpers = SimpleNamespace(Gcf=SimpleNamespace(figs=figs))
    monkeypatch.setitem(sys.modules, "matplotlib._pylab_helpers", helpers)
    return figs


def shown(canvas):
    return SimpleNamespace(canvas=canvas)


def test_windows_are_pumped_until_the_plan_is_over(figures):
    canvases = [Canvas("qt"), Canvas("tk")]
    figures.update(enumerate(map(shown, canvases)))
    event = Event(10 * INTERVAL)
    KeepWindows().block(event)
    assert set(event.waits) == {INTERVAL}
    assert len(event.waits) == pytest.approx(10, abs=1)
    assert [canvas.flushed for canvas in canvases] == [len(event.waits)] * 2


@pytest.mark.parametrize("framework", [None, "headless"])
def test_figures_without_windows_cost_nothing(figures, framework):
    canvas = Canvas(framework)
    figures[1] = shown(canvas)
    event = Event(60)
    KeepWindows().block(event)
    assert set(event.waits) == {LONGEST}
    assert canvas.flushed == 0


def test_without_matplotlib_nothing_is_loaded(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    KeepWindows().block(Event(60))
    assert not any(name.startswith("matplotlib") for name in sys.modules)


def test_another_thread_leaves_windows_alone(figures):
    canvas = Canvas()
    figures[1] = shown(canvas)
    event = Event(60)
    thread = threading.Thread(target=KeepWindows().block, args=[event])
    thread.start()
    thread.join()
    assert event.waits == [None]
    assert canvas.flushed == 0


def test_a_window_that_a_person_closes_meanwhile_is_left_out(figures):
    last = Canvas()
    figures[1] = shown(Canvas(do=lambda: figures.pop(2, None)))
    figures[2] = shown(last)
    KeepWindows().block(Event(3 * INTERVAL))
    assert last.flushed == 0


def test_windows_are_pumped_as_long_as_there_are_some(figures):
    figures[1] = shown(Canvas(do=figures.clear))
    event = Event(60)
    KeepWindows().block(event)
    assert event.waits[0] == INTERVAL
    assert set(event.waits[1:]) == {LONGEST}


def test_no_wait_is_so_long_that_a_ctrl_c_before_it_stays_unheard(figures):
    event = Event(60)
    KeepWindows().block(event)
    assert None not in event.waits
    assert max(event.waits) <= 0.1


def test_what_is_due_is_drawn_and_at_the_end_all():
    drawn = []
    KeepWindows([drawn.append]).block(Event(2.5 * INTERVAL))
    assert drawn == [False, False, True]


def test_an_engine_keeps_windows_alive_by_itself(figures):
    canvas = Canvas()
    figures[1] = shown(canvas)
    det = Detector(value=lambda: canvas.flushed)
    RE = RunEngine()
    RE(count([det], 2))
    assert canvas.flushed >= 1  # at the end at least


@pytest.mark.parametrize("wanted", [None, False, True])
def test_a_session_draws_its_window_if_it_has_one(wanted, tmp_path, monkeypatch):
    opened = []

    class Window:
        def __init__(self, plot):
            opened.append(self)
            self.plot, self.drawn = plot, []

        def __call__(self, name, doc):
            self.plot(name, doc)

        def draw(self, last):
            self.drawn.append(last)

    monkeypatch.setattr("lapwing.callbacks.best_effort.opens_windows", lambda: True)
    monkeypatch.setattr("lapwing.callbacks.live_window.LiveWindow", Window)
    options = {"table": False, "progress": False, "peaks": False}
    with session(tmp_path, environ={}, live_plot=wanted, **options) as current:
        current.RE(count([Detector()], 3))
        assert current.best.has_window is bool(wanted)
        assert len(current.best.plot.data().samples) == 3
    assert [window.drawn[-1] for window in opened] == [True] * bool(wanted)
