"""Data sources: what has to be known of an array in files to read it.

Owns the structures that tiled's readers understand, as plain classes.
Must not know documents, nor load tiled.
Test: make one, look at its fields.
"""

import dataclasses
import enum
from typing import Any

import numpy as np


class StructureFamily(enum.StrEnum):
    """The families of structures that tiled knows."""

    array = "array"
    awkward = "awkward"
    container = "container"
    sparse = "sparse"
    table = "table"


class Management(enum.StrEnum):
    """Who looks after the files of a data source."""

    external = "external"
    immutable = "immutable"
    locked = "locked"
    writable = "writable"


@dataclasses.dataclass
class Asset:
    """A file, or a directory, of a data source."""

    data_uri: str
    is_directory: bool
    parameter: str | None
    num: int | None = None
    id: int | None = None


@dataclasses.dataclass
class ArrayStructure:
    """Type, shape and chunks of an array."""

    data_type: np.dtype[Any]
    shape: tuple[int, ...]
    chunks: tuple[tuple[int, ...], ...]
    dims: tuple[str, ...] | None = None
    resizable: bool = False


@dataclasses.dataclass
class DataSource:
    """Whatever has to be known to read an array."""

    structure_family: StructureFamily
    structure: Any
    id: int | None = None
    mimetype: str | None = None
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    assets: list[Asset] = dataclasses.field(default_factory=list)
    management: Management = Management.writable
