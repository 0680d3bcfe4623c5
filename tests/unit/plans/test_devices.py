"""What plans ask of devices."""

from types import SimpleNamespace

import pytest

from lapwing.errors import PlanArgumentError, PlanSignatureError
from lapwing.plans.devices import (
    ancestry,
    check_detectors,
    check_motors,
    hinted_fields,
    is_safe_to_rewind,
    root_ancestors,
    separate_devices,
)


def device(name="d", **attributes):
    return SimpleNamespace(name=name, **attributes)


def rewindable(answer):
    return device(rewindable=SimpleNamespace(get=lambda: answer))


class Equal:
    """Devices that all compare equal, and have no hash."""

    def __init__(self, parent=None):
        self.parent = parent

    def __eq__(self, other):
        return True

    __hash__ = None


def test_a_device_has_parents_or_none():
    top = device("top")
    middle = device("middle", parent=top)
    bottom = device("bottom", parent=middle)
    assert ancestry(bottom) == [bottom, middle, top]
    assert ancestry(top) == [top]
    assert root_ancestors([bottom, top, middle]) == [top]


def test_what_is_given_twice_or_with_its_whole_is_left_out():
    whole, other = Equal(), Equal()
    part = Equal(parent=whole)
    partlet = Equal(parent=part)
    for given, wanted in [
        ([whole, other], [whole, other]),
        ([whole, whole, other], [whole, other]),
        ([part, whole, other], [whole, other]),
        ([partlet, other, whole], [other, whole]),
        ([partlet, part, partlet], [part]),
        ([partlet, other], [partlet, other]),
        ([], []),
    ]:
        found = separate_devices(given)
        assert [id(obj) for obj in found] == [id(obj) for obj in wanted]


@pytest.mark.parametrize(
    ("devices", "safe"),
    [
        ([], True),
        ([device()], True),
        ([rewindable(True), device()], True),
        ([device(), rewindable(False)], False),
    ],
)
def test_devices_can_be_rewound_unless_one_says_no(devices, safe):
    assert is_safe_to_rewind(devices) is safe


@pytest.mark.parametrize(
    ("hints", "fields"),
    [({"fields": ["a", "b"]}, ["a", "b"]), ({"fields": []}, []), ({}, []), (None, [])],
)
def test_hints_name_fields_or_none(hints, fields):
    assert hinted_fields(device(hints=hints)) == fields
    assert hinted_fields(device()) == []


def test_lists_of_named_devices_pass():
    check_detectors([device(), device("e")])
    check_detectors(())
    check_motors([device(), device("d")])


@pytest.mark.parametrize("wrong", [device(), "det", 5, None, {}, iter([])])
def test_what_is_no_list_is_refused(wrong):
    with pytest.raises(
        PlanSignatureError, match="either as a list or a tuple"
    ) as error:
        check_detectors(wrong)
    assert "write [det] instead of det" in error.value.hint


@pytest.mark.parametrize("wrong", [device(""), device(None), object(), 5])
def test_what_has_no_name_is_refused(wrong):
    with pytest.raises(PlanSignatureError, match="as a detector, but it has no name"):
        check_detectors([device(), wrong])
    with pytest.raises(PlanSignatureError, match="as a motor, but it has no name"):
        check_motors([wrong])


def test_a_motor_given_twice_is_refused():
    motor = device("m")
    with pytest.raises(PlanArgumentError, match=r"multiple times .* \['m', 'm'\]"):
        check_motors([motor, motor])
