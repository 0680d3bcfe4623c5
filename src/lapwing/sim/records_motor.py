"""Motor records: a set-point whose put ends when the motion does.

Owns the records of one motor, and the faults of its motion.
Must not know detectors, nor what else is on the beamline.
Test: tests/system/test_beamline.py, through Channel Access.
"""

from softioc import alarm, builder

from lapwing.sim.axis import Axis

MISSED_BY = 0.1
_FLAG = {"initial_value": 0}
_MM = {"EGU": "mm", "PREC": 4}


class SimMotor:
    """The records of one motor: a set-point whose put ends when the motion does.

    A set-point outside the limits, or not a number, is refused as a motor record
    does it: ``LVIO`` becomes 1, the set-point goes back to its last value with a
    MAJOR alarm, and nothing moves. ``STOP`` ends a motion where the axis is, and
    the set-point becomes that position. While ``STALL`` is 1 the axis stands still
    and a motion does not end, except by ``STOP``. ``MISS`` n lets the next n motions
    end 0.1 mm beside their target, with ``MISS`` still above 0; the next good one
    makes it 0.

    Args:
        name: Name of the set-point record, such as ``"SIM:X"``.
        description: Text of ``DESC``.
        velocity: Initial velocity in mm/s.
        acceleration_time: Initial seconds from rest to ``velocity``.
        limit: Initial limits are ``-limit`` and ``limit``, in mm.
    """

    def __init__(
        self,
        name: str,
        description: str,
        *,
        velocity: float,
        acceleration_time: float,
        limit: float,
    ):
        self._accepted = 0.0
        self.axis = Axis(
            lambda: (self.velocity.get(), self.acceleration_time.get()),
            lambda: bool(self.stall.get()),
            self._show,
        )
        self.setpoint = builder.aOut(
            name,
            initial_value=0.0,
            HOPR=limit,
            LOPR=-limit,
            DESC=description,
            blocking=True,
            always_update=True,
            on_update=self._go,
            **_MM,
        )
        self.readback = builder.aIn(f"{name}:RBV", initial_value=0.0, **_MM)
        self.done = builder.longIn(f"{name}:DMOV", initial_value=1)
        self.violation = builder.longIn(f"{name}:LVIO", **_FLAG)
        self.velocity = builder.aOut(
            f"{name}:VELO", initial_value=velocity, EGU="mm/s", DRVL=1e-3, DRVH=1e3
        )
        self.acceleration_time = builder.aOut(
            f"{name}:ACCL", initial_value=acceleration_time, EGU="s", DRVL=0, DRVH=10
        )
        self.high = builder.aOut(f"{name}:HLM", initial_value=limit, **_MM)
        self.low = builder.aOut(f"{name}:LLM", initial_value=-limit, **_MM)
        self.stop = builder.longOut(
            f"{name}:STOP", always_update=True, on_update=self._stop, **_FLAG
        )
        self.miss = builder.longOut(f"{name}:MISS", on_update=self._arm, **_FLAG)
        self._misses = 0
        self.stall = builder.boolOut(
            f"{name}:STALL",
            ZNAM="free",
            ONAM="stalled",
            on_update=lambda _: self.axis.nudge(),
            **_FLAG,
        )
        builder.stringIn(f"{name}:EGU", initial_value="mm")
        builder.stringIn(f"{name}:DESC", initial_value=description)

    async def _go(self, target: float) -> None:
        # NaN fails both comparisons, and is refused with them.
        if not self.low.get() <= target <= self.high.get():
            self._refuse()
            return
        self._accepted = target
        self.violation.set(0)
        self.setpoint.set(target, process=False)
        self.done.set(0)
        if not await self.axis.go(self._spoiled(target)):
            self._accepted = self.axis.position
            self.setpoint.set(self.axis.position, process=False)
        self.readback.set(self.axis.position)
        self.done.set(1)

    def _arm(self, count: int) -> None:
        self._misses = max(count, 0)

    def _spoiled(self, target: float) -> float:
        """Return where the motion will end; note whether that is beside its target."""
        missed = self._misses > 0
        self.miss.set(max(self._misses, 0), process=False)
        self._misses -= missed
        return target + MISSED_BY * missed

    def _refuse(self) -> None:
        trouble = {"severity": alarm.MAJOR_ALARM, "alarm": alarm.HW_LIMIT_ALARM}
        self.violation.set(1, **trouble)
        self.setpoint.set(self._accepted, process=False, **trouble)

    async def _show(self) -> None:
        self.readback.set(self.axis.position)

    def _stop(self, value: int) -> None:
        if value:
            self.axis.stop()
            self.stop.set(0, process=False)
