"""Settings: defaults, the environment, what is given."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from lapwing.config import PREFIX, Settings
from lapwing.errors import ConfigError


def test_every_setting_has_a_default_and_is_explained():
    for spec in fields(Settings):
        assert hasattr(Settings(), spec.name)
        assert f"        {spec.name}: " in (Settings.__doc__ or "")


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environment({}) == Settings()


def test_settings_come_from_the_environment():
    settings = Settings.from_environment(
        {
            "LAPWING_DATA_DIR": "/data",
            "LAPWING_CONNECT_TIMEOUT": "2.5",
            "DATA_DIR": "/elsewhere",
            "LAPWING_UNKNOWN": "left to others",
        }
    )
    assert settings.data_dir == Path("/data")
    assert settings.connect_timeout == 2.5
    assert settings.file_close_timeout == Settings().file_close_timeout


def test_what_is_given_beats_the_environment_and_none_is_not_given():
    environ = {"LAPWING_DATA_DIR": "/data", "LAPWING_CONNECT_TIMEOUT": "2"}
    settings = Settings.from_environment(
        environ, data_dir="/mine", connect_timeout=None
    )
    assert settings.data_dir == Path("/mine")
    assert settings.connect_timeout == 2


def test_an_unknown_setting_is_refused():
    with pytest.raises(ConfigError, match="no such setting: colour, size"):
        Settings.from_environment({}, size=1, colour=None)


@pytest.mark.parametrize("text", ["soon", "", "-1", "nan", "inf", "1,5"])
def test_what_is_no_number_of_seconds_is_refused_by_name(text):
    with pytest.raises(ConfigError) as error:
        Settings.from_environment({"LAPWING_CONNECT_TIMEOUT": text})
    assert f"LAPWING_CONNECT_TIMEOUT is {text!r}" in str(error.value)
    assert isinstance(error.value, ValueError)


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Settings().data_dir = Path("/elsewhere")  # type: ignore[misc]
    assert PREFIX == "LAPWING_"


def test_a_choice_is_taken_or_refused_with_what_is_allowed():
    chosen = Settings.from_environment({"LAPWING_UNFINISHED": "close"})
    assert chosen.unfinished == "close"
    assert Settings().unfinished == "ask"
    with pytest.raises(ConfigError, match=r"LAPWING_UNFINISHED is 'no'.*'close' or 'l"):
        Settings.from_environment({"LAPWING_UNFINISHED": "no"})
    with pytest.raises(ConfigError, match="it must be 'process' or 'power'"):
        Settings.from_environment({"LAPWING_DURABILITY": "none"})
