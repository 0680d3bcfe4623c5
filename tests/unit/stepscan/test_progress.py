"""How far a scan is, from documents made by hand."""

import pytest

from lapwing.stepscan.progress import Progress, Silent, show_seconds


class Heard(Silent):
    def __init__(self):
        self.messages, self.points, self.ends = [], [], []

    def message(self, text):
        self.messages.append(text)

    def point(self, num_points, data):
        self.points.append((num_points, dict(data)))

    def ended(self, stop):
        self.ends.append(stop["exit_status"])


def run(progress, clock, num):
    progress("start", {"uid": "r"})
    progress("descriptor", {"uid": "e", "run_start": "r", "name": "extra_pvs"})
    progress("event", {"descriptor": "e", "seq_num": 1, "data": {"T": 300}})
    progress("descriptor", {"uid": "p", "run_start": "r", "name": "primary"})
    for number in range(1, num + 1):
        clock[0] += 2.0
        progress("event", {"descriptor": "p", "seq_num": number, "data": {"c": number}})


def test_points_are_told_with_what_is_new_and_the_time_left():
    clock, heard = [100.0], Heard()
    progress = Progress([heard], clock=lambda: clock[0])
    progress.message_points = 2
    progress.begin(5)
    assert progress.time_left is None
    run(progress, clock, 3)
    assert heard.points == [(1, {"c": 1}), (2, {"c": 2}), (3, {"c": 3})]
    assert heard.messages == ["point 2 of 5, 6.0 s left"]
    assert progress.time_left == pytest.approx(4.0)


def test_other_runs_do_not_count():
    clock, heard = [0.0], Heard()
    progress = Progress([heard], clock=lambda: clock[0])
    progress.begin(2)
    run(progress, clock, 1)
    progress("start", {"uid": "other"})
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
