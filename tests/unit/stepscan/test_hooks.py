"""Hooks of all kinds, as arguments and in subclasses, and what an abort does."""

import asyncio
import logging
import threading

import pytest

from lapwing import RunEngine
from lapwing import plan_stubs as bps
from lapwing.errors import PlanArgumentError, RunEngineInterrupted
from lapwing.plans.plan import plan
from lapwing.stepscan import StepScan, hook_plans
from lapwing.stepscan.hook_plans import run_hooks
from lapwing.stepscan.hooks import Hooks

KINDS = ("function", "coroutine", "plan")


@pytest.fixture
def RE():
    return RunEngine({})


@pytest.fixture
def told():
    return []


def hook_of(kind, told, text="given"):
    """A hook of a kind that takes what a hook may take, and tells of it at its end."""

    def function(scan, point):
        told.append((text, scan, point))

    async def coroutine(scan, point):
        await asyncio.sleep(0)
        told.append((text, scan, point))

    def stub(scan, point):
        yield from bps.null()
        told.append((text, scan, point))

    return {"function": function, "coroutine": coroutine, "plan": stub}[kind]


def overriding(kind, told, base=Hooks, text="own"):
    """A subclass whose hook is of a kind, and does its base's first."""

    def of_function():
        class OfFunction(base):
            def pre_scan(self, scan):
                super().pre_scan(scan)
                told.append((text, scan))

        return OfFunction

    def of_coroutine():
        class OfCoroutine(base):
            async def pre_scan(self, scan):
                await super().pre_scan(scan)
                told.append((text, scan))

        return OfCoroutine

    def of_plan():
        class OfPlan(base):
            def pre_scan(self, scan):
                yield from super().pre_scan(scan)
                told.append((text, scan))

        return OfPlan

    return {"function": of_function, "coroutine": of_coroutine, "plan": of_plan}[kind]()


def do(RE, owner, name="pre_scan", **known):
    RE(run_hooks([owner], name, **{"scan": "the scan", "point": 3} | known))


