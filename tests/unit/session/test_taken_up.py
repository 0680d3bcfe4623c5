"""Calls of processes that died: who goes on with one gives it back at its end."""

import asyncio
import threading

import pytest

from lapwing import RunEngine
from lapwing.engine import device_loop
from lapwing.engine.result import EngineResult
from lapwing.errors import RunEngineInterrupted
from lapwing.messages import Msg

LIMIT = 20.0
PAUSING = [Msg("checkpoint"), Msg("pause")]


class Taken:
    """A call that was taken up, as a session's is."""

    records = ()

    def __init__(self, RE):
        self._RE = RE
        self.given_back = threading.Event()

    def confirm(self, preview):
        return True

    def give_back(self):
        assert self._RE.state.is_idle
        assert not self.given_back.is_set()
        self.given_back.set()


class Rig:
    """An engine that takes a call up; what that comes to is the test's."""

    def __init__(self, resume_call):
        self.RE = RunEngine()
        self.taken = Taken(self.RE)
        self.RE.take_up = lambda which, plan, yes: self.taken
        self.RE.engine.resume_call = resume_call

    @property
    def is_given_back(self):
        return self.taken.given_back.is_set()


def test_a_call_that_ends_is_given_back_at_once():
    async def resume_call(records, plan, subs, *, confirm):
        return await rig.RE.engine.run(plan, subs)

    rig = Rig(resume_call)
    rig.RE.resume_from(1, [Msg("null")])
    assert rig.is_given_back


def test_a_call_that_pauses_is_given_back_at_its_end():
    async def resume_call(records, plan, subs, *, confirm):
        return await rig.RE.engine.run(plan, subs)

    rig = Rig(resume_call)
    with pytest.raises(RunEngineInterrupted):
        rig.RE.resume_from(1, PAUSING)
    assert not rig.is_given_back
    rig.RE.resume()
    assert rig.is_given_back


def test_a_call_that_is_aborted_where_nobody_waits_is_given_back():
    async def resume_call(records, plan, subs, *, confirm):
        return await rig.RE.engine.run(plan, subs)

    rig = Rig(resume_call)
    ended = []
    rig.RE.after_call.append(ended.append)
    with pytest.raises(RunEngineInterrupted):
        rig.RE.resume_from(1, PAUSING)
    rig.RE.engine.request_abort("by a PV")
    assert rig.taken.given_back.wait(LIMIT)
    rig.RE.wait_unwatched()
    assert [(one.paused, one.exit_status) for one in ended][-1] == (False, "abort")


def test_whoever_sees_it_idle_after_such_an_end_can_wait_for_what_follows():
    RE, followed, go_on = RunEngine(), [], threading.Event()
    waiting = threading.Thread(target=RE.wait_unwatched)

    def state_hook(new, old):
        if new.is_idle:
            waiting.start()
            waiting.join(0.1)  # would it return at once, it would by then

    def listener(result):
        if not result.paused:
            go_on.wait(LIMIT)
            followed.append(result)

    RE.after_call.append(listener)
    with pytest.raises(RunEngineInterrupted):
        RE(PAUSING)
    RE.state_hook = state_hook
    RE.engine.request_abort("by a PV")
    device_loop.call(RE.engine.come_to_rest())
    assert waiting.is_alive()
    go_on.set()
    waiting.join(LIMIT)
    assert len(followed) == 1


def test_who_waits_for_what_follows_the_last_such_end_has_waited_for_all():
    RE, go_on, num_ended = RunEngine(), threading.Event(), 0

    def listener(result):
        nonlocal num_ended
        if not result.paused and result.reason == "first":
            go_on.wait(LIMIT)
        num_ended += not result.paused

    RE.after_call.append(listener)
    for reason in ("first", "second"):
        with pytest.raises(RunEngineInterrupted):
            RE(PAUSING)
        RE.engine.request_abort(reason)
        device_loop.call(RE.engine.come_to_rest())
    RE.wait_unwatched(0.1)  # it is late: the first one is not over yet
    assert num_ended < 2
    go_on.set()
    RE.wait_unwatched(LIMIT)
    assert num_ended == 2


def test_a_call_that_cannot_begin_is_given_back():
    def surround(RE):
        raise ZeroDivisionError

    rig = Rig(lambda *_, **__: None)
    rig.RE.context_managers.append(surround)
    with pytest.raises(ZeroDivisionError):
        rig.RE.resume_from(1, [Msg("null")])
    assert rig.is_given_back


def test_another_thread_s_call_gives_nothing_back_that_is_just_being_taken_up():
    begun, go_on = threading.Event(), asyncio.Event()

    async def resume_call(records, plan, subs, *, confirm):
        begun.set()
        await go_on.wait()
        return EngineResult((), None, "success", False, "", None)

    rig = Rig(resume_call)
    going_on = threading.Thread(target=rig.RE.resume_from, args=[1, [Msg("null")]])
    going_on.start()
    assert begun.wait(LIMIT)
    rig.RE([Msg("null")])
    assert not rig.is_given_back
    device_loop.get().call_soon_threadsafe(go_on.set)
    going_on.join(LIMIT)
    assert rig.is_given_back
