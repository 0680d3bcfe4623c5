"""Move: one motion of one EPICS motor, from the put to the proof that it ended.

Owns what counts as arrived, and every way in which a move can fail.
Must not know how the motor's PVs are called, nor a client library.
Test: tests/system/test_beamline_devices.py, against the simulated beamline.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Any, Protocol

from lapwing.epics.channel import INVALID, Channel, Value
from lapwing.errors import DeviceError, DeviceTimeoutError, LimitError, MotionError
from lapwing.status import Progress

PROGRESS_PERIOD = 0.1
DONE_PERIOD = 0.05
_PROOF = ("setpoint", "readback", "done", "violation", "missed")


class Motor(Protocol):
    """What a move needs of its motor; see `lapwing.epics.motor.EpicsMotor`."""

    name: str
    tolerance: float | None

    @property
    def unit(self) -> str: ...  # noqa: D102

    def show(self, position: float) -> str: ...  # noqa: D102
    def has(self, role: str) -> bool: ...  # noqa: D102
    def latest(self, role: str) -> Any: ...  # noqa: D102
    def blocked(self) -> str: ...  # noqa: D102
    def channel(self, role: str) -> Channel: ...  # noqa: D102
    def time_limit(self, start: float, target: float) -> float | None: ...  # noqa: D102
    async def get(self, *roles: str) -> list[Value]: ...  # noqa: D102


class Move:
    """One move of one motor.

    Args:
        motor: Who moves.
        target: Where to, in the motor's unit.
        timeout: Seconds that it may take; None asks the motor.

    Attributes:
        report: Called with the progress, ten times a second at most.
        stopped: Whether somebody here stopped it, and whether that was meant.
    """

    def __init__(self, motor: Motor, target: float, timeout: float | None):
        self.report: Callable[[Progress], None] = lambda progress: None
        self.stopped: bool | None = None
        self._motor = motor
        self._target = target
        self._timeout = timeout
        self._start = target
        self._began = 0.0
        self._reported = -math.inf

    async def run(self) -> None:
        """Move, and return when the motor has arrived.

        Raises:
            DeviceTimeoutError: It took too long; the motor was told to stop.
            DisconnectedError: The server went away.
            LimitError: The server refused the position.
            MotionError: It ended somewhere else, or was stopped.
        """
        motor = self._motor
        self._start = float(motor.latest("readback"))
        self._began = asyncio.get_running_loop().time()
        limit = self._timeout
        if limit is None:
            limit = motor.time_limit(self._start, self._target)
        self.on_readback(self._start)
        try:
            await motor.channel("setpoint").put(self._target, timeout=limit)
            proof = await self._until_done(limit)
        except DeviceTimeoutError as exc:
            raise await self._give_up(limit) from exc
        self._verify(proof)
        self._tell(float(proof["readback"].value))

    def on_readback(self, position: float) -> None:
        """Take note of where the motor is.

        Args:
            position: In the motor's unit.
        """
        now = asyncio.get_running_loop().time()
        if now - self._reported >= PROGRESS_PERIOD:
            self._reported = now
            self._tell(position)

    def _tell(self, position: float) -> None:
        way = abs(self._target - self._start)
        left = min(abs(self._target - position) / way, 1.0) if way else 0.0
        elapsed = asyncio.get_running_loop().time() - self._began
        precision = self._motor.channel("readback").control.precision
        self.report(
            Progress(
                name=self._motor.name,
                current=position,
                initial=self._start,
                target=self._target,
                unit=self._motor.unit,
                precision=3 if precision is None else precision,
                fraction=left,
                time_elapsed=elapsed,
                time_remaining=elapsed * left / (1 - left) if left < 1 else None,
            )
        )

    async def _until_done(self, limit: float | None) -> dict[str, Value]:
        """Return the state after the put; wait if the motor still moves then.

        A record without put-callback answers at once, so completion is no proof.
        """
        roles = [role for role in _PROOF if self._motor.has(role)]
        while True:
            proof = dict(zip(roles, await self._motor.get(*roles), strict=True))
            if "done" not in proof or proof["done"].value:
                return proof
            elapsed = asyncio.get_running_loop().time() - self._began
            if limit is not None and elapsed > limit:
                raise DeviceTimeoutError(f"motor {self._motor.name} still moves")
            await asyncio.sleep(DONE_PERIOD)

    async def _give_up(self, limit: float | None) -> DeviceTimeoutError:
        motor, outcome = self._motor, "it could not be told to stop"
        position = float(motor.latest("readback"))
        with contextlib.suppress(DeviceError):
            await motor.channel("stop").put(1, wait=False)
            outcome = "it was told to stop"
            position = float((await motor.get("readback"))[0].value)
        return DeviceTimeoutError(
            f"motor {motor.name} did not reach {motor.show(self._target)} within "
            f"{limit:.3g} s: it stands at {self._place(position)}, and {outcome}",
            hint="look whether it is blocked or switched off",
            device=motor.name,
            pv=motor.channel("setpoint").pv,
            target=self._target,
            position=position,
            timeout=limit,
        )

    def _place(self, position: float) -> str:
        mode = self._motor.blocked()
        return self._motor.show(position) + (f" in mode {mode}" if mode else "")

    def _verify(self, proof: dict[str, Value]) -> None:
        motor, target = self._motor, self._target
        if "violation" in proof and proof["violation"].value:
            raise self._refused()
        if self.stopped:
            return
        position = float(proof["readback"].value)
        here = f"motor {motor.name} stands at {self._place(position)}"
        there = f"on its way to {motor.show(target)}"
        if self.stopped is not None:
            raise self._failure(f"{here}: it was stopped {there}", position)
        setpoint = float(proof["setpoint"].value)
        if not math.isclose(setpoint, target, rel_tol=1e-6, abs_tol=1e-9):
            raise self._failure(
                f"{here}: somebody stopped it or sent it elsewhere {there}", position
            )
        if "missed" in proof and proof["missed"].value:
            raise self._failure(f"{here}: it missed {motor.show(target)}", position)
        if max(proof[role].severity for role in ("setpoint", "readback")) >= INVALID:
            raise self._failure(f"{here}, but its server calls that invalid", position)
        if motor.tolerance is not None and abs(position - target) > motor.tolerance:
            raise self._failure(
                f"{here}, more than {motor.show(motor.tolerance)} away from "
                f"{motor.show(target)}",
                position,
            )

    def _refused(self) -> LimitError:
        motor, pv = self._motor, self._motor.channel("violation").pv
        return LimitError(
            f"motor {motor.name}: its server refused {motor.show(self._target)} "
            f"as beyond a limit ({pv})",
            device=motor.name,
            pv=pv,
            value=self._target,
            unit=motor.unit,
        )

    def _failure(self, sentence: str, position: float) -> MotionError:
        return MotionError(
            sentence,
            device=self._motor.name,
            pv=self._motor.channel("setpoint").pv,
            target=self._target,
            position=position,
        )
