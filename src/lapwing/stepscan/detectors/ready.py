"""Ready: what detectors have in common whose records say what they count.

Owns when the records are asked, and what is the detector's and what the user's.
Must not know record types; the modules beside it do.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from lapwing.engine import device_loop
from lapwing.epics.channel import Value
from lapwing.errors import DeviceError
from lapwing.stepscan.counter import Counter
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.detectors.asking import answers_of, values_of
from lapwing.stepscan.detectors.naming import Naming, bare_of
from lapwing.stepscan.names import ExtraPVs, labelled
from lapwing.stepscan.trigger import Trigger

Answers = Mapping[str, Value]


class ReadyDetector(Detector, ABC):
    """A detector of a kind that is known; its records tell what it counts.

    They are asked before each scan, and by `look` in a script. While a scan runs
    what was found then stays, whatever the records say.

    Args:
        prefix: What the names of its PVs begin with.
        label: What people call it; None takes the prefix.
        separator: What stands between prefix and field: ``"."`` of true records, or
            ``":"``; None goes by the prefix, see `Naming.of`.
        counters: What else may be read when it is done.
        settings: More values by PV, written before a scan and put back after it; one
            of the detector's own PVs takes the place of its own value.
        extra_pvs: More PVs to note at the start of a scan and at its breakpoints.
        **options: Name and hooks, as of `Detector`.

    Attributes:
        naming: Where its fields and records are.
    """

    record_types: ClassVar[tuple[str, ...]] = ()
    """Types of the record that it may be; none: there is no such record to ask."""

    def __init__(
        self,
        prefix: str,
        *,
        label: str | None = None,
        separator: str | None = None,
        counters: Iterable[Counter] = (),
        settings: Mapping[str, Any] | None = None,
        extra_pvs: ExtraPVs | None = None,
        **options: Any,
    ):
        self.naming = Naming.of(prefix, separator)
        label = label or bare_of(self.naming.fields).split("://")[-1]
        self._more = list(counters)
        self._more_settings = dict(settings or {})
        self._more_extras = labelled(extra_pvs)
        self._absent: set[str] = set()
        self._checked = False
        self._armed = False
        super().__init__(
            self._make_trigger(label),
            self._more,
            label=label,
            dwell=self._dwell_pv(),
            settings=self._more_settings,
            extra_pvs=self._more_extras,
            **options,
        )

    # ------------------------------------------------------------ to be overridden

    def _make_trigger(self, label: str) -> Trigger | None:
        """Return what starts it, if anything does."""
        return None

    def _dwell_pv(self) -> str | None:
        """Return the PV of the seconds of counting, if it has one."""
        return None

    @abstractmethod
    async def learn(self, timeout: float) -> None:
        """Ask the records, and tell `found` what there is.

        Args:
            timeout: Seconds that it may take.
        """

    # ------------------------------------------------------------ asking

    async def prepare(self, timeout: float = 5.0) -> None:
        """Find out what there is to read; not in the middle of a scan.

        Args:
            timeout: Seconds that it may take.

        Raises:
            DisconnectedError: A PV does not answer.
            DeviceError: It is another kind of detector.
        """
        # A server that was started anew may call its channels by other names, and the
        # columns of a scan do not change.
        if self._armed:
            return
        await self.learn(timeout)

    def look(self, timeout: float = 5.0) -> Self:
        """Find out what there is to read; blocks, for scripts.

        Args:
            timeout: Seconds that it may take.

        Returns:
            The detector.
        """
        device_loop.call(self.prepare(timeout))
        return self

    async def ask(self, *pvs: str, timeout: float) -> Answers:
        """Read PVs that it must have, and the type of its record until it is known.

        Args:
            *pvs: Their names.
            timeout: Seconds to wait for them.

        Raises:
            DisconnectedError: One does not answer.
            DeviceError: Its record has another type.
        """
        if not self._checked:
            kind = self.naming.field("RTYP")
            found = await self.maybe(kind) if self.record_types else {}
            if kind in found:
                self.require_type(str(found[kind].value), self.record_types)
                self._checked = True
        values = await values_of(pvs, timeout, self.label) if pvs else []
        return dict(zip(pvs, values, strict=True))

    async def maybe(self, *pvs: str) -> dict[str, Value]:
        """Read those of some PVs that there are; there may be others next time.

        Args:
            *pvs: Their names.
        """
        found = await answers_of(pvs, doubtful=self._absent) if pvs else {}
        self._absent = (self._absent | set(pvs)) - found.keys()
        return found

    def require_type(self, kind: str, wanted: Sequence[str]) -> None:
        """Raise if its record has another type than it must.

        Args:
            kind: The type that it has.
            wanted: Types that it may have.

        Raises:
            DeviceError: It has another one.
        """
        if kind not in wanted:
            record = self.naming.record("")
            raise DeviceError(
                f"detector {self.label}: {record} is a record of the type {kind}; "
                f"{type(self).__name__} needs {' or '.join(wanted)}",
                device=self.name,
                pv=record,
            )

    def found(
        self,
        counters: Iterable[Counter],
        *,
        settings: Mapping[str, Any] | None = None,
        extra_pvs: ExtraPVs | None = None,
    ) -> None:
        """Take over what the records have told.

        Args:
            counters: What there is to read.
            settings: What is to be written before a scan.
            extra_pvs: What is worth noting.
        """
        self.counters = [*counters, *self._more]
        self.set_settings({**(settings or {}), **self._more_settings})
        self.extra_pvs = {**labelled(extra_pvs), **self._more_extras}

    # ------------------------------------------------------------ for scans

    async def arm(self) -> None:
        """Write the settings that a scan needs; may be done again."""
        await super().arm()
        self._armed = True

    async def disarm(self) -> None:
        """Write back what was there before `arm`."""
        self._armed = False
        await super().disarm()

    def facts(self) -> dict[str, Any]:
        """Return what the metadata of a scan say of it."""
        return {**super().facts(), "prefix": self.naming.records}


def named(names: Mapping[str, str]) -> dict[str, str]:
    """Return names by what they name, without those that are empty or come again.

    A name that comes again is told apart by what it names: two channels ``"I0"``
    are ``"I0"`` and ``"I0 (S5)"``.

    Args:
        names: Names as records have them, by channel.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for channel, name in names.items():
        if name := name.strip():
            found[channel] = f"{name} ({channel})" if name in taken else name
            taken.add(name)
    return found
