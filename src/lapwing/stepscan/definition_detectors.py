"""Definition detectors: what a file may say of what counts, and when it may be read.

Owns triggers, counters and detectors, as data.
Must not know which kinds of detectors there are.
Test: tests/unit/stepscan/test_definition.py; `schema()` is a valid JSON Schema.
"""

# ruff: noqa: RUF012 - pydantic copies what stands for a value that is left out.

from typing import Annotated, Any, ClassVar, Self

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from lapwing.stepscan.definition_part import ExtraPVs, Name, Part, wrong


class TriggerPart(Part):
    """A PV that starts a detector."""

    short_form: ClassVar[str] = "pv"

    pv: Name
    """The PV; its put completes when counting is over."""
    value: int | float | str = 1
    """What is written to it."""
    label: Name | None = None
    """What people call it."""
    name: Name | None = None
    """Name of the device."""
    abort_value: int | float | str | None = 0
    """What ends it early; null: nothing does."""
    timeout: Annotated[float, Field(gt=0)] | None = 10.0
    """Seconds that it may take beyond the dwell; null waits for ever."""


class CounterPart(Part):
    """A PV to record at each point."""

    short_form: ClassVar[str] = "pv"

    pv: Name
    """The PV; arrays are recorded too."""
    label: Name | None = None
    """What people call it."""
    name: Name | None = None
    """Its column in tables and files."""
    units: str | None = None
    """Its units; the PV's if they are left out."""


class MotorCounterPart(Part):
    """Where a motor is, its .RBV, to record at each point."""

    motor: Name
    """Name of the motor record."""
    label: Name | None = None
    """What people call it."""
    name: Name | None = None
    """Its column in tables and files."""


class SumCounterPart(Part):
    """A sum over elements of a detector, to record at each point."""

    sum: Annotated[list[Name], Field(min_length=1)]
    """PVs of the elements."""
    label: Name
    """What people call it."""
    name: Name | None = None
    """Its column in tables and files."""
    rates: list[Annotated[list[Name], Field(min_length=2, max_length=2)]] = []
    """Input and output count rate of each element, for its dead time."""

    @model_validator(mode="after")
    def _rates_for_each(self) -> Self:
        if self.rates and len(self.rates) != len(self.sum):
            raise wrong(
                f"has {len(self.rates)} pairs for {len(self.sum)} elements; one for "
                "each is needed",
                "rates",
            )
        return self


def _kind_of_counter(data: Any) -> str:
    for key in ("sum", "motor"):
        if (isinstance(data, dict) and key in data) or hasattr(data, key):
            return f"as {key}"
    return "as pv"


CounterLike = Annotated[
    Annotated[CounterPart, Tag("as pv")]
    | Annotated[MotorCounterPart, Tag("as motor")]
    | Annotated[SumCounterPart, Tag("as sum")],
    Discriminator(_kind_of_counter),
]


class DetectorPart(Part):
    """A trigger and the counters that may be read when it is done."""

    trigger: TriggerPart | None = None
    """What starts it."""
    counters: list[CounterLike] = []
    """What may then be read."""
    dwell: Name | None = None
    """PV of the seconds of counting."""
    label: Name | None = None
    """What people call it."""
    name: Name | None = None
    """Name of the device."""
    settings: dict[str, JsonValue] = {}
    """Values by PV, written before the scan, and put back after it."""
    extra_pvs: ExtraPVs = []
    """PVs to note at the start and at breakpoints."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.trigger is None and not self.counters:
            raise wrong("has neither trigger nor counters; one of them is needed")
        return self


class ReadyDetectorPart(Part):
    """A detector that Lapwing knows, by its prefix."""

    short_form: ClassVar[str] = "prefix"

    prefix: Name
    """What the names of its PVs begin with."""
    kind: Name | None = None
    """What it is: scaler, mca, ...; its record type tells if it is left out."""
    options: dict[str, JsonValue] = {}
    """What that kind of detector takes beside."""


def _kind_of_detector(data: Any) -> str:
    told = (
        data
        if isinstance(data, dict)
        else vars(data)
        if hasattr(data, "__dict__")
        else ()
    )
    ready = isinstance(data, str) or "prefix" in told or "kind" in told
    return "as ready" if ready else "as plain"


DetectorLike = Annotated[
    Annotated[ReadyDetectorPart, Tag("as ready")]
    | Annotated[DetectorPart, Tag("as plain")],
    Discriminator(_kind_of_detector),
]
