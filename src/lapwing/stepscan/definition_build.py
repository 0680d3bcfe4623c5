"""Definition build: the step scan that a definition describes.

Owns how parts become positioners, triggers, counters and detectors.
Must not know files; an error names the part by its path.
Test: tests/unit/stepscan/test_definition.py; property: there and back.
"""

import math
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapwing.epics.fields import MOTOR_RECORD, SIM_FIELDS
from lapwing.errors import ConfigError, DeviceError, PlanError
from lapwing.stepscan.counter import Counter, MotorCounter, SumCounter
from lapwing.stepscan.definition_model import (
    Axis,
    CounterPart,
    DetectorPart,
    MeshPart,
    MotorCounterPart,
    PositionerPart,
    PostingPart,
    Range,
    ReadyDetectorPart,
    ScanDefinition,
    SumCounterPart,
    TriggerPart,
    XafsPart,
)
from lapwing.stepscan.definition_text import Path
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.meshes import mesh, mesh_metadata
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.trigger import Trigger
from lapwing.stepscan.xafs import XafsRegion, xafs_points

FIELDS = {"auto": None, "motor": MOTOR_RECORD, "sim": SIM_FIELDS}

TOLERANCES = {"auto": None, None: math.inf}
"""What a positioner's tolerance is where a file gives no number."""

_ON_GRID = 1e-6
"""Part of a step by which the stop may lie off the grid and still be on it."""

# What a ready detector and a poster were made of; they do not say it themselves.
made_of: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class PartError(Exception):
    """A part of a definition cannot be made.

    Args:
        path: Where it stands in the definition.
        problem: What is wrong with it.
        hint: What to do about it.
    """

    def __init__(self, path: Path, problem: str, hint: str = ""):
        super().__init__(problem)
        self.path = path
        self.problem = problem
        self.hint = hint


@contextmanager
def _part(*path: str | int) -> Iterator[None]:
    """Let errors of this block name a part; the innermost block does."""
    try:
        yield
    except (PlanError, ConfigError, DeviceError) as exc:
        raise PartError(path, str(exc.args[0]), exc.hint) from exc


def unknown_kinds(definition: ScanDefinition) -> list[str]:
    """Return the prefixes of detectors whose kind only their records can tell."""
    return [
        one.prefix
        for one in definition.detectors
        if isinstance(one, ReadyDetectorPart) and one.kind is None
    ]


def scan_of(
    definition: ScanDefinition,
    *,
    ask: bool = True,
    data_dir: str | FilePath | None = None,
) -> StepScan:
    """Return the step scan that a definition describes.

    Nothing is connected, unless the kind of a detector is left out: then its record
    is asked, which blocks.

    Args:
        definition: As it was loaded.
        ask: Whether records are asked; else such detectors are left out.
        data_dir: Directory of all data, for those who are told of the run's file.

    Raises:
        PartError: A part cannot be made, or the whole makes no scan.
    """
    told = _moved(definition)
    detectors = [
        _detector(one, ("detectors", i))
        for i, one in enumerate(definition.detectors)
        if ask or not (isinstance(one, ReadyDetectorPart) and one.kind is None)
    ]
    told_of = [] if (post := definition.posting) is None else [_poster(post, data_dir)]
    with _part():
        scan = StepScan(
            told.positioners,
            [_trigger(one) for one in definition.triggers],
            [_counter(one) for one in definition.counters],
            detectors,
            sorted({*definition.breakpoints, *told.breakpoints}),
            definition.extra_pvs,
            npts=definition.npts,
            dwell=told.dwell if definition.dwell is None else definition.dwell,
            pos_settle_time=definition.pos_settle_time,
            det_settle_time=definition.det_settle_time,
            max_retries=definition.retries,
            min_runtime=definition.min_runtime,
            keep_invalid=definition.keep_invalid,
            reconnect_timeout=definition.reconnect_timeout,
            message_points=definition.message_points,
            restore=_restores(definition, told.positioners),
            listeners=told_of,
            name=definition.name,
            md={**told.md, **definition.md},
        )
    _check(scan, definition)
    return scan


def _check(scan: StepScan, definition: ScanDefinition) -> None:
    """Raise what is wrong with the whole, naming the part that can be mended."""
    with _part("positioners"):
        num = scan.num_points
    if scan.dwell is not None and scan.dwell.size not in (1, num):
        raise PartError(
            ("dwell",),
            f"there are {scan.dwell.size} for {num} points; one, or one for each "
            "point, is needed",
        )
    for index, point in enumerate(definition.breakpoints):
        if point >= num:
            raise PartError(
                ("breakpoints", index),
                f"{point} is no point of the scan, which has 0 to {num - 1}",
            )
    with _part():
        scan.check()


