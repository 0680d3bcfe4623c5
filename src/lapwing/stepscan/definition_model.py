"""Definition model: what a file that defines a step scan may say.

Owns the names, types, ranges and defaults; the JSON Schema is made from it.
Must not know files, positions that are computed, or scans that run.
Test: tests/unit/stepscan/test_definition.py; `schema()` is a valid JSON Schema.

It is long because it is the whole of a format, with a sentence for each key.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_POINTS = 10_000_000

NotNegative = Annotated[float, Field(ge=0)]
Seconds = NotNegative
Name = Annotated[str, Field(min_length=1, pattern=r"\S")]
"""A name of a PV, a label: not empty."""
Limits = Annotated[list[float], Field(min_length=2, max_length=2)]
ExtraPVs = list[Name] | dict[str, Name]


class Part(BaseModel):
    """What all parts of a definition share: nothing unknown, nothing converted."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
    )
    short_form: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: Any) -> Any:
        if cls.short_form and isinstance(data, str):
            return {cls.short_form: data}
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise _unknown(str(key), cls.model_fields)
        return data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler(core_schema)
        if cls.short_form:
            whole = handler.resolve_ref_schema(made)
            in_full = dict(whole)
            whole.clear()
            short = {"type": "string", "minLength": 1}
            whole.update({"title": in_full["title"], "anyOf": [short, in_full]})
        return made


def _unknown(key: str, allowed: Iterable[str]) -> PydanticCustomError:
    close = get_close_matches(key, allowed, 1)
    hint = f"did you mean {close[0]}?" if close else ""
    return PydanticCustomError(
        "unknown_key",
        "{allowed}",
        {"key": key, "allowed": ", ".join(allowed), "hint": hint},
    )


def _wrong(message: str, key: str = "") -> PydanticCustomError:
    """Return the error of something that is wrong as a whole, or at one key."""
    return PydanticCustomError(
        "wrong_part", "{message}", {"message": message} | ({"key": key} if key else {})
    )


# ---------------------------------------------------------------- positions


class Range(Part):
    """Evenly spaced positions: by their number, or by their distance."""

    start: float
    """The first position."""
    stop: float
    """Where they end; with `num` the last position, with `step` at or before it."""
    num: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = None
    """How many, both ends included."""
    step: float | None = None
    """Their distance; its sign does not matter."""

    @model_validator(mode="after")
    def _one_spacing(self) -> Self:
        if (self.num is None) == (self.step is None):
            found = "neither" if self.num is None else "both"
            raise _wrong(f"has {found} of num and step; one of them is needed")
        if self.step is not None:
            if self.step == 0:
                raise _wrong("is 0; another distance is needed", "step")
            if abs(self.stop - self.start) > MOST_POINTS * abs(self.step):
                raise _wrong(f"makes more than {MOST_POINTS} positions", "step")
        return self


# Names of kinds stand in pydantic's paths of errors, so they must not look like keys.


def _kind_of_positions(data: Any) -> str:
    return "as list" if isinstance(data, list) else "as range"


Positions = Annotated[
    Annotated[list[float | str], Field(min_length=1), Tag("as list")]
    | Annotated[Range, Tag("as range")],
    Discriminator(_kind_of_positions),
]


class Axis(Part):
    """A PV that is moved."""

    short_form: ClassVar[str] = "pv"

    pv: Name
    """The PV that is set."""
    label: Name | None = None
    """What people call it; the record's .DESC if it is left out."""
    name: Name | None = None
    """Its column in tables and files; made of label or PV if it is left out."""
    units: str | None = None
    """Unit of the positions; the PV's if it is left out."""
    readback: Name | None = None
    """The PV that is read at each point."""
    stop: Name | None = None
    """The PV that stops it."""
    stop_value: int | float | str = 1
    """What is written to that."""
    limits: Limits | None = None
    """Lowest and highest position; the PV's own limits if they are left out."""
    fields: Literal["auto", "motor", "sim"] = "auto"
    """What the PVs of a motor are called: "motor" as in a motor record, "sim" as in the
    simulated beamline; "auto" asks for the record's type."""
    relative: bool = False
    """Whether positions count from where it stands when the scan begins."""
    tolerance: NotNegative | Literal["auto"] | None = "auto"
    """How far it may stand from where it was sent; null does not look."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds that a move may take."""
    extra_pvs: ExtraPVs = []
    """PVs to note at the start and at breakpoints."""

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.limits is not None and self.limits[0] > self.limits[1]:
            raise _wrong("has the higher one first", "limits")
        return self


class PositionerPart(Axis):
    """A PV that is moved, and where to."""

    short_form: ClassVar[str] = ""

    positions: Positions
    """Where it goes: a list, or start, stop and num or step."""


class MeshPart(Part):
    """A mesh of two axes, row by row, with a breakpoint after each row."""

    outer: PositionerPart
    """The slow axis: one step for each row."""
    inner: PositionerPart
    """The quick axis: along a row."""
    snake: bool = False
    """Whether every second row goes back."""


