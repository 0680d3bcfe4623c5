"""Positioner: something that is moved, and the list of where to.

Owns moving to one of them by its number, and the check of all before a scan.
Must not know scans, nor what is measured.
Test: tests/unit/stepscan/test_positioner.py; on the beamline in test_step_scan.

It is a little long because its options are told one by one.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lapwing.devices.limits import Limits, check_position
from lapwing.epics.fields import MotorFields
from lapwing.epics.motor import EpicsMotor
from lapwing.epics.pv_objects import pv_name, speaks_for_itself
from lapwing.errors import DeviceError
from lapwing.protocols import Location, resolve
from lapwing.status import Status
from lapwing.stepscan.axis import PVAxis
from lapwing.stepscan.axis_kinds import allowed_distance, check_options, find_axis
from lapwing.stepscan.fields import fields_of
from lapwing.stepscan.hooks import Hook, Hooks
from lapwing.stepscan.names import ExtraPVs, key_of, labelled
from lapwing.stepscan.positions import Positions, check_lengths
from lapwing.stepscan.scripted import Scripted

__all__ = ["Positioner", "check_lengths"]


class Positioner(Positions, Scripted, Hooks):
    """One PV and the positions that a scan sends it to: ``Positioner("IOC:m1", x)``.

    The PV of a motor record is moved as a motor: a move is over when ``DMOV`` says
    so, and it fails on ``MISS`` and ``LVIO``. Any other PV is there when its put
    completes. ``move_to_pos`` and ``done`` may be used in a plain script.

    Args:
        pv: The PV that is set, by its name or as pyepics' object; or any device with
            ``name`` and ``set``.
        array: The positions, ``(num_points,)``, in the PV's unit; they may be set
            later, by `set_array`.
        label: What people call it; None takes the record's ``.DESC``, if it has one.
        name: Its data key; None makes one of the label, or of the PV's name.
        units: Unit of the positions; None takes the PV's.
        readback: The PV that is read at each point; None: ``.RBV`` of a motor, else
            the one that is set.
        stop: The PV that stops it; None: nothing does. Not for a motor, which has its
            ``.STOP``.
        stop_value: What is written to that.
        limits: Lowest and highest position; None takes the PV's. Those of a motor
            hold beside them.
        fields: What the PVs of a motor are called, if they are not a motor record's.
        relative: Whether positions count from where it stands when a scan begins.
        tolerance: How far it may stand from where it was sent, in its unit, 0 or
            more; ``math.inf`` does not look. None: a plain PV must hold what was
            written to it (to a millionth), and what has a read-back of its own, as a
            motor has, is not looked at.
        timeout: Seconds that a move may take; None derives it from distance and
            velocity of a motor, and is 600 for other PVs.
        extra_pvs: PVs to note at the start of a scan and at its breakpoints.
        pre_scan: Done before a scan.
        post_scan: Done after it.
        at_break: Done at each of its breakpoints.

    Raises:
        PlanArgumentError: It is neither PV nor device, the positions are no list, an
            option cannot be, or is for PVs only and a device was given.

    Attributes:
        array: The positions; None before they are given.
        axis: The device that is moved; None before the first connection tells what
            it is.
        origin: Where relative positions count from; None before a scan has begun.
    """

    def __init__(
        self,
        pv: Any,
        array: ArrayLike | None = None,
        *,
        label: str | None = None,
        name: str | None = None,
        units: str | None = None,
        readback: str | None = None,
        stop: str | None = None,
        stop_value: Any = 1,
        limits: tuple[float, float] | None = None,
        fields: MotorFields | None = None,
        relative: bool = False,
        tolerance: float | None = None,
        timeout: float | None = None,
        extra_pvs: ExtraPVs | None = None,
        pre_scan: Hook | None = None,
        post_scan: Hook | None = None,
        at_break: Hook | None = None,
    ):
        Hooks.__init__(self, pre_scan, post_scan, at_break)
        self.axis: Any = pv if hasattr(pv, "set") and hasattr(pv, "name") else None
        self.pv: str = self.axis.name if self.axis is not None else pv_name(pv)
        self._source = pv
        own = name or key_of(label or self.pv)
        Positions.__init__(
            self,
            array,
            name=own if self.axis is None else self.axis.name,
            label=label or "",
            relative=relative,
        )
        self.parent = None
        self.extra_pvs = labelled(extra_pvs)
        self._units = units
        self._tolerance = tolerance
        self._timeout = timeout
        self._fields = fields
        self._plain: dict[str, Any] = {
            "readback": readback,
            "stop": stop,
            "stop_value": stop_value,
            "limits": limits,
        }
        Scripted.__init__(self)
        other_name = name if name != self.name else None
        check_options(
            self.title,
            None if self.axis is None else {"name": other_name, "fields": fields},
            tolerance=tolerance,
            limits=limits,
            readback=readback,
            stop=stop,
            timeout=timeout,
        )

    @property
    def is_pv(self) -> bool:
        """Whether it is read together with the counters; else it is a device."""
        return self.axis is None or isinstance(self.axis, EpicsMotor | PVAxis)

    @property
    def given(self) -> dict[str, Any]:
        """What it was made with, beside PV, name, positions, extra PVs and hooks."""
        return {
            "label": self.label or None,
            "units": self._units,
            "fields": self._fields,
            "relative": self.relative,
            "tolerance": self._tolerance,
            "timeout": self._timeout,
            **self._plain,
        }

    @property
    def units(self) -> str:
        """Unit of the positions, or "" where nobody says."""
        if self._units is not None:
            return self._units
        return getattr(self.axis, "unit", "") if self.connected else ""

    # ------------------------------------------------------------ the device

    @property
    def connected(self) -> bool:
        """Whether it can be moved, as far as is known."""
        return self.axis is not None and getattr(self.axis, "connected", True)

    @property
    def unit(self) -> str:
        """The unit of its positions, under the name that other devices use."""
        return self.units

    @property
    def moving(self) -> bool:
        """Whether it moves, whoever sent it, as far as is known."""
        moving = getattr(self.axis, "moving", False)
        return moving if isinstance(moving, bool) else False

    async def connect(self, timeout: float = 5.0) -> None:
        """Find out what the PV is, and connect to it.

        Args:
            timeout: Seconds for all of its PVs together.

        Raises:
            DisconnectedError: Some did not answer; it names every one.
            PlanArgumentError: It is a motor, and a PV was given that stops it.
        """
        if self.axis is None:
            self.axis = await find_axis(
                self._source,
                self.name,
                fields=self._fields,
                patience=timeout,
                timeout=600.0 if self._timeout is None else self._timeout,
                **self._plain,
            )
        if hasattr(self.axis, "connect"):
            await self.axis.connect(timeout=timeout)
        if not self.label and self._has_fields:
            said = await fields_of([self.pv], "DESC")
            self.label = str(said.get(self.pv, ""))

    @property
    def _has_fields(self) -> bool:
        """Whether its record can be asked for fields: a stand-in has none."""
        return self.is_pv and not speaks_for_itself(self._source)

    @property
    def readback(self) -> Any:
        """The PV that is read at each point, as it was given."""
        return self._plain["readback"] or (
            self._source
            if isinstance(self.axis, PVAxis)
            else self.axis.channel("readback").pv
        )

    def check_value(self, value: Any) -> Any:
        """Raise if it must not go there; nothing moves.

        Raises:
            PlanArgumentError: It is no position.
            LimitError: It lies outside the limits.
        """
        self._check_own_limits(value)
        if hasattr(self.axis, "check_value"):
            return self.axis.check_value(value)
        return None

    def _check_own_limits(self, value: Any) -> None:
        limits = self._plain["limits"]
        if limits is not None and not isinstance(self.axis, PVAxis):
            name, kind = self.label or self.name, "positioner"
            check_position(
                value, Limits(*limits), name=name, kind=kind, unit=self.units
            )

    async def verify(self) -> None:
        """Raise if it cannot go to some position; nothing moves.

        Raises:
            LimitError: One lies outside the limits; the PV and the limit are named.
            MotionError: It is in a mode in which it does not move.
            DeviceError: Its velocity is 0, and it has no time limit of its own.
        """
        shift = 0.0
        if self.relative and self.origin is None:
            shift = (await self.locate())["setpoint"]
        extent = self.extent
        positions = [one + shift for one in extent] if extent else set(self._texts())
        for position in positions:
            await resolve(self.check_value(position))
        if extent:
            self.seconds(*positions)

    def _texts(self) -> list[str]:
        return [] if self.array is None else self.array.tolist()

    def strayed(self, asked: Any, found: Any) -> str:
        """Return what is wrong with where it stands, or "".

        Args:
            asked: Where it was sent.
            found: What its read-back says.
        """
        if isinstance(asked, str) or isinstance(found, str):
            return ""
        if abs(found - asked) <= allowed_distance(self.axis, self._tolerance, asked):
            return ""
        return f"{self.title} was sent to {asked:.10g} and stands at {found:.10g}"

    def set(self, value: Any, **options: Any) -> Status:
        """Start to go to a position; for plans."""
        self._check_own_limits(value)
        if self._timeout is not None and isinstance(self.axis, EpicsMotor):
            options.setdefault("timeout", self._timeout)
        return self.axis.set(value, **options)

    def stop(self, success: bool = True) -> Any:
        """Stop where it is."""
        return self.axis.stop(success=success) if hasattr(self.axis, "stop") else None

    async def locate(self) -> Location:
        """Return where it was sent, and where it is."""
        if hasattr(self.axis, "locate"):
            return await resolve(self.axis.locate())
        # Positioners of ophyd have no other word for it.
        position = self.axis.position
        return {"setpoint": position, "readback": position}

    def seconds(self, start: Any, target: Any) -> Any:
        """Return how long a move takes, as far as is known; 0 where it is not.

        Args:
            start: Where it begins, in the PV's unit; an array for many moves.
            target: Where it ends, of the same shape.

        Raises:
            DeviceError: The velocity of the motor is 0, and it has no time limit of
                its own.
        """
        axis, moves = self.axis, np.not_equal(start, target)
        if not isinstance(axis, EpicsMotor) or not axis.connected or not moves.any():
            return 0.0
        try:
            limit = axis.time_limit(start, target)
        except DeviceError:
            if self._timeout is None:
                raise
            limit = None
        if limit is None:
            return 0.0
        return moves * (limit - axis.time_margin) / axis.time_factor

    def facts(self) -> dict[str, Any]:
        """Return what the metadata of a scan say of it."""
        found: dict[str, Any] = {"pv": self.pv, "label": self.label or self.name}
        if self.units:
            found["units"] = self.units
        if self.extent is not None:
            found["lowest"], found["highest"] = self.extent
        if self.relative:
            found["origin"] = self.origin or 0.0
        return found

    def __repr__(self) -> str:
        return f"Positioner({self.pv!r}, name={self.name!r})"
