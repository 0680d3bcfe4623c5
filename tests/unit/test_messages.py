"""Messages: five fields, as Bluesky's users know them."""

import copy
import pickle

import pytest

from lapwing import Msg

FULL = Msg("set", "motor", 1, 2, run="key", group="g")


def test_a_message_has_five_fields():
    assert Msg._fields == ("command", "obj", "args", "kwargs", "run")
    command, obj, args, kwargs, run = FULL
    assert (command, obj, args, kwargs, run) == FULL
    assert FULL == ("set", "motor", (1, 2), {"group": "g"}, "key")


def test_a_message_may_be_a_verb_alone():
    assert Msg("null") == ("null", None, (), {}, None)


def test_a_message_needs_a_verb():
    with pytest.raises(TypeError):
        Msg()  # type: ignore[call-arg]


def test_a_field_can_be_replaced():
    other = FULL._replace(obj="other", kwargs={})
    assert isinstance(other, Msg)
    assert other == ("set", "other", (1, 2), {}, "key")
    assert FULL.obj == "motor"
    with pytest.raises(ValueError, match="unexpected field names"):
        FULL._replace(verb="read")


def test_a_message_can_be_made_of_its_fields():
    assert Msg._make(FULL) == FULL
    assert FULL._asdict() == {
        "command": "set",
        "obj": "motor",
        "args": (1, 2),
        "kwargs": {"group": "g"},
        "run": "key",
    }


@pytest.mark.parametrize(
    "again", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy]
)
def test_a_message_can_be_copied_and_sent_elsewhere(again):
    assert again(FULL) == FULL
    assert type(again(FULL)) is Msg


def test_a_message_shows_its_fields():
    assert repr(FULL) == (
        "Msg('set', obj='motor', args=(1, 2), kwargs={'group': 'g'}, run='key')"
    )


def test_a_message_takes_no_attributes():
    with pytest.raises(AttributeError):
        FULL.verb = "read"  # type: ignore[attr-defined]
