"""The ends of a remote dispatcher; what it hears is tested with a proxy."""

import asyncio
import threading

import pytest

from lapwing.callbacks import RemoteDispatcher
from lapwing.errors import StateError

LIMIT = 10.0
ADDRESS = "127.0.0.1:9"


@pytest.fixture
def stopped_just_then(monkeypatch):
    """A dispatcher that another thread stops as its task is about to be made."""
    dispatcher = RemoteDispatcher(ADDRESS)
    create_task = asyncio.create_task

    def stop_and_create(work):
        stopping = threading.Thread(target=dispatcher.stop)
        stopping.start()
        stopping.join(LIMIT)
        return create_task(work)

    monkeypatch.setattr(asyncio, "create_task", stop_and_create)
    return dispatcher


def test_a_stop_that_comes_just_as_it_starts_is_heard(stopped_just_then):
    starting = threading.Thread(target=stopped_just_then.start, daemon=True)
    starting.start()
    starting.join(LIMIT)
    assert not starting.is_alive()


def test_a_stop_leaves_a_loop_of_others_open(stopped_just_then):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.wait_for(stopped_just_then.run(), LIMIT))
    stopped_just_then.stop()
    assert not loop.is_closed()
    loop.close()


def test_a_stop_before_the_start_ends_it():
    dispatcher = RemoteDispatcher(ADDRESS)
    loop = dispatcher.loop
    dispatcher.stop()
    assert loop.is_closed()
    dispatcher.stop()
    with pytest.raises(StateError, match="has ended"):
        dispatcher.start()
