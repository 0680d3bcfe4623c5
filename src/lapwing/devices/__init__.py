"""Devices that need no control system, and what all devices share."""

from lapwing.devices.soft import SoftDetector, SoftMotor, SoftSignal

__all__ = ["SoftDetector", "SoftMotor", "SoftSignal"]
