"""How far a scan is, from documents made by hand."""

import asyncio

import pytest

from lapwing.stepscan.progress import Progress, Silent, show_seconds


class Heard(Silent):
    def __init__(self):
        self.messages, self.points, self.states, self.ends = [], [], [], []

    def state(self, text):
        self.states.append(text)

    def message(self, text):
        self.messages.append(text)

    def point(self, num_points, data):
        self.points.append((num_points, dict(data)))

    def ended(self, stop):
        self.ends.append(stop["exit_status"])


def run(progress, num):
    progress("start", {"uid": "r", "time": 100.0})
    progress("descriptor", {"uid": "e", "run_start": "r", "name": "extra_pvs"})
    progress("event", {"descriptor": "e", "seq_num": 1, "data": {"T": 300}})
    progress("descriptor", {"uid": "p", "run_start": "r", "name": "primary"})
    for number in range(1, num + 1):
        take(progress, number, 100.0 + 2 * number)


def take(progress, number, seconds, index=None):
    progress.index = number - 1 if index is None else index
    doc = {"descriptor": "p", "seq_num": number, "data": {"c": number}}
    progress("event", {**doc, "time": seconds})


def test_points_are_told_with_what_is_new_and_the_time_left():
    heard = Heard()
    progress = Progress([heard])
    progress.message_points = 2
    progress.num_points = 5
    assert progress.time_left is None
    run(progress, 3)
    assert heard.points == [(1, {"c": 1}), (2, {"c": 2}), (3, {"c": 3})]
    assert heard.messages == ["point 2 of 5, 6.0 s left"]
    assert progress.time_left == pytest.approx(4.0)


def test_a_point_that_is_left_out_takes_no_time():
    progress = Progress()
    progress.num_points = 10
    run(progress, 2)
    take(progress, 3, 106.0, index=7)
    assert progress.time_left == pytest.approx(4.0)


@pytest.mark.parametrize("how", ["state", "hold"])
def test_time_spent_in_a_pause_does_not_count(how):
    progress = Progress()
    progress.num_points = 10
    run(progress, 2)
    if how == "state":
        progress.state("paused")
        progress.state("running")
    else:
        progress.hold("lunch")
        progress.release()
    take(progress, 3, 3000.0)
    assert progress.time_left == pytest.approx(14.0)
    take(progress, 4, 3002.0)
    assert progress.time_left == pytest.approx(12.0)


def test_a_scan_that_goes_on_after_a_crash_keeps_its_pace():
    progress = Progress()
    progress.num_points = 10
    run(progress, 4)
    asyncio.run(progress.open("scan"))  # the process died, and it is an hour later
    assert progress.has_started
    assert progress.time_left == pytest.approx(12.0)
    take(progress, 5, 3700.0)
    assert progress.time_left == pytest.approx(10.0)
    progress.begin()
    assert not progress.has_started
    assert progress.time_left is None


def test_a_pause_of_the_engine_hides_what_the_scan_says_and_is_told_with_its_reason():
    heard = Heard()
    progress = Progress([heard])
    progress.state("waiting")
    progress.hold("Ctrl-C")
    progress.release()
    progress.release()
    assert heard.states == ["waiting", "paused", "waiting"]
    assert heard.messages == ["paused: Ctrl-C"]


def test_other_runs_do_not_count():
    heard = Heard()
    progress = Progress([heard])
    progress.num_points = 2
    run(progress, 1)
    progress("start", {"uid": "other", "time": 0.0})
    progress("descriptor", {"uid": "q", "run_start": "other", "name": "primary"})
    progress("event", {"descriptor": "q", "seq_num": 1, "data": {}})
    progress("stop", {"run_start": "other", "exit_status": "fail"})
    assert progress.points_taken == 1
    assert heard.ends == []
    progress("stop", {"run_start": "r", "exit_status": "success"})
    assert heard.ends == ["success"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (61.0, "1:01"), (3723.4, "1:02:03")],
)
def test_durations_are_shown_as_people_say_them(seconds, text):
    assert show_seconds(seconds) == text
