"""Plans, devices and functions told apart in a namespace, without touching them."""

import functools
import logging
import math

import numpy as np
import pytest
from ophyd import Component, Device, Kind, Signal

from lapwing.annotation import finding
from lapwing.annotation.finding import find_in_namespace
from lapwing.annotation.registration import (
    Registrations,
    clear_registered_items,
    register_device,
    register_plan,
    registered,
)
from lapwing.annotation.startup_shell import get_ipython
from lapwing.devices import SoftMotor
from lapwing.errors import PlanArgumentError
from lapwing.plans.plan import plan


@pytest.fixture(autouse=True)
def nothing_is_registered():
    clear_registered_items()
    yield
    clear_registered_items()


def a_plan(number: int = 1):
    yield


@plan
def our_plan():
    yield


def marked():
    return iter(())


marked.__dict__["_is_plan_"] = True


class Plans:
    def method(self):
        yield

    @plan
    def ours(self):
        yield


class Broken:
    """An object that answers no question without an error."""

    @property
    def name(self):
        raise RuntimeError("not connected")

    read = describe = name


class AnswersAll:
    def __getattr__(self, name):
        return 1

    def __call__(self):
        return None


class Absent:
    """Stands for an object that is only there at times."""

    def __getattr__(self, name):
        raise RuntimeError("not now")

    def __call__(self):
        return None


class Stage(Device):
    x = Component(Signal, kind=Kind.normal)


class Part:
    def __init__(self, name, parent=None):
        self.name, self.parent = name, parent


class Grouped(Part):
    """A device that is nothing but its parts, as Lapwing's are."""

    def __init__(self, name):
        super().__init__(name)
        self.inner = Part("inner", self)


class HasChildren:
    name = "cell"

    def children(self):
        yield "inner", SoftMotor("inner")


class Process:
    def name(self):
        return "python"

    def children(self):
        return []


@pytest.mark.parametrize(
    "found",
    [
        a_plan,
        our_plan,
        marked,
        functools.partial(a_plan, 2),
        Plans().method,
        Plans().ours,
    ],
)
def test_plan_functions_are_plans(found):
    assert list(find_in_namespace({"p": found}).plans) == ["p"]


@pytest.mark.parametrize("other", [math.sin, Plans, AnswersAll(), [], None, "count"])
def test_other_things_are_no_plans(other):
    assert not find_in_namespace({"p": other}).plans


def test_what_a_plan_function_returns_is_no_plan():
    called = our_plan()
    list(called)
    assert not find_in_namespace({"p": called}).plans


@pytest.mark.parametrize(
    "device",
    [SoftMotor("m"), Stage(name="s"), Signal(name="s"), Grouped("g"), HasChildren()],
)
def test_what_can_be_read_or_has_parts_is_a_device(device):
    found = find_in_namespace({"d": device})
    assert list(found.devices) == ["d"]
    assert not found.functions


@pytest.mark.parametrize(
    "other",
    [
        SoftMotor,
        Stage,
        Part("p"),
        Process(),
        AnswersAll(),
        math,
        np.zeros(3),
        open,
        None,
        3,
        {"name": 1},
    ],
)
def test_other_things_are_no_devices(other):
    assert not find_in_namespace({"d": other}).devices


def test_what_answers_with_errors_is_passed_over():
    found = find_in_namespace({"absent": Absent()})
    assert not found.plans
    assert not found.devices


def test_no_property_of_a_device_is_asked():
    assert list(find_in_namespace({"d": Broken()}).devices) == ["d"]


def test_parts_of_ophyds_devices_are_not_made():
    class Lazy(Device):
        x = Component(Signal, lazy=True)

    device = Lazy(name="lazy")
    find_in_namespace({"lazy": device})
    assert "x" not in device._signals


def test_functions_are_what_else_can_be_called_modules_and_plans():
    found = find_in_namespace(
        {
            "math": math,
            "sin": math.sin,
            "a_plan": a_plan,
            "Stage": Stage,
            "three": 3,
            "_hidden": math.cos,
            "get_ipython": get_ipython,
        }
    )
    assert list(found.functions) == ["math", "sin", "a_plan", "Stage"]


def test_what_is_registered_as_excluded_stays_out():
    register_plan("a_plan", exclude=True)
    register_plan("our_plan")
    register_device("m", exclude=True)
    register_device("n", depth=2)
    found = find_in_namespace(
        {
            "a_plan": a_plan,
            "our_plan": our_plan,
            "m": SoftMotor("m"),
            "n": SoftMotor("n"),
        }
    )
    assert list(found.plans) == ["our_plan"]
    assert list(found.devices) == ["n"]
    assert registered.devices["n"].depth == 2


def test_registrations_of_ones_own_go_before_those_of_the_process():
    register_plan("a_plan", exclude=True)
    assert find_in_namespace({"a_plan": a_plan}, Registrations()).plans


def test_a_registered_name_that_nothing_has_is_told(caplog):
    register_plan("cuont")
    register_device("dte", exclude=True)
    register_device("box", exclude=True)
    with caplog.at_level(logging.WARNING, finding.__name__):
        find_in_namespace({"count": a_plan, "box": object()})
    assert [record.getMessage() for record in caplog.records] == [
        "the startup code registers a plan 'cuont', but has none of that name",
        "the startup code registers a device 'dte', but has none of that name",
    ]


@pytest.mark.parametrize("name", ["det.val", "", "1st", None, "a b"])
def test_a_name_that_is_none_is_not_registered(name):
    with pytest.raises(PlanArgumentError, match="the name of a variable"):
        register_device(name)
    with pytest.raises(PlanArgumentError, match="the name of a variable"):
        register_plan(name)


@pytest.mark.parametrize("depth", [-1, 1.0, True, "2"])
def test_a_depth_is_a_whole_number(depth):
    with pytest.raises(PlanArgumentError, match="a whole number from 0"):
        register_device("det", depth=depth)
