"""Ctrl-C, with a clock that the test turns."""

import io
import signal
import sys
import threading

from lapwing.session.sigint import Sigint, tell


class Keys:
    def __init__(self):
        self.now = 0.0
        self.said, self.asked = [], []
        self.sigint = Sigint(
            lambda: self.asked.append("soon"),
            lambda: self.asked.append("now"),
            self.said.append,
            clock=lambda: self.now,
        )

    def press(self, after=1.0):
        self.now += after
        return self.sigint.pressed()


def test_once_pauses_soon_and_twice_now():
    keys = Keys()
    assert keys.press()
    assert keys.asked == ["soon"]
    assert "press it again to pause now" in keys.said[0]
    assert keys.press()
    assert keys.asked == ["soon", "now"]


def test_a_press_within_a_tenth_of_a_second_is_the_same_one():
    keys = Keys()
    keys.press()
    keys.press(after=0.05)
    assert keys.asked == ["soon"]


def test_after_ten_seconds_it_counts_as_the_first():
    keys = Keys()
    keys.press()
    keys.press(after=10.0)
    assert keys.asked == ["soon", "soon"]


def test_the_eleventh_does_what_it_did_before():
    keys = Keys()
    assert all(keys.press() for _ in range(10))
    assert not keys.press()


def test_it_handles_the_signal_only_while_entered():
    keys = Keys()
    before = signal.getsignal(signal.SIGINT)
    with keys.sigint:
        keys.now = 1.0
        signal.raise_signal(signal.SIGINT)
    assert keys.asked == ["soon"]
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_it_leaves_the_signal_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with Keys().sigint:
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_terminal_that_cannot_be_written_to_breaks_nothing_off(monkeypatch):
    class Broken(io.StringIO):
        error: Exception = OSError()

        def write(self, text):
            tried.append(text)
            raise self.error

    tried = []
    monkeypatch.setattr(sys, "stdout", Broken())
    for error in (BrokenPipeError("gone"), ValueError("closed"), RuntimeError("twice")):
        Broken.error = error
        tell("the plan pauses")
    assert tried == ["the plan pauses"] * 3
    asked = []
    assert Sigint(lambda: asked.append("soon"), lambda: None).pressed()
    assert asked == ["soon"]
