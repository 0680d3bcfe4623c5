"""Fields: which values of a run are worth showing, and as what.

Owns the reading of hints: dimensions, hinted fields, units, precision.
Must not know tables or plots; it turns documents into names and texts.
Test: give it the start document and descriptor of a scan.
"""

import math
from dataclasses import dataclass
from typing import Any

from lapwing.documents import Document

TIME = "time"
_NUMBERS = {"number", "integer", "boolean"}


@dataclass(frozen=True, slots=True)
class Field:
    """One data key, as far as a reader of tables and plots cares.

    Attributes:
        name: The data key.
        units: Such as "mm"; "" if there are none.
        precision: Decimals worth showing; None if not told.
        dtype: "number", "integer", "boolean", "string" or "array".
        shape: Shape of an array; empty for a scalar.
        dimension: Whether the plan moves along it.
    """

    name: str
    units: str = ""
    precision: int | None = None
    dtype: str = "number"
    shape: tuple[int | None, ...] = ()
    dimension: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number, fit for an axis."""
        return self.dtype in _NUMBERS and not self.shape

    @property
    def label(self) -> str:
        """The name with its unit, for an axis."""
        return f"{self.name} ({self.units})" if self.units else self.name


def field_of(descriptor: Document, name: str, *, dimension: bool = False) -> Field:
    """Describe a data key of a stream; an unknown one is a plain number."""
    spec = descriptor["data_keys"].get(name, {})
    return Field(
        name=name,
        units=str(spec.get("units") or ""),
        precision=_precision(spec.get("precision")),
        dtype=str(spec.get("dtype", "number")),
        shape=tuple(spec.get("shape") or ()),
        dimension=dimension,
    )


def _precision(value: Any) -> int | None:
    # Some IOCs send -1 or huge numbers where nobody ever set a precision.
    if isinstance(value, int | float) and 0 <= value <= 15:
        return int(value)
    return None


def dimensions_of(start: Document) -> list[str]:
    """Return the first field of each dimension of a run, slowest first.

    A dimension may list several motors that move together; the first stands for
    all. "time" is left out: it is what runs have that move nothing.
    """
    names = []
    for dimension in start.get("hints", {}).get("dimensions") or []:
        fields = dimension[0] if dimension else ()
        if fields and fields[0] != TIME:
            names.append(str(fields[0]))
    return names


def shown_fields(start: Document, descriptor: Document) -> list[Field]:
    """Return what a table shows: dimensions first, then the hinted fields.

    A device that hints at no fields is shown with all of them; fields that the
    stream does not have are left out.
    """
    data_keys = descriptor["data_keys"]
    moved = [
        field
        for dimension in start.get("hints", {}).get("dimensions") or []
        for field in (dimension[0] if dimension else ())
        if field in data_keys
    ]
    hints = descriptor.get("hints", {})
    names = dict.fromkeys(moved)
    for device, keys in descriptor.get("object_keys", {}).items():
        hinted = (hints.get(device) or {}).get("fields", keys)
        names.update(dict.fromkeys(key for key in hinted if key in data_keys))
    return [field_of(descriptor, name, dimension=name in moved) for name in names]


def measured_fields(start: Document, descriptor: Document) -> list[Field]:
    """Return the hinted scalars that the plan does not move along."""
    return [
        field
        for field in shown_fields(start, descriptor)
        if field.is_scalar and not field.dimension
    ]


def decimals_for(step: float) -> int:
    """Return how many decimals tell apart a tenth of a step, 0 to 12."""
    if not math.isfinite(step) or step <= 0:
        return 3
    return min(12, max(0, math.ceil(-math.log10(step)) + 1))


def run_name(start: Document) -> str:
    """Return what a run is called: "scan 12", or by its uid if unnumbered."""
    plan = str(start.get("plan_name") or "run")
    scan_id = start.get("scan_id")
    return f"{plan} {scan_id if scan_id is not None else start['uid'][:8]}"
