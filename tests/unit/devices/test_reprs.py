"""Reprs of devices: start documents quote them, so they tell name and kind only."""

import asyncio
import inspect
import pkgutil
from importlib import import_module

import pytest

import lapwing.devices
import lapwing.epics
from lapwing.devices import SoftDetector, SoftMotor, SoftSignal
from lapwing.epics import EpicsCounter, EpicsDevice, EpicsMotor, EpicsSignal
from lapwing.epics.channel import Value


def change_signal(signal):
    signal.set(2.0)


def change_motor(motor):
    motor.set(5.0)
    motor.velocity = 3.0


def change_detector(detector):
    detector.trigger()


def change_epics(device):
    device._lost = True
    device.on_value("readback", Value(4.0, 1.0))


DEVICES = [
    (lambda: SoftSignal("one"), change_signal, "<SoftSignal one>"),
    (lambda: SoftMotor("one"), change_motor, "<SoftMotor one>"),
    (lambda: SoftDetector("one"), change_detector, "<SoftDetector one>"),
    (lambda: EpicsDevice("one", {}), change_epics, "<EpicsDevice one>"),
    (lambda: EpicsMotor("A:", "one"), change_epics, "<EpicsMotor one>"),
    (lambda: EpicsSignal("A:B", "one"), change_epics, "<EpicsSignal one>"),
    (
        lambda: EpicsCounter("A:", "one", counters={"n": "N"}),
        change_epics,
        "<EpicsCounter one>",
    ),
]


@pytest.mark.parametrize(("make", "change", "text"), DEVICES)
def test_a_repr_stays_the_same_whatever_the_device_does(make, change, text):
    async def main():
        device = make()
        assert repr(device) == text
        change(device)
        assert repr(device) == text

    asyncio.run(main())


def test_of_all_devices_the_repr_is_tested():
    tested = {text.split()[0].lstrip("<").rstrip(">") for _, _, text in DEVICES}
    for room in (lapwing.devices, lapwing.epics):
        for info in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for value in vars(import_module(info.name)).values():
                if inspect.isclass(value) and hasattr(value, "describe"):
                    # What others are derived from is tested with them.
                    assert value.__name__ in tested or value.__subclasses__()


def test_a_subclass_is_named_as_itself():
    class Slit(SoftMotor):
        pass

    assert repr(Slit("gap")) == "<Slit gap>"
