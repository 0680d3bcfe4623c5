"""Devices of every kind as trees: walked by name, and never touched."""

import pytest
from kit import soon
from ophyd import Component, Device, DynamicDeviceComponent, EpicsSignal, Signal
from ophyd_async.core import Device as AsyncDevice
from ophyd_async.core import DeviceVector, StandardReadable
from ophyd_async.core import soft_signal_rw as soft_signal

from lapwing.annotation.names import select_devices
from lapwing.annotation.trees import LiveDevice, live_trees
from lapwing.devices import SoftDetector, SoftMotor, SoftSignal


class Inner(Device):
    x = Component(Signal)
    _private = Component(Signal)


class Outer(Device):
    inner = Component(Inner, "")
    lazy = Component(Inner, "", lazy=True)
    several = DynamicDeviceComponent({"q": (Signal, None, {})})

    def kickoff(self):
        """Start."""

    def complete(self):
        """End."""


def test_ophyd_devices_are_walked_by_class():
    trees = live_trees({"outer": Outer(name="other name")})
    assert select_devices([":?.*"], trees) == [
        "outer",
        "outer.inner",
        "outer.inner.x",
        "outer.inner._private",
        "outer.lazy",
        "outer.lazy.x",
        "outer.lazy._private",
        "outer.several",
        "outer.several.q",
    ]
    assert select_devices(["__FLYABLE__:?.*"], trees) == ["outer"]
    assert "outer.inner.x" in select_devices(["__MOTOR__:?.*"], trees)
    assert select_devices(["__DETECTOR__:^o:lazy"], trees) == ["outer", "outer.lazy"]


def test_nothing_is_made_by_looking_at_an_ophyd_device():
    outer = Outer(name="outer")
    made = set(outer._signals)
    assert "outer.lazy.x" in select_devices([":?.*"], live_trees({"outer": outer}))
    assert set(outer._signals) == made
    assert "lazy" not in made


def test_ophyd_async_devices_are_walked_by_their_children():
    class Bench(StandardReadable):
        def __init__(self, name=""):
            self.a = soft_signal(float)
            self.many = DeviceVector({1: soft_signal(int), 2: soft_signal(int)})
            super().__init__(name=name)

    trees = live_trees({"a-bench": Bench("bench")})
    assert select_devices([":?.*"], trees) == [
        "a-bench",
        "a-bench.a",
        "a-bench.many",
        "a-bench.many.1",
        "a-bench.many.2",
    ]
    assert select_devices(["__MOTOR__:?1$"], trees) == ["a-bench.many.1"]


def test_our_devices_are_walked_by_what_has_them_as_parent():
    stage = SoftDetector("stage", lambda: 0.0)
    stage.x = SoftMotor("x")
    stage.x.parent = stage
    stage.other = SoftMotor("other")
    stage._hidden = SoftSignal("hidden", 0)
    stage._hidden.parent = stage
    trees = live_trees({"stage": stage})
    assert select_devices([":?.*"], trees) == ["stage", "stage.x"]
    assert select_devices(["__MOTOR__:?.*"], trees) == ["stage.x"]
    assert LiveDevice(stage).kind is SoftDetector


# ------------------------------------------------------------------ many parts


def ophyds_device():
    """Return a device of 100,000 lazy PVs, none of which is there."""

    def of(part, number):
        parts = {f"p{n}": Component(part, f"{n}:", lazy=True) for n in range(number)}
        return type("Part", (Device,), parts)

    return of(of(of(EpicsSignal, 100), 100), 10)("NO:SUCH:PV:", name="far")


def our_device():
    top = SoftSignal("top", 0)
    for at in range(100):
        part = SoftSignal(f"p{at}", 0)
        setattr(top, f"p{at}", part)
        part.parent = top
        for below in range(100):
            leaf = SoftSignal(f"p{below}", 0)
            setattr(part, f"p{below}", leaf)
            leaf.parent = part
    return top


def an_async_device():
    class Part(AsyncDevice):
        def __init__(self):
            self.p = DeviceVector({n: soft_signal(int) for n in range(50)})
            super().__init__()

    class Top(AsyncDevice):
        def __init__(self):
            self.p = DeviceVector({n: Part() for n in range(100)})
            super().__init__()

    return Top()


@pytest.mark.parametrize(
    ("make", "number", "seconds"),
    [
        (ophyds_device, 101_011, 1),
        (our_device, 10_101, 0.1),
        (an_async_device, 5202, 0.1),
    ],
)
@pytest.mark.parametrize("item", [":?.*", "__READABLE__:?9$", ":^far$:-p:-9:?9"])
def test_many_parts_take_little_time_and_are_not_touched(make, number, seconds, item):
    device = make()
    made = dict(vars(device))
    with soon(seconds):
        found = select_devices([item], live_trees({"far": device}))
    assert item != ":?.*" or len(found) == number
    assert vars(device) == made


def test_a_device_that_cannot_be_reached_is_walked_all_the_same():
    device = ophyds_device()
    name = "far.p9.p99.p99"
    assert select_devices([f":^far$:?{name[4:]}$"], live_trees({"far": device})) == [
        "far",
        name,
    ]
    assert not device._signals