@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_of_each_kind_is_given_scan_and_point(kind, RE, told):
    do(RE, Hooks(hook_of(kind, told), None, None))
    assert told == [("given", "the scan", 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_may_be_set_on_one_scan_alone(kind, RE, told):
    owner = Hooks(None, None, None)
    owner.at_break = hook_of(kind, told)
    do(RE, owner, "at_break")
    assert told == [("given", "the scan", 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_override_needs_no_argument_to_call_its_base(kind, RE, told):
    do(RE, overriding(kind, told)(None, None, None))
    assert told == [("own", "the scan")]


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("own", KINDS)
def test_an_override_does_what_was_given_as_an_argument(own, given, RE, told):
    make = overriding(own, told)
    if given == "plan" and own != "plan":
        with pytest.raises(PlanArgumentError, match=r"pre_scan is a .* only a plan"):
            make(hook_of(given, told), None, None)
        return
    do(RE, make(hook_of(given, told), None, None))
    assert told == [("given", "the scan", 3), ("own", "the scan")]


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("own", KINDS)
def test_an_override_does_that_of_its_base(own, base, RE, told):
    below = overriding(base, told, text="base")
    if base == "plan" and own != "plan":
        with pytest.raises(PlanArgumentError, match=r"pre_scan is a .* only a plan"):
            overriding(own, told, below)
        return
    owner = overriding(own, told, below)(hook_of("function", told), None, None)
    do(RE, owner)
    assert [one[0] for one in told] == ["given", "base", "own"]


def test_a_decorated_plan_is_a_plan_for_its_overrides(RE, told):
    class Base(Hooks):
        @plan
        def pre_scan(self):
            yield from bps.null()
            told.append("base")

    class Own(Base):
        def pre_scan(self):
            yield from super().pre_scan()
            told.append("own")

    do(RE, Own(None, None, None))
    assert told == ["base", "own"]


def test_an_argument_that_an_override_would_never_do_is_refused(told):
    class Deaf(Hooks):
        def pre_scan(self):
            told.append("own")

    with pytest.raises(PlanArgumentError, match=r"Deaf\.pre_scan overrides it") as said:
        Deaf(hook_of("function", told), None, None)
    assert "super().pre_scan()" in said.value.hint
    Deaf(None, hook_of("function", told), None)


def test_a_base_that_is_not_waited_for_is_told_of(RE, told):
    class Forgets(Hooks):
        async def pre_scan(self):
            super().pre_scan()

    owner = Forgets(hook_of("function", told), None, None)
    with pytest.warns(RuntimeWarning, match="never awaited"):
        do(RE, owner)


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_script_does_hooks_by_calling_them(kind, told):
    owner = overriding(kind, told)(hook_of(kind, told), None, None)
    owner.known = {"point": 0}
    owner.pre_scan("a script")
    assert [one[0] for one in told] == ["given", "own"]
    Hooks(None, hook_of(kind, told), None).post_scan(point=7)
    assert told[-1][2] == 7


def test_a_hook_that_fails_keeps_no_other_from_being_done(RE, told):
    def fails():
        raise OSError("no shutter")

    errors = []
    owners = [Hooks(fails, None, None), Hooks(hook_of("plan", told), None, None)]
    RE(run_hooks(owners, "pre_scan", errors, scan=None, point=0))
    assert [str(error) for error in errors] == ["no shutter"]
    assert told
    with pytest.raises(OSError, match="no shutter"):
        do(RE, owners[0])


# ------------------------------------------------------------ an abort


class Slow:
    """A function that a test lets go on, and one that is done after the scan."""

    def __init__(self):
        self.began, self.may_end, self.ended = (threading.Event() for _ in range(3))
        self.times = 0
        self.beside = None

    def function(self):
        self.times += 1
        self.began.set()
        assert self.may_end.wait(10)
        self.ended.set()

    def after(self):
        self.beside = not self.ended.is_set()


def as_a_scan(owner):
    """Do what a scan does with its hooks."""
    try:
        yield from run_hooks([owner], "pre_scan", scan=None, point=0)
    finally:
        yield from run_hooks([owner], "post_scan", [], scan=None, point=0)


def when_it_has_begun(slow, *acts):
    def act():
        assert slow.began.wait(10)
        for one in acts:
            one()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_what_follows_waits_for_a_function_that_an_abort_cuts_off(RE, caplog):
    slow = Slow()
    owner = Hooks(slow.function, slow.after, None)
    owner.name = "det"
    caplog.set_level(logging.INFO, "lapwing.stepscan")

    class LetsGoOn(logging.Handler):
        def emit(self, record):
            if "waiting for the end of pre_scan of det" in record.getMessage():
                slow.may_end.set()

    handler = LetsGoOn()
    logging.getLogger("lapwing.stepscan").addHandler(handler)
    thread = when_it_has_begun(slow, lambda: RE.abort("enough"))
    with pytest.raises(RunEngineInterrupted):
        RE(as_a_scan(owner))
    logging.getLogger("lapwing.stepscan").removeHandler(handler)
    thread.join()
    assert slow.beside is False
    assert "still runs" not in caplog.text


def test_a_function_that_goes_on_for_ever_is_named_and_not_waited_for(
    RE, caplog, monkeypatch
):
    monkeypatch.setattr(hook_plans, "LONGEST_WAIT", 0.01)
    slow = Slow()
    owner = Hooks(slow.function, slow.after, None)
    owner.name = "det"
    thread = when_it_has_begun(slow, lambda: RE.abort("enough"))
    with pytest.raises(RunEngineInterrupted):
        RE(as_a_scan(owner))
    thread.join()
    assert slow.beside is True
    assert "pre_scan of det still runs" in caplog.text
    slow.may_end.set()
    assert slow.ended.wait(10)


def test_a_coroutine_that_goes_on_waiting_is_cancelled_by_an_abort(RE, told):
    began = threading.Event()

    async def waits():
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    def after():
        told.append("after")

    def act():
        assert began.wait(10)
        RE.abort("enough")

    thread = threading.Thread(target=act)
    thread.start()
    with pytest.raises(RunEngineInterrupted):
        RE(as_a_scan(Hooks(waits, after, None)))
    thread.join()
    assert told == ["cancelled", "after"]


def test_a_function_is_not_begun_again_after_a_pause_in_its_midst(RE):
    slow = Slow()
    owner = Hooks(slow.function, slow.after, None)

    def with_a_checkpoint():
        yield from bps.checkpoint()
        yield from as_a_scan(owner)

    thread = when_it_has_begun(slow, RE.request_pause)
    with pytest.raises(RunEngineInterrupted):
        RE(with_a_checkpoint())
    thread.join()
    slow.may_end.set()
    RE.resume()
    assert slow.times == 1
    assert slow.beside is False


def test_a_coroutine_is_begun_anew_after_a_pause_but_not_beside_its_function(RE):
    slow = Slow()
    beside = []

    class Own(Hooks):
        async def pre_scan(self):
            beside.append(bool(slow.times) and not slow.ended.is_set())
            await super().pre_scan()

    owner = Own(slow.function, slow.after, None)

    def with_a_checkpoint():
        yield from bps.checkpoint()
        yield from as_a_scan(owner)

    thread = when_it_has_begun(slow, RE.request_pause)
    with pytest.raises(RunEngineInterrupted):
        RE(with_a_checkpoint())
    thread.join()
    threading.Timer(0.05, slow.may_end.set).start()
    RE.resume()
    assert beside == [False, False]


def test_a_scan_says_so_when_a_hook_cannot_be_called():
    with pytest.raises(PlanArgumentError, match="pre_scan=3 cannot be called"):
        StepScan(npts=1, pre_scan=3)
