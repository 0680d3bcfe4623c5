import threading

import pytest

from lapwing.data.consumer import Consumer

WAIT = 10.0


class Notebook:
    """A sink that notes documents, and works when it is let to."""

    def __init__(self, delay: float | None = None):
        self.taken: list[tuple[str, int]] = []
        self.delay = delay
        self.works = 0
        self.took = threading.Condition()
        self.may_work = threading.Event()
        self.may_work.set()
        self.threads: set[str] = set()
        self.cause: BaseException | None = None
        self.fail_on: str | None = None
        self.heard = threading.Event()

    def take(self, name, doc):
        if name == self.fail_on:
            raise ZeroDivisionError("on purpose")
        with self.took:
            self.threads.add(threading.current_thread().name)
            self.taken.append((name, doc["n"]))
            self.took.notify_all()

    def work(self, now):
        assert self.may_work.wait(WAIT)
        self.works += 1
        return self.delay

    def died(self, cause):
        self.cause = cause
        self.heard.set()

    def wait_for(self, count: int) -> bool:
        with self.took:
            return self.took.wait_for(lambda: len(self.taken) >= count, WAIT)


def test_documents_reach_the_sink_in_order_in_one_other_thread():
    sink = Notebook()
    consumer = Consumer(sink, "a-writer")
    for n in range(5000):
        consumer.put("event", {"n": n})
    assert consumer.close(WAIT)
    assert sink.taken == [("event", n) for n in range(5000)]
    assert sink.threads == {"a-writer"}
    assert not consumer.alive


def test_idle_thread_is_woken_by_a_document():
    sink = Notebook()
    consumer = Consumer(sink, "w")
    for n in range(50):
        consumer.put("event", {"n": n})
        assert sink.wait_for(n + 1)
    assert consumer.close(WAIT)


def test_stop_document_does_not_wait_for_the_next_turn():
    sink = Notebook(delay=1e6)
    consumer = Consumer(sink, "w")
    consumer.put("event", {"n": 0})
    assert sink.wait_for(1)
    consumer.put("event", {"n": 1})
    consumer.put("stop", {"n": 2})
    assert sink.wait_for(3)
    sink.delay = None
    assert consumer.close(WAIT)


def test_slow_sink_does_not_hold_up_who_puts():
    sink = Notebook()
    sink.may_work.clear()
    consumer = Consumer(sink, "w")
    for n in range(1000):
        consumer.put("event", {"n": n})
    assert not consumer.close(0.0)
    assert len(sink.taken) + consumer.num_waiting == 1000
    sink.may_work.set()
    assert consumer.close(WAIT)
    assert len(sink.taken) == 1000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_unforeseen_error_is_told_and_ends_the_thread():
    sink = Notebook()
    sink.fail_on = "bad"
    consumer = Consumer(sink, "w")
    consumer.put("bad", {})
    assert sink.heard.wait(WAIT)
    assert isinstance(sink.cause, ZeroDivisionError)
    assert consumer.close(WAIT)
    assert not consumer.alive
