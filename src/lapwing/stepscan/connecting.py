"""Connecting: reaching every PV of a scan, and asking if its positions can be reached.

Owns that all that is missing or wrong is told at once. Nothing is moved or written.
Must not know the order of a scan, files or command lines.
Test: tests/unit/stepscan/test_survey.py; on the beamline in test_step_scan.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lapwing.epics import EpicsDevice, connect_all
from lapwing.errors import (
    DeviceError,
    DeviceTimeoutError,
    DisconnectedError,
    LapwingError,
)
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.point import Column, Point
from lapwing.stepscan.positioner import Positioner

if TYPE_CHECKING:
    from lapwing.stepscan.scan import StepScan


_SOON = 1.0
"""Seconds after which what did not answer is taken to be missing, perhaps."""


class _Prepared:
    """A detector that finds out what there is to read, as if it were connected."""

    def __init__(self, detector: Detector):
        self.name = detector.name
        self._detector = detector

    async def connect(self, timeout: float) -> None:
        await self._detector.prepare(timeout)


class _Asked:
    """What is being connected already, as one more thing to connect."""

    name = "first"

    def __init__(self, asking: "asyncio.Future[None]"):
        self._asking = asking

    async def connect(self, timeout: float) -> None:
        del timeout  # it was begun with one
        await self._asking


async def connect_scan(scan: "StepScan", timeout: float) -> None:
    """Connect all parts of a scan, and set the columns of what it reads.

    Args:
        scan: The scan.
        timeout: Seconds for each kind of thing.

    Raises:
        DisconnectedError: Some PVs do not answer; every one is named.
        DeviceError: A part cannot use what it found.
        PlanArgumentError: Two columns have one name.
    """
    # Records are asked first what they are: that tells which PVs there are to read.
    first = [*scan.positioners, *map(_Prepared, scan.detectors)]
    extras, devices = _extras_of(scan), _devices_of(scan)
    triggers = [one for one in scan.triggers if one not in devices]
    asking = asyncio.ensure_future(connect_all(*first, timeout=timeout))
    try:
        await asyncio.wait([asking], timeout=_SOON)
        if not asking.done():
            # Something may be missing; whoever goes to mend it wants to know of all.
            known = (Point("counters", scan.counters), Point("extra_pvs", extras))
            rest = (*devices, *triggers, *known)
            await connect_all(_Asked(asking), *rest, timeout=timeout)
        await asking
    finally:
        asking.cancel()
    # Detectors know only now what they write, and what is worth noting.
    extras, devices = _extras_of(scan), _devices_of(scan)
    scan.point.set_columns([*_columns_of(scan.positioners), *scan.counters])
    scan.extras.set_columns(extras)
    rest = (scan.point, scan.extras, *triggers, *devices)
    await connect_all(*rest, timeout=timeout)


def _extras_of(scan: "StepScan") -> list[Counter]:
    return [Counter(pv, name=key) for key, pv in scan.all_extra_pvs().items()]


def _devices_of(scan: "StepScan") -> list[EpicsDevice]:
    return [part for one in scan.detectors for part in one.devices]


def _columns_of(positioners: Sequence[Positioner]) -> list[Column]:
    return [
        Counter(one.readback, name=one.name, units=one.units)
        for one in positioners
        if one.is_pv
    ]


async def reconnect(scan: "StepScan") -> bool:
    """Wait until every PV of a scan answers again, and arm its detectors anew.

    Args:
        scan: The scan.

    Returns:
        Whether they do; else people have asked for something meanwhile.

    Raises:
        DisconnectedError: They do not within the scan's ``reconnect_timeout``.
        DeviceError: A detector that answers cannot be armed.
    """
    delay = 0.25
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not scan.requests.any:
        try:
            await scan.connect(timeout=2.0)
            await scan.arm()
            await scan.look_at_dwell()
        except (DisconnectedError, DeviceTimeoutError):
            limit = scan.reconnect_timeout
            if limit is not None and loop.time() - began > limit:
                raise
            await asyncio.sleep(delay)
            delay = min(2 * delay, 2.0)
        else:
            return True
    return False


async def problems_of(positioners: Sequence[Positioner]) -> list[LapwingError]:
    """Return why positioners cannot go to all their positions, one error for each.

    Args:
        positioners: They are connected.
    """
    outcomes: list[Any] = await asyncio.gather(
        *(one.verify() for one in positioners), return_exceptions=True
    )
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, LapwingError):
            raise outcome
    return [outcome for outcome in outcomes if outcome is not None]


async def verify(positioners: Sequence[Positioner]) -> None:
    """Raise if positioners cannot go to all their positions.

    Args:
        positioners: They are connected.

    Raises:
        LapwingError: Why one cannot; if several cannot, one error names all.
    """
    found = await problems_of(positioners)
    if len(found) == 1:
        raise found[0]
    if found:
        kinds, hints = {type(one) for one in found}, {one.hint for one in found}
        kind = kinds.pop() if len(kinds) == 1 else DeviceError
        # One hint for all, where they have the same.
        hint = hints.pop() if len(hints) == 1 else ""
        sentences = [str(one.args[0] if hint else one) for one in found]
        raise kind("; ".join(sentences), hint=hint, problems=found)
