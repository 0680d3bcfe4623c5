"""The blocking RunEngine, from a plain function."""

import asyncio
import threading

import pytest
from kit import Detector, Documents, Motor

from lapwing import Msg, RunEngine
from lapwing.engine import device_loop
from lapwing.errors import RunEngineInterrupted, StateError, TransitionError
from lapwing.plans import count, scan


def test_it_returns_the_uids_of_the_runs():
    RE = RunEngine()
    docs = Documents()
    RE.subscribe(docs)
    uids = RE(count([Detector()], 3))
    assert uids == (docs.named("start")[0]["uid"],)
    assert docs.names == ["start", "descriptor", *["event"] * 3, "stop"]
    assert RE.md["scan_id"] == 1
    assert "lapwing" in docs.named("start")[0]["versions"]


def test_it_can_return_the_whole_result():
    RE = RunEngine(call_returns_result=True)
    result = RE(count([Detector()]))
    assert result.exit_status == "success"
    assert len(result.run_start_uids) == 1


def test_an_error_of_the_plan_comes_out_as_it_is():
    def plan():
        yield Msg("null")
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError, match="oh"):
        RunEngine()(plan())


def paused_engine(**kwargs):
    RE = RunEngine(**kwargs)
    det = Detector()
    RE.msg_hook = lambda msg: (
        msg.command == "save" and det.reads == 2 and RE.request_pause()
    )
    with pytest.raises(RunEngineInterrupted, match="is paused"):
        RE(count([det], 3))
    RE.msg_hook = None
    assert RE.state == "paused"
    return RE


def test_a_pause_raises_and_resume_goes_on():
    RE = paused_engine()
    assert RE.resumable
    docs = Documents()
    RE.subscribe(docs)
    assert len(RE.resume()) == 1
    assert docs.points() == {} or docs.named("stop")[0]["num_events"] == {"primary": 3}
    assert RE.state == "idle"


@pytest.mark.parametrize(
    ("verb", "status"), [("stop", "success"), ("abort", "abort"), ("halt", "abort")]
)
def test_a_paused_plan_can_be_ended(verb, status):
    RE = paused_engine()
    docs = Documents()
    RE.subscribe(docs)
    assert len(getattr(RE, verb)()) == 1
    assert docs.named("stop")[0]["exit_status"] == status
    assert RE.state == "idle"


def test_someone_may_be_asked_what_to_do_about_a_pause():
    RE = RunEngine(call_returns_result=True)
    asked = []

    def decide(result):
        asked.append(result.reason)
        return "resume" if len(asked) == 1 else "abort"

    RE.on_pause = decide
    with pytest.raises(RunEngineInterrupted, match="ended: abort"):
        RE([Msg("checkpoint"), Msg("pause"), Msg("checkpoint"), Msg("pause")])
    assert asked == ["the plan asked for it"] * 2


def test_ending_a_plan_from_another_thread_interrupts_the_call():
    RE = RunEngine()
    motor = Motor(by_hand=True)
    results = []

    def hook(msg):
        if msg.command == "wait":
            thread = threading.Thread(target=lambda: results.append(RE.abort("enough")))
            thread.start()
            threads.append(thread)

    threads = []
    RE.msg_hook = hook
    with pytest.raises(RunEngineInterrupted, match=r"abort \(enough\)"):
        RE(scan([Detector()], motor, 0, 1, 2))
    threads[0].join(5)
    assert len(results[0]) == 1
    assert motor.stops >= 1


def test_a_blocking_call_on_the_device_loop_is_refused():
    RE = RunEngine()

    async def plan_in_plan():
        with pytest.raises(StateError, match="blocks"):
            RE([Msg("null")])
        return True

    assert asyncio.run_coroutine_threadsafe(plan_in_plan(), device_loop.get()).result(5)


def test_idle_it_cannot_be_resumed():
    with pytest.raises(TransitionError):
        RunEngine().resume()


