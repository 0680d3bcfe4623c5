import logging
import threading

import pytest
from unit.callbacks.streams import feed, peak_scan

from lapwing.callbacks.buffering import BufferingWrapper
from lapwing.errors import StateError


class Slow:
    """A callback that waits until the test lets it go on."""

    def __init__(self):
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.calls = []

    def __call__(self, name, doc):
        self.entered.set()
        assert self.go_on.wait(10)
        self.calls.append((name, doc))


@pytest.fixture
def slow():
    slow = Slow()
    yield slow
    slow.go_on.set()


def test_documents_are_handed_on_in_order_in_another_thread():
    calls, threads = [], set()

    def target(name, doc):
        calls.append((name, doc))
        threads.add(threading.current_thread())

    buffer = BufferingWrapper(target)
    documents = peak_scan(51)
    feed(buffer, documents)
    buffer.shutdown()
    assert calls == documents
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_a_slow_callback_holds_nobody_up(slow):
    buffer = BufferingWrapper(slow)
    documents = peak_scan(51)
    feed(buffer, documents)
    assert slow.calls == []
    slow.go_on.set()
    buffer.shutdown()
    assert slow.calls == documents
    assert buffer.num_dropped == 0


def test_a_full_buffer_drops_events_and_says_so_but_keeps_the_end(slow, caplog):
    buffer = BufferingWrapper(slow, queue_size=5)
    documents = peak_scan(51)
    buffer(*documents[0])
    assert slow.entered.wait(10)
    with caplog.at_level(logging.WARNING):
        feed(buffer, documents[1:])
    assert len(caplog.records) == 1
    assert "too slow; events are dropped" in caplog.text
    slow.go_on.set()
    buffer.shutdown()
    # One was on its way, five waited, the stop document is taken in any case.
    assert [name for name, _ in slow.calls] == [
        *("start", "descriptor", "event", "event", "event", "event", "stop")
    ]
    assert buffer.num_dropped == 47


def test_what_a_callback_raises_is_logged_and_the_next_document_comes(caplog):
    calls = []

    def target(name, doc):
        calls.append(name)
        if name == "descriptor":
            raise ValueError("no such thing")

    buffer = BufferingWrapper(target)
    with caplog.at_level(logging.ERROR):
        feed(buffer, peak_scan(3))
        buffer.shutdown()
    assert calls == ["start", "descriptor", "event", "event", "event", "stop"]
    assert "no such thing" in caplog.text


def test_after_shutdown_a_document_is_refused(slow):
    buffer = BufferingWrapper(slow)
    buffer.shutdown()
    buffer.shutdown()
    with pytest.raises(StateError, match="was shut down"):
        buffer("start", {})


def test_shutdown_without_waiting_forgets_what_waits(slow):
    buffer = BufferingWrapper(slow)
    buffer("start", {})
    assert slow.entered.wait(10)
    feed(buffer, peak_scan(3))
    assert buffer.num_waiting == 6
    buffer.shutdown(wait=False)
    assert buffer.num_waiting == 0
    slow.go_on.set()
    buffer.shutdown()
    assert slow.calls == [("start", {})]
