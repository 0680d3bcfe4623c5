"""EPICS: channels to process variables, and devices made of them."""

from lapwing.epics.connecting import connect_all
from lapwing.epics.counter import EpicsCounter
from lapwing.epics.device import EpicsDevice
from lapwing.epics.motor import MOTOR_RECORD, SIM_FIELDS, EpicsMotor, MotorFields
from lapwing.epics.signal import EpicsSignal

__all__ = [
    "MOTOR_RECORD",
    "SIM_FIELDS",
    "EpicsCounter",
    "EpicsDevice",
    "EpicsMotor",
    "EpicsSignal",
    "MotorFields",
    "connect_all",
]
