"""Record motor: a motor with the fields of a motor record, and its own motion.

Owns the motion, and what each field of a motor does to it.
Must not know the server, nor other records.
Test: tests/system/test_record_ioc.py, through Channel Access.

Names and meanings are those of the motor record's reference of synApps.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from lapwing.sim.axis import Axis
from lapwing.sim.record_field import Real, Record

MISSED_BY = 0.1
_STOP, _PAUSE, _MOVE, _GO = range(4)
_MODES = ("Stop", "Pause", "Move", "Go")
_SET = ("Use", "Set")
_MM: dict[str, Any] = {"units": "mm", "precision": 4}


class RecordMotor:
    """A motor record; a put to ``VAL`` completes after the motion and ``DLY``.

    A new ``VAL`` during a motion turns it to the new target. A ``VAL`` outside the
    soft limits is refused: ``LVIO`` is 1, ``VAL`` goes back, and the put is answered
    at once. ``STOP`` 1, or ``SPMG`` Stop, ends a motion where it is; ``SPMG`` Pause
    holds it, and its put, until Go. ``MISS`` n lets the next n motions end 0.1
    beside their target. ``NAME:STALL`` 1 holds the axis still.

    Args:
        pvs: Where its fields are entered, by their full names.
        name: Name of the record, such as ``"REC:m1"``.
        description: Text of ``DESC``.
        velocity: Initial velocity in mm/s.
        acceleration_time: Initial seconds from rest to ``velocity``.
        limit: Initial soft limits are ``-limit`` and ``limit``, in mm.
    """

    def __init__(
        self,
        pvs: dict[str, Any],
        name: str,
        description: str,
        *,
        velocity: float,
        acceleration_time: float,
        limit: float,
    ):
        self.axis = Axis(
            lambda: (self._velocity.plain, self._ramp.plain),
            lambda: self._held,
            self._show,
        )
        self._target = 0.0
        self._misses = 0
        self._idle = asyncio.Event()
        self._idle.set()
        record = Record(pvs, name, "motor", description)
        self._add_positions(record, limit)
        self._add_status(record)
        self._add_drive(record, velocity, acceleration_time)
        stall = Record(pvs, f"{name}:STALL", "bo", "stands still while stalled")
        self._stall = stall.menu("VAL", ("free", "stalled"), 0, self._on_stall)

    def _add_positions(self, record: Record, limit: float) -> None:
        range_: dict[str, Any] = {
            f"{side}_{kind}_limit": sign * limit
            for side, sign in (("lower", -1), ("upper", 1))
            for kind in ("ctrl", "disp")
        }
        self.val = record.real("VAL", 0.0, self._on_val, **_MM, **range_)
        self._dval = record.real("DVAL", 0.0, self._on_dval, **_MM, **range_)
        self._rbv = record.real("RBV", 0.0, **_MM, **range_)
        self._drbv = record.real("DRBV", 0.0, **_MM, **range_)
        self._rlv = record.real("RLV", 0.0, self._on_rlv, **_MM)
        self._diff = record.real("DIFF", 0.0, **_MM)
        self._offset = record.real("OFF", 0.0, self._on_offset, **_MM)
        self._limits: dict[str, tuple[Real, Real]] = {}
        self._limit(record, "HLM", limit)
        self._limit(record, "LLM", -limit)
        self._tweak = record.real("TWV", 0.1, **_MM)
        self._step(record, "TWF", lambda: self._target + self._tweak.plain)
        self._step(record, "TWR", lambda: self._target - self._tweak.plain)
        for name in ("HOMF", "HOMR"):
            self._step(record, name, lambda: self._offset.plain)
        self._set = record.menu("SET", _SET, 0)

    def _add_status(self, record: Record) -> None:
        self._done = record.whole("DMOV", 1)
        self._moving = record.whole("MOVN", 0)
        self._violation = record.whole("LVIO", 0)
        self._missed = record.whole("MISS", 0, self._on_miss)
        self._direction = record.whole("TDIR", 0)
        for name in ("HLS", "LLS", "ATHM"):
            record.whole(name, 0)

    def _add_drive(
        self, record: Record, velocity: float, acceleration_time: float
    ) -> None:
        self._stop = record.whole("STOP", 0, self._on_stop)
        self._mode = record.menu("SPMG", _MODES, _GO, self._on_mode)
        self._velocity = record.real("VELO", velocity, units="mm/s", precision=4)
        self._ramp = record.real("ACCL", acceleration_time, units="s", precision=4)
        self._delay = record.real("DLY", 0.0, units="s", precision=3)
        record.real("VMAX", 1000.0, units="mm/s", precision=4)
        record.real("VBAS", 0.0, units="mm/s", precision=4)
        for name, value in (("MRES", 0.001), ("ERES", 0.001), ("UREV", 0.2)):
            record.real(name, value, units="mm", precision=4)
        record.whole("SREV", 200)
        record.text("OUT", "simulated")
        record.real("RDBD", 0.001, units="mm", precision=4)
        record.whole("RTRY", 0)
        record.whole("PREC", 4)
        record.text("EGU", "mm")
        record.menu("DIR", ("Pos", "Neg"), 0)
        record.menu("FOFF", ("Variable", "Frozen"), 0)

    @property
    def position(self) -> float:
        """Where the axis is, in user coordinates, in mm."""
        return self.axis.position + self._offset.plain

    async def _on_val(self, target: float) -> None:
        if self._set.plain:
            # In this mode a position is given a new name, and nothing moves.
            await self._offset.set(target - self._dval.plain)
            await self._shift()
            return
        await self._go(target)

    async def _on_dval(self, target: float) -> None:
        await self._go(target + self._offset.plain)

    async def _on_rlv(self, distance: float) -> None:
        await self._rlv.set(0.0)
        await self._go(self._target + distance)

    async def _on_offset(self, _: float) -> None:
        await self._shift()

    async def _shift(self) -> None:
        """Give everything in user coordinates its place after a change of OFF."""
        offset = self._offset.plain
        self._target = self._dval.plain + offset
        for user, dial in self._limits.values():
            await user.set(dial.plain + offset)
        await self._tell_limits()
        await self.val.set(self._target)
        await self._show()

    def _limit(self, record: Record, name: str, limit: float) -> None:
        """Add a limit in user and in dial coordinates; each follows the other."""

        async def on_user(value: float) -> None:
            await dial.set(value - self._offset.plain)
            await self._tell_limits()

        async def on_dial(value: float) -> None:
            await user.set(value + self._offset.plain)
            await self._tell_limits()

        user = record.real(name, limit, on_user, **_MM)
        dial = record.real(f"D{name}", limit, on_dial, **_MM)
        self._limits[name] = (user, dial)

    async def _tell_limits(self) -> None:
        """Make the soft limits what clients see as the limits of VAL and DVAL."""
        for field, which in ((self.val, 0), (self._dval, 1)):
            low, high = (self._limits[name][which].plain for name in ("LLM", "HLM"))
            await field.write_metadata(
                lower_ctrl_limit=low,
                upper_ctrl_limit=high,
                lower_disp_limit=low,
                upper_disp_limit=high,
            )

    def _step(self, record: Record, name: str, target: Callable[[], float]) -> None:
        """Add a field that moves somewhere when 1 is put."""

        async def on_put(value: int) -> None:
            await made.set(0)
            if value:
                await self._go(target())

        made = record.whole(name, 0, on_put)

    async def _on_miss(self, count: int) -> None:
        self._misses = max(count, 0)

    async def _on_stop(self, value: int) -> None:
        await self._stop.set(0)
        if value:
            self.axis.stop()

    async def _on_mode(self, mode: int) -> None:
        if mode == _STOP:
            self.axis.stop()
        self.axis.nudge()

    async def _on_stall(self, _: int) -> None:
        self.axis.nudge()

    async def _go(self, target: float) -> None:
        """Move to a target, in user coordinates; return when the motion is over."""
        # NaN fails both comparisons, and is refused with them.
        low, high = (self._limits[name][0].plain for name in ("LLM", "HLM"))
        allowed = low <= target <= high
        await self._violation.set(int(not allowed))
        if not allowed or self._mode.plain == _STOP:
            await self._aim(self._target)
            return
        await self._aim(target)
        if self._idle.is_set():
            await self._run()
            return
        turned = self.axis.turn(self._dval.plain)
        await self._idle.wait()
        if not turned:
            # It was about to end: this target's turn comes after that.
            await self._go(target)

    async def _aim(self, target: float) -> None:
        self._target = target
        await self.val.set(target)
        await self._dval.set(target - self._offset.plain)

    async def _run(self) -> None:
        self._idle.clear()
        try:
            await self._done.set(0)
            missed = MISSED_BY if self._misses else 0.0
            await self._missed.set(self._misses)
            self._misses -= bool(missed)
            if not await self.axis.go(self._dval.plain + missed):
                await self._aim(self.position)
            await self._show()
            await self._moving.set(0)
            await asyncio.sleep(max(self._delay.plain, 0.0))
            await self._done.set(1)
        finally:
            self._idle.set()

    @property
    def _held(self) -> bool:
        return bool(self._stall.plain) or self._mode.plain == _PAUSE

    async def _show(self) -> None:
        left = self._dval.plain - self.axis.position
        await self._drbv.set(self.axis.position)
        await self._rbv.set(self.position)
        await self._diff.set(left)
        await self._moving.set(int(bool(left) and not self._held))
        if left:
            await self._direction.set(int(left > 0))
