import pytest
from unit.callbacks.terminal import Clock, Terminal

from lapwing.callbacks.screen import Screen
from lapwing.callbacks.waiting import WaitingBar
from lapwing.status import Progress, Status


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def screen(clock):
    screen = Screen(Terminal(), width=80, clock=clock, ticking=False)
    yield screen
    screen.hold()


def shown(screen):
    screen.redraw()
    return [line.strip() for line in screen._file.lines() if line]


def test_a_move_shows_where_it_is_and_the_time_left(screen, clock):
    bar, status = WaitingBar(screen), Status("x", "move to 5 mm")
    bar({status})
    status.report(
        Progress("x", 1.25, 0.0, 5.0, "mm", 2, fraction=0.75, time_remaining=12.0)
    )
    clock.turn(1.0)
    (line,) = shown(screen)
    assert line.startswith("x 1.25 -> 5.00 mm ━")
    assert line.endswith("12 s left")
    bar(None)
    assert shown(screen) == []


def test_what_tells_nothing_is_named_with_the_time_it_takes(screen, clock):
    class Motor:
        name = "mono"

    class Foreign:
        done = False
        obj = Motor()

    bar = WaitingBar(screen)
    bar([Foreign(), Status("det"), Status()])
    clock.turn(3.0)
    assert shown(screen) == [
        "a device waiting for 3.0 s",
        "det waiting for 3.0 s",
        "mono waiting for 3.0 s",
    ]


def test_a_short_wait_is_not_worth_a_line(screen, clock):
    WaitingBar(screen)({Status("x")})
    clock.turn(0.3)
    assert shown(screen) == []
    clock.turn(0.3)
    assert len(shown(screen)) == 1


def test_what_is_done_goes_and_many_are_summed_up(screen, clock):
    statuses = [Status(f"m{i}") for i in range(9)]
    WaitingBar(screen)(statuses)
    clock.turn(1.0)
    assert shown(screen)[-1] == "and 3 more"
    for status in statuses[1:]:
        status.set_finished()
    assert shown(screen) == ["m0 waiting for 1.0 s"]


def test_odd_reports_do_no_harm(screen, clock):
    bar, status = WaitingBar(screen), Status("x")
    bar([status])
    status.report(Progress("x", current=float("nan"), target=1.0, fraction=7.0))
    clock.turn(1.0)
    assert shown(screen) == ["x waiting for 1.0 s"]


def test_where_there_is_no_terminal_nobody_is_watched():
    terminal = Terminal()
    screen = Screen(terminal, terminal=False)
    status = Status("x")
    WaitingBar(screen)([status])
    assert status._watchers == []
    WaitingBar(screen)(None)
    assert terminal.getvalue() == ""
