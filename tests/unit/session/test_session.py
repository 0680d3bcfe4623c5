"""The end of a session, at whichever moment it comes."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from kit import Detector, Documents
from unit.data.journals import Journal
from unit.data.streams import line_scan

import lapwing
from lapwing import Msg
from lapwing.errors import DataError, RunEngineInterrupted, StateError
from lapwing.journal.hold import alive
from lapwing.plans import count
from lapwing.session import recover


def journal_threads():
    return {t for t in threading.enumerate() if t.name == "lapwing-journal"}


@pytest.fixture
def session(tmp_path):
    others = journal_threads()
    session = lapwing.session(tmp_path, environ={}, table=False, progress=False)
    session.docs = Documents()
    session.RE.subscribe(session.docs)
    session.threads = journal_threads() - others
    yield session
    session.close()


def end_of_run(session):
    (stop,) = session.docs.named("stop")
    assert session.RE.state == "idle"
    return stop["exit_status"], stop.get("reason", "")


def test_a_paused_plan_is_aborted(session):
    with pytest.raises(RunEngineInterrupted):
        session.RE([Msg("open_run"), Msg("pause")])
    session.close()
    assert end_of_run(session) == ("abort", "the session was closed")


def test_a_plan_that_another_thread_runs_is_aborted(session):
    begun = threading.Event()

    def plan():
        yield Msg("open_run")
        begun.set()
        yield Msg("sleep", None, 3600)

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(session.RE, plan())
        assert begun.wait(10)
        session.close()
        with pytest.raises(RunEngineInterrupted):
            call.result(10)
    assert end_of_run(session) == ("abort", "the session was closed")


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_plan_that_is_ending_is_left_to_clean_up(session, is_seen):
    cleaning, go_on, cleaned = threading.Event(), threading.Event(), []

    async def tidy():
        cleaning.set()
        while not go_on.is_set():
            await session.RE.engine.sleep(0)

    def plan():
        try:
            yield Msg("open_run")
            yield Msg("pause")
        finally:
            yield Msg("wait_for", None, [tidy])
            cleaned.append(True)

    with pytest.raises(RunEngineInterrupted):
        session.RE(plan())
    abort = session.RE.abort

    def begin_to_end(*args, **options):
        session.RE.engine.request_abort("by a device")
        assert cleaning.wait(10)
        return abort(*args, **options) if args else None

    if is_seen:
        begin_to_end()
    else:
        session.RE.abort = begin_to_end  # it was paused when that was looked at
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(session.close)
        assert cleaning.wait(10)
        wait([closing], 0.1)  # would it tear the plan out, it would by then
        assert not closing.done()
        go_on.set()
        closing.result(10)
    assert cleaned == [True]
    assert end_of_run(session) == ("abort", "by a device")


def test_a_clean_up_that_fails_keeps_nothing_open(session):
    def plan():
        try:
            yield Msg("open_run")
            yield Msg("trigger", Detector())
            yield Msg("pause")
        finally:
            raise ZeroDivisionError

    with pytest.raises(RunEngineInterrupted):
        session.RE(plan())
    with pytest.raises(ZeroDivisionError):
        session.close()
    assert end_of_run(session)[0] == "fail"
    assert not session.threads & journal_threads()


def test_what_cannot_be_closed_keeps_nothing_else_open(session):
    assert session.threads

    def fail():
        raise ZeroDivisionError

    session.best.hold = fail
    with pytest.raises(ZeroDivisionError):
        session.close()
    assert not session.threads & journal_threads()


def test_a_plan_that_somebody_else_ends_just_then_is_no_trouble(session):
    with pytest.raises(RunEngineInterrupted):
        session.RE([Msg("open_run"), Msg("pause")])

    def abort(why, **options):
        session.RE.engine.request_abort("by a PV")
        while not session.RE.state.is_idle:
            pass
        type(session.RE).abort(session.RE, why, **options)

    session.RE.abort = abort
    session.close()
    assert end_of_run(session) == ("abort", "by a PV")


def test_no_plan_begins_while_a_session_ends(session):
    close, refused = session.feeds.close, []

    def close_as_another_thread_goes_on(timeout):
        with pytest.raises(StateError, match="session is closed") as caught:
            session.RE(count([Detector()]))
        refused.append(caught.value)
        return close(timeout)

    session.feeds.close = close_as_another_thread_goes_on
    session.close()
    assert refused
    with pytest.raises(StateError, match="session is closed"):
        session.RE.resume_from(1, count([Detector()]))
    assert session.docs.all == []


@pytest.fixture
def died(tmp_path):
    """The journal of a process that died in the midst of scan 7."""
    journal = Journal(tmp_path)
    journal.begin("cut off", plan_name="count")
    journal.put(line_scan(5, scan_id=7)[:4])
    journal.close()
    return journal.directory


def test_a_journal_that_cannot_be_taken_up_while_a_plan_runs_is_let_go(session, died):
    require_idle = session.RE.engine.require_idle

    def begin_just_then():
        require_idle()
        session.RE.engine.require_idle = require_idle
        with pytest.raises(RunEngineInterrupted):
            session.RE([Msg("checkpoint"), Msg("pause")])

    session.RE.engine.require_idle = begin_just_then
    with pytest.raises(StateError, match="recorder"):
        session.RE.resume_from(7, count([Detector()]))
    assert alive(died) is None
    assert session.RE.engine.recorder is session.journal.transcript


def test_a_journal_whose_call_cannot_be_read_is_let_go(session, died, monkeypatch):
    def fail(directory):
        raise DataError("it is damaged")

    monkeypatch.setattr(recover, "past_calls", fail)
    with pytest.raises(DataError, match="damaged"):
        session.RE.resume_from(7, count([Detector()]))
    assert alive(died) is None
    assert session.RE.engine.recorder is session.journal.transcript


def test_a_session_and_its_engine_say_what_they_are(session):
    assert repr(session.RE) == "<RunEngine: idle>"
    where = session.settings.data_dir
    assert repr(session) == f"<Session: RE is idle, data are in {where}>"
