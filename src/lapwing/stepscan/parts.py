"""Parts: what a step scan consists of, and which parts cannot be together.

Owns positioners, triggers, counters, detectors, dwell, breakpoints and extra PVs.
Must not know the engine, connections, nor the order in which things are done.
Test: tests/unit/stepscan/test_scan.py.
"""

from collections.abc import Iterable
from typing import Any

from numpy.typing import ArrayLike

from lapwing.errors import PlanArgumentError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.given import dwell_of, listed, whole
from lapwing.stepscan.hooks import Hook, Hooks
from lapwing.stepscan.names import ExtraPVs, labelled, put_label
from lapwing.stepscan.positioner import Positioner, check_lengths
from lapwing.stepscan.trigger import Trigger


class Parts(Hooks):
    """What a scan consists of.

    Args:
        positioners: What is moved.
        triggers: What is started at each point, beside the detectors' own.
        counters: What is read at each point, beside the detectors' own.
        detectors: Detectors; also any device with ``read``.
        breakpoints: Numbers of points, from 0.
        extra_pvs: PVs to note at the start and at each breakpoint.
        npts: Number of points of a scan without positioners.
        dwell: Seconds of counting, one number or one for each point, or None.
        pre_scan: Done before the scan.
        post_scan: Done after it.
        at_break: Done at each breakpoint.

    Raises:
        PlanArgumentError: Something given cannot be used.

    Attributes:
        devices: Those of the detectors that are devices of another kind.
    """

    def __init__(
        self,
        positioners: Iterable[Positioner],
        triggers: Iterable[Trigger],
        counters: Iterable[Counter],
        detectors: Iterable[Any],
        breakpoints: Iterable[int],
        extra_pvs: ExtraPVs | None,
        npts: int | None,
        dwell: ArrayLike | None,
        pre_scan: Hook | None,
        post_scan: Hook | None,
        at_break: Hook | None,
    ):
        super().__init__(pre_scan, post_scan, at_break)
        self.positioners = listed(positioners, "positioners", Positioner)
        given = listed(detectors, "detectors")
        self.detectors = [one for one in given if isinstance(one, Detector)]
        self.devices = [one for one in given if not isinstance(one, Detector)]
        self._triggers = listed(triggers, "triggers", Trigger)
        self._counters = listed(counters, "counters", Counter)
        self.breakpoints = frozenset(
            whole(one, "breakpoint", "the number of a point")
            for one in listed(breakpoints, "breakpoints")
        )
        self.extra_pvs = labelled(extra_pvs)
        self.dwell = dwell_of(dwell)
        self.npts = None if npts is None else whole(npts, "npts", "a number of points")
        self._refuse_what_cannot_be()

    @property
    def num_points(self) -> int:
        """Number of points.

        Raises:
            PlanArgumentError: Lists of positions differ in length, or from ``npts``.
            StateError: A positioner has no positions.
        """
        if not self.positioners:
            return self.npts or 0
        num = check_lengths(self.positioners)
        if self.npts not in (None, num):
            one = self.positioners[0]
            raise PlanArgumentError(
                f"npts is {self.npts}, and {one.title} has {num} "
                f"position{'' if num == 1 else 's'}",
                hint="leave npts out: it is for scans without positioners",
            )
        return num

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """All triggers, each once, the detectors' own first."""
        own = [trigger for one in self.detectors for trigger in one.triggers]
        # Two detectors may have one trigger, which is started for both.
        return tuple(dict.fromkeys(own + self._triggers))

    @property
    def counters(self) -> tuple[Counter, ...]:
        """All counters, the detectors' own first; those may grow at `connect`."""
        own = [counter for one in self.detectors for counter in one.counters]
        return (*own, *self._counters)

    @property
    def owners(self) -> list[Hooks]:
        """Who has hooks, in the order in which they are done."""
        return [*self.positioners, *self.detectors, self]

    def dwell_at(self, i: int) -> float | None:
        """Return the seconds of counting at point ``i``; None if they are not set."""
        if self.dwell is None:
            return None
        return float(self.dwell[i] if self.dwell.size > 1 else self.dwell[0])

    def all_extra_pvs(self) -> dict[str, str]:
        """Return the extra PVs of the scan and all its parts, by data key."""
        found: dict[str, str] = {}
        for owner in (self, *self.positioners, *self.detectors):
            for key, pv in owner.extra_pvs.items():
                put_label(found, key, pv)
        return found

    def _refuse_what_cannot_be(self) -> None:
        for one in self.devices:
            if isinstance(one, Counter) or not hasattr(one, "read"):
                raise PlanArgumentError(
                    f"{one!r} is no detector: it is neither a Detector, nor a device "
                    "that can be read",
                    hint="counters=[...] reads PVs at each point; triggers=[...] "
                    "starts them",
                )
        if self.npts is not None and all(
            one.array is not None for one in self.positioners
        ):
            _ = self.num_points  # raises if they differ
        names: dict[str, Any] = {}
        for one in (*self.positioners, *self.triggers, *self.detectors, *self.devices):
            other = names.setdefault(one.name, one)
            # A detector may be called as its trigger is: only that is a device.
            if other is not one and other is not getattr(one, "trigger", None):
                raise PlanArgumentError(
                    f"two parts of the scan are called {one.name!r}: "
                    f"{other!r} and {one!r}; give one of them another name"
                )
        self._refuse_one_pv_twice()

    def _refuse_one_pv_twice(self) -> None:
        for verb, parts in (("move", self.positioners), ("start", self.triggers)):
            known: dict[str, Any] = {}
            for one in parts:
                pv = one.pv.removesuffix(".VAL")
                if pv in known:
                    raise PlanArgumentError(
                        f"{known[pv]!r} and {one!r} both {verb} {one.pv}; one of them "
                        "is enough"
                    )
                known[pv] = one

    def check(self) -> int:
        """Return the number of points, if the scan can be done.

        Raises:
            PlanArgumentError: Lists differ in length, or there are no points.
            StateError: A positioner has no positions.
        """
        num = self.num_points
        if num < 1:
            raise PlanArgumentError(
                "the scan has no points; it needs positioners with positions, or npts"
            )
        if self.dwell is not None and self.dwell.size not in (1, num):
            raise PlanArgumentError(
                f"there are {self.dwell.size} dwells for {num} points; one, or one for "
                "each point, is needed"
            )
        if outside := [i for i in sorted(self.breakpoints) if not 0 <= i < num]:
            raise PlanArgumentError(
                f"breakpoint {outside[0]} is no point of the scan, which has 0 to "
                f"{num - 1}"
            )
        self.all_extra_pvs()
        return num

    def facts(self) -> dict[str, Any]:
        """Return what the metadata say of its parts; as plain values."""
        counters = {
            one.name: {"label": one.label, "pv": one.pv} for one in self.counters
        }
        return {
            "positioners": {one.name: one.facts() for one in self.positioners},
            "detectors": {one.name: one.facts() for one in self.detectors},
            "triggers": [one.pv for one in self.triggers],
            "counters": counters,
            "extra_pvs": self.all_extra_pvs(),
        }
