"""Connecting: many devices at once, and all that do not answer in one error.

Owns nothing but that.
Must not know what the devices are, nor a client library.
Test: tests/system/test_beamline_faults.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
from typing import Any

from lapwing.epics.sentences import unreachable
from lapwing.errors import DisconnectedError


async def connect_all(*devices: Any, timeout: float = 5.0) -> None:
    """Connect devices, all at once.

    Args:
        *devices: Anything with ``async def connect(timeout)``.
        timeout: Seconds for all of them together.

    Raises:
        DisconnectedError: Some PVs did not answer; it names every PV of every
            device.
        DeviceError: A device cannot use what it found.
    """
    outcomes = await asyncio.gather(
        *(device.connect(timeout=timeout) for device in devices), return_exceptions=True
    )
    missing: dict[str, list[str]] = {}
    for device, outcome in zip(devices, outcomes, strict=True):
        if isinstance(outcome, DisconnectedError):
            missing |= outcome.context.get("missing", {device.name: outcome.pvs})
        elif isinstance(outcome, BaseException):
            raise outcome
    if missing:
        raise unreachable(missing, timeout)
