"""Definition build: the step scan that a definition describes.

Owns how parts become triggers, counters and detectors, and all of it a scan.
Must not know files; an error names the part by its path.
Test: tests/unit/stepscan/test_definition.py; property: there and back.
"""

import weakref
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from lapwing.stepscan.counter import Counter, MotorCounter, SumCounter
from lapwing.stepscan.definition_detectors import (
    CounterPart,
    DetectorPart,
    MotorCounterPart,
    ReadyDetectorPart,
    SumCounterPart,
    TriggerPart,
)
from lapwing.stepscan.definition_fault import PartError, naming
from lapwing.stepscan.definition_model import PostingPart, ScanDefinition
from lapwing.stepscan.definition_options import checked
from lapwing.stepscan.definition_positioners import moved
from lapwing.stepscan.definition_text import Path
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.trigger import Trigger

# What a ready detector and a poster were made of; they do not say it themselves.
made_of: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


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
    told = moved(definition)
    detectors = [
        _detector(one, ("detectors", i))
        for i, one in enumerate(definition.detectors)
        if ask or not (isinstance(one, ReadyDetectorPart) and one.kind is None)
    ]
    told_of = [] if (post := definition.posting) is None else [_poster(post, data_dir)]
    with naming():
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
    with naming("positioners"):
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
    with naming():
        scan.check()


def _restores(definition: ScanDefinition, positioners: list[Positioner]) -> bool:
    if definition.restore is not None:
        return definition.restore
    return any(one.relative for one in positioners)


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
    with naming(*path):
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
    from lapwing.stepscan.detectors import KINDS, get_kind

    if part.kind is not None and part.kind not in KINDS:
        close = get_close_matches(part.kind, KINDS, 1)
        raise PartError(
            (*path, "kind"),
            f"is {part.kind!r}; there are {', '.join(KINDS)}",
            f"did you mean {close[0]}?" if close else "",
        )
    prefix, kind = part.prefix, part.kind
    if kind is None:
        prefix, kind = get_kind(prefix)
    found = KINDS[kind](prefix, **checked(part, kind, KINDS[kind], path))
    made_of[found] = part
    return found


def _poster(part: PostingPart, data_dir: str | FilePath | None) -> Any:
    from lapwing.stepscan.posting import INFO, SSCAN, Poster

    templates = {"info": INFO, "sscan": SSCAN}
    with naming("posting"):
        poster = Poster(
            part.prefix, templates[part.template], data_dir=data_dir, obey=part.obey
        )
    made_of[poster] = part
    return poster
