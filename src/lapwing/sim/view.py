"""View: the sample as it stands before the beam now.

Owns the one place where positions, noise and sample come together.
Must not know records of detectors.
Test: tests/system/test_beamline_records.py; readings follow both motors.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lapwing.sim.instruments import Look
from lapwing.sim.sample import Sample


@dataclass(frozen=True, slots=True)
class View:
    """The sample at the position where the motors are.

    Attributes:
        sample: What there is to see.
        position: Tells where both motors are now, in mm.
        noise: Tells whether readings are noisy now.
    """

    sample: Sample
    position: Callable[[], tuple[float, float]]
    noise: Callable[[], bool]

    def look(self, dwell: float, at: tuple[float, float] | None = None) -> Look:
        """Return the sample seen for a time.

        Args:
            dwell: Seconds of counting, 0 or more.
            at: Where, in mm; None takes where the motors are now.
        """
        x, y = self.position() if at is None else at
        return Look(self.sample, x, y, dwell, self.noise())
