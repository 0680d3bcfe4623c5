"""IOC: the records of the simulated beamline, and what moves behind them.

Owns the EPICS records (softioc: real EPICS base) and the coroutines on them.
Must not know clients, nor how its process was started.
Test: tests/system/test_beamline.py, through Channel Access.

softioc is loaded with this module, so its process must have set the server's
``EPICS_CAS_*`` variables before.
"""

import asyncio
import ctypes

from softioc import alarm, builder, softioc
from softioc.asyncio_dispatcher import AsyncioDispatcher
from softioc.imports import Com

from lapwing.sim.motion import Move
from lapwing.sim.sample import SPECTRUM_CHANNELS, Sample

READBACK_PERIOD = 0.025
_FLAG = {"initial_value": 0}
_MM = {"EGU": "mm", "PREC": 4}


class SimMotor:
    """The records of one motor: a set-point whose put ends when the motion does.

    A set-point outside the limits, or not a number, is refused as a motor record
    does it: ``LVIO`` becomes 1, the set-point goes back to its last value with a
    MAJOR alarm, and nothing moves. ``STOP`` ends a motion where the axis is, and
    the set-point becomes that position. While ``STALL`` is 1 the axis stands still
    and a motion does not end, except by ``STOP``.

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
        self.position = 0.0
        self._accepted = 0.0
        self._nudge = asyncio.Event()
        self._stop_asked = False
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
        self.stall = builder.boolOut(
            f"{name}:STALL",
            ZNAM="free",
            ONAM="stalled",
            on_update=lambda _: self._nudge.set(),
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
        self._stop_asked = False
        while not self._stop_asked and (self._stalled or self.position != target):
            await self._leg(target)
        if self._stop_asked:
            self._accepted = self.position
            self.setpoint.set(self.position, process=False)
        self.readback.set(self.position)
        self.done.set(1)

    def _refuse(self) -> None:
        trouble = {"severity": alarm.MAJOR_ALARM, "alarm": alarm.HW_LIMIT_ALARM}
        self.violation.set(1, **trouble)
        self.setpoint.set(self._accepted, process=False, **trouble)

    @property
    def _stalled(self) -> bool:
        return bool(self.stall.get())

    def _stop(self, value: int) -> None:
        if value:
            self._stop_asked = True
            self._nudge.set()
            self.stop.set(0, process=False)

    async def _leg(self, target: float) -> None:
        """Move, or stand stalled, until the target or until something changes."""
        self._nudge.clear()
        if self._stalled:
            await self._nudge.wait()
            return
        time = asyncio.get_running_loop().time
        started = time()
        move = Move(
            self.position, target, self.velocity.get(), self.acceleration_time.get()
        )
        while self.position != target and not self._nudge.is_set():
            left = started + move.duration - time()
            await self._pause(min(left, READBACK_PERIOD))
            self.position = move.position(time() - started)
            self.readback.set(self.position)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._nudge.wait(), max(seconds, 0.0))
        except TimeoutError:
            return


class SimDetector:
    """The records of the counter: a trigger whose put ends when the dwell does.

    Args:
        name: Prefix of its records, such as ``"SIM:DET"``.
        sample: What there is to see.
        x: The motor along the peak.
        y: The motor across it.
        noise: Whether ``NOISE`` is on at the start.
        dwell: Initial seconds of counting.
    """

    def __init__(
        self,
        name: str,
        sample: Sample,
        x: SimMotor,
        y: SimMotor,
        *,
        noise: bool,
        dwell: float,
    ):
        self._sample, self._x, self._y = sample, x, y
        self.trigger = builder.longOut(
            f"{name}:TRIG",
            blocking=True,
            always_update=True,
            on_update=self._count,
            **_FLAG,
        )
        self.dwell = builder.aOut(
            f"{name}:DWELL", initial_value=dwell, EGU="s", PREC=3, DRVL=0, DRVH=3600
        )
        self.noise = builder.boolOut(
            f"{name}:NOISE", ZNAM="off", ONAM="on", initial_value=noise
        )
        self.counts = builder.longIn(f"{name}:COUNTS", EGU="counts", initial_value=0)
        self.spectrum = builder.WaveformIn(
            f"{name}:SPECTRUM", [0.0] * SPECTRUM_CHANNELS, EGU="counts"
        )

    async def _count(self, value: int) -> None:
        if not value:
            return
        dwell = self.dwell.get()
        await asyncio.sleep(dwell)
        where = (self._x.position, self._y.position, dwell)
        noise = bool(self.noise.get())
        self.counts.set(self._sample.counts(*where, noise=noise))
        self.spectrum.set(self._sample.spectrum(*where, noise=noise))
        self.trigger.set(0, process=False)


def build(
    prefix: str,
    sample: Sample,
    *,
    velocity: float,
    acceleration_time: float,
    noise: bool,
    dwell: float,
    limit: float,
) -> None:
    """Make all records of the beamline; once in a process, in its event loop.

    Args:
        prefix: What all names begin with, such as ``"SIM:"``.
        sample: What there is to see.
        velocity: Velocity of both motors in mm/s.
        acceleration_time: Their seconds from rest to that velocity.
        noise: Whether counts are noisy.
        dwell: Seconds of counting per trigger.
        limit: Both motors go from ``-limit`` to ``limit``, in mm.
    """
    drive = {"velocity": velocity, "acceleration_time": acceleration_time}
    x = SimMotor(f"{prefix}X", "along the peak", limit=limit, **drive)
    y = SimMotor(f"{prefix}Y", "across the peak", limit=limit, **drive)
    SimDetector(f"{prefix}DET", sample, x, y, noise=noise, dwell=dwell)
    for name, value in (("CENTRE", sample.centre), ("FWHM", sample.fwhm)):
        builder.aIn(f"{prefix}TRUTH:{name}", initial_value=value, **_MM)


def serve(*, pva: bool = False) -> tuple[int, int | None]:
    """Put the records on the network; needs a running event loop.

    Args:
        pva: Whether PVA is served beside Channel Access.

    Returns:
        The TCP ports that the server really got: Channel Access, and PVA or None.
    """
    builder.LoadDatabase()
    loop = asyncio.get_running_loop()
    softioc.iocInit(AsyncioDispatcher(loop), enable_pva=pva)
    # A busy port silently becomes another one; only the C environment tells.
    port = _c_environment(b"RSRV_SERVER_PORT")
    return port, _c_environment(b"PVAS_SERVER_PORT") if pva else None


def _c_environment(name: bytes) -> int:
    Com.getenv.restype = ctypes.c_char_p
    value = Com.getenv(name)
    return int(value) if value and value.isdigit() else 0
