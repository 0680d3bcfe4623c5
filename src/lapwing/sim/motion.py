"""Motion: where a simulated axis is at a given time.

Owns the velocity profile of one move, as a pure function of time.
Must not know clocks, records or processes: time is an argument.
Test: properties of `Move.position` over random starts, targets and times.
"""

import math
from dataclasses import dataclass

from lapwing.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Move:
    """One move with a trapezoidal velocity profile, from rest to rest.

    The axis takes ``acceleration_time`` to reach ``velocity``, travels, and slows
    down as fast. A move too short for that has a triangular profile with the same
    acceleration.

    Attributes:
        start: Position at time 0, in the axis' unit.
        target: Position at the end, in the axis' unit.
        velocity: Greatest speed, in units per second; above 0.
        acceleration_time: Seconds from rest to ``velocity``; 0 or more.

    Raises:
        ConfigError: A number is not finite, or out of its range.
    """

    start: float
    target: float
    velocity: float
    acceleration_time: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.start, self.target, self.velocity, self.acceleration_time)
        if not all(map(math.isfinite, numbers)):
            raise ConfigError(f"a move needs finite numbers, not {numbers}")
        if self.velocity <= 0 or self.acceleration_time < 0:
            raise ConfigError(
                f"a move at velocity {self.velocity} with {self.acceleration_time} s "
                "of acceleration cannot be: velocity > 0 and time >= 0 are allowed"
            )

    @property
    def distance(self) -> float:
        """Length of the way, 0 or more, in the axis' unit."""
        return abs(self.target - self.start)

    @property
    def peak(self) -> float:
        """Greatest speed that the move reaches, in units per second."""
        # Two full ramps cover velocity * acceleration_time together; a shorter way
        # is covered by shorter ramps of the same slope.
        full = self.velocity * self.acceleration_time
        if full <= self.distance:
            return self.velocity
        return self.velocity * math.sqrt(self.distance / full)

    @property
    def ramp(self) -> float:
        """Seconds of speeding up, and as many of slowing down."""
        return self.acceleration_time * (self.peak / self.velocity)

    @property
    def duration(self) -> float:
        """Seconds from start to target."""
        return self.distance / self.peak + self.ramp if self.distance else 0.0

    def position(self, elapsed: float) -> float:
        """Return where the axis is.

        Args:
            elapsed: Seconds since the start; before 0 it stands at the start,
                after `duration` exactly at the target.
        """
        if elapsed >= self.duration:
            return self.target
        if elapsed <= 0:
            return self.start
        way = math.copysign(self._way(elapsed), self.target - self.start)
        low, high = sorted((self.start, self.target))
        # Rounding must not carry it past its ends, not by the last bit either.
        return min(max(self.start + way, low), high)

    def _way(self, elapsed: float) -> float:
        ramp, left = self.ramp, self.duration - elapsed
        if elapsed < ramp:
            return self.peak * elapsed**2 / (2 * ramp)
        if left < ramp:
            return self.distance - self.peak * left**2 / (2 * ramp)
        return self.peak * (elapsed - ramp / 2)
