"""Counter and scaler: what counts pulses for a preset time.

Owns the records of the plain counter ``DET`` and of the scaler.
Must not know motors; a `View` tells what is seen.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

import asyncio
from typing import Any

from softioc import builder

from lapwing.sim.records_busy import Exposure
from lapwing.sim.sample import SPECTRUM_CHANNELS
from lapwing.sim.view import View

AUTO_COUNT_TIME = 0.1
_NAMES = ("clock", "I0", "It", "If", "", "", "", "")
_CHOICES = ("Done", "Count")
_SECONDS = {"EGU": "s", "PREC": 3}


class SimDetector:
    """The records of the counter: a trigger whose put ends when the dwell does.

    Args:
        name: Prefix of its records, such as ``"SIM:DET"``.
        view: What it sees.
        dwell: Initial seconds of counting.
    """

    def __init__(self, name: str, view: View, *, dwell: float):
        self._view = view
        self.exposure = Exposure(
            f"{name}:", f"{name}:TRIG", lambda: self.dwell.get(), self._publish
        )
        self.dwell = builder.aOut(
            f"{name}:DWELL", initial_value=dwell, DRVL=0, DRVH=3600, **_SECONDS
        )
        self.counts = builder.longIn(f"{name}:COUNTS", EGU="counts", initial_value=0)
        self.spectrum = builder.WaveformIn(
            f"{name}:SPECTRUM", [0.0] * SPECTRUM_CHANNELS, EGU="counts"
        )

    def _publish(self, live: float, trouble: dict[str, int]) -> None:
        look = self._view.look(live)
        where = (look.x, look.y, live)
        self.counts.set(look.sample.counts(*where, noise=look.noise), **trouble)
        self.spectrum.set(look.sample.spectrum(*where, noise=look.noise), **trouble)


class SimScaler:
    """A scaler of eight channels, of which four are used: clock, I0, It and If.

    ``CNT`` 1 counts for ``TP`` seconds after a delay of ``DLY``; 0 ends it. With
    ``CONT`` at AutoCount it counts on for display while nobody asked it to, and its
    channels change by themselves.

    Args:
        prefix: Prefix of its records, such as ``"SIM:SCALER:"``.
        view: What it sees.
    """

    def __init__(self, prefix: str, view: View):
        self._view = view
        self._counting_on = False
        self.exposure = Exposure(
            prefix,
            f"{prefix}CNT",
            lambda: self.preset.get(),
            self._publish,
            delay=lambda: self.delay.get(),
            choices=_CHOICES,
        )
        self.preset = builder.aOut(
            f"{prefix}TP", initial_value=1.0, DRVL=0, DRVH=3600, **_SECONDS
        )
        self.delay = builder.aOut(
            f"{prefix}DLY", initial_value=0.0, DRVL=0, DRVH=3600, **_SECONDS
        )
        self.frequency = builder.aOut(f"{prefix}FREQ", initial_value=1e7, EGU="Hz")
        self.elapsed = builder.aIn(f"{prefix}T", initial_value=0.0, **_SECONDS)
        self.mode = builder.mbbOut(
            f"{prefix}CONT",
            "OneShot",
            "AutoCount",
            initial_value=0,
            on_update=self._on_mode,
        )
        self.channels: list[Any] = []
        for i, name in enumerate(_NAMES, 1):
            builder.stringOut(f"{prefix}NM{i}", initial_value=name)
            self.channels.append(
                builder.aIn(f"{prefix}S{i}", initial_value=0, EGU="counts", PREC=0)
            )
        builder.stringIn(f"{prefix}RTYP", initial_value="scaler")
        builder.stringIn(f"{prefix}DESC", initial_value="ion chambers")

    def _publish(self, live: float, trouble: dict[str, int]) -> None:
        self.elapsed.set(live, **trouble)
        counts = (self.frequency.get() * live, *self._view.look(live).scaler())
        for channel, count in zip(self.channels[: len(counts)], counts, strict=True):
            channel.set(round(count), **trouble)

    async def _on_mode(self, mode: int) -> None:
        if not mode or self._counting_on:
            return
        self._counting_on = True
        while self.mode.get():
            await asyncio.sleep(AUTO_COUNT_TIME)
            if self.mode.get() and self.exposure.work.idle:
                self._publish(AUTO_COUNT_TIME, {})
        self._counting_on = False
