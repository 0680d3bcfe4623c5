import io
import sys
import threading
import weakref

import pytest
from unit.callbacks.terminal import Clock, Terminal

from lapwing.callbacks.screen import REFRESH, Screen


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def screen(terminal, clock):
    screen = Screen(terminal, width=40, clock=clock, ticking=False)
    yield screen
    screen.hold()


def test_a_file_gets_plain_lines_at_once_and_no_bars():
    file = io.StringIO()
    screen = Screen(file)
    screen.show("bar", lambda now: "never seen")
    screen.line("one", "bold red")
    assert file.getvalue() == "one\n"
    screen.remove("bar")
    assert file.getvalue() == "one\n"
    assert (screen.is_terminal, screen.width) == (False, None)


def test_it_writes_to_what_stdout_is_at_that_moment(capsys):
    screen = Screen()
    screen.line("seen")
    assert capsys.readouterr().out == "seen\n"


def test_lines_scroll_above_the_bars(screen, terminal, clock):
    screen.show("a", lambda now: "bar A")
    screen.show("b", lambda now: f"bar B {now:.0f}")
    screen.line("one")
    clock.turn(1)
    screen.line("two")
    screen.tick()
    assert terminal.lines()[:4] == ["one", "two", "bar A", "bar B 101"]
    screen.remove("a")
    clock.turn(1)
    screen.tick()
    assert terminal.lines()[:4] == ["one", "two", "bar B 102", ""]
    screen.remove("b")
    assert [line for line in terminal.lines() if line] == ["one", "two"]


def test_lines_that_come_fast_are_written_together(screen, terminal, clock):
    screen.show("a", lambda now: "bar")
    screen.line("one")
    screen.line("two")
    screen.line("three")
    assert "two" not in terminal.getvalue()
    clock.turn(REFRESH)
    screen.tick()
    assert terminal.lines()[:4] == ["one", "two", "three", "bar"]


def test_nothing_is_lost_when_the_bars_go(screen, terminal):
    screen.show("a", lambda now: "bar")
    for i in range(5):
        screen.line(f"line {i}")
    screen.remove("a")
    assert [line for line in terminal.lines() if line] == [
        f"line {i}" for i in range(5)
    ]


def test_a_bar_is_drawn_no_more_often_than_it_can_be_seen(screen, terminal, clock):
    drawn = []
    screen.show("a", lambda now: drawn.append(now) or "bar")
    for _ in range(100):
        clock.turn(REFRESH / 10)
        screen.tick()
    assert 8 <= len(drawn) <= 12


def test_bars_that_are_held_leave_the_terminal_and_come_back(screen, terminal, clock):
    screen.show("a", lambda now: "bar")
    screen.tick()
    assert "bar" in terminal.lines()
    screen.hold()
    assert "bar" not in terminal.lines()
    screen.line("at the prompt")
    clock.turn(1)
    screen.tick()
    assert "bar" not in terminal.lines()
    screen.touch()
    clock.turn(1)
    screen.tick()
    assert "bar" in terminal.lines()


def test_print_in_mid_run_goes_above_the_bars(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    screen = Screen(width=40, clock=clock, ticking=False)
    screen.show("a", lambda now: "bar")
    screen.tick()
    sys.stdout.write("said by the plan\n")
    assert terminal.lines()[:2] == ["said by the plan", "bar"]
    screen.remove("a")
    assert sys.stdout is terminal


def test_what_stood_in_for_a_stream_is_kept_for_a_print_that_goes_on(
    monkeypatch, clock
):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    screen = Screen(width=40, clock=clock, ticking=False)
    stood_in = []
    for _ in range(3):
        screen.show("a", lambda now: "bar")
        stood_in.append(weakref.ref(sys.stdout))
        screen.remove("a")
        assert sys.stdout is terminal
    # Python's print() does not hold on to the stream that it prints to.
    assert stood_in[0]() is not None
    assert {one() for one in stood_in} == {stood_in[0]()}


def test_a_line_that_was_only_begun_is_not_lost_with_the_bars(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    screen = Screen(width=40, clock=clock, ticking=False)
    screen.show("a", lambda now: "bar")
    sys.stdout.write("wait ...")
    screen.remove("a")
    assert "wait ..." in terminal.lines()


def test_control_characters_do_nothing_to_the_terminal(screen, terminal):
    screen.line("a\x1b[2Jb\rc\nd\x07")
    assert terminal.getvalue().count("\x1b") == 0
    assert terminal.lines()[0] == "a [2Jb c d"


class Broken(io.StringIO):
    def write(self, text):
        raise BrokenPipeError("gone")


def test_a_terminal_that_is_gone_stops_nobody():
    screen = Screen(Broken())
    screen.line("one")
    screen.line("two")
    closed = io.StringIO()
    closed.close()
    screen = Screen(closed)
    screen.line("one")
    screen.show("a", lambda now: "bar")
    screen.remove("a")


def test_what_a_file_cannot_encode_is_replaced():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    screen = Screen(file)
    assert not screen.unicode
    screen.line("10 µm")
    assert raw.getvalue() == b"10 ?m\n"


def test_a_thread_redraws_while_nothing_happens(terminal):
    drawn = threading.Semaphore(0)
    screen = Screen(terminal, width=40)
    screen.show("a", lambda now: drawn.release() or "bar")
    assert all(drawn.acquire(timeout=10) for _ in range(3))
    screen.remove("a")
    assert not [
        t for t in threading.enumerate() if t.name == "lapwing-screen" and _lives(t)
    ]


def _lives(thread):
    thread.join(10)
    return thread.is_alive()
