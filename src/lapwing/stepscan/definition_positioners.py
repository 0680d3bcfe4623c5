"""Definition positioners: what a definition moves, and the positions in full.

Owns how ranges, meshes and regions become positioners with arrays.
Must not know files, triggers or detectors.
Test: tests/unit/stepscan/test_definition.py; property: there and back.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.epics.fields import MOTOR_RECORD, SIM_FIELDS
from lapwing.stepscan.definition_fault import PartError, naming
from lapwing.stepscan.definition_model import ScanDefinition
from lapwing.stepscan.definition_moves import (
    Axis,
    MeshPart,
    PositionerPart,
    Range,
    XafsPart,
)
from lapwing.stepscan.definition_text import Path
from lapwing.stepscan.meshes import mesh, mesh_metadata
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.xafs import XafsRegion, xafs_points

FIELDS = {"auto": None, "motor": MOTOR_RECORD, "sim": SIM_FIELDS}

TOLERANCES = {"auto": None, None: math.inf}
"""What a positioner's tolerance is where a file gives no number."""

_ON_GRID = 1e-6
"""Part of a step by which the stop may lie off the grid and still be on it."""


class Moved:
    """What a definition moves, and what follows from that.

    Args:
        positioners: What is moved.

    Attributes:
        positioners: As given.
        breakpoints: Numbers of points, from 0.
        dwell: Seconds of counting, ``(num_points,)``; None: they do not say.
        md: Metadata.
    """

    def __init__(self, positioners: list[Positioner]):
        self.positioners = positioners
        self.breakpoints: list[int] = []
        self.dwell: NDArray[np.float64] | None = None
        self.md: dict[str, Any] = {}


def moved(definition: ScanDefinition) -> Moved:
    """Return the positioners of a definition, and what follows from them.

    Args:
        definition: As it was loaded.

    Raises:
        PartError: A part cannot be made.
    """
    if definition.mesh is not None:
        return _of_mesh(definition.mesh)
    if definition.xafs is not None:
        return _of_xafs(definition.xafs)
    return Moved(
        [
            _positioner(part, _positions(part, ("positioners", i)), ("positioners", i))
            for i, part in enumerate(definition.positioners or ())
        ]
    )


def _of_mesh(part: MeshPart) -> Moved:
    axes = [
        _positions(part.outer, ("mesh", "outer")),
        _positions(part.inner, ("mesh", "inner")),
    ]
    for name, array in zip(("outer", "inner"), axes, strict=True):
        if array.dtype.kind == "U":
            path = ("mesh", name, "positions")
            raise PartError(path, "the axes of a mesh need numbers, not texts")
    (outer, inner), ends = mesh(
        (None, axes[0].tolist()), (None, axes[1].tolist()), snake=part.snake
    )
    made = Moved(
        [
            _positioner(part.outer, outer, ("mesh", "outer")),
            _positioner(part.inner, inner, ("mesh", "inner")),
        ]
    )
    made.breakpoints = ends
    made.md = mesh_metadata(made.positioners, axes, part.snake)
    return made


def _of_xafs(part: XafsPart) -> Moved:
    regions = []
    for number, one in enumerate(part.regions):
        with naming("xafs", "regions", number):
            regions.append(XafsRegion(**one.model_dump()))
    with naming("xafs", "regions"):
        points = xafs_points(regions, part.e0)
    made = Moved([_positioner(part.energy, points.energy_ev, ("xafs", "energy"))])
    made.dwell = points.dwell
    made.md = {"edge_energy": part.e0}
    element = {"symbol": part.element, "edge": part.edge}
    if found := {key: value for key, value in element.items() if value is not None}:
        made.md["element"] = found
    return made


def _positions(part: PositionerPart, path: Path) -> NDArray[Any]:
    told = part.positions
    if isinstance(told, Range):
        return spread(told)
    if len({isinstance(one, str) for one in told}) > 1:
        raise PartError(
            (*path, "positions"),
            f"the positions of {part.pv} are numbers and texts; either all are "
            "numbers, or all are texts",
        )
    return np.array(told)


def spread(told: Range) -> NDArray[np.float64]:
    """Return the positions of a range, ``(num_points,)``."""
    if told.num is not None:
        return np.linspace(told.start, told.stop, told.num)
    distance = told.stop - told.start
    step = float(np.copysign(told.step or 1.0, distance))
    num = int(np.floor(distance / step + _ON_GRID)) + 1
    positions = told.start + step * np.arange(num)
    # A rounding error must not lead beyond the stop, which may be a limit.
    return (
        np.minimum(positions, told.stop)
        if step > 0
        else np.maximum(positions, told.stop)
    )


def _positioner(part: Axis, array: NDArray[Any], path: Path) -> Positioner:
    with naming(*path):
        return Positioner(
            part.pv,
            array,
            label=part.label,
            name=part.name,
            units=part.units,
            readback=part.readback,
            stop=part.stop,
            stop_value=part.stop_value,
            limits=None if part.limits is None else (part.limits[0], part.limits[1]),
            fields=FIELDS[part.fields],
            relative=part.relative,
            tolerance=TOLERANCES.get(part.tolerance, part.tolerance),
            timeout=part.timeout,
            extra_pvs=part.extra_pvs,
        )
