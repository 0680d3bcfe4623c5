"""What people ask of a scan, before it begins, while it runs, and while it is held."""

import threading

import pytest

from lapwing.stepscan.requests import GO, Requests


@pytest.fixture
def requests():
    return Requests()


def test_an_abort_goes_before_a_pause_and_a_pause_before_a_skip(requests):
    requests.skip()
    requests.pause("lunch")
    requests.abort("enough")
    assert requests.take() == ("abort", "enough")
    requests.clear()
    requests.skip()
    requests.pause("lunch")
    assert requests.take() == ("pause", "lunch")
    requests.resume()
    assert requests.take() == ("skip", "")
    assert requests.take() == GO


def test_points_are_left_out_one_by_one_and_only_where_there_are_points(requests):
    requests.skip(2)
    assert requests.take_but_skips() == GO
    assert [requests.take()[0] for _ in range(3)] == ["skip", "skip", "go"]
    requests.skip(-3)
    assert not requests.any


def test_an_abort_ends_at_once_what_is_held_and_only_once(requests):
    ended = []
    requests.while_held(ended.append)
    assert requests.held
    asking = threading.Thread(target=requests.abort, args=["the hutch is open"])
    asking.start()
    asking.join()
    requests.abort()
    assert ended == ["the hutch is open"]
    assert not requests.held


def test_an_abort_without_a_reason_says_what_happened(requests):
    ended = []
    requests.while_held(ended.append)
    requests.abort()
    assert ended == ["the scan was asked to abort"]


def test_what_goes_on_is_aborted_at_the_end_of_the_point(requests):
    ended = []
    requests.while_held(ended.append)
    requests.while_held(None)
    requests.abort("enough")
    assert ended == []
    assert requests.take() == ("abort", "enough")
