"""Errors: sentence, hint, context, and what else they can be caught as."""

import pickle

import pytest

from lapwing import errors
from lapwing.errors import (
    DeviceError,
    DisconnectedError,
    FailedStatus,
    InvalidCommand,
    LapwingError,
    LimitError,
    MissingExtraError,
    NotAPlanError,
    PlanHalt,
    RequestAbort,
    RequestStop,
    RunEngineControlException,
    StateError,
    TransitionError,
)


def test_an_error_has_a_sentence_a_hint_and_facts():
    error = LapwingError("it broke", hint="mend it", value=5)
    assert str(error) == "it broke (mend it)"
    assert error.hint == "mend it"
    assert error.context == {"value": 5}
    assert error.code == "lapwing"


def test_an_error_without_a_hint_has_that_of_its_class():
    assert "RE(count([det]))" in NotAPlanError("5 is no plan").hint
    assert str(NotAPlanError("5 is no plan", hint="")) == "5 is no plan"
    assert str(LapwingError()) == ""


def test_a_key_error_of_ours_shows_its_sentence_and_no_repr():
    error = InvalidCommand("'dance' is no command", hint="")
    assert isinstance(error, KeyError)
    assert str(error) == "'dance' is no command"


def test_an_error_of_a_device_names_it_and_its_pv():
    error = LimitError("too far", device="m", pv="SIM:M.HLM", limit=10)
    assert (error.device, error.pv) == ("m", "SIM:M.HLM")
    assert error.context == {"device": "m", "pv": "SIM:M.HLM", "limit": 10}
    assert isinstance(error, DeviceError)
    assert isinstance(error, ValueError)


def test_an_error_of_a_connection_names_every_pv():
    error = DisconnectedError("gone", pvs=("A", "B"), device="m")
    assert error.pvs == error.context["pvs"] == ["A", "B"]
    assert isinstance(error, ConnectionError)


def test_a_failed_status_keeps_it():
    status = object()
    assert FailedStatus("stuck", status=status).status is status


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("NotAPlanError", TypeError),
        ("PlanArgumentError", ValueError),
        ("PlanSignatureError", TypeError),
        ("MismatchedReadError", RuntimeError),
        ("UnsupportedDeviceError", AssertionError),
        ("WaitForTimeoutError", TimeoutError),
        ("DeviceTimeoutError", TimeoutError),
        ("StateError", RuntimeError),
        ("DocumentError", ValueError),
        ("MetadataError", ValueError),
        ("DataPathError", OSError),
        ("DataExistsError", FileExistsError),
        ("ConfigError", ValueError),
        ("MissingExtraError", ImportError),
        ("MissingExtraError", ValueError),
        ("RampFail", TimeoutError),
        ("RampFail", RuntimeError),
    ],
)
def test_an_error_can_be_caught_as_what_bluesky_s_users_catch(name, builtin):
    error = getattr(errors, name)("a sentence", hint="", fact=1)
    assert isinstance(error, builtin)
    assert isinstance(error, LapwingError)
    assert str(error) == "a sentence"
    assert error.context["fact"] == 1


def test_a_missing_extra_says_how_to_get_it():
    error = MissingExtraError("fits need lmfit", extra="fit")
    assert str(error) == "fits need lmfit (pip install 'lapwing[fit]')"
    assert error.extra == error.context["extra"] == "fit"
    assert MissingExtraError("x", extra="fit", hint="ask").hint == "ask"


def test_orders_say_with_what_a_run_is_closed():
    assert RequestAbort.exit_status == "abort"
    assert RequestStop.exit_status == "success"
    assert issubclass(RequestStop, RunEngineControlException)
    assert not issubclass(RequestAbort, LapwingError)
    assert issubclass(PlanHalt, GeneratorExit)
    assert issubclass(TransitionError, StateError)


@pytest.mark.parametrize(
    "error",
    [
        LapwingError("a", hint="b"),
        LimitError("a", device="m"),
        DisconnectedError("a", pvs=["A"]),
        StateError("a"),
        MissingExtraError("a", extra="fit"),
    ],
)
def test_an_error_can_be_sent_to_another_process(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.context == error.context
