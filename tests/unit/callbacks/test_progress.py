import pytest
from unit.callbacks.streams import count_run, feed, scan_run
from unit.callbacks.terminal import Clock, Terminal

from lapwing.callbacks.durations import Pace, duration
from lapwing.callbacks.live_table import LiveTable
from lapwing.callbacks.progress import Progress
from lapwing.callbacks.screen import Screen


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.7, "1:00 min"),
        (61, "1:01 min"),
        (3725, "1:02:05 h"),
        (-1, "? s"),
        (float("nan"), "? s"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds, text):
    assert duration(seconds) == text


def test_at_a_steady_pace_the_time_left_is_exact():
    pace = Pace(0.0)
    assert pace.left(10, 0.0) is None
    for done in range(1, 5):
        pace.note(done, 2.0 * done)
    assert pace.left(10, 8.0) == pytest.approx(12)
    assert pace.left(10, 9.5) == pytest.approx(10.5)


def test_the_time_left_never_falls_below_what_the_points_after_the_next_need():
    pace = Pace(0.0)
    for done in range(1, 5):
        pace.note(done, 2.0 * done)
    assert pace.left(10, 1000.0) == pytest.approx(10)
    assert pace.left(4, 1000.0) == 0


def test_the_first_interval_does_not_spoil_the_estimate():
    pace = Pace(0.0)
    for done, now in [(1, 60.0), (2, 61.0), (3, 62.0)]:
        pace.note(done, now)
    assert pace.left(13, 62.0) == pytest.approx(10)


def test_the_pace_follows_a_change_of_speed():
    pace, now = Pace(0.0), 0.0
    for done in range(1, 101):
        now += 1.0 if done <= 50 else 4.0
        pace.note(done, now)
    assert pace.interval == pytest.approx(4.0, rel=0.01)


def test_a_point_taken_again_counts_back_without_spoiling_the_pace():
    pace = Pace(0.0)
    for done, now in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 4.0), (3, 5.0)]:
        pace.note(done, now)
    assert pace.interval == pytest.approx(1.0)
    assert pace.left(10, 5.0) == pytest.approx(7)


class Stage:
    """A terminal with a bar on it, and a clock."""

    def __init__(self, terminal=None):
        self.terminal = Terminal() if terminal is None else terminal
        self.clock = Clock()
        self.screen = Screen(self.terminal, width=80, clock=self.clock, ticking=False)
        self.progress = Progress(self.screen)

    def play(self, documents, seconds=0.0):
        for name, doc in documents:
            self.clock.turn(seconds)
            self.progress(name, doc)

    def bars(self):
        self.screen.redraw()
        return [line for line in self.terminal.lines() if line]


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.screen.hold()


def test_a_run_shows_points_share_and_time_left(stage):
    run = scan_run(20)
    stage.play([run.start(), run.descriptor()])
    assert stage.bars()[0].endswith("0/20 0%")
    stage.play([run.event(n, x=n, det=n) for n in range(1, 6)], seconds=3.0)
    (bar,) = stage.bars()
    assert bar.startswith("scan 12 ━")
    assert bar.endswith("5/20 25% 45 s left")
    assert stage.progress.runs[0].time_left(stage.clock.now) == pytest.approx(45)
    stage.play([run.stop(5)])
    assert stage.bars() == []
    assert stage.progress.runs == []


def test_a_run_of_unknown_length_is_counted(stage):
    run = count_run(None)
    stage.play([run.start(), run.descriptor()])
    stage.play([run.event(n, det=n) for n in (1, 2, 3)], seconds=0.5)
    (bar,) = stage.bars()
    assert bar.startswith("count 14 ")
    assert bar.endswith("3 points 2/s 1.5 s so far")


@pytest.mark.parametrize("odd", [0, -1, "many", 2.5])
def test_a_number_of_points_that_makes_no_sense_is_no_number(stage, odd):
    stage.play([scan_run(odd).start()])
    assert stage.progress.runs[0].total is None
    assert len(stage.bars()) == 1


def test_more_points_than_announced_do_no_harm(stage):
    run = scan_run(2)
    stage.play([run.start(), run.descriptor()])
    stage.play([run.event(n, x=n, det=n) for n in range(1, 5)], seconds=1.0)
    assert stage.bars()[0].endswith("4/2 200% 0.0 s left")


def test_runs_that_go_on_together_have_a_bar_each(stage):
    one, two = scan_run(scan_id=1), scan_run(scan_id=2)
    stage.play([one.start(), two.start()])
    assert [bar.split("━")[0] for bar in stage.bars()] == ["scan 1 ", "scan 2 "]
    stage.play([one.stop(0)])
    assert [bar.split("━")[0] for bar in stage.bars()] == ["scan 2 "]


def test_frames_that_lie_in_files_are_counted(stage):
    run = scan_run(100)
    stage.play([run.start(), run.descriptor()])
    datum = {"descriptor": run.descriptor_uid, "seq_nums": {"start": 11, "stop": 41}}
    stage.play([("stream_datum", datum)])
    assert stage.progress.runs[0].done == 40
    stage.play([("stream_datum", {**datum, "descriptor": "of a stranger"})])


def test_table_and_bar_share_the_terminal(stage):
    table = LiveTable(screen=stage.screen)
    run = scan_run(3)
    for name, doc in run.whole([{"x": n, "det": n} for n in (1, 2, 3)])[:-1]:
        stage.clock.turn(1.0)
        table(name, doc)
        stage.progress(name, doc)
    lines = stage.bars()
    assert [line.split()[0] for line in lines[-4:]] == ["1", "2", "3", "scan"]
    feed(stage.progress, [run.stop(3)])
    feed(table, [run.stop(3)])
    assert not any("━" in line for line in stage.bars())


def test_where_there_is_no_terminal_nothing_is_written():
    terminal = Terminal()
    terminal.isatty = lambda: False
    stage = Stage(terminal)
    stage.play(scan_run().whole([{"x": 1, "det": 1}]))
    assert terminal.getvalue() == ""