def _restores(definition: ScanDefinition, positioners: list[Positioner]) -> bool:
    if definition.restore is not None:
        return definition.restore
    return any(one.relative for one in positioners)


# ---------------------------------------------------------------- what is moved


class _Moved:
    """What a definition moves, and what follows from that."""

    def __init__(self, positioners: list[Positioner]):
        self.positioners = positioners
        self.breakpoints: list[int] = []
        self.dwell: NDArray[np.float64] | None = None
        self.md: dict[str, Any] = {}


def _moved(definition: ScanDefinition) -> _Moved:
    if definition.mesh is not None:
        return _of_mesh(definition.mesh)
    if definition.xafs is not None:
        return _of_xafs(definition.xafs)
    return _Moved(
        [
            _positioner(part, _positions(part, ("positioners", i)), ("positioners", i))
            for i, part in enumerate(definition.positioners or ())
        ]
    )


def _of_mesh(part: MeshPart) -> _Moved:
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
    moved = _Moved(
        [
            _positioner(part.outer, outer, ("mesh", "outer")),
            _positioner(part.inner, inner, ("mesh", "inner")),
        ]
    )
    moved.breakpoints = ends
    moved.md = mesh_metadata(moved.positioners, axes, part.snake)
    return moved


def _of_xafs(part: XafsPart) -> _Moved:
    regions = []
    for number, one in enumerate(part.regions):
        with _part("xafs", "regions", number):
            regions.append(XafsRegion(**one.model_dump()))
    with _part("xafs", "regions"):
        points = xafs_points(regions, part.e0)
    moved = _Moved([_positioner(part.energy, points.energy_ev, ("xafs", "energy"))])
    moved.dwell = points.dwell
    moved.md = {"edge_energy": part.e0}
    element = {"symbol": part.element, "edge": part.edge}
    if found := {key: value for key, value in element.items() if value is not None}:
        moved.md["element"] = found
    return moved


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
    with _part(*path):
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


# ---------------------------------------------------------------- detectors


def _trigger(part: TriggerPart) -> Trigger:
    options = part.model_dump()
    return Trigger(options.pop("pv"), options.pop("value"), **options)


def _counter(part: CounterPart | MotorCounterPart | SumCounterPart) -> Counter:
    if isinstance(part, MotorCounterPart):
        return MotorCounter(part.motor, part.label, name=part.name)
    if isinstance(part, SumCounterPart):
        rates = [(pair[0], pair[1]) for pair in part.rates]
        return SumCounter(part.sum, part.label, rates, name=part.name)
    return Counter(part.pv, part.label, name=part.name, units=part.units)


def _detector(part: DetectorPart | ReadyDetectorPart, path: Path) -> Detector:
    with _part(*path):
        if isinstance(part, ReadyDetectorPart):
            return _ready(part, path)
        return Detector(
            None if part.trigger is None else _trigger(part.trigger),
            [_counter(one) for one in part.counters],
            label=part.label,
            name=part.name,
            dwell=part.dwell,
            settings=part.settings,
            extra_pvs=part.extra_pvs,
        )


def _ready(part: ReadyDetectorPart, path: Path) -> Detector:
    from lapwing.stepscan.detectors import KINDS, get_detector

    if part.kind is not None and part.kind not in KINDS:
        raise PartError(
            (*path, "kind"), f"is {part.kind!r}; there are {', '.join(KINDS)}"
        )
    options: dict[str, Any] = dict(part.options)
    try:
        if part.kind is None:
            found = get_detector(part.prefix, **options)
        else:
            found = KINDS[part.kind](part.prefix, **options)
    except TypeError as exc:  # an option that this kind does not take
        raise PartError((*path, "options"), f"cannot be taken: {exc}") from exc
    made_of[found] = part
    return found


def _poster(part: PostingPart, data_dir: str | FilePath | None) -> Any:
    from lapwing.stepscan.posting import INFO, SSCAN, Poster

    templates = {"info": INFO, "sscan": SSCAN}
    with _part("posting"):
        poster = Poster(
            part.prefix, templates[part.template], data_dir=data_dir, obey=part.obey
        )
    made_of[poster] = part
    return poster
