"""Instruments: what the scaler, the MCA, the camera and the electrometer see.

Owns how each instrument turns the truth of a `Sample` into its own readings.
Must not know records, motors or time: positions and dwell are arguments.
Test: equal arguments give equal readings; without noise they follow the sample.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lapwing.sim.sample import Sample

FRAME_SHAPE = (48, 64)
# Streams of noise; `Sample` itself has 0 and 1.
_SCALER, _CURRENT, _ELEMENT, _FRAME = 10, 20, 100, 1000
_I0_RATE = 500_000.0
_FULL_SCALE = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Look:
    """A sample seen at a position for a time.

    Attributes:
        sample: What there is to see.
        x: Position of the first motor, in mm.
        y: Position of the second motor, in mm.
        dwell: Seconds of counting, 0 or more.
        noise: False gives true values, rounded where counts are whole numbers.
    """

    sample: Sample
    x: float
    y: float
    dwell: float
    noise: bool = True

    def chambers(self) -> tuple[float, float, float]:
        """Return the true rates of I0, It and If, in counts per second.

        The sample absorbs where it is bright, so It dips where If peaks.
        """
        bright = self.sample.count_rate(self.x, self.y)
        absorbed = 0.5 * bright / (self.sample.rate + self.sample.background)
        return _I0_RATE, _I0_RATE * 0.8 * (1 - absorbed), bright

    def scaler(self) -> tuple[float, float, float]:
        """Return the counts of I0, It and If, as whole numbers."""
        expected = np.array(self.chambers()) * self.dwell
        drawn = self._counted(expected, _SCALER)
        return float(drawn[0]), float(drawn[1]), float(drawn[2])

    def currents(self) -> tuple[float, float, float, float]:
        """Return the mean currents of I0, It, If and of an unlit channel, in nA."""
        true = np.array([*self.chambers(), 0.0]) / 1e4
        if self.noise and self.dwell:
            width = 1e-3 / np.sqrt(self.dwell)
            random = self.sample.random(self.x, self.y, self.dwell, _CURRENT)
            true = true * (1 + width * random.standard_normal(4))
        return float(true[0]), float(true[1]), float(true[2]), float(true[3])

    def element(self, number: int, dead_time: float) -> "Spectrum":
        """Return what one element of a fluorescence detector has after the dwell.

        Pulses that come while it is dead are lost, in all channels alike.

        Args:
            number: Which element, 0 or more; each sees the sample a little weaker.
            dead_time: Seconds for which a pulse blinds it.
        """
        weaker = 1.0 / (1.0 + 0.1 * number)
        view = (self.x, self.y, self.dwell)
        expected = self.sample.spectrum(*view, noise=False) * weaker
        arriving = float(expected.sum()) / self.dwell if self.dwell else 0.0
        alive = 1.0 / (1.0 + arriving * dead_time)
        counts = self._counted(expected * alive, _ELEMENT + number)
        return Spectrum(counts, arriving, arriving * alive)

    def frame(self, number: int) -> NDArray[np.uint16]:
        """Return one image: rings round the beam, as bright as the sample.

        Args:
            number: Which image of a series at this position, 0 or more.

        Returns:
            Counts per pixel, uint16 of shape ``(48, 64)``.
        """
        rows, columns = np.indices(FRAME_SHAPE, dtype=np.float64)
        height, width = FRAME_SHAPE
        radius = np.hypot(rows - height / 2, columns - width / 2)
        shape = np.exp(-((radius / 6.0) ** 2) / 2)
        shape += 0.4 * np.exp(-(((radius - 16.0) / 2.0) ** 2) / 2)
        shape /= shape.sum()
        expected = shape * self.sample.count_rate(self.x, self.y) * self.dwell * 10
        counts = self._counted(expected, _FRAME + number)
        return np.minimum(counts, _FULL_SCALE).astype(np.uint16)

    def _counted(
        self, expected: NDArray[np.float64], stream: int
    ) -> NDArray[np.float64]:
        if not self.noise:
            return np.round(expected)
        random = self.sample.random(self.x, self.y, self.dwell, stream)
        return random.poisson(expected).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What one element of a fluorescence detector has counted.

    Attributes:
        counts: Counts per channel, float64 of shape ``(2048,)``.
        input_rate: Pulses per second that arrived.
        output_rate: Pulses per second that were counted.
    """

    counts: NDArray[np.float64]
    input_rate: float
    output_rate: float


def region_sum(counts: NDArray[np.float64], low: int, high: int) -> float:
    """Return the sum of a region of interest, both ends included.

    Args:
        counts: Counts per channel.
        low: First channel; below 0 the region is not used, and its sum is 0.
        high: Last channel.
    """
    return float(counts[low : high + 1].sum()) if 0 <= low <= high else 0.0


def net_sum(counts: NDArray[np.float64], low: int, high: int) -> float:
    """Return the sum of a region above a straight line between its two ends.

    Args:
        counts: Counts per channel.
        low: First channel; below 0 the region is not used, and its sum is 0.
        high: Last channel.
    """
    if not 0 <= low <= high < len(counts):
        return 0.0
    # Three channels at each end tell how high the background is there.
    ends = [float(counts[max(i - 1, 0) : i + 2].mean()) for i in (low, high)]
    return region_sum(counts, low, high) - sum(ends) / 2 * (high - low + 1)