def test_listeners_hear_of_every_end_and_pause():
    RE = RunEngine()
    heard = []
    RE.after_call.append(heard.append)
    RE([Msg("null")])
    with pytest.raises(RunEngineInterrupted):
        RE([Msg("checkpoint"), Msg("pause")])
    RE.abort()
    assert [result.paused for result in heard] == [False, True, False]


def test_hooks_and_preprocessors_are_those_of_the_engine():
    RE = RunEngine()
    states, waits = [], []
    RE.state_hook = lambda new, old: states.append(str(new))
    RE.waiting_hook = waits.append
    RE.preprocessors.append(lambda plan: plan)
    RE([Msg("null")])
    assert states == ["running", "idle"]
    assert RE.state_hook is RE.engine.state_hook
    assert RE.waiting_hook is RE.engine.waiting_hook
    assert RE.msg_hook is None
    assert not RE.deferred_pause_requested


def test_a_subscription_can_be_given_up():
    RE = RunEngine()
    docs = Documents()
    RE.unsubscribe(RE.subscribe(docs))
    RE(count([Detector()]))
    assert docs.all == []


def test_verbs_can_be_added_listed_and_taken_away():
    RE = RunEngine()

    async def double(msg):
        """Double a number."""
        return 2 * msg.args[0]

    def plan():
        return (yield Msg("double", None, 21))

    RE.register_command("double", double)
    assert "double" in RE.commands
    assert "double: Double a number." in RE.print_command_registry()
    assert "kwargs: group;" in RE.print_command_registry(verbose=True)
    assert RunEngine.__call__(RE, plan()) == ()
    RE.unregister_command("double")
    assert "double" not in RE.commands


def test_what_is_set_on_it_is_set_on_the_engine():
    RE = RunEngine()
    RE.record_interruptions = True
    RE.md_normalizer = lambda md: {**md, "normal": 1}
    docs = Documents()
    RE.dispatcher.subscribe(docs)
    RE(count([Detector()]))
    assert docs.named("start")[0]["normal"] == 1
    assert docs.named("descriptor")[0]["name"] == "interruptions"
    with pytest.raises(AttributeError):
        RE.state = "running"


def test_the_blocked_thread_may_be_given_something_to_do():
    class Busy:
        blocked = 0

        def block(self, event):
            self.blocked += 1
            assert event.wait(5)

    busy = Busy()
    RunEngine(during_task=busy)(count([Detector()]))
    assert busy.blocked == 1


def test_calls_are_surrounded_by_context_managers():
    import contextlib

    seen = []

    @contextlib.contextmanager
    def surround(engine):
        seen.append(engine)
        yield

    RE = RunEngine(context_managers=[surround])
    RE([Msg("null")])
    assert seen == [RE]


def test_a_call_begins_only_after_its_context_managers():
    """Or a Ctrl-C that comes with the first message would find no handler."""
    import contextlib

    done = []

    @contextlib.contextmanager
    def surround(engine):
        turn = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), device_loop.get())
        turn.result(timeout=5)  # the loop has done what it was given before
        done.append(engine.engine.state.is_idle)
        yield

    RunEngine(context_managers=[surround])([Msg("null")])
    assert done == [True]


def test_suspenders_get_the_blocking_engine():
    class Watcher:
        def install(self, engine):
            self.engine = engine

        def remove(self):
            self.engine = None

        def get_futures(self):
            return [], ""

    RE, watcher = RunEngine(), Watcher()
    RE.install_suspender(watcher)
    assert watcher.engine is RE
    assert RE.suspenders == (watcher,)
    RE([Msg("null")])
    RE.remove_suspender(watcher)
    RE.install_suspender(watcher)
    RE.clear_suspenders()
    assert RE.suspenders == ()


def test_a_plan_can_ask_who_runs_it():
    RE = RunEngine(call_returns_result=True)

    def plan():
        return (yield Msg("RE_class"))

    assert RE(plan()).plan_result is RunEngine
