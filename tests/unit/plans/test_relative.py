"""Positions relative to where devices are, and going back there."""

import pytest
from unit.plans.running import drive

from lapwing import Msg
from lapwing.engine.asides import LISTENER
from lapwing.errors import PlanArgumentError
from lapwing.preprocessors import (
    relative_set_decorator,
    relative_set_wrapper,
    reset_positions_decorator,
    reset_positions_wrapper,
)


class Device:
    def __init__(self, name, **attributes):
        self.name = name
        vars(self).update(attributes)

    def __repr__(self):
        return self.name


def located(name="located"):
    """Tells its location, and a position that is not to be used."""
    return Device(name, locate=None, position=99)


def positioned(name="positioned", position=20):
    return Device(name, position=position)


def read_only(name="read", fields=None):
    hints = {} if fields is None else {"hints": {"fields": fields}}
    return Device(name, **hints)


def answer(msg):
    match msg.command:
        case "locate":
            return {"setpoint": 10, "readback": 11}
        case "read":
            return {
                f"{msg.obj.name}": {"value": 30, "timestamp": 0},
                f"{msg.obj.name}_two": {"value": 40, "timestamp": 0},
            }
    return None


def moving(*moves):
    for obj, value in moves:
        yield Msg("set", obj, value, "more", group="g")
    return "moved"


def positions(messages):
    return [(msg.obj.name, msg.args[0]) for msg in messages if msg.command == "set"]


def asked(messages):
    return [m[:2] for m in messages if m.command in ("locate", "read")]


@pytest.mark.parametrize(
    ("device", "origin"),
    [
        (located("d"), 10),
        (positioned("d"), 20),
        (read_only("d"), 30),
        (read_only("d", fields=[]), 30),
        (read_only("d", fields=["d_two"]), 40),
    ],
)
def test_a_device_tells_where_it_is_in_its_best_way(device, origin):
    said = drive(relative_set_wrapper(moving((device, 1), (device, 2))), answer)
    assert positions(said) == [("d", origin + 1), ("d", origin + 2)]
    assert len(asked(said)) == (0 if origin == 20 else 1)


def test_other_arguments_of_a_move_stay_as_they_are():
    (msg,) = drive(relative_set_wrapper(moving((positioned(), 1))))
    assert msg.args == (21, "more")
    assert msg.kwargs == {"group": "g"}


@pytest.mark.parametrize("fields", [["d", "d_two"], ["elsewhere"]])
def test_a_device_that_may_be_in_several_places_is_refused(fields):
    device = read_only("d", fields=fields)
    with pytest.raises(PlanArgumentError, match="where 'd' is cannot be told"):
        drive(relative_set_wrapper(moving((device, 1))), answer)


def test_without_an_engine_a_device_is_at_zero():
    said = list(relative_set_wrapper(moving((located(), 1), (read_only(), 2))))
    assert positions(said) == [("located", 1), ("read", 2)]


def test_only_the_devices_named_are_concerned():
    one, two = positioned("one", 5), positioned("two", 7)
    said = drive(relative_set_wrapper(moving((one, 1), (two, 1)), [two]))
    assert positions(said) == [("one", 1), ("two", 8)]
    said = drive(reset_positions_wrapper(moving((one, 1), (two, 1)), [two]))
    assert positions(said) == [("one", 1), ("two", 1), ("two", 7)]


def test_devices_are_told_apart_by_what_they_are_not_by_how_they_compare():
    class Equal(Device):
        def __eq__(self, other):
            return True

        __hash__ = None

    one, two = Equal("one", position=1), Equal("two", position=2)
    said = drive(reset_positions_wrapper(moving((one, 5), (two, 5))))
    assert positions(said)[2:] == [("one", 1), ("two", 2)]


def test_devices_go_back_together_to_where_they_were_at_first():
    one, two = positioned("one", 5), located("two")
    plan = reset_positions_wrapper(moving((one, 1), (one, 2), (two, 3)))
    said = drive(plan, answer)
    assert positions(said) == [
        ("one", 1),
        ("one", 2),
        ("two", 3),
        ("one", 5),
        ("two", 10),
    ]
    *_, back_one, back_two, wait = said
    assert wait.command == "wait"
    assert wait.kwargs["group"] == back_one.kwargs["group"] == back_two.kwargs["group"]
    assert wait.kwargs["group"].startswith("reset-")


def test_devices_go_back_after_a_failure():
    one = positioned("one", 5)
    said = []

    def fail(msg):
        said.append(msg)
        return ValueError("stuck") if msg.args == (1, "more") else None

    with pytest.raises(ValueError, match="stuck"):
        drive(reset_positions_wrapper(moving((one, 1))), fail)
    assert positions(said) == [("one", 1), ("one", 5)]


def test_a_device_whose_position_cannot_be_told_is_not_sent_anywhere():
    said = []

    def fail(msg):
        said.append(msg.command)
        return OSError("no answer") if msg.command == "locate" else None

    with pytest.raises(OSError, match="no answer"):
        drive(reset_positions_wrapper(moving((located(), 1))), fail)
    assert said == ["locate", "wait"]


def test_wrappers_return_what_the_plan_returned_and_decorate_functions():
    results = []
    one = positioned("one", 5)

    @reset_positions_decorator([one])
    @relative_set_decorator([one])
    def plan():
        results.append((yield from moving((one, 1))))
        return "result"

    def around():
        results.append((yield from plan()))

    said = drive(around())
    assert results == ["moved", "result"]
    assert positions(said) == [("one", 6), ("one", 5)]


def test_a_position_that_is_looked_at_is_recorded():
    class Listener:
        noted = []  # noqa: RUF012

        def note(self, look):
            self.noted.append(look())
            return self.noted[-1]

    token = LISTENER.set(Listener())
    try:
        drive(relative_set_wrapper(moving((positioned(position=20), 1))))
    finally:
        LISTENER.reset(token)
    assert Listener.noted == [20]
