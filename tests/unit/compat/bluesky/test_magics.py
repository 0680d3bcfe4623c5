"""Magics: what is typed at the prompt, and what is printed."""

import types

import pytest
from kit import Detector, Motor

from lapwing.compat.bluesky.labels import get_labeled_devices
from lapwing.compat.bluesky.magics import BlueskyMagics, _print_positioners
from lapwing.errors import PlanArgumentError


@pytest.fixture
def shell():
    x = Motor("x")
    det = Detector()
    det._ophyd_labels_ = {"detectors"}
    hutch = types.SimpleNamespace(y=Motor("y"))
    return types.SimpleNamespace(user_ns={"x": x, "det": det, "hutch": hutch})


def test_devices_move_by_name(shell):
    magics = BlueskyMagics(shell)
    magics.mov("x 2.5 hutch.y -1")
    assert shell.user_ns["x"].at == 2.5
    assert shell.user_ns["hutch"].y.at == -1
    magics.movr("x 1")
    assert shell.user_ns["x"].at == 3.5


def test_what_cannot_be_read_is_left_to_the_prompt(shell):
    magics = BlueskyMagics(shell)
    with pytest.raises(NameError, match="nothing"):
        magics.mov("nothing 1")
    shell.ev = {"2*3": 6}.get
    magics.mov("x 2*3")
    assert shell.user_ns["x"].at == 6
    with pytest.raises(PlanArgumentError, match="pairs"):
        magics.mov("x")


def test_labelled_detectors_are_counted(shell, capsys):
    BlueskyMagics(shell).ct("")
    assert "det" in capsys.readouterr().out
    assert shell.user_ns["det"].reads == 1


def test_where_devices_are(shell, capsys):
    x = shell.user_ns["x"]
    x._ophyd_labels_, x.position, x.limits = ["motors"], (1.0, 2.0), (-1, 1)
    magics = BlueskyMagics(shell)
    magics.wa("")
    out = capsys.readouterr().out
    assert "1.000000, 2.000000" in out
    assert "-1.000000" in out
    assert "  det\n" in out
    magics.wa("typo")
    assert "no devices have this label" in capsys.readouterr().out
    with pytest.raises(PlanArgumentError, match="labels"):
        magics.wa("[x]")


def test_a_position_may_be_no_number(capsys):
    _print_positioners([types.SimpleNamespace(name="s", position="open")])
    assert "open" in capsys.readouterr().out
    _print_positioners([])
    assert capsys.readouterr().out == ""


def test_labels_of_parts_are_found():
    part = Motor("p")
    part._ophyd_labels_ = {"motors"}
    device = types.SimpleNamespace(component_names=("p", "q"), _signals={"p": part})
    assert get_labeled_devices({"d": device}) == {"motors": [("d.p", part)]}
    assert get_labeled_devices({"d": device}, maxdepth=0) == {}
    assert get_labeled_devices() == {}
