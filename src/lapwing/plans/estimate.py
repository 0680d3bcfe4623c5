"""Estimates: how long a plan will take.

Owns a clock that runs through a plan, and what devices say of their speed.
Must not know engines; devices are asked by attributes, nothing is moved.
Test: devices with a velocity and a dwell, plans whose time is worked out by hand.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from lapwing.messages import Msg
from lapwing.plans.mutators import Messages

_DWELLS = ("dwell", "exposure_time", "count_time", "acquire_time", "preset_time")


@dataclass(slots=True)
class TimeEstimate:
    """How long a plan will take, and with what.

    Attributes:
        seconds: All of it.
        moving: Seconds spent waiting for motors.
        measuring: Seconds spent waiting for detectors.
        sleeping: Seconds spent sleeping.
        num_points: Number of events.
        unknown: Names of devices that do not say how fast they are; their moves,
            triggers and flights are counted as taking no time.
    """

    seconds: float = 0.0
    moving: float = 0.0
    measuring: float = 0.0
    sleeping: float = 0.0
    num_points: int = 0
    unknown: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.seconds:.1f} s for {self.num_points} points"
        if self.unknown:
            text += f", not counting {', '.join(self.unknown)}"
        return text


def estimate_time(
    plan: Messages,
    *,
    velocities: Mapping[Any, float] | None = None,
    dwells: Mapping[Any, float] | None = None,
    overhead: float = 0.0,
) -> TimeEstimate:
    """Return how long a plan will take; nothing is done.

    Motors are asked for ``velocity`` (units per second), ``acceleration`` (seconds
    from rest to that) and ``position``; detectors for their ``dwell`` or
    ``exposure_time``, ``count_time``, ``acquire_time``, ``preset_time`` (seconds).

    Args:
        plan: The plan. It is told None for all that it asks, so relative plans are
            estimated as if all devices were at 0.
        velocities: Units per second by motor; goes before what motors say.
        dwells: Seconds by detector; goes before what detectors say.
        overhead: Seconds that each event takes besides.
    """
    clock = _Clock(dict(velocities or {}), dict(dwells or {}), overhead)
    handlers: dict[str, Callable[[Msg], None]] = {
        "set": clock.set,
        "trigger": clock.trigger,
        "kickoff": clock.fly,
        "complete": clock.fly,
        "wait": clock.wait,
        "sleep": clock.sleep,
        "save": clock.save,
    }
    for msg in plan:
        handler = handlers.get(msg[0])
        if handler is not None:
            handler(msg)
    return clock.finished()


class _Clock:
    """The time in a plan, and what goes on at that time."""

    def __init__(
        self,
        velocities: dict[Any, float],
        dwells: dict[Any, float],
        overhead: float,
    ):
        self._estimate = TimeEstimate()
        self._now = 0.0
        self._overhead = overhead
        self._motions: dict[Hashable, float] = {}  # ends, by group
        self._exposures: dict[Hashable, float] = {}
        self._at: dict[int, Any] = {}
        self._profiles: dict[int, tuple[float, float] | None] = {}
        self._velocities = {id(obj): value for obj, value in velocities.items()}
        self._dwells: dict[int, float] = {id(o): value for o, value in dwells.items()}
        self._unknown: dict[int, str] = {}

    def set(self, msg: Msg) -> None:
        obj, target = msg.obj, msg.args[0]
        key = id(obj)
        start = self._at[key] if key in self._at else _number(obj, "position")
        self._at[key] = target
        if key not in self._profiles:
            self._profiles[key] = self._profile(obj)
        profile = self._profiles[key]
        if profile is None:
            return
        duration = _travel(start, target, *profile)
        _note_end(self._motions, msg, self._now + duration)

    def _profile(self, obj: Any) -> tuple[float, float] | None:
        """Return a motor's velocity and acceleration time; None if it takes none."""
        velocity = self._velocities.get(id(obj)) or _number(obj, "velocity")
        if velocity is not None and velocity > 0:
            return velocity, _number(obj, "acceleration") or 0.0
        # One that says that it has no velocity moves at once.
        if not hasattr(obj, "velocity") or _keeps(obj, "velocity"):
            self._unknown[id(obj)] = obj.name
        return None

    def trigger(self, msg: Msg) -> None:
        obj = msg.obj
        if (dwell := self._dwells.get(id(obj))) is None:
            found = (_number(obj, name) for name in _DWELLS)
            dwell = next((value for value in found if value is not None), None)
            if dwell is None:
                self._unknown[id(obj)] = obj.name
            dwell = self._dwells[id(obj)] = dwell or 0.0
        _note_end(self._exposures, msg, self._now + dwell)

    def fly(self, msg: Msg) -> None:
        self._unknown[id(msg.obj)] = msg.obj.name

    def wait(self, msg: Msg) -> None:
        kwargs = msg.kwargs
        group = kwargs["group"] if "group" in kwargs else (msg.args or (None,))[0]
        moved = max(self._motions.pop(group, 0.0), self._now)
        measured = max(self._exposures.pop(group, 0.0), moved)
        self._estimate.moving += moved - self._now
        self._estimate.measuring += measured - moved
        self._now = measured

    def sleep(self, msg: Msg) -> None:
        self._now += msg.args[0]
        self._estimate.sleeping += msg.args[0]

    def save(self, msg: Msg) -> None:
        self._now += self._overhead
        self._estimate.num_points += 1

    def finished(self) -> TimeEstimate:
        self._estimate.seconds = self._now
        self._estimate.unknown = list(self._unknown.values())
        return self._estimate


def _note_end(ends: dict[Hashable, float], msg: Msg, end: float) -> None:
    group = msg.kwargs.get("group")
    ends[group] = max(ends.get(group, 0.0), end)


def _travel(start: Any, target: Any, velocity: float, acceleration: float) -> float:
    """Return the seconds that a move takes, speeding up and slowing down evenly."""
    try:
        distance = abs(float(target) - float(start))
    except (TypeError, ValueError):
        return 0.0  # where it starts is not known, or it is no place on an axis
    if distance >= velocity * acceleration:
        return distance / velocity + acceleration
    return 2 * sqrt(distance * acceleration / velocity)


def _number(obj: Any, role: str) -> float | None:
    """Return what a device says of itself without being read, or None."""
    if role == "position" and not hasattr(obj, role):
        role = "readback"
    value = obj.latest(role) if _keeps(obj, role) else getattr(obj, role, None)
    if (get := getattr(value, "get", None)) is not None:
        value = get()  # a signal, such as those of ophyd
    return float(value) if isinstance(value, int | float) else None


def _keeps(obj: Any, role: str) -> bool:
    """Whether a device keeps the latest value of a setting, as our EPICS ones do."""
    return hasattr(obj, "latest") and hasattr(obj, "has") and obj.has(role)
