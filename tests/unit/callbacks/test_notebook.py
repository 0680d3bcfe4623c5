import io
import sys
from types import SimpleNamespace

import pytest
from unit.callbacks.places import Places
from unit.callbacks.streams import feed, scan_run
from unit.callbacks.terminal import Clock

from lapwing.callbacks import BestEffort, LiveTable, Progress, WaitingBar
from lapwing.callbacks.notebook import (
    NotebookScreen,
    Place,
    in_notebook,
    is_here,
    usual_screen,
)
from lapwing.callbacks.screen import Screen
from lapwing.status import Status


class Kernel:
    """A kernel that runs a cell after the other, and what it was told to show."""

    def __init__(self, monkeypatch):
        self.cell = "cell 1"
        self.shown = []
        self.kernel = self
        self.handles = 0
        modules = {
            "IPython": SimpleNamespace(get_ipython=lambda: self),
            "IPython.display": SimpleNamespace(display=self.display),
        }
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)

    def get_parent(self):
        return {"header": {"msg_id": self.cell}}

    def display(self, data, *, raw, display_id):
        assert raw
        assert display_id
        self.handles += 1
        name = f"place {self.handles}"
        self.shown.append((name, data))
        update = lambda data, raw: self.shown.append((name, data))  # noqa: E731
        return SimpleNamespace(update=update)


@pytest.fixture
def kernel(monkeypatch):
    return Kernel(monkeypatch)


def test_a_place_appears_when_it_is_first_filled_and_is_filled_again(kernel):
    place = Place()
    place.text("")
    assert kernel.shown == []
    place.text("one")
    place.text("one")
    place.picture(b"png", "two")
    place.text("")
    assert kernel.shown == [
        ("place 1", {"text/plain": "one"}),
        ("place 1", {"image/png": "cG5n", "text/plain": "two"}),
        ("place 1", {"text/plain": ""}),
    ]


def test_a_place_belongs_to_the_cell_that_made_it(kernel):
    place = Place()
    assert is_here(place)
    kernel.cell = "cell 2"
    assert not is_here(place)
    assert not is_here(None)


def test_a_kernel_makes_a_notebook_and_nothing_else_does(kernel, monkeypatch):
    assert in_notebook()
    assert isinstance(usual_screen(), NotebookScreen)
    assert not isinstance(usual_screen(io.StringIO()), NotebookScreen)
    kernel.kernel = None  # IPython at a terminal
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()
    assert type(usual_screen()) is Screen


class Stage:
    def __init__(self):
        self.clock, self.places, self.file = Clock(), Places(), io.StringIO()
        self.screen = NotebookScreen(
            self.file, clock=self.clock, ticking=False, make_place=self.places
        )

    def look(self):
        """What the place shows, after a while."""
        self.clock.turn(0.3)
        self.screen.tick()
        return [place.texts[-1] if place.texts else None for place in self.places.made]


@pytest.fixture
def stage():
    return Stage()


def test_bars_and_lines_are_shown_in_a_notebook(stage):
    table, progress = LiveTable(screen=stage.screen), Progress(stage.screen)
    documents = scan_run(4).whole([{"x": n, "det": n} for n in range(4)])
    for name, doc in documents[:-1]:
        stage.clock.turn(1.0)
        table(name, doc)
        progress(name, doc)
    (shown,) = stage.look()
    assert shown.startswith("scan 12 ━")
    assert shown.endswith("4/4 100% 0.0 s left")
    table(*documents[-1])
    progress(*documents[-1])
    assert stage.look() == [""]
    assert len(stage.file.getvalue().splitlines()) == 10
    assert "━" not in stage.file.getvalue()


def test_what_a_bar_shows_changes_with_time_alone(stage):
    waiting = WaitingBar(stage.screen)
    status = Status("x", "move")
    waiting([status])
    assert stage.look() == [""]
    assert stage.look() == ["  x waiting for 0.6 s"]
    assert stage.look() == ["  x waiting for 0.9 s"]
    waiting(None)
    assert stage.look() == [""]
    status.set_finished()


def test_nested_bars_stand_below_each_other(stage):
    progress = Progress(stage.screen)
    feed(progress, [scan_run(scan_id=n).start() for n in (1, 2)])
    (shown,) = stage.look()
    assert [bar.split(" 0/51")[0].strip() for bar in shown.splitlines()] == [
        "scan 1",
        "scan 2",
    ]
    feed(progress, [scan_run(scan_id=2).stop(0)])
    (shown,) = stage.look()
    assert len(shown.splitlines()) == 1


def test_bars_that_were_held_come_back_with_the_next_event(stage):
    progress, run = Progress(stage.screen), scan_run(4)
    feed(progress, [run.start(), run.descriptor(), run.event(1, x=1, det=1)])
    stage.look()
    stage.screen.hold()
    assert stage.look() == [""]
    assert stage.look() == [""]
    feed(progress, [run.event(2, x=1, det=1)])
    (shown,) = stage.look()
    assert "2/4" in shown


def test_in_another_cell_bars_get_another_place(kernel):
    clock = Clock()
    screen = NotebookScreen(io.StringIO(), clock=clock, ticking=False)
    progress = Progress(screen)
    for cell in ("cell 1", "cell 1", "cell 2"):
        kernel.cell = cell
        feed(progress, [scan_run().start()])
        clock.turn(1)
        screen.tick()
        feed(progress, [scan_run().stop(0)])
    assert kernel.handles == 2
    assert kernel.shown[-1] == ("place 2", {"text/plain": ""})


def test_best_effort_uses_the_screen_of_the_notebook(kernel, capsys):
    best = BestEffort()
    assert isinstance(best.screen, NotebookScreen)
    feed(best, scan_run(1).whole([{"x": 1, "det": 1}]))
    assert capsys.readouterr().out.count("scan 12: success") == 1
