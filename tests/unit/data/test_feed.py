import threading

import pytest
from unit.data.journals import Journal, Notebook
from unit.data.streams import line_scan

from lapwing.data import feed as feed_module
from lapwing.data.feed import Feed, Feeds, cursors_path
from lapwing.data.follower import Follower
from lapwing.data.sinks import FunctionSink
from lapwing.errors import ConfigError, StateError
from lapwing.journal.cursor import CursorStore
from lapwing.journal.hold import alive

WAIT = 20.0


class Bench:
    """A journal of this process, and feeds that are woken by it."""

    def __init__(self, data_dir):
        self.journal = Journal(data_dir)
        log = self.journal.log
        self.feeds = Feeds(
            data_dir, self.journal.directory, durable=lambda: log.durable
        )
        log.on_durable(self.feeds.wake)

    def close(self):
        self.feeds.close(WAIT)
        self.journal.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def test_every_sink_gets_every_document_in_a_thread_of_its_own(bench):
    documents = line_scan(300)
    heard = {"a": [], "b": []}
    threads = set()

    def hear(name):
        def function(*document):
            heard[name].append(document)
            threads.add(threading.current_thread().name)

        return function

    for name in heard:
        bench.feeds.add(FunctionSink(name, hear(name)))
    for at in range(0, len(documents), 10):
        bench.journal.put(documents[at : at + 10])
    assert bench.feeds.catch_up(WAIT)
    assert heard == {"a": documents, "b": documents}
    assert threads == {"lapwing-sink-a", "lapwing-sink-b"}


def test_document_reaches_an_idle_sink_without_being_waited_for(bench):
    heard = threading.Event()
    bench.feeds.add(FunctionSink("f", lambda name, doc: heard.set()))
    assert bench.feeds.catch_up(WAIT)
    bench.journal.put(line_scan(1)[:1])
    assert heard.wait(WAIT)


def test_slow_sink_holds_up_neither_the_journal_nor_other_sinks(bench):
    may_go_on, heard = threading.Event(), []
    documents = line_scan(200)
    bench.feeds.add(FunctionSink("slow", lambda *_: may_go_on.wait(WAIT)))
    quick = bench.feeds.add(FunctionSink("quick", lambda *doc: heard.append(doc)))
    bench.journal.put(documents)
    assert quick.catch_up(WAIT)
    assert heard == documents
    assert not bench.feeds.catch_up(0.01)
    may_go_on.set()
    assert bench.feeds.catch_up(WAIT)


def test_sink_that_raises_on_everything_is_not_waited_for_at_the_end(tmp_path):
    bench = Bench(tmp_path)

    def refuse(name, doc):
        raise ConnectionError("nobody answers")

    heard = []
    bench.feeds.add(FunctionSink("broken", refuse))
    bench.feeds.add(FunctionSink("sound", lambda *doc: heard.append(doc)))
    documents = line_scan(5)
    bench.journal.put(documents)
    assert bench.feeds.close(WAIT)
    bench.journal.close()
    assert heard == documents
    with CursorStore(cursors_path(tmp_path)) as store:
        (place,) = store.places("broken")
        assert place.cursor.number <= 1
        assert place.last_error == "ConnectionError: nobody answers"


def test_sinks_go_on_from_their_places_in_the_next_session(tmp_path):
    heard = []
    documents = line_scan(6)
    for part in (documents[:4], documents[4:]):
        bench = Bench(tmp_path)
        bench.feeds.add(FunctionSink("f", lambda *doc: heard.append(doc)))
        bench.journal.put(part)
        bench.close()
    assert heard == documents


def test_a_sink_gets_all_even_if_its_thread_begins_after_the_close(
    tmp_path, monkeypatch
):
    run, heard, documents = Feed._run, [], line_scan(6)

    def run_late(feed):
        while not feed.is_urgent:  # it is closed
            pass
        run(feed)

    monkeypatch.setattr(Feed, "_run", run_late)
    bench = Bench(tmp_path)
    bench.feeds.add(FunctionSink("f", lambda *doc: heard.append(doc)))
    bench.journal.put(documents)
    bench.close()
    assert heard == documents


