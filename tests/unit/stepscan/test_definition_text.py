"""The text of definitions: YAML and JSON as data, and where everything stands."""

import json

import pytest
import yaml

from lapwing.errors import ConfigError
from lapwing.stepscan.definition_text import Place, parse, scalar, to_yaml

TEXT = """\
name: test
positioners:
  - pv: SIM:X
    positions: {start: 0, stop: 1e-3}
"""


def test_a_text_becomes_data_and_each_value_has_its_place():
    data, places = parse(TEXT)

    positions = {"start": 0, "stop": 1e-3}
    assert data == {
        "name": "test",
        "positioners": [{"pv": "SIM:X", "positions": positions}],
    }
    assert places["name",] == Place(1, 1)
    assert places["positioners", 0] == Place(3, 5)
    assert places["positioners", 0, "positions", "stop"] == Place(4, 27)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("1", 1),
        ("010", 10),
        ("-7", -7),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("2.", 2.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        (".nan", ".nan"),
        ("SIM:X", "SIM:X"),
        ("9" * 5000, float("inf")),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(word, meaning):
    assert scalar(word) == meaning
    assert type(scalar(word)) is type(meaning)


def test_what_stands_in_quotes_is_text():
    assert parse('["1", \'true\', "null"]')[0] == ["1", "true", "null"]


def test_json_with_tabs_and_any_character_is_read():
    data = {"a": ["µm", "😀", 1.5, None, True], "b": {"c": "\t\n"}}
    for text in (json.dumps(data, indent="\t"), json.dumps(data, ensure_ascii=False)):
        assert parse(text)[0] == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "f, line 2, column 1: has 'a' twice"),
        ("a: &x 1", "f, line 1, column 4: has an anchor or alias"),
        ("a: *x", "f, line 1, column 4: has an anchor or alias"),
        ("a: !!python/object:os.system x", "f, line 1, column 4: has a tag"),
        ("- a\n--- 2", "f, line 2, column 1: has a second document"),
        ("? [a]\n: 1", "f, line 1, column 3: has a key that is no text"),
        ("[[[" * 30, "nested more than 50 deep"),
        ("a: [1,\nb: 2", "is neither YAML nor JSON"),
        ("a: \x00", "has a character that is not allowed"),
        ('{"a": "\\q"}', "f, line 1, column 8: is neither YAML nor JSON"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_with_line_and_column(text, words):
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    assert words in str(caught.value)
    assert caught.value.context["file"] == "f"


def test_what_is_written_is_the_same_to_readers_of_either_yaml():
    data = {
        "texts": ["1e5", "on", "null", "12:30", "x: y", "", "010", "a\nb", "~", "é"],
        "numbers": [0, -1, 1.5, 2e-30, 1e22],
        "others": [True, None, [], {}],
    }
    assert parse(to_yaml(data))[0] == data
    assert yaml.safe_load(to_yaml(data)) == data
