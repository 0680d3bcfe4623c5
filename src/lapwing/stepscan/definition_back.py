"""Definition back: the definition of a step scan that was made in Python.

Owns the way from positioners, triggers, counters and detectors to data.
Must not know files. What data cannot say is refused: hooks, devices, callbacks.
Test: tests/unit/stepscan/test_definition.py; property: there and back.
"""

from typing import Any

from lapwing.errors import ConfigError
from lapwing.stepscan.counter import Counter, MotorCounter, SumCounter
from lapwing.stepscan.definition_build import made_of
from lapwing.stepscan.definition_model import ScanDefinition
from lapwing.stepscan.definition_positioners import FIELDS, TOLERANCES
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.hooks import Hooks
from lapwing.stepscan.names import key_of
from lapwing.stepscan.positioner import Positioner
from lapwing.stepscan.scan import StepScan
from lapwing.stepscan.trigger import Trigger


def to_definition(scan: StepScan) -> ScanDefinition:
    """Return a scan as data; positions as lists, of a mesh and of XAFS too.

    Args:
        scan: A scan made of PVs.

    Raises:
        ConfigError: Data cannot say all of it: it has a hook, a data callback, a
            device that is no PV, or a detector of a class of your own.
    """
    for owner in scan.owners:
        _refuse_hooks(owner)
    if scan.devices:
        raise _cannot(f"the device {scan.devices[0].name}")
    own = {one for detector in scan.detectors for one in detector.counters}
    triggers = {one for detector in scan.detectors for one in detector.triggers}
    dwell = None if scan.dwell is None else scan.dwell.tolist()
    data: dict[str, Any] = {
        "name": scan.name,
        "npts": None if scan.positioners else scan.npts,
        "positioners": [_positioner(one) for one in scan.positioners] or None,
        "triggers": [_trigger(one) for one in scan.triggers if one not in triggers],
        "counters": [_counter(one) for one in scan.counters if one not in own],
        "detectors": [_detector(one) for one in scan.detectors],
        "dwell": dwell[0] if dwell and len(dwell) == 1 else dwell,
        "breakpoints": sorted(scan.breakpoints),
        "extra_pvs": scan.extra_pvs or [],
        "pos_settle_time": scan.pos_settle_time,
        "det_settle_time": scan.det_settle_time,
        "restore": scan.restore,
        "retries": scan.max_retries,
        "min_runtime": scan.min_runtime,
        "keep_invalid": scan.keep_invalid,
        "reconnect_timeout": scan.reconnect_timeout,
        "message_points": scan.progress.message_points,
        "posting": _posting(scan),
        "md": scan.md,
    }
    return ScanDefinition.model_validate(data)


def _cannot(what: str) -> ConfigError:
    return ConfigError(f"a definition cannot have {what}; only PVs by their names")


def _refuse_hooks(owner: Hooks) -> None:
    if isinstance(owner, Detector) and owner in made_of:
        return  # those that it brings itself come back with it
    for name in ("pre_scan", "post_scan", "at_break"):
        if owner.hook(name) is not None:
            raise _cannot(f"the hook {name} of {getattr(owner, 'name', owner)}")


def _named(name: str, usual: str) -> str | None:
    """Return the name of a part if it is another one than it would get by itself."""
    return None if name == usual else name


_TOLD = {value: text for text, value in TOLERANCES.items()}


def _positioner(one: Positioner) -> dict[str, Any]:
    if not one.is_pv or one.array is None:
        raise _cannot(f"{one.title}, which is a device or has no positions")
    given = one.given
    limits, fields = given.pop("limits"), given.pop("fields")
    known = [name for name, known in FIELDS.items() if known == fields]
    if not known:
        raise _cannot(f"{one.title}, whose fields have names of their own")
    return {
        **given,
        "pv": one.pv,
        "name": _named(one.name, key_of(one.label or one.pv)),
        "fields": known[0],
        "limits": None if limits is None else list(limits),
        "tolerance": _TOLD.get(given["tolerance"], given["tolerance"]),
        "positions": one.array.tolist(),
        "extra_pvs": one.extra_pvs or [],
    }


def _trigger(one: Trigger) -> dict[str, Any]:
    if one.has("abort"):
        raise _cannot(f"{one!r}, which another PV ends")
    return {
        "pv": one.pv,
        "value": one.value,
        "label": _named(one.label, one.pv),
        "name": _named(one.name, key_of(one.label)),
        "abort_value": one.abort_value,
        "timeout": one.timeout,
    }


def _counter(one: Counter) -> dict[str, Any]:
    name = _named(one.name, key_of(one.label))
    if isinstance(one, SumCounter):
        rates = [list(pair) for pair in one.rates]
        elements = list(one.elements)
        return {"sum": elements, "label": one.label, "name": name, "rates": rates}
    if type(one) not in (Counter, MotorCounter):
        raise _cannot(f"{one!r}, which is of a class of its own")
    label = _named(one.label, one.pv)
    return {"pv": one.pv, "label": label, "name": name, "units": one.units}


def _detector(one: Detector) -> Any:
    if one in made_of:
        return made_of[one].model_dump()
    if type(one) is not Detector:
        raise _cannot(f"{one!r}, which is of a class of its own")
    usual = "detector" if one.trigger is None else one.trigger.label
    return {
        "trigger": None if one.trigger is None else _trigger(one.trigger),
        "counters": [_counter(counter) for counter in one.counters],
        "dwell": one.dwell_pv,
        "label": _named(one.label, usual),
        "name": _named(one.name, key_of(one.label)),
        "settings": one.settings,
        "extra_pvs": one.extra_pvs or [],
    }


def _posting(scan: StepScan) -> Any:
    listeners = scan.progress.listeners
    for one in listeners:
        if one not in made_of:
            raise _cannot(f"{one!r}, which listens to it")
    if len(listeners) > 1:
        raise _cannot(f"{len(listeners)} posters; it has one")
    return made_of[listeners[0]].model_dump() if listeners else None
