"""Simple: detectors that need no trigger, or have nothing to say of themselves.

Owns one PV, one motor, and lists of fields of one record, as detectors.
Must not know what the PVs mean.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Iterable, Mapping
from typing import Any

from lapwing.epics.pv_objects import pv_name
from lapwing.stepscan.counter import Counter, MotorCounter
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.detectors.ready import ReadyDetector
from lapwing.stepscan.names import record_of


class SimpleDetector(Detector):
    """One PV that is read at each point and needs no trigger.

    Args:
        pv: The PV, by its name or as pyepics' object.
        label: What people call it; None takes the PV's name.
        units: Its units; None takes the PV's.
        **options: As of `Detector`.
    """

    def __init__(
        self,
        pv: Any,
        label: str | None = None,
        *,
        units: str | None = None,
        **options: Any,
    ):
        counter = Counter(pv, label, units=units)
        super().__init__(None, [counter], label=counter.label, **options)


class MotorDetector(Detector):
    """Where a motor is, at each point: ``MotorDetector("IOC:m1")``.

    Args:
        motor: Prefix of the motor record.
        label: What people call it; None: the prefix and ``readback``.
        readback: The PV that is read; None: its ``.RBV``.
        **options: As of `Detector`.
    """

    def __init__(
        self,
        motor: Any,
        label: str | None = None,
        *,
        readback: str | None = None,
        **options: Any,
    ):
        if readback is None:
            counter: Counter = MotorCounter(motor, label)
        else:
            title = label or f"{record_of(pv_name(motor))} readback"
            counter = Counter(readback, title)
        super().__init__(None, [counter], label=counter.label, **options)


class DeviceCounters(ReadyDetector):
    """Several fields of one record: ``DeviceCounters("IOC:m1", {"RBV": "angle"})``.

    Args:
        prefix: The record, or what its names begin with.
        fields: Labels by field, or pairs of both; an empty label takes the field's
            name.
        record_type: The type that the record must have; None does not look.
        **options: As of `ReadyDetector`.
    """

    def __init__(
        self,
        prefix: str,
        fields: Mapping[str, str] | Iterable[tuple[str, str]],
        *,
        record_type: str | None = None,
        **options: Any,
    ):
        super().__init__(prefix, **options)
        self._record_type = record_type
        self._fields = dict(fields)
        self.found(self._counters())

    def _counters(self) -> list[Counter]:
        return [
            Counter(self.naming.field(field.lstrip(".:")), label or None)
            for field, label in self._fields.items()
        ]

    async def learn(self, timeout: float) -> None:
        """See that the record is of the type that was asked for."""
        if self._record_type is None:
            return
        kind = self.naming.field("RTYP")
        found = await self.ask(kind, timeout=timeout)
        self.require_type(str(found[kind].value), [self._record_type])
