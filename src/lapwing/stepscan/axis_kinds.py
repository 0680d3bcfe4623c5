"""Axis kinds: whether a PV is a motor's or a plain one, and what moves it.

Owns asking the record, and which options and which final places each kind allows.
Must not know positions in lists, nor scans.
Test: tests/system/test_step_scan_records.py, against motor records.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from lapwing.epics.fields import MOTOR_RECORD, MotorFields
from lapwing.epics.motor import EpicsMotor
from lapwing.epics.pv_objects import pv_name, speaks_for_itself
from lapwing.errors import PlanArgumentError
from lapwing.stepscan.axis import PVAxis
from lapwing.stepscan.fields import fields_of
from lapwing.stepscan.given import is_number, seconds_or_none
from lapwing.stepscan.names import record_of


def check_options(
    title: str,
    of_device: Mapping[str, Any] | None,
    *,
    tolerance: float | None,
    limits: tuple[float, float] | None,
    **of_pvs: Any,
) -> None:
    """Raise if options of a positioner cannot be, or do not fit what is moved.

    Args:
        title: As messages begin.
        of_device: More options that devices do not take; None: a PV is moved.
        tolerance: See `lapwing.stepscan.positioner.Positioner`, as for the others.
        limits: Lowest and highest position.
        **of_pvs: Options that only PVs take.

    Raises:
        PlanArgumentError: One cannot be.
    """
    if tolerance is not None and not (is_number(tolerance) and tolerance >= 0):
        raise PlanArgumentError(
            f"{title}: {tolerance} is no tolerance; a number, 0 or more, is needed, or "
            "None"
        )
    if limits is not None and not _is_range(limits):
        raise PlanArgumentError(
            f"{title}: {limits} are no limits; a low one and a higher one are needed"
        )
    seconds_or_none(of_pvs.get("timeout"), f"{title}: timeout")
    if of_device is None:
        return
    options = {"tolerance": tolerance, **of_pvs, **of_device}
    if given := [name for name, value in options.items() if value is not None]:
        raise PlanArgumentError(
            f"{title}: {', '.join(given)} cannot be given with a device; only with a PV"
        )


def _is_range(limits: Any) -> bool:
    ends = list(limits) if isinstance(limits, Iterable) else []
    return len(ends) == 2 and all(map(is_number, ends)) and ends[0] < ends[1]


async def find_axis(
    source: Any,
    name: str,
    *,
    fields: MotorFields | None,
    patience: float,
    **plain: Any,
) -> EpicsMotor | PVAxis:
    """Return what moves a PV: a motor, if its record is one.

    Args:
        source: The PV, by its name or as a PV object.
        name: Name of the device.
        fields: What the PVs of a motor are called; None: the record is asked.
        patience: Seconds within which it must answer.
        **plain: Options of `PVAxis`.

    Raises:
        DisconnectedError: It did not answer.
        PlanArgumentError: It is a motor, and a PV was given that stops it.
    """
    axis = PVAxis(source, name, **plain)
    if fields is None:
        if speaks_for_itself(source):
            return axis  # a stand-in has no record to be asked
        await axis.connect(patience)
        kind = (await fields_of([pv_name(source)], "RTYP")).get(pv_name(source))
        if kind != "motor":
            return axis
        axis.disconnect()  # it was to look at the record only
    if plain.get("stop") is not None:
        raise PlanArgumentError(
            f"positioner {name}: stop={plain['stop']!r} cannot be given, for "
            f"{pv_name(source)} is a motor, which has a PV for that",
            hint="leave stop out; fields= says what the PVs of a motor are called",
        )
    return EpicsMotor(record_of(pv_name(source)), name, fields=fields or MOTOR_RECORD)


def allowed_distance(axis: Any, tolerance: float | None, asked: float) -> float:
    """Return how far an axis may stand from where it was sent, in its unit.

    Args:
        axis: What was moved.
        tolerance: As it was asked for; None: nobody has said.
        asked: Where it was sent.
    """
    if tolerance is not None:
        return tolerance
    if isinstance(axis, PVAxis) and not axis.has_own_readback:
        return 1e-9 + 1e-6 * abs(asked)
    return math.inf
