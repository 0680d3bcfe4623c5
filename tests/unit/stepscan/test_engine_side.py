"""A step scan and its engine: who pauses, who goes on, who ends, with soft devices."""

import asyncio
import threading
from collections import deque

import pytest
from unit.stepscan.rigs import Rig, run, until

from lapwing.engine.engine import Engine
from lapwing.epics.channel import Control
from lapwing.errors import (
    DisconnectedError,
    RequestAbort,
    RunEngineInterrupted,
    StateError,
)
from lapwing.messages import Msg
from lapwing.session.facade import RunEngine
from lapwing.session.session import session
from lapwing.stepscan.posting_link import fit

FIRST = "5 points, about 0.0 s"

TEXT = Control("string", "<U40")


@pytest.fixture
def rig():
    return Rig(Engine())


def test_a_pause_of_the_engine_is_told_with_its_reason_and_so_is_that_it_goes_on(rig):
    rig.at_point(2, lambda: rig.engine.request_pause(reason="the hutch is open"))

    async def main():
        assert (await rig.engine.run(rig.scan.plan())).paused
        assert rig.heard.said == [FIRST, "paused", "paused: the hutch is open"]
        assert rig.scan.requests.held
        await rig.engine.resume()

    run(main())
    assert rig.heard.said[3:] == ["running"]
    assert not rig.scan.requests.held
    assert len(rig.taken) == 5


def test_an_abort_that_comes_as_the_engine_begins_to_pause_is_heard(rig):
    def abort_just_then(new, old):
        if new == "pausing":
            rig.scan.abort("by a PV")

    stops = []
    rig.engine.state_hook = abort_just_then
    rig.engine.subscribe(lambda name, doc: stops.append(doc), "stop")
    rig.at_point(2, rig.engine.request_pause)

    async def main():
        await rig.engine.run(rig.scan.plan())
        await until(lambda: stops)

    run(main())
    assert [(doc["exit_status"], doc["reason"]) for doc in stops] == [
        ("abort", "by a PV")
    ]


def test_a_pause_of_the_scan_outlasts_one_of_the_engine(rig):
    rig.at_point(2, lambda: rig.scan.pause("a look"))

    async def main():
        running = asyncio.create_task(rig.engine.run(rig.scan.plan()))
        await until(lambda: "paused" in rig.heard.said)
        rig.engine.request_pause()
        assert (await running).paused
        running = asyncio.create_task(rig.engine.resume())
        await until(lambda: rig.engine.state == "running")
        await until(lambda: rig.heard.said[-1] == "paused")  # as before
        assert rig.scan.requests.paused
        assert len(rig.taken) == 2
        rig.scan.resume()
        assert not (await running).paused

    run(main())
    assert len(rig.taken) == 5


def test_the_engine_s_pause_asks_nothing_of_the_scan(rig):
    rig.at_point(2, rig.engine.request_pause)

    async def main():
        await rig.engine.run(rig.scan.plan())
        assert not rig.scan.requests.any
        await rig.engine.abort()
        # Nothing of it is left for the next one.
        assert not rig.scan.requests.held
        await rig.engine.run(rig.scan.plan())

    run(main())
    assert len(rig.taken) == 1 + 5


def test_a_scan_whose_engine_is_paused_is_aborted_at_once(rig):
    rig.at_point(2, rig.engine.request_pause)

    async def main():
        assert (await rig.engine.run(rig.scan.plan())).paused
        rig.scan.abort("SIM:scan:request_abort asked for it")
        rig.scan.abort("and again")
        await until(lambda: rig.engine.state == "idle")

    run(main())
    assert rig.stop["exit_status"] == "abort"
    assert rig.stop["reason"] == "SIM:scan:request_abort asked for it"
    assert len(rig.taken) == 1  # the second one was not saved when it paused


def suspend_at_point(rig, number):
    """Let a scan be suspended at a point; return what ends that when it is set."""
    over, why = asyncio.Event(), "there is no beam"
    rig.at_point(
        number, lambda: rig.engine.request_suspend(over.wait, justification=why)
    )
    return over


def test_a_suspended_scan_says_why_and_is_aborted_at_once(rig):
    suspend_at_point(rig, 2)

    async def main():
        running = asyncio.create_task(rig.engine.run(rig.scan.plan()))
        await until(lambda: rig.scan.requests.held)
        assert rig.heard.said == [FIRST, "paused", "paused: there is no beam"]
        rig.scan.abort("home")
        result = await running
        assert (result.exit_status, result.reason) == ("abort", "home")
        rig.engine.request_abort("nothing runs any more")
        await asyncio.sleep(0)
        assert rig.engine.state == "idle"

    run(main())
    assert len(rig.taken) < 3


