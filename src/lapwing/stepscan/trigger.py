"""Trigger: a PV that starts a detector, and whose put completes when that is done.

Owns what is written, how long it may take, and how long it took.
Must not know what is counted.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

import time
from typing import Any

from lapwing.engine import device_loop
from lapwing.epics.device import EpicsDevice
from lapwing.epics.pv_objects import pv_name
from lapwing.status import Status, status_of
from lapwing.stepscan.given import seconds_or_none
from lapwing.stepscan.names import key_of
from lapwing.stepscan.waiting import begin, is_done


class Trigger(EpicsDevice):
    """A PV that starts a detector: ``Trigger("SIM:DET:TRIG")``.

    Args:
        pv: The PV, by its name or as pyepics' object.
        value: What is written to start it.
        label: What people call it; None takes the PV's name.
        name: Name of the device; None makes one of the label.
        abort_value: What is written to end it early; None writes nothing.
        abort_pv: The PV that ends it when 1 is written to it, in place of
            ``abort_value`` to its own.
        timeout: Seconds that it may take beyond ``dwell``; None waits for ever.

    Raises:
        PlanArgumentError: It is no PV, or the timeout no number of seconds.

    Attributes:
        pv: Name of the PV.
        value: As given.
        dwell: Seconds that it is to take, which its time limit follows; 0 where
            nobody has said.
        runtime: Seconds that it took last; 0 before the first time.
    """

    kind = "trigger"

    def __init__(
        self,
        pv: Any,
        value: Any = 1,
        *,
        label: str | None = None,
        name: str | None = None,
        abort_value: Any = 0,
        abort_pv: str | None = None,
        timeout: float | None = 10.0,
    ):
        self.pv = pv_name(pv)
        self.label = label or self.pv
        pvs = {"trigger": pv} | ({"abort": abort_pv} if abort_pv else {})
        super().__init__(name or key_of(self.label), pvs)
        self.value = value
        self.abort_value = 1 if abort_pv else abort_value
        self._abort = "abort" if abort_pv else "trigger"
        self.timeout = seconds_or_none(timeout, "timeout")
        self.dwell = 0.0
        self.runtime = 0.0
        self._status: Status | None = None

    # ------------------------------------------------------------ in a plan

    def trigger(self) -> Status:
        """Start; done when the counters may be read."""
        return status_of(self._run(self.value), device=self.name, action="count")

    async def _run(self, value: Any) -> None:
        began = time.perf_counter()
        limit = None if self.timeout is None else self.timeout + self.dwell
        await self.channel("trigger").put(value, timeout=limit)
        self.runtime = time.perf_counter() - began

    async def stop(self, success: bool = True) -> None:
        """End it early, if it has a value for that."""
        if self.abort_value is not None and self.connected:
            await self.channel(self._abort).put(self.abort_value, wait=False)

    # ------------------------------------------------------------ in a script

    def start(self, value: Any = None) -> Status:
        """Start; ``done`` tells when the counters may be read.

        Args:
            value: What is written; None writes the trigger's own value.
        """

        async def run() -> None:
            if not self.connected:
                await self.connect()
            await self._run(self.value if value is None else value)

        self._status = begin(run, self.name, "count")
        return self._status

    @property
    def done(self) -> bool:
        """Whether what `start` started has ended.

        Raises:
            DeviceError: It has failed.
        """
        return is_done(self._status)

    def abort(self, value: Any = None) -> None:
        """End it early; blocks until that is sent.

        Args:
            value: What is written; None writes the trigger's own abort value.
        """
        wanted = self.abort_value if value is None else value
        if wanted is not None:
            device_loop.call(self.channel(self._abort).put(wanted, wait=False))

    def __repr__(self) -> str:
        return f"Trigger({self.pv!r}, {self.value!r})"
