"""Detector: a trigger and the counters that may be read when it is done.

Owns the settings that it needs while a scan runs, and its dwell.
Must not know positions, nor record types; `lapwing.stepscan.detectors` has those.
Test: tests/system/test_step_scan.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Iterable, Mapping
from typing import Any

from lapwing.epics.device import EpicsDevice
from lapwing.epics.pv_objects import pv_name
from lapwing.epics.settings import Settings
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.dwell import Dwell
from lapwing.stepscan.given import listed
from lapwing.stepscan.hooks import Hook, Hooks
from lapwing.stepscan.names import ExtraPVs, key_of, labelled
from lapwing.stepscan.trigger import Trigger


class Detector(Hooks):
    """One trigger and its counters: ``Detector(Trigger("SIM:DET:TRIG"), [counts])``.

    Args:
        trigger: What starts it; None: it needs no trigger.
        counters: What may be read when the trigger is done.
        label: What people call it; None takes the trigger's.
        name: Name of the detector; None makes one of the label.
        dwell: PV of the seconds of counting, which is put back after a scan that sets
            it; None: it has none.
        settings: Values by PV, written before a scan; what was there before is
            written back after it.
        extra_pvs: PVs to note at the start of a scan and at its breakpoints.
        pre_scan: Done before a scan.
        post_scan: Done after it.
        at_break: Done at each breakpoint.

    Raises:
        PlanArgumentError: The trigger is no Trigger, or a counter no Counter.

    Attributes:
        trigger: As given.
        counters: As given; detectors of a record's type may find more at `connect`.
        dwell: The signal to set the seconds of counting with, or None.
        dwell_pv: Its PV, or None.
        settings: As given.
    """

    def __init__(
        self,
        trigger: Trigger | None = None,
        counters: Iterable[Counter] = (),
        *,
        label: str | None = None,
        name: str | None = None,
        dwell: Any = None,
        settings: Mapping[str, Any] | None = None,
        extra_pvs: ExtraPVs | None = None,
        pre_scan: Hook | None = None,
        post_scan: Hook | None = None,
        at_break: Hook | None = None,
    ):
        super().__init__(pre_scan, post_scan, at_break)
        if trigger is not None:
            listed([trigger], "trigger", Trigger)
        self.trigger = trigger
        self.counters: list[Counter] = listed(counters, "counters", Counter)
        self.label = label or (trigger.label if trigger else "detector")
        self.name = name or key_of(self.label)
        self.extra_pvs = labelled(extra_pvs)
        self.dwell_pv = None if dwell is None else pv_name(dwell)
        self.settings = dict(settings or {})
        self._set_up = Settings(f"{self.name}_settings", self._pvs_put_back())
        self.dwell: Dwell | None = None
        if self.dwell_pv is not None:
            self.dwell = Dwell(self.dwell_pv, f"{self.name}_dwell", self._set_up)

    @property
    def triggers(self) -> list[Trigger]:
        """Its trigger, in a list; none if it has none."""
        return [] if self.trigger is None else [self.trigger]

    @property
    def devices(self) -> list[EpicsDevice]:
        """What is to be connected beside the counters."""
        own = [self.trigger, self.dwell, self._set_up if self._pvs_put_back() else None]
        return [one for one in own if one is not None]

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Write other settings from the next `arm` on.

        Args:
            settings: Values by PV, in the order in which they are written.
        """
        self.settings = dict(settings)
        self._set_up.set_pvs({pv: pv for pv in self._pvs_put_back()})

    def _pvs_put_back(self) -> list[str]:
        return [*self.settings, *([self.dwell_pv] if self.dwell_pv else [])]

    async def prepare(self, timeout: float = 5.0) -> None:
        """Find out what there is to read, before the counters are connected.

        To be overridden by detectors whose records say what they count.

        Args:
            timeout: Seconds that it may take.

        Raises:
            DisconnectedError: A PV does not answer.
            DeviceError: It is another kind of detector.
        """

    async def arm(self) -> None:
        """Write the settings that a scan needs; may be done again."""
        await self._set_up.write(self.settings)

    async def disarm(self) -> None:
        """Write back what was there before `arm` and `keep_dwell`."""
        await self._set_up.restore()

    @property
    def before(self) -> dict[str, Any]:
        """What `disarm` would write back, by PV."""
        return self._set_up.before

    def take_over(self, before: Mapping[str, Any]) -> None:
        """Write back what was there before a process that has died.

        Args:
            before: By PV, as its own `before` told.
        """
        self._set_up.take_over(before)

    @property
    def dwell_seconds(self) -> float:
        """Seconds that it will count, as far as is known; 0 where nobody said."""
        return 0.0 if self.trigger is None else self.trigger.dwell

    async def look_at_dwell(self) -> None:
        """Learn how long it will count from the PV of its dwell, if it has one."""
        if self.dwell is not None:
            self.set_dwell(await self.dwell.seconds())

    async def keep_dwell(self) -> None:
        """Take note of its dwell, which a scan is about to set, to put it back."""
        if self.dwell is not None:
            await self.dwell.keep()

    def set_dwell(self, seconds: float) -> None:
        """Say how long it will count, for its time limit.

        Args:
            seconds: The dwell that will be set.
        """
        if self.trigger is not None:
            self.trigger.dwell = seconds

    def too_short(self, fraction: float) -> bool:
        """Return whether the last count took less than a part of its dwell.

        Args:
            fraction: Such as 0.8.
        """
        trigger = self.trigger
        if trigger is None or self.dwell is None:
            return False
        return trigger.runtime < fraction * trigger.dwell

    def facts(self) -> dict[str, Any]:
        """Return what the metadata of a scan say of it."""
        found: dict[str, Any] = {"label": self.label, "kind": type(self).__name__}
        if self.trigger is not None:
            found["trigger"] = self.trigger.pv
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label!r})"


class Detectors(list[Detector]):
    """A list of detectors that has all their triggers and counters together."""

    @property
    def triggers(self) -> list[Trigger]:
        """Every trigger, in order."""
        return [trigger for detector in self for trigger in detector.triggers]

    @property
    def counters(self) -> list[Counter]:
        """Every counter, in order."""
        return [counter for detector in self for counter in detector.counters]