def test_a_scan_says_how_its_paused_engine_goes_on_to_who_wants_it_to(rig):
    rig.at_point(2, lambda: rig.engine.request_pause(reason="the hutch is open"))
    rig.at_point(3, lambda: rig.engine.request_pause(defer=True))

    async def main():
        await rig.engine.run(rig.scan.plan())
        await asyncio.to_thread(rig.scan.resume)  # as well from another thread
        assert rig.engine.state == "paused"
        said = rig.heard.said[-1]
        assert fit(said, TEXT) == "type RE.resume() where it was paused; n"
        assert said.endswith("makes a paused engine go on (the hutch is open)")
        await rig.engine.resume()
        rig.scan.resume()
        said = rig.heard.said[-1]
        assert said.endswith("makes a paused engine go on")
        assert not (await rig.engine.resume()).paused
        told = len(rig.heard.said)
        rig.scan.resume()  # nothing is paused
        assert len(rig.heard.said) == told

    run(main())
    assert len(rig.taken) == 5


def test_a_scan_says_how_its_suspended_engine_goes_on(rig):
    over = suspend_at_point(rig, 2)

    async def main():
        running = asyncio.create_task(rig.engine.run(rig.scan.plan()))
        await until(lambda: rig.scan.requests.held)
        rig.scan.resume()
        said = rig.heard.said[-1]
        assert fit(said, TEXT) == "wait for the end of what suspends it; n"
        assert said.endswith("suspended engine go on (there is no beam)")
        over.set()
        await running

    run(main())
    assert len(rig.taken) == 5


def test_a_pause_while_a_lost_device_is_waited_for_is_the_scan_s_and_so_is_its_end():
    engine = Engine()
    engine.pause_on = (DisconnectedError,)  # as a session's
    rig = Rig(engine)
    back, connect = asyncio.Event(), rig.scan.connect

    def lose():
        rig.scan.connect = connect_again
        raise DisconnectedError("counts does not answer", device="counts")

    async def connect_again(timeout):  # noqa: ASYNC109 - as of a scan
        await back.wait()
        rig.scan.connect = connect
        await connect(timeout)

    rig.at_point(2, lose)

    async def main():
        running = asyncio.create_task(engine.run(rig.scan.plan()))
        await until(lambda: "waiting" in rig.heard.said)
        assert not rig.scan.requests.held
        rig.scan.pause("SIM:scan:request_pause asked for it")
        back.set()
        await until(lambda: rig.heard.said[-2:-1] == ["paused"])
        assert engine.state == "running"
        rig.scan.resume()
        assert (await running).exit_status == "success"

    run(main())
    assert "type RE.resume()" not in "".join(rig.heard.said)
    assert rig.taken == [1, 3, 4, 5, 6]  # the reading that failed is in no column


def test_a_scan_goes_on_when_what_suspended_it_is_over(rig):
    over = asyncio.Event()
    rig.at_point(2, lambda: rig.engine.request_suspend(over.wait))

    async def main():
        running = asyncio.create_task(rig.engine.run(rig.scan.plan()))
        await until(lambda: rig.scan.requests.held)
        over.set()
        assert (await running).exit_status == "success"
        assert not rig.scan.requests.held

    run(main())
    assert rig.heard.said[-1] == "running"
    assert len(rig.taken) == 5


def test_who_paused_may_go_on_before_an_abort_is_heard(rig):
    rig.at_point(2, rig.engine.request_pause)

    async def main():
        await rig.engine.run(rig.scan.plan())
        going_on = asyncio.create_task(rig.engine.resume())
        rig.scan.abort("too late for the pause")
        result = await going_on
        assert result.exit_status == "abort"
        await until(lambda: rig.engine.state == "idle")

    run(main())
    assert rig.stop["reason"] == "too late for the pause"


def test_a_scan_that_is_aborted_before_it_begins_touches_nothing(rig):
    said = []
    rig.engine.msg_hook = said.append
    plan = rig.scan.plan()
    rig.scan.abort("the hutch is open")

    async def main():
        result = await rig.engine.run(plan)
        assert (result.exit_status, result.reason) == ("abort", "the hutch is open")
        assert said == []
        # The request has been heard, and holds up no other scan.
        await rig.engine.run(rig.scan.plan())

    run(main())
    assert len(rig.taken) == 5


