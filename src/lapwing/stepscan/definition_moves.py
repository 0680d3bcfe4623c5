"""Definition moves: what a file may say of what is moved, and where to.

Owns positions, positioners, meshes and the regions of an absorption scan, as data.
Must not know how positions are computed.
Test: tests/unit/stepscan/test_definition.py; `schema()` is a valid JSON Schema.
"""

# ruff: noqa: RUF012 - pydantic copies what stands for a value that is left out.

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from lapwing.stepscan.definition_part import (
    MOST_POINTS,
    ExtraPVs,
    Limits,
    Name,
    NotNegative,
    Part,
    wrong,
)


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
            raise wrong(f"has {found} of num and step; one of them is needed")
        if self.step is not None:
            if self.step == 0:
                raise wrong("is 0; another distance is needed", "step")
            if abs(self.stop - self.start) > MOST_POINTS * abs(self.step):
                raise wrong(f"makes more than {MOST_POINTS} positions", "step")
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
    """The PV that stops it; not for a motor, which has its own."""
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
            raise wrong("has the higher one first", "limits")
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
