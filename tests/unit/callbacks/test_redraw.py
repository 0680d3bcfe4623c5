import threading
from types import SimpleNamespace

import pytest
from unit.callbacks.terminal import Clock

from lapwing.callbacks.redraw import Redraw


class Drawing:
    """Draws by counting; each drawing takes some of the clock's time."""

    def __init__(self, clock, seconds=0.0):
        self.clock, self.seconds, self.count = clock, seconds, 0

    def __call__(self):
        self.count += 1
        self.clock.turn(self.seconds)


@pytest.fixture
def clock():
    return Clock()


def test_nothing_is_drawn_while_nothing_changes(clock):
    drawing = Drawing(clock)
    redraw = Redraw(drawing, clock=clock, ticking=False)
    clock.turn(10)
    redraw.tick()
    redraw.finish()
    assert drawing.count == 0


def test_many_changes_are_drawn_once_in_an_interval(clock):
    drawing = Drawing(clock)
    redraw = Redraw(drawing, clock=clock, interval=0.5, ticking=False)
    for _ in range(1000):  # ten seconds of changes
        redraw.touch()
        redraw.tick()
        clock.turn(0.01)
    assert drawing.count in (19, 20)


def test_a_slow_drawing_takes_a_fifth_of_the_time_at_most(clock):
    drawing = Drawing(clock, seconds=1.0)
    redraw = Redraw(drawing, clock=clock, interval=0.5, ticking=False)
    begin = clock.now
    while clock.now < begin + 100:
        redraw.touch()
        redraw.tick()
        clock.turn(0.125)
    assert 15 <= drawing.count <= 20


def test_at_the_end_the_last_change_is_drawn_unless_that_is_not_wanted(clock):
    drawing = Drawing(clock)
    redraw = Redraw(drawing, clock=clock, ticking=False)
    redraw.touch()
    redraw.finish()
    redraw.finish()
    assert drawing.count == 1
    redraw.touch()
    redraw.finish(draw=False)
    redraw.finish()
    assert drawing.count == 1


def test_what_changes_while_the_last_is_drawn_is_drawn_later(clock):
    counts = []

    def draw():
        counts.append(len(counts))
        if len(counts) == 1:
            redraw.touch()  # as another thread might

    redraw = Redraw(draw, clock=clock, ticking=False)
    redraw.touch()
    redraw.finish()
    assert len(counts) == 1
    clock.turn(10)
    redraw.tick()
    assert len(counts) == 2


def test_two_threads_that_touch_at_once_begin_one_thread(monkeypatch):
    redraw, others = Redraw(lambda: None), []

    def event_while_another_touches():
        if not others:
            others.append(threading.Thread(target=redraw.touch))
            others[0].start()
            others[0].join(0.1)  # would it begin a thread, it would by then
        return threading.Event()

    before = set(threading.enumerate())
    monkeypatch.setattr(
        "lapwing.callbacks.redraw.threading",
        SimpleNamespace(Event=event_while_another_touches, Thread=threading.Thread),
    )
    redraw.touch()
    others[0].join(10)
    (drawing,) = set(threading.enumerate()) - before
    redraw.finish()
    drawing.join(10)
    assert not drawing.is_alive()


def test_a_thread_draws_and_ends_and_comes_back():
    drawn = threading.Event()
    threads = []

    def draw():
        threads.append(threading.current_thread())
        drawn.set()

    redraw = Redraw(draw, interval=0.0)
    for _ in range(2):
        redraw.touch()
        assert drawn.wait(10)
        drawn.clear()
        redraw.finish()
    assert threading.current_thread() not in threads
    assert len(set(threads)) == 2
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
