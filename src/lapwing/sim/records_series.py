"""Series: the multichannel scaler and the electrometer.

Owns the records of ``MCS``, which counts channel after channel, and of ``EM``.
Must not know motors; a `View` tells what is seen.
Test: tests/system/test_beamline_records.py, through Channel Access.
"""

import asyncio

import numpy as np
from softioc import builder

from lapwing.sim.records_busy import BusyRecord, Exposure, build_command
from lapwing.sim.view import View

MAX_CHANNELS = 2000
NUM_INPUTS = 4
UPDATE_PERIOD = 0.025
CLOCK = 1e7
_CHOICES = ("Done", "Acquire")
_SECONDS = {"EGU": "s", "PREC": 4}


class SimMultichannelScaler:
    """A scaler that counts into one channel after the other: clock, I0, It and If.

    ``EraseStart`` fills ``NuseAll`` channels of ``Dwell`` seconds each, and its put
    completes with the last. Where the motors move meanwhile, each channel sees them
    where they were in its middle. With ``ChannelAdvance`` at External a channel ends
    when ``SoftwareChannelAdvance`` is put.

    Args:
        prefix: Prefix of its records, such as ``"SIM:MCS:"``.
        view: What it sees.
    """

    def __init__(self, prefix: str, view: View):
        self._view = view
        self._pulses = 0
        self._data = np.zeros((NUM_INPUTS, MAX_CHANNELS))
        self._work = BusyRecord(
            f"{prefix}EraseStart", self._acquire, choices=_CHOICES
        ).work
        self.advance = builder.mbbOut(
            f"{prefix}ChannelAdvance", "Internal", "External", initial_value=0
        )
        self.dwell = builder.aOut(
            f"{prefix}Dwell", initial_value=0.01, DRVL=1e-4, DRVH=3600, **_SECONDS
        )
        self.used = builder.longOut(
            f"{prefix}NuseAll", initial_value=100, DRVL=1, DRVH=MAX_CHANNELS
        )
        self.channel = builder.longIn(f"{prefix}CurrentChannel", initial_value=0)
        self.elapsed = builder.aIn(f"{prefix}ElapsedReal", initial_value=0, **_SECONDS)
        self.acquiring = builder.boolIn(
            f"{prefix}Acquiring", ZNAM=_CHOICES[0], ONAM=_CHOICES[1], initial_value=0
        )
        self.inputs = [
            builder.WaveformIn(f"{prefix}mca{i + 1}:VAL", np.zeros(MAX_CHANNELS))
            for i in range(NUM_INPUTS)
        ]
        build_command(f"{prefix}StopAll", self._work.end)
        build_command(f"{prefix}EraseAll", lambda: self._show(0))
        build_command(f"{prefix}SoftwareChannelAdvance", self._pulse)

    def _pulse(self) -> None:
        self._pulses += 1
        self._work.nudge()

    async def _acquire(self) -> None:
        self.acquiring.set(1)
        self._pulses = 0
        self._show(0)
        if self.advance.get():
            await self._by_pulses()
        else:
            await self._by_clock()
        self.acquiring.set(0)

    async def _by_clock(self) -> None:
        time = asyncio.get_running_loop().time
        began, dwell, wanted = time(), self.dwell.get(), self.used.get()
        done, then, place = 0, 0.0, self._view.position()
        while done < wanted and not self._work.ended:
            ends = min(max(UPDATE_PERIOD, dwell), wanted * dwell)
            await self._work.wait(max(min(then + ends, wanted * dwell) - then, 1e-4))
            now, here = time() - began, self._view.position()
            # Half a dwell of rounding: a timer may ring a little early.
            full = min(int((now + 1e-6) / dwell), wanted)
            for i in range(done, full):
                part = min(max(((i + 0.5) * dwell - then) / (now - then), 0.0), 1.0)
                x, y = (a + part * (b - a) for a, b in zip(place, here, strict=True))
                self._fill(i, dwell, (x, y))
            done, then, place = full, now, here
            self._show(done)

    async def _by_pulses(self) -> None:
        time = asyncio.get_running_loop().time
        done, then, wanted = 0, time(), self.used.get()
        while done < wanted and not self._work.ended:
            if self._pulses <= done:
                await self._work.wait_for_change()
                continue
            now = time()
            # Of several pulses at once, the first ends the long channel.
            self._fill(done, round(now - then, 4), self._view.position())
            done, then = done + 1, now
            self._show(done)

    def _fill(self, i: int, dwell: float, at: tuple[float, float]) -> None:
        counts = self._view.look(dwell, at).scaler()
        self._data[:, i] = (round(CLOCK * dwell), *counts)

    def _show(self, done: int) -> None:
        self._data[:, done:] = 0
        for record, data in zip(self.inputs, self._data, strict=True):
            record.set(data[: self.used.get()])
        self.elapsed.set(float(self._data[0, :done].sum() / CLOCK))
        self.channel.set(done)


class SimElectrometer:
    """An electrometer of four currents: I0, It, If, and one that sees no light.

    Args:
        prefix: Prefix of its records, such as ``"SIM:EM:"``.
        view: What it sees.
    """

    def __init__(self, prefix: str, view: View):
        self._view = view
        self._averaging = builder.aOut(
            f"{prefix}AveragingTime", initial_value=0.1, DRVL=0, DRVH=3600, **_SECONDS
        )
        self.exposure = Exposure(
            prefix,
            f"{prefix}Acquire",
            lambda: self._averaging.get(),
            self._publish,
            choices=_CHOICES,
        )
        self._currents = [
            builder.aIn(f"{prefix}Current{i + 1}:MeanValue", initial_value=0, EGU="nA")
            for i in range(NUM_INPUTS)
        ]

    def _publish(self, live: float, trouble: dict[str, int]) -> None:
        means = self._view.look(live).currents()
        for record, mean in zip(self._currents, means, strict=True):
            record.set(mean, **trouble)
