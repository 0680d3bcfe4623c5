"""Definition model: what a file that defines a step scan may say.

Owns the names, types, ranges and defaults; the JSON Schema is made from it.
Must not know files, positions that are computed, or scans that run.
Test: tests/unit/stepscan/test_definition.py; `schema()` is a valid JSON Schema.
"""

# ruff: noqa: RUF012 - pydantic copies what stands for a value that is left out.

from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    field_validator,
    model_validator,
)

from lapwing.stepscan.definition_detectors import (
    CounterLike,
    DetectorLike,
    TriggerPart,
)
from lapwing.stepscan.definition_moves import MeshPart, PositionerPart, XafsPart
from lapwing.stepscan.definition_part import (
    MOST_POINTS,
    ExtraPVs,
    Name,
    Part,
    Seconds,
    wrong,
)

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class PostingPart(Part):
    """PVs that are told how the scan goes on."""

    prefix: Name
    """What their names begin with."""
    template: Literal["info", "sscan"] = "info"
    """Which names follow: info keys of a StepScan, or the fields of an SScan record."""
    obey: bool = True
    """Whether requests to pause, resume and abort are obeyed."""


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

    @field_validator("md")
    @classmethod
    def _nothing_of_the_runs_own(cls, md: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for key in ("uid", "time"):
            if key in md:
                raise wrong("is the run's own; another name is needed", key)
        return md

    @model_validator(mode="after")
    def _one_kind_of_scan(self) -> Self:
        kinds = ("positioners", "mesh", "xafs", "npts")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if not given:
            raise wrong(f"has none of {', '.join(kinds)}; one of them is needed")
        if len(given) > 1:
            others = " and ".join(given)
            raise wrong(
                f"cannot stand beside {given[0]}; there are {others}, and one "
                "of them is needed",
                given[1],
            )
        if self.xafs is not None and self.dwell is not None:
            raise wrong("cannot stand beside xafs, whose regions have dtime", "dwell")
        return self


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a definition (draft 2020-12)."""
    made = ScanDefinition.model_json_schema()
    return {"$schema": SCHEMA_DIALECT, **made}
