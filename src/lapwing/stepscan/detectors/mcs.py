"""MCS: a multichannel scaler, which counts into one channel after the other.

Owns the names of its records, and how the dwell of a point is shared by channels.
Must not know scans.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Mapping, Sequence
from typing import Any

from lapwing.errors import DeviceError
from lapwing.stepscan.detectors.computed import FirstCounter, TotalCounter
from lapwing.stepscan.detectors.ready import ReadyDetector
from lapwing.stepscan.trigger import Trigger

MAX_INPUTS = 32


class McsDetector(ReadyDetector):
    """A multichannel scaler: ``McsDetector("IOC:SIS:", names=["clock", "I0"])``.

    At each point it fills its channels by its own clock. Read are each input's
    channels as an array, and their sum. The dwell of a scan is the time of all
    channels together.

    Args:
        prefix: What all of its names begin with.
        num_channels: How many channels a point has; None: as many as are set.
        names: What inputs are called, from the first on, or by number from 1; others
            are ``"mca1"`` and so on, and those called ``""`` are left out.
        arrays: Whether the channels are kept for every point.
        sums: Whether their sums are.
        **options: As of `ReadyDetector`.

    Source:
        Databases of the EPICS ``mca`` module for multichannel scalers:
        ``EraseStart``, ``StopAll``, ``Dwell``, ``NuseAll``, ``ChannelAdvance``.
    """

    def __init__(
        self,
        prefix: str,
        num_channels: int | None = None,
        *,
        names: Sequence[str] | Mapping[int, str] = (),
        arrays: bool = True,
        sums: bool = True,
        **options: Any,
    ):
        self._num = num_channels
        self._names = _by_number(names)
        self._arrays = arrays
        self._sums = sums
        super().__init__(prefix, **options)

    def _dwell_pv(self) -> str:
        return self.naming.record("Dwell")

    def _make_trigger(self, label: str) -> Trigger:
        record = self.naming.record
        return Trigger(
            record("EraseStart"), label=f"{label} trigger", abort_pv=record("StopAll")
        )

    async def learn(self, timeout: float) -> None:
        """Ask how many inputs there are, and how many channels are used."""
        used = self.naming.record("NuseAll")
        found = await self.ask(used, timeout=timeout)
        num = self._num or max(1, int(found[used].value))
        if self.dwell is not None:
            self.dwell.parts = num
        counters = []
        for i, pv in (await self._inputs()).items():
            label = self._names.get(i, f"{self.label} mca{i}")
            if label and self._sums:
                counters.append(TotalCounter(pv, label, num))
            if label and self._arrays:
                counters.append(FirstCounter(pv, f"{label} channels", num))
        self.found(
            counters,
            settings={used: num, self.naming.record("ChannelAdvance"): 0},
            extra_pvs={f"{self.label} dwell": self.naming.record("Dwell")},
        )

    async def _inputs(self) -> dict[int, str]:
        """Return the PV of each input's channels; true records come first."""
        numbers = range(1, MAX_INPUTS + 1)
        ways = [
            {i: self.naming.record(f"mca{i}{end}") for i in numbers}
            for end in ("", ":VAL")
        ]
        found = await self.maybe(*(pv for way in ways for pv in way.values()))
        for way in ways:
            if there := {i: pv for i, pv in way.items() if pv in found}:
                return there
        raise DeviceError(
            f"detector {self.label} has no inputs: neither {ways[0][1]} nor "
            f"{ways[1][1]} answers",
            device=self.name,
            pv=ways[0][1],
        )


def _by_number(names: Sequence[str] | Mapping[int, str]) -> dict[int, str]:
    if isinstance(names, Mapping):
        return dict(names)
    return dict(enumerate(names, 1))
