"""What the stand-in adds to our rooms: loggers, tracing, odd attributes, a command."""

import io
import logging

import pytest

from lapwing.compat.bluesky import log, plan_tools, protocols, tracing
from lapwing.compat.bluesky.commandline import zmq_proxy
from lapwing.compat.bluesky.run_engine import RunEngine
from lapwing.errors import (
    ConfigError,
    PlanArgumentError,
    RunEngineInterrupted,
    StateError,
    UnsupportedDeviceError,
)
from lapwing.messages import Msg


@pytest.fixture
def RE() -> RunEngine:
    return RunEngine({})


@pytest.fixture
def heard():
    """Return the text of what Bluesky's loggers say while a test runs."""
    stream = io.StringIO()
    level = log.logger.level
    handler = log.config_bluesky_logging(stream, color=False, level="DEBUG")
    yield stream
    log.logger.removeHandler(handler)
    log.logger.setLevel(level)


# ---------------------------------------------------------------- logging


def test_messages_documents_and_states_go_to_the_loggers(RE, heard):
    RE([Msg("open_run"), Msg("close_run")])
    said = heard.getvalue()
    assert "Msg('open_run'" in said
    assert "start: {" in said
    assert "from 'idle' -> 'running'" in said


def test_the_msg_hook_is_called_whether_or_not_messages_are_logged(RE, heard):
    said = []
    RE.msg_hook = lambda msg: said.append(msg.command)
    RE([Msg("null")])
    log.msg_logger.setLevel("WARNING")
    RE([Msg("null")])
    log.msg_logger.setLevel(logging.NOTSET)
    assert said == ["null", "null"]


def test_a_second_configuration_takes_the_place_of_the_first(heard):
    second = io.StringIO()
    log.config_bluesky_logging(second, level="INFO")
    log.logger.info("for the second")
    assert "for the second" in second.getvalue()
    assert "for the second" not in heard.getvalue()


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no level"):
        log.validate_level("LOUD")


# ---------------------------------------------------------------- the engine


def test_what_bluesky_s_users_ask_of_metadata(RE):
    RE([Msg("open_run", sample={"name": "gold"})])
    assert RE.md["versions"]["bluesky"] == "1.15.1"
    with pytest.raises(PlanArgumentError, match="sample"):
        RE([Msg("open_run", sample=[1])])


def test_the_text_of_an_interruption_can_be_chosen(RE):
    RE.pause_msg = "Ring the bell."
    with pytest.raises(RunEngineInterrupted, match=r"^Ring the bell\.$"):
        RE([Msg("pause")])
    RE.abort()


def test_a_call_that_is_too_deep_is_refused(RE):
    RE.max_depth = 1
    with pytest.raises(StateError, match="max_depth"):
        RE([Msg("null")])


def test_a_panicked_engine_runs_nothing(RE):
    RE._state = "panicked"
    with pytest.raises(StateError, match="panicked"):
        RE([Msg("null")])
    with pytest.raises(StateError, match="panicked"):
        RE.request_pause()


def test_exceptions_of_subscribers_can_be_ignored(RE):
    def fail(name: str, doc: object) -> None:
        raise ValueError(name)

    RE.ignore_callback_exceptions = True
    RE.subscribe(fail, "start")
    with pytest.warns(UserWarning, match=r"ValueError\('start'\)"):
        RE([Msg("open_run")])
    RE.ignore_callback_exceptions = False
    with pytest.raises(ValueError, match="start"):
        RE([Msg("open_run")])


def test_a_result_without_a_return_value_says_so():
    RE = RunEngine({}, call_returns_result=True)
    with pytest.raises(RunEngineInterrupted):
        RE([Msg("pause")])
    assert RE.stop().plan_result is RE.NO_PLAN_RETURN


def test_reset_gives_up_a_paused_plan_and_its_runs(RE):
    with pytest.raises(RunEngineInterrupted):
        RE([Msg("open_run"), Msg("pause")])
    assert len(RE._run_bundlers) == 1
    RE.reset()
    assert (RE.state, len(RE._run_bundlers)) == ("idle", 0)


def test_the_waiting_hook_hears_of_what_is_done_already(RE):
    class Done:
        done = success = True

        def add_callback(self, callback):
            callback(self)

        def exception(self, timeout=0.0):
            return None

    class Quick:
        name = "quick"

        def set(self, value):
            return Done()

    heard = []
    RE.waiting_hook = heard.append
    RE([Msg("set", Quick(), 1, group="g"), Msg("wait", group="g")])
    assert [len(one or ()) for one in heard] == [1, 0]


# ---------------------------------------------------------------- protocols, tracing


def test_protocols_take_types_and_are_checked_by_structure():
    class Mover(protocols.Movable[float]):
        def set(self, value):
            return value

    assert protocols.check_supports(Mover(), protocols.Movable)
    with pytest.raises(UnsupportedDeviceError, match="all Readable methods"):
        protocols.check_supports(Mover(), protocols.Readable)


def test_a_traced_plan_says_and_returns_what_the_plan_does():
    spans = []

    class Tracer:
        def start_as_current_span(self, name, *args, **kwargs):
            spans.append(name)
            return tracing._NoTracer().start_as_current_span(name)

    @tracing.trace_plan(Tracer(), "mine")
    def plan(answer):
        """Say one thing."""
        yield Msg("null")
        return answer

    said = []

    def outer():
        said.append((yield from plan(7)))

    assert [msg.command for msg in outer()] == ["null"]
    assert (said, spans, plan.__doc__) == ([7], ["mine"], "Say one thing.")


def test_old_names_of_plan_tools_warn_and_work(capsys):
    with pytest.warns(UserWarning, match=r"moved to bluesky\.simulators"):
        plan_tools.print_summary([Msg("open_run"), Msg("close_run")])
    assert "Open Run" in capsys.readouterr().out


# ---------------------------------------------------------------- the proxy's command


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["5567"], "Both in_port and out_port"),
        (["5567", "5568", "--in-address", "x:1"], "Cannot mix"),
        (["--in-client-secret", "key"], "Cannot use client CURVE options"),
        (["--out-mode", "connect", "--out-curve-secret", "k"], "Cannot use server"),
        (["--in-curve-allow", "10.0.0.1"], "without a secret key"),
        (["--in-mode", "connect", "--in-client-secret", "k"], "Both client secret"),
    ],
)
def test_options_of_the_proxy_that_contradict_each_other(monkeypatch, options, wrong):
    monkeypatch.setattr("sys.argv", ["bluesky-0MQ-proxy", *options])
    with pytest.raises(ConfigError, match=wrong):
        zmq_proxy.main()


def test_the_proxy_is_started_with_what_was_asked(monkeypatch, tmp_path):
    made = []

    class Proxy:
        in_port = out_port = 1

        def __init__(self, *args, **kwargs):
            made.append((args, kwargs))

        def start(self):
            made.append("started")

    key = str(tmp_path / "key")
    options = ["--in-address", "5567", "--out-mode", "connect"]
    options += ["--out-client-secret", key, "--out-server-public", key]
    monkeypatch.setattr("sys.argv", ["bluesky-0MQ-proxy", *options])
    monkeypatch.setattr(zmq_proxy, "Proxy", Proxy)
    zmq_proxy.main()
    (args, kwargs), started = made
    assert args == (5567, None)
    assert (kwargs["in_bind"], kwargs["out_bind"]) == (True, False)
    assert kwargs["out_curve"] == zmq_proxy.ClientCurve(
        tmp_path / "key", tmp_path / "key"
    )
    assert started == "started"