class RegionPart(Part):
    """A stretch of an absorption scan, with one kind of step."""

    start: float
    """First point, in `unit`."""
    stop: float
    """Where it ends, in `unit`."""
    step: Annotated[float, Field(gt=0)] | None = None
    """Distance of points."""
    num: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = None
    """Number of points."""
    unit: Literal["eV", "k"] = "eV"
    """eV; or k, the photoelectron's wave number in 1/angstrom."""
    relative: bool = True
    """Whether energies count from the edge."""
    dtime: Annotated[float, Field(gt=0)] = 1.0
    """Seconds at the first point."""
    dtime_final: Annotated[float, Field(gt=0)] | None = None
    """Seconds at the last point; as at the first if it is left out."""
    dtime_wt: Annotated[float, Field(ge=0)] = 1.0
    """Exponent with which the dwell grows."""


class XafsPart(Part):
    """An absorption scan: an energy, and regions round an edge."""

    energy: Axis
    """The PV of the energy, in eV."""
    e0: Annotated[float, Field(gt=0)]
    """Energy of the edge, in eV."""
    element: Name | None = None
    """Symbol of the element."""
    edge: Name | None = None
    """Name of the edge: K, L3, ..."""
    regions: Annotated[list[RegionPart], Field(min_length=1)]
    """The regions, the lowest first."""


# ---------------------------------------------------------------- detectors


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
            raise _wrong(
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
            raise _wrong("has neither trigger nor counters; one of them is needed")
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


class PostingPart(Part):
    """PVs that are told how the scan goes on."""

    prefix: Name
    """What their names begin with."""
    template: Literal["info", "sscan"] = "info"
    """Which names follow: info keys of a StepScan, or the fields of an SScan record."""
    obey: bool = True
    """Whether requests to pause, resume and abort are obeyed."""


# ---------------------------------------------------------------- the scan


def _kind_of_dwell(data: Any) -> str:
    return "as list" if isinstance(data, list) else "as one"


Dwell = Annotated[
    Annotated[list[Seconds], Field(min_length=1), Tag("as list")]
    | Annotated[Seconds, Tag("as one")],
    Discriminator(_kind_of_dwell),
]


class ScanDefinition(Part):
    """A step scan, as data."""

    model_config = ConfigDict(title="Lapwing step scan")

    name: Name = "step_scan"
    """Name of the scan."""
    positioners: Annotated[list[PositionerPart], Field(min_length=1)] | None = None
    """What is moved together; or else mesh, xafs or npts."""
    mesh: MeshPart | None = None
    """Two axes, row by row."""
    xafs: XafsPart | None = None
    """An energy, region by region."""
    npts: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = None
    """Number of points of a scan that moves nothing."""
    triggers: list[TriggerPart] = []
    """What is started at each point, beside the detectors' own."""
    counters: list[CounterLike] = []
    """What is read at each point, beside the detectors' own."""
    detectors: list[DetectorLike] = []
    """Triggers with their counters; or ready ones by prefix."""
    dwell: Dwell | None = None
    """Seconds of counting: one number, or one for each point."""
    breakpoints: list[Annotated[int, Field(ge=0)]] = []
    """Numbers of points, from 0, after which data are written and extra PVs noted."""
    extra_pvs: ExtraPVs = []
    """PVs to note at the start and at breakpoints: names, or names by label."""
    pos_settle_time: Seconds = 0.0
    """Seconds to wait after each move."""
    det_settle_time: Seconds = 0.0
    """Seconds to wait after each count."""
    restore: bool | None = None
    """Whether positioners go back at the end; relative ones do if it is left out."""
    retries: Annotated[int, Field(ge=0)] = 3
    """How often a point that went wrong is taken again."""
    min_runtime: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Part of its dwell below which a count was too short."""
    keep_invalid: bool = False
    """Whether values that their server calls INVALID are kept."""
    reconnect_timeout: Seconds | None = 3600.0
    """Seconds to wait for PVs that disconnected; null waits for ever."""
    message_points: Annotated[int, Field(ge=0)] = 0
    """A message is told after so many points; 0: never."""
    repeat: Annotated[int, Field(ge=1)] = 1
    """How often the whole scan is done; each time is a run of its own."""
    posting: PostingPart | None = None
    """PVs that are told how the scan goes on."""
    md: dict[str, JsonValue] = {}
    """Metadata, merged on top of the scan's own."""

    @model_validator(mode="after")
    def _one_kind_of_scan(self) -> Self:
        kinds = ("positioners", "mesh", "xafs", "npts")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if not given:
            raise _wrong(f"has none of {', '.join(kinds)}; one of them is needed")
        if len(given) > 1:
            others = " and ".join(given)
            raise _wrong(
                f"cannot stand beside {given[0]}; there are {others}, and one "
                "of them is needed",
                given[1],
            )
        if self.xafs is not None and self.dwell is not None:
            raise _wrong("cannot stand beside xafs, whose regions have dtime", "dwell")
        return self


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a definition (draft 2020-12)."""
    made = ScanDefinition.model_json_schema()
    return {"$schema": SCHEMA_DIALECT, **made}
