"""Sample: what the simulated detector sees at a position.

Owns the truth (a peak, a ring of spots, a spectrum) and its seeded noise.
Must not know records, motors or time: positions and dwell are arguments.
Test: equal positions give equal counts; at ``y = 0`` the profile is a Gaussian.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPECTRUM_CHANNELS = 2048
FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))

# Fluorescence lines: (channel, width in channels, share of the beam spot, of the
# inner ring, of the outer ring). Each line lights up in another part of the map.
_LINES = ((640.0, 14.0, 1.0, 0.1, 0.1), (705.0, 15.0, 0.15, 1.0, 0.1))
_LINES += ((1240.0, 20.0, 0.1, 0.2, 1.0),)


@dataclass(frozen=True, slots=True)
class Sample:
    """A bright spot with a hexagonal ring of spots and a faint outer ring.

    Along X at ``y = 0`` both rings vanish, so the profile there is exactly a
    Gaussian around ``centre`` on a flat background.

    Attributes:
        centre: X of the peak, in mm; its Y is 0.
        sigma: Standard deviation of the peak along X, in mm.
        rate: Counts per second at the top of the peak.
        background: Counts per second far from everything.
        seed: Seed of the noise; the same seed gives the same data for ever.
    """

    centre: float = 0.73
    sigma: float = 0.6
    rate: float = 100_000.0
    background: float = 100.0
    seed: int = 1

    @property
    def fwhm(self) -> float:
        """Full width of the peak along X at half its height, in mm."""
        return self.sigma * FWHM_PER_SIGMA

    def count_rate(self, x: float, y: float) -> float:
        """Return the true counts per second at a position.

        Args:
            x: Position of the first motor, in mm.
            y: Position of the second motor, in mm.
        """
        return self.background + self.rate * sum(self._parts(x, y))

    def counts(self, x: float, y: float, dwell: float, *, noise: bool = True) -> int:
        """Return what the counter shows after a dwell at a position.

        The noise is Poisson's, and depends on seed, position and dwell only: the
        same point counted again gives the same number, whatever came between.

        Args:
            x: Position of the first motor, in mm.
            y: Position of the second motor, in mm.
            dwell: Seconds of counting, 0 or more.
            noise: False gives the rounded true value.
        """
        expected = self.count_rate(x, y) * dwell
        if not noise:
            return round(expected)
        return int(self.random(x, y, dwell, 0).poisson(expected))

    def spectrum(
        self, x: float, y: float, dwell: float, *, noise: bool = True
    ) -> NDArray[np.float64]:
        """Return the fluorescence spectrum after a dwell at a position.

        Args:
            x: Position of the first motor, in mm.
            y: Position of the second motor, in mm.
            dwell: Seconds of counting, 0 or more.
            noise: False gives the true values.

        Returns:
            Counts per channel, float64 of shape ``(2048,)``.
        """
        channel = np.arange(SPECTRUM_CHANNELS, dtype=np.float64)
        parts = self._parts(x, y)
        shape = (0.02 + 0.05 * sum(parts)) * np.exp(-channel / 600.0)
        for middle, width, *shares in _LINES:
            height = sum(s * p for s, p in zip(shares, parts, strict=True))
            shape += height * np.exp(-(((channel - middle) / width) ** 2) / 2)
        expected = shape * self.rate / 50 * dwell
        if not noise:
            return expected
        return self.random(x, y, dwell, 1).poisson(expected).astype(np.float64)

    def random(
        self, x: float, y: float, dwell: float, stream: int
    ) -> np.random.Generator:
        """Return the noise of one reading at a position: the same for the same four.

        Args:
            x: Position of the first motor, in mm.
            y: Position of the second motor, in mm.
            dwell: Seconds of counting, 0 or more.
            stream: What is read, 0 or more; 0 is the counter, 1 its spectrum.
        """
        # Nanometres and microseconds: finer than any step, coarser than the
        # rounding of a position that was reached on two ways.
        grains = (round(x * 1e6), round(y * 1e6), round(dwell * 1e6))
        words = [grain % 2**64 for grain in grains]
        return np.random.default_rng([self.seed, stream, *words])

    def _parts(self, x: float, y: float) -> tuple[float, float, float]:
        """Return the strengths of spot, inner and outer ring, each 0 to 1."""
        u = x - self.centre
        radius, angle = math.hypot(u, y), math.atan2(y, u)
        spot = math.exp(-((u / self.sigma) ** 2 + (y / 0.9) ** 2) / 2)
        inner = math.exp(-(((radius - 2.6) / 0.42) ** 2) / 2)
        outer = math.exp(-(((radius - 4.3) / 0.35) ** 2) / 2)
        # Both sines are 0 along y = 0, on either side of the spot.
        inner *= 0.55 * math.sin(3 * angle) ** 2
        outer *= 0.25 * math.sin(6 * angle) ** 2
        return spot, inner, outer
