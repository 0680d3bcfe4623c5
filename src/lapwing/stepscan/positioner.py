"""Positioner: something that is moved, and the list of where to.

Owns the positions, what is allowed of them, and moving to one by its number.
Must not know scans, nor what is measured.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lapwing.engine import device_loop
from lapwing.epics.fields import MOTOR_RECORD, MotorFields
from lapwing.epics.motor import EpicsMotor
from lapwing.epics.pv_objects import pv_name, speaks_for_itself
from lapwing.errors import MotionError, PlanArgumentError, StateError
from lapwing.protocols import Location, resolve
from lapwing.status import Status
from lapwing.stepscan.axis import PVAxis
from lapwing.stepscan.fields import fields_of
from lapwing.stepscan.hooks import Hook, Hooks
from lapwing.stepscan.names import ExtraPVs, key_of, labelled, record_of
from lapwing.stepscan.waiting import begin, is_done


class Positioner(Hooks):
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
        stop: The PV that stops it; None: ``.STOP`` of a motor, else nothing does.
        stop_value: What is written to that.
        limits: Lowest and highest position; None takes the PV's.
        fields: What the PVs of a motor are called, if they are not a motor record's.
        relative: Whether positions count from where it stands when a scan begins.
        tolerance: How far it may stand from where it was sent, in its unit; None
            does not look. By default a plain PV must hold what was written to it, and
            of what has a read-back of its own nothing is asked.
        timeout: Seconds that a move may take; None derives it from distance and
            velocity of a motor, and is 600 for other PVs.
        extra_pvs: PVs to note at the start of a scan and at its breakpoints.
        pre_scan: Done before a scan.
        post_scan: Done after it.
        at_break: Done at each of its breakpoints.

    Raises:
        PlanArgumentError: It is neither PV nor device, or the positions are no list.

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
        tolerance: float | None = -1.0,
        timeout: float | None = None,
        extra_pvs: ExtraPVs | None = None,
        pre_scan: Hook | None = None,
        post_scan: Hook | None = None,
        at_break: Hook | None = None,
    ):
        super().__init__(pre_scan, post_scan, at_break)
        self.axis: Any = pv if hasattr(pv, "set") and hasattr(pv, "name") else None
        self.pv = self.axis.name if self.axis is not None else pv_name(pv)
        self._source = pv
        own = name or key_of(label or self.pv)
        self.name: str = own if self.axis is None else self.axis.name
        self.parent = None
        self.label = label or ""
        self.extra_pvs = labelled(extra_pvs)
        self._units = units
        self._tolerance = tolerance
        self._timeout = timeout
        self._fields = fields
        self.relative = relative
        self.origin: float | None = None
        self._plain: dict[str, Any] = {
            "readback": readback,
            "stop": stop,
            "stop_value": stop_value,
            "limits": limits,
        }
        self._status: Status | None = None
        self.array: NDArray[Any] | None = None
        if array is not None:
            self._take(array)

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

    # ------------------------------------------------------------ positions

    def set_array(self, start: float, stop: float, npts: int) -> None:
        """Make the positions evenly spaced, both ends included.

        Args:
            start: The first, in the PV's unit.
            stop: The last.
            npts: How many, 1 or more.

        Raises:
            PlanArgumentError: A number is not finite, or there are none.
        """
        if npts < 1:
            raise PlanArgumentError(f"{self.title}: {npts} positions are none")
        self._take(np.linspace(start, stop, int(npts)))

    def _take(self, array: ArrayLike) -> None:
        positions = np.asarray(array)
        if positions.ndim != 1 or not positions.size:
            raise PlanArgumentError(
                f"{self.title}: the positions have the shape {positions.shape}; a "
                "list of one or more is needed"
            )
        if positions.dtype.kind in "biuf":
            positions = positions.astype(float)
            if not np.isfinite(positions).all():
                at = int(np.flatnonzero(~np.isfinite(positions))[0])
                raise PlanArgumentError(
                    f"{self.title}: position {at} is {positions[at]}; finite numbers "
                    "are needed"
                )
        elif positions.dtype.kind not in "U":
            raise PlanArgumentError(
                f"{self.title}: positions are numbers, or choices by their texts, not "
                f"{positions.dtype}"
            )
        elif self.relative:
            raise PlanArgumentError(
                f"{self.title}: positions that are texts cannot count from where it "
                "stands; numbers are needed"
            )
        self.array = positions

    def position(self, i: int) -> Any:
        """Return position ``i``, counted from 0, as a float or a text.

        Raises:
            StateError: No positions were given.
        """
        if self.array is None:
            raise StateError(f"{self.title} has no positions; set_array gives it some")
        position = self.array[i].item()
        return position + (self.origin or 0.0) if self.relative else position

    @property
    def extent(self) -> tuple[Any, Any] | None:
        """Lowest and highest position; None if they are no numbers."""
        if self.array is None or self.array.dtype.kind == "U":
            return None
        origin = (self.origin or 0.0) if self.relative else 0.0
        return float(self.array.min()) + origin, float(self.array.max()) + origin

    # ------------------------------------------------------------ the device

    @property
    def title(self) -> str:
        """As messages begin: ``"positioner x"``."""
        return f"positioner {self.label or self.name}"

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
        """
        if self.axis is None:
            self.axis = await self._find_axis(timeout)
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

    async def _find_axis(self, timeout: float) -> EpicsMotor | PVAxis:
        options = self._plain
        limit = 600.0 if self._timeout is None else self._timeout
        axis = PVAxis(self._source, self.name, timeout=limit, **options)
        fields = self._fields
        if fields is None and self._has_fields:
            await axis.connect(timeout)
            kind = (await fields_of([self.pv], "RTYP")).get(self.pv)
            fields = MOTOR_RECORD if kind == "motor" else None
        if fields is None or options["readback"] or options["limits"]:
            return axis
        axis.disconnect()  # it was to look at the record only
        return EpicsMotor(record_of(self.pv), self.name, fields=fields)

    def check_value(self, value: Any) -> Any:
        """Raise if it must not go there; nothing moves.

        Raises:
            PlanArgumentError: It is no position.
            LimitError: It lies outside the limits.
        """
        if hasattr(self.axis, "check_value"):
            return self.axis.check_value(value)
        return None

    async def verify(self) -> None:
        """Raise if some position lies outside the limits; nothing moves.

        Raises:
            LimitError: One does; the PV and the limit are named.
        """
        shift = 0.0
        if self.relative and self.origin is None:
            shift = (await self.locate())["setpoint"]
        extent = self.extent
        positions = [one + shift for one in extent] if extent else set(self._texts())
        for position in positions:
            await resolve(self.check_value(position))

    def _texts(self) -> list[str]:
        return [] if self.array is None else self.array.tolist()

    def strayed(self, asked: Any, found: Any) -> str:
        """Return what is wrong with where it stands, or "".

        Args:
            asked: Where it was sent.
            found: What its read-back says.
        """
        tolerance = self._tolerance
        if tolerance is None or isinstance(asked, str) or isinstance(found, str):
            return ""
        if tolerance < 0:
            if not isinstance(self.axis, PVAxis) or self.axis.has_own_readback:
                return ""
            tolerance = 1e-9 + 1e-6 * abs(asked)
        if abs(found - asked) <= tolerance:
            return ""
        return f"{self.title} was sent to {asked:.10g} and stands at {found:.10g}"

    def set(self, value: Any, **options: Any) -> Status:
        """Start to go to a position; for plans."""
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

    def seconds(self, start: Any, target: Any) -> float:
        """Return how long a move takes, as far as is known; 0 where it is not.

        Args:
            start: Where it begins, in the PV's unit.
            target: Where it ends.
        """
        axis = self.axis
        if not isinstance(axis, EpicsMotor) or not axis.connected or start == target:
            return 0.0
        limit = axis.time_limit(start, target)
        return 0.0 if limit is None else (limit - axis.time_margin) / axis.time_factor

    # ------------------------------------------------------------ in a script

    def current(self) -> Any:
        """Return where it is; blocks."""
        return device_loop.call(self._current())

    async def _current(self) -> Any:
        if not self.connected:
            await self.connect()
        return (await self.locate())["readback"]

    def move_to(self, value: Any) -> Status:
        """Start to go anywhere; ``done`` tells when it is there.

        Args:
            value: A position, in the PV's unit.
        """

        async def move() -> None:
            if not self.connected:
                await self.connect()
            await self.set(value)
            found = (await self.locate())["readback"]
            if wrong := self.strayed(value, found):
                raise MotionError(wrong, device=self.name, pv=self.pv)

        self._status = begin(move, self.name, f"move to {value}")
        return self._status

    def move_to_pos(self, i: int) -> Status:
        """Start to go to position ``i``, counted from 0."""
        return self.move_to(self.position(i))

    def move_to_start(self) -> Status:
        """Start to go to the first position."""
        return self.move_to_pos(0)

    @property
    def done(self) -> bool:
        """Whether the last move has ended.

        Raises:
            DeviceError: It has failed.
        """
        return is_done(self._status)

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


def check_lengths(positioners: Sequence[Positioner]) -> int:
    """Return how many points positioners make.

    Raises:
        PlanArgumentError: Their lists differ in length; every one is named.
        StateError: One has no positions.
    """
    lengths: Mapping[str, int] = {
        one.label or one.name: len(_array_of(one)) for one in positioners
    }
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{label} has {n}" for label, n in lengths.items())
        raise PlanArgumentError(
            f"the positioners of a scan need equally many positions, but {listed}"
        )
    return next(iter(lengths.values()), 0)


def _array_of(one: Positioner) -> NDArray[Any]:
    one.position(0)
    return one.array  # type: ignore[return-value] - position() has looked