def test_an_abort_while_it_is_made_ready_comes_before_any_move(rig):
    said = []

    def note(msg):
        said.append(msg.command)
        if msg.command == "stage":
            rig.scan.abort("not now")

    with pytest.raises(RequestAbort, match="not now"):
        deque(map(note, rig.scan.plan()), maxlen=0)
    assert said[0] == "stage"
    assert said[-1] == "unstage"
    assert not {"open_run", "set", "trigger"} & set(said)


def test_a_scan_that_is_paused_before_it_begins_waits_before_it_does_anything():
    told = []
    rig = Rig(Engine(), pre_scan=lambda: told.append("shutter"))
    rig.scan.pause("not yet")

    async def main():
        running = asyncio.create_task(rig.engine.run(rig.scan.plan()))
        await until(lambda: "paused: not yet" in rig.heard.said)
        assert told == []
        rig.scan.resume()
        await running

    run(main())
    assert told == ["shutter"]
    assert len(rig.taken) == 5


def test_points_that_were_to_be_left_out_before_it_began_are(rig):
    rig.scan.skip(2)
    run(rig.engine.run(rig.scan.plan()))
    assert len(rig.taken) == 3


def test_a_scan_that_is_paused_at_a_checkpoint_leaves_the_next_point_out(rig):
    rig.at_point(2, lambda: rig.engine.request_pause(defer=True))
    indices = []
    rig.engine.subscribe(lambda name, doc: indices.append(rig.scan.progress.index))

    async def main():
        result = await rig.engine.run(rig.scan.plan())
        assert result.can_skip
        assert len(rig.taken) == 2
        indices.clear()
        assert not (await rig.engine.skip()).paused

    run(main())
    assert len(rig.taken) == 4
    assert indices[0] == 3  # the point number 2 was left out


def test_a_prompt_offers_to_leave_a_point_out_of_a_step_scan_only():
    RE = RunEngine()
    rig = Rig(RE)
    rig.at_point(2, RE.request_pause)
    with pytest.raises(RunEngineInterrupted, match=r"RE\.skip\(\)     goes on"):
        RE(rig.scan.plan())
    RE.skip(2)
    assert len(rig.taken) == 3  # that in whose midst it was paused is taken
    with pytest.raises(RunEngineInterrupted) as caught:
        RE([Msg("checkpoint"), Msg("pause")])
    assert "skip" not in str(caught.value)
    with pytest.raises(StateError, match="is no step scan"):
        RE.skip()
    RE.stop()


def test_who_is_asked_about_a_pause_may_be_too_late():
    RE = RunEngine()
    rig = Rig(RE)
    rig.at_point(2, RE.request_pause)
    over = []
    RE.subscribe(lambda name, doc: over.append(doc), "stop")

    def answer(result):
        rig.scan.abort("by a PV")
        while not RE.state.is_idle:
            pass
        return "resume"

    RE.on_pause = answer
    with pytest.raises(RunEngineInterrupted, match="ended by somebody else"):
        RE(rig.scan.plan())
    assert over[0]["reason"] == "by a PV"


def test_what_follows_a_call_follows_one_that_is_aborted_where_nobody_waits(tmp_path):
    ended = threading.Event()
    with session(tmp_path, environ={}, table=False, progress=False, peaks=False) as s:
        rig, said, results = Rig(s.RE), [], []
        s.say = lambda text, style="": said.append(text)
        s.best.screen.line = s.say
        s.RE.after_call.append(results.append)
        rig.at_point(2, s.RE.request_pause)
        with pytest.raises(RunEngineInterrupted):
            s.RE(rig.scan.plan())
        assert said == []
        s.RE.after_call.append(lambda result: ended.set())
        rig.scan.abort("SIM:scan:request_abort asked for it")
        assert ended.wait(20)
        assert [one.paused for one in results] == [True, False]
        assert results[1].exit_status == "abort"
        (line,) = said
        assert line.startswith("data: ")
        assert line.endswith(s.file_of(rig.stop["run_start"]).name)


def test_a_session_that_is_closed_meanwhile_has_told_where_the_data_are(tmp_path):
    said = []
    with session(tmp_path, environ={}, table=False, progress=False, peaks=False) as s:
        s.best.screen.line = lambda text, style="": said.append(text)
        rig = Rig(s.RE)
        rig.at_point(2, s.RE.request_pause)
        with pytest.raises(RunEngineInterrupted):
            s.RE(rig.scan.plan())
        rig.scan.abort("by a PV")
    assert said[0].startswith("data: ")
    assert rig.stop["exit_status"] == "abort"
