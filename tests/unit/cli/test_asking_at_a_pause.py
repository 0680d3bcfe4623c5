"""What a person at the terminal is offered when a plan has paused."""

import pytest

from lapwing.cli import run
from lapwing.engine.engine import EngineResult


class Person:
    """Answers one thing after another, and keeps what was asked."""

    def __init__(self):
        self.answers, self.asked = [], []

    def __call__(self, question):
        self.asked.append(question)
        return self.answers.pop(0)

    def isatty(self):
        return True


@pytest.fixture
def person(monkeypatch):
    person = Person()
    monkeypatch.setattr("builtins.input", person)
    monkeypatch.setattr("sys.stdin", person)
    return person


def paused(*, can_skip):
    return EngineResult((), None, "success", True, "Ctrl-C", None, True, can_skip)


@pytest.mark.parametrize("answer", ["k", "skip", " Skip "])
def test_a_point_of_a_step_scan_may_be_left_out(person, answer):
    person.answers = [answer]
    assert run.ask(paused(can_skip=True)) == "skip"
    assert "s[k]ip the next point" in person.asked[0]


@pytest.mark.parametrize("can_skip", [True, False])
def test_the_other_ways_on_are_told_by_their_first_letters(person, can_skip):
    person.answers = ["what?", "r", "s", "stop", "Abort", "h"]
    choices = [run.ask(paused(can_skip=can_skip)) for _ in range(5)]
    assert choices == ["resume", "stop", "stop", "abort", "halt"]


def test_nothing_can_be_left_out_of_other_plans(person):
    person.answers = ["k", "r"]
    assert run.ask(paused(can_skip=False)) == "resume"
    assert person.asked == ["[r]esume, [s]top, [a]bort or [h]alt? "] * 2
