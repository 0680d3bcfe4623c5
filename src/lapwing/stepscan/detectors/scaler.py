"""Scaler: channels that count pulses for a preset time.

Owns the names of the scaler record's fields, and which of them are read.
Must not know scans.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from typing import Any

from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detectors.ready import ReadyDetector, named
from lapwing.stepscan.trigger import Trigger

MAX_CHANNELS = 64


class ScalerDetector(ReadyDetector):
    """A scaler: ``ScalerDetector("IOC:scaler1")``.

    Read are the channels that have a name, under that name, and the time that was
    really counted. While a scan runs the scaler is in one-shot mode.

    Args:
        prefix: The record, or what its names begin with.
        num_channels: How many channels to look at; None: as many as there are.
        calculated: Whether the channels' calculated values (``_calc1.VAL`` ...) are
            read in place of the counts.
        **options: As of `ReadyDetector`.

    Source:
        The scaler record's reference (EPICS ``scaler`` module).
    """

    record_types = ("scaler",)

    def __init__(
        self,
        prefix: str,
        *,
        num_channels: int | None = None,
        calculated: bool = False,
        **options: Any,
    ):
        self._num = num_channels
        self._calculated = calculated
        super().__init__(prefix, **options)

    def _make_trigger(self, label: str) -> Trigger:
        return Trigger(self.naming.field("CNT"), label=f"{label} trigger")

    def _dwell_pv(self) -> str:
        return self.naming.field("TP")

    async def learn(self, timeout: float) -> None:
        """Ask for the names of the channels."""
        field = self.naming.field
        await self.ask(field("NM1"), timeout=timeout)
        numbers = range(1, (self._num or MAX_CHANNELS) + 1)
        found = await self.maybe(*(field(f"NM{i}") for i in numbers))
        names = {
            f"S{i}": str(found[field(f"NM{i}")].value)
            for i in numbers
            if field(f"NM{i}") in found
        }
        counters = [Counter(field("T"), f"{self.label} time")]
        counters += [
            Counter(self._pv(channel), label) for channel, label in named(names).items()
        ]
        self.found(
            counters,
            settings={field("CONT"): "OneShot"},
            extra_pvs={
                f"{self.label} frequency": field("FREQ"),
                f"{self.label} delay": field("DLY"),
            },
        )

    def _pv(self, channel: str) -> str:
        if self._calculated:
            return f"{self.naming.record('')}_calc{channel[1:]}.VAL"
        return self.naming.field(channel)