def test_a_sink_gets_what_comes_just_before_the_close(tmp_path, monkeypatch):
    heard, documents, closing = [], line_scan(6), []
    bench = Bench(tmp_path)
    feed = bench.feeds.add(FunctionSink("f", lambda *doc: heard.append(doc)))
    assert bench.feeds.catch_up(WAIT)
    is_behind = Follower.is_behind.fget

    def is_behind_and_then(follower):
        found = is_behind(follower)
        if not found and not closing:
            bench.journal.put(documents)
            closing.append(threading.Thread(target=bench.close))
            closing[0].start()
            while not feed.is_urgent:
                pass
        return found

    monkeypatch.setattr(Follower, "is_behind", property(is_behind_and_then))
    bench.feeds.look_soon()
    feed._thread.join(WAIT)
    closing[0].join(WAIT)
    assert heard == documents


def test_close_lets_sinks_settle_and_closes_them(tmp_path):
    bench = Bench(tmp_path)
    sink = Notebook()
    bench.feeds.add(sink)
    bench.journal.put(line_scan(500))
    assert bench.feeds.close(WAIT)
    assert bench.feeds.close(WAIT)
    bench.journal.close()
    assert sink.settled == 503
    assert sink.closed


def test_stuck_sink_is_left_behind_at_the_end(tmp_path):
    bench = Bench(tmp_path)
    may_go_on, stuck = threading.Event(), threading.Event()

    def wait(name, doc):
        stuck.set()
        may_go_on.wait(WAIT)

    feed = bench.feeds.add(FunctionSink("stuck", wait))
    bench.journal.put(line_scan(3))
    assert stuck.wait(WAIT)
    assert not bench.feeds.close(0.05)
    assert not bench.feeds.close(0.05)
    may_go_on.set()
    assert feed.close(WAIT)
    assert bench.feeds.close(WAIT)
    bench.journal.close()


def test_a_sink_has_the_time_of_the_most_patient_of_those_who_close_it(tmp_path):
    bench, sink = Bench(tmp_path), Notebook()
    settling, may_go_on, wishes = threading.Event(), threading.Event(), [0.0, None]

    def settle():
        settling.set()
        may_go_on.wait(WAIT)
        return wishes.pop(0) if wishes else None

    sink.settle = settle
    feed = bench.feeds.add(sink)
    assert settling.wait(WAIT)
    patient = threading.Thread(target=feed.close, args=[WAIT])
    patient.start()
    while not feed.is_urgent:
        pass
    assert not feed.close(0)
    may_go_on.set()
    patient.join(WAIT)
    assert wishes == []
    bench.close()


