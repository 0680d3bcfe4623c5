"""Who runs startup code, as it is told."""

import sys
from types import SimpleNamespace

import pytest

from lapwing.annotation import worker_predicates as ask


@pytest.fixture(autouse=True)
def unmarked(monkeypatch):
    """Begin and end without marks, and with an IPython that is not running."""
    # Set first, so that what a test sets is taken back too.
    for name in (ask._WORKER, ask._IPYTHON):
        monkeypatch.setenv(name, "0")
        monkeypatch.delenv(name)
    monkeypatch.setitem(
        sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None)
    )


def test_a_worker_is_marked_and_unmarked():
    assert not ask.is_re_worker_active()
    ask.set_re_worker_active()
    assert ask.is_re_worker_active()
    ask.clear_re_worker_active()
    ask.clear_re_worker_active()
    assert not ask.is_re_worker_active()


def test_a_worker_says_whether_it_runs_in_ipython():
    ask.set_ipython_mode(True)
    assert not ask.is_ipython_mode()  # as this is no worker
    ask.set_re_worker_active()
    assert ask.is_ipython_mode()
    ask.set_ipython_mode(False)
    assert not ask.is_ipython_mode()
    ask.clear_ipython_mode()
    assert not ask.is_ipython_mode()


def test_a_prompt_of_ipython_is_one(monkeypatch):
    shell = SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert ask.is_ipython_mode()
    ask.set_re_worker_active()
    assert ask.is_ipython_mode()
    ask.set_ipython_mode(False)
    assert not ask.is_ipython_mode()


def test_without_ipython_nothing_runs_in_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython")
    assert not ask.is_ipython_mode()


def test_a_mark_for_a_time_leaves_all_as_it_was():
    with ask.marked_as_worker():
        assert ask.is_re_worker_active()
        assert not ask.is_ipython_mode()
    assert not ask.is_re_worker_active()
    ask.set_re_worker_active()
    ask.set_ipython_mode(True)
    with ask.marked_as_worker():
        assert ask.is_ipython_mode()
    assert ask.is_re_worker_active()
    assert ask.is_ipython_mode()
