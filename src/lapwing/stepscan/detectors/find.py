"""Find: which kind of detector a prefix belongs to, and one of that kind.

Owns the kinds that there are, and what tells one from another.
Must not know how they work.
Test: tests/system/test_step_detectors.py, against the simulated beamline.
"""

# ruff: noqa: ASYNC109 - the field's devices have `connect(timeout=...)`.

from collections.abc import Callable, Mapping
from typing import Any

from lapwing.engine import device_loop
from lapwing.epics.channel import Value
from lapwing.epics.sentences import unreachable
from lapwing.errors import PlanArgumentError
from lapwing.stepscan.detector import Detector
from lapwing.stepscan.detectors.area import AreaDetector
from lapwing.stepscan.detectors.asking import first_answers
from lapwing.stepscan.detectors.electrometer import Electrometer
from lapwing.stepscan.detectors.mca import McaDetector, MultiMcaDetector
from lapwing.stepscan.detectors.mcs import McsDetector
from lapwing.stepscan.detectors.naming import bare_of
from lapwing.stepscan.detectors.scaler import ScalerDetector
from lapwing.stepscan.detectors.simple import MotorDetector, SimpleDetector

KINDS: Mapping[str, Callable[..., Detector]] = {
    "simple": SimpleDetector,
    "motor": MotorDetector,
    "scaler": ScalerDetector,
    "mca": McaDetector,
    "multi_mca": MultiMcaDetector,
    "mcs": McsDetector,
    "area": AreaDetector,
    "electrometer": Electrometer,
}
"""Every kind of detector, by the name that `get_detector` takes."""

_BY_RECORD = {"scaler": "scaler", "mca": "mca", "motor": "motor"}
# What only one kind has, the most telling first; each follows the prefix.
_SIGNS = (
    ("cam1:Acquire", "area"),
    ("NuseAll", "mcs"),
    ("PresetReal", "multi_mca"),
    ("AveragingTime", "electrometer"),
)


async def find_detector(
    prefix: str, kind: str | None = None, *, timeout: float = 5.0, **options: Any
) -> Detector:
    """Return the detector of a prefix, with all its counters; to be awaited.

    Args:
        prefix: Such as ``"IOC:scaler1"`` or ``"IOC:CAM:"``; the ``":"`` at the end
            may be left out.
        kind: One of `KINDS`; None: what its record says that it is, else what its PVs
            are called like; a record of any other type is a counter.
        timeout: Seconds that it may take to answer.
        **options: As of the class of that kind.

    Raises:
        PlanArgumentError: There is no such kind; those that there are are named.
        DisconnectedError: Nothing of that prefix answers.
        DeviceError: It is not of that kind.
    """
    if kind is None:
        prefix, kind = await find_kind(prefix, timeout=timeout)
    if kind not in KINDS:
        raise PlanArgumentError(
            f"there is no kind of detector {kind!r}; there are {', '.join(KINDS)}"
        )
    detector = KINDS[kind](prefix, **options)
    await detector.prepare(timeout)
    return detector


def get_detector(
    prefix: str, kind: str | None = None, *, timeout: float = 5.0, **options: Any
) -> Detector:
    """Return the detector of a prefix, with all its counters; blocks, for scripts.

    Args:
        prefix: See `find_detector`.
        kind: See `find_detector`.
        timeout: Seconds that it may take to answer.
        **options: As of the class of that kind.
    """
    return device_loop.call(find_detector(prefix, kind, timeout=timeout, **options))


def get_kind(prefix: str, *, timeout: float = 5.0) -> tuple[str, str]:
    """Return a prefix in full, and the kind that it is of; blocks, for scripts.

    Args:
        prefix: See `find_detector`.
        timeout: Seconds that it may take to answer.

    Raises:
        DisconnectedError: Nothing of that prefix answers.
    """
    return device_loop.call(find_kind(prefix, timeout=timeout))


async def find_kind(prefix: str, *, timeout: float = 5.0) -> tuple[str, str]:
    """Return a prefix in full, and the kind that it is of; to be awaited.

    Args:
        prefix: See `find_detector`.
        timeout: Seconds that it may take to answer.

    Raises:
        DisconnectedError: Nothing of that prefix answers.
    """
    bare = bare_of(prefix)
    asked = {f"{bare}.RTYP": bare, f"{bare}:RTYP": f"{bare}:"}
    signs = {f"{bare}:{sign}": kind for sign, kind in _SIGNS}
    found = await first_answers([*asked, *signs], timeout)
    for pv, full in asked.items():
        if pv in found:
            return full, _kind_of(found[pv])
    for pv, kind in signs.items():
        if pv in found:
            return f"{bare}:", kind
    raise unreachable({"": [*asked, *signs]}, timeout)


def _kind_of(record_type: Value) -> str:
    return _BY_RECORD.get(str(record_type.value), "simple")