def test_a_close_that_was_interrupted_is_ended_by_the_next_one(tmp_path, monkeypatch):
    bench, documents, heard = Bench(tmp_path), line_scan(6), {"one": [], "other": []}
    for name in heard:
        hear = heard[name].append
        bench.feeds.add(FunctionSink(name, lambda *doc, hear=hear: hear(doc)))

    def interrupt(thread, timeout=None):
        monkeypatch.undo()
        raise KeyboardInterrupt

    bench.journal.put(documents)
    monkeypatch.setattr(threading.Thread, "join", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.feeds.close(WAIT)
    assert bench.feeds.close(WAIT)
    bench.journal.close()
    assert heard == {"one": documents, "other": documents}
    names = [thread.name for thread in threading.enumerate()]
    assert not {"lapwing-sink-one", "lapwing-sink-other"} & set(names)


def test_a_sink_that_is_added_while_the_feeds_are_closed_is_closed_too(
    tmp_path, monkeypatch
):
    bench, sink = Bench(tmp_path), Notebook("late")
    closing = threading.Thread(target=bench.close)

    def follower_late(*args, **options):
        closing.start()
        closing.join(0.2)  # it would be over by then, if nothing held it up
        return Follower(*args, **options)

    monkeypatch.setattr(feed_module, "Follower", follower_late)
    bench.feeds.add(sink)
    closing.join(WAIT)
    assert sink.closed
    assert "lapwing-sink-late" not in [one.name for one in threading.enumerate()]


def test_files_are_closed_before_others_may_go_on_with_the_journal(tmp_path):
    bench, sink, held = Bench(tmp_path), Notebook(), []
    claim = bench.journal.directory / "sinks" / sink.name
    sink.close = lambda: held.append(alive(claim) is not None)
    bench.feeds.add(sink)
    assert bench.feeds.catch_up(WAIT)
    bench.close()
    assert held == [True]
    assert alive(claim) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_sink_that_cannot_be_closed_keeps_no_journal_and_nobody_waiting(tmp_path):
    bench, sink, closing = Bench(tmp_path), Notebook(), threading.Event()
    claim = bench.journal.directory / "sinks" / sink.name

    def fail():
        closing.set()
        while not feed._num_urgent:
            pass  # until somebody waits
        raise OSError("the disk is gone")

    sink.close = fail
    feed = bench.feeds.add(sink)
    assert bench.feeds.catch_up(WAIT)
    assert not feed.close(0)
    assert closing.wait(WAIT)
    answers = []
    waiter = threading.Thread(
        target=lambda: answers.append(feed.catch_up()), daemon=True
    )
    waiter.start()
    waiter.join(WAIT)
    assert answers == [False]
    bench.close()
    assert alive(claim) is None


def test_who_waits_for_a_sink_is_told_of_its_end_before_its_thread_is_over(
    tmp_path, monkeypatch
):
    run, told, answers = Feed._run, threading.Event(), []

    def run_and_linger(feed):
        run(feed)
        told.wait(WAIT)

    def refuse(name, doc):
        raise ConnectionError("nobody answers")

    def wait():
        answers.append(feed.catch_up())
        told.set()

    monkeypatch.setattr(Feed, "_run", run_and_linger)
    bench = Bench(tmp_path)
    feed = bench.feeds.add(FunctionSink("broken", refuse))
    bench.journal.put(line_scan(1))
    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    while not feed.is_urgent:
        pass
    feed.close(0)
    waiter.join(WAIT)
    assert answers == [False]
    bench.close()


def test_a_sink_that_is_added_later_has_what_this_process_has_adopted(bench, tmp_path):
    documents, heard = line_scan(6), []
    ended = Journal(tmp_path)
    ended.put(documents[:4])
    ended.close()
    adopted = Journal(tmp_path, ended.directory)
    bench.feeds.adopt(adopted.directory, lambda: adopted.log.durable)
    bench.feeds.add(FunctionSink("f", lambda *doc: heard.append(doc)))
    adopted.put(documents[4:])
    assert bench.feeds.catch_up(WAIT)
    assert heard == documents
    adopted.close()
    bench.feeds.give_back(adopted.directory)


def test_name_is_taken_once(bench):
    bench.feeds.add(Notebook("a"))
    with pytest.raises(StateError, match="'a' cannot be added: there is one"):
        bench.feeds.add(Notebook("a"))


@pytest.mark.parametrize("name", ["", "a b", "../x", ".hidden", "x" * 62, 7])
def test_name_is_one_that_a_file_could_have(name):
    with pytest.raises(ConfigError, match="a sink cannot be named"):
        FunctionSink(name, print)


def test_closed_feeds_take_no_sink(tmp_path):
    bench = Bench(tmp_path)
    bench.close()
    with pytest.raises(StateError, match="the feeds are closed"):
        bench.feeds.add(Notebook())


def test_journals_of_others_are_followed_by_a_process_without_one(tmp_path):
    journal = Journal(tmp_path)
    documents = line_scan(4)
    journal.put(documents)
    journal.close()
    heard = []
    feeds = Feeds(tmp_path)
    feeds.add(FunctionSink("f", lambda *doc: heard.append(doc)))
    assert feeds.catch_up(WAIT)
    assert heard == documents
    again = Journal(tmp_path)
    again.put(documents)
    again.close()
    feeds.look_soon()
    assert feeds.catch_up(WAIT)
    assert heard == documents * 2
    assert feeds.close(WAIT)


def test_what_was_journalled_before_a_hurry_reaches_sinks_at_once(bench):
    heard, all_of_it = [], threading.Event()
    documents = line_scan(100)

    def hear(*doc):
        heard.append(doc)
        if len(heard) == len(documents):
            all_of_it.set()

    bench.feeds.add(FunctionSink("f", hear, period=3600))
    assert bench.feeds.catch_up(WAIT)
    bench.journal.put(documents)
    bench.feeds.hurry()
    assert all_of_it.wait(WAIT)
    assert heard == documents


def test_hurry_is_over_when_a_sink_has_all_or_refuses(bench):
    refusals = threading.Semaphore(0)

    def refuse(name, doc):
        refusals.release()
        raise ConnectionError("nobody answers")

    feed = bench.feeds.add(FunctionSink("broken", refuse, period=3600))
    bench.journal.put(line_scan(1))
    feed.hurry()
    # It is tried again after growing pauses, and not in haste.
    assert refusals.acquire(timeout=WAIT)
    assert refusals.acquire(timeout=WAIT)
    assert not feed.is_urgent
