"""Electrometer: the mean of several currents over a time.

Owns the names of its records.
Must not know scans.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Sequence
from typing import Any

from lapwing.errors import DeviceError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detectors.ready import ReadyDetector
from lapwing.stepscan.trigger import Trigger

NUM_CURRENTS = 4


class Electrometer(ReadyDetector):
    """An electrometer: ``Electrometer("IOC:QE1:", names=["I0", "It", "If"])``.

    Args:
        prefix: What all of its names begin with.
        names: What currents are called, from the first on; others are ``"current 1"``
            and so on, and those called ``""`` are left out.
        **options: As of `ReadyDetector`.

    Source:
        Databases of the EPICS ``quadEM`` module: ``Acquire``, ``AveragingTime``,
        ``AcquireMode``, ``Current1:MeanValue_RBV``.
    """

    def __init__(self, prefix: str, *, names: Sequence[str] = (), **options: Any):
        self._names = dict(enumerate(names, 1))
        super().__init__(prefix, **options)

    def _make_trigger(self, label: str) -> Trigger:
        return Trigger(self.naming.record("Acquire"), label=f"{label} trigger")

    def _dwell_pv(self) -> str:
        return self.naming.record("AveragingTime")

    async def learn(self, timeout: float) -> None:
        """Ask which currents there are, and how it is made to take one mean."""
        record = self.naming.record
        await self.ask(record("AveragingTime"), timeout=timeout)
        ways = [
            {
                i: record(f"Current{i}:MeanValue{end}")
                for i in range(1, NUM_CURRENTS + 1)
            }
            for end in ("_RBV", "")
        ]
        mode, reach = record("AcquireMode"), record("Range")
        asked = [pv for way in ways for pv in way.values()]
        found = await self.maybe(*asked, mode, reach)
        pvs = {i: pv for way in ways for i, pv in way.items() if pv in found}
        if not pvs:
            raise DeviceError(
                f"detector {self.label} has no currents: {ways[0][1]} and the like do "
                "not answer",
                device=self.name,
                pv=ways[0][1],
            )
        labels = {i: self._names.get(i, f"{self.label} current {i}") for i in pvs}
        self.found(
            [Counter(pvs[i], label) for i, label in sorted(labels.items()) if label],
            settings={mode: "Single"} if mode in found else None,
            extra_pvs={f"{self.label} range": reach} if reach in found else None,
        )
